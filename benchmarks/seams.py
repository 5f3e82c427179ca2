"""Do the borders between windows show? Class changes along them against the same lines under shifted plans.

    python benchmarks/seams.py SCENE... [--shifts 8] [--model landcover] [--refine full]

The scene is segmented as it is, and again cropped at its upper left corner, so that the same ground lies elsewhere
in the windows. Along the middle and both edges of the bands in which windows are blended, the number of pixel pairs
of different class is compared with the mean of the shifted runs. 0 % excess: the borders cannot be told. Shifts are
multiples of 64 px, since class borders prefer whole cells of the network's grid, and put no line on a border of
patches or on a band of the shifted plan. The second table does the same for the borders of the finest patches
inside the windows, which the published method does not blend.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import rasterio

from magnet_geo.grid import WindowPlan
from magnet_geo.inference import Segmenter, load_model
from magnet_geo.scene import RefineMode, SegmentOptions, plan_run, segment_scene

GRID_PX = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenes", type=Path, nargs="+")
    parser.add_argument("--shifts", type=int, default=8)
    parser.add_argument("--model", default="landcover")
    parser.add_argument("--refine", default="full")
    options = parser.parse_args()
    model = load_model(options.model)
    run = SegmentOptions(refine=RefineMode.parse(options.refine), overwrite=True)
    counts = {"core borders": np.zeros(2), "patch borders": np.zeros(2)}
    for scene in options.scenes:
        for kind, (own, shifted) in measure(scene, model, run, options.shifts).items():
            counts[kind] += own, shifted
            _print_row(f"{scene.name}, {kind}", own, shifted)
    for kind, (own, shifted) in counts.items():
        _print_row(f"all, {kind}", own, shifted)


def measure(scene: Path, model: Segmenter, options: SegmentOptions, shifts: int) -> dict[str, tuple[float, float]]:
    """Class changes across both kinds of borders, and their mean under shifted plans."""
    plan = plan_run(scene, model, options).windows
    step = plan.window.height - 2 * plan.halo
    patch = model.manifest.pyramid.patch.height
    borders = set(range(patch, step, patch))
    lines = {
        "core borders": {plan.halo - plan.taper, plan.halo, plan.halo + plan.taper},
        "patch borders": borders,
    }
    barred = borders | {plan.halo + k for k in range(-plan.taper, plan.taper + 1)}
    free = {
        kind: [s for s in range(GRID_PX, step, GRID_PX) if not any((line - s) % step in barred for line in at)]
        for kind, at in lines.items()
    }
    chosen = free["core borders"]
    chosen = [chosen[round(i)] for i in np.linspace(0, len(chosen) - 1, min(shifts, len(chosen)))]
    first = max(chosen)
    with tempfile.TemporaryDirectory() as folder:
        maps = {shift: _segment(scene, Path(folder), shift, model, options) for shift in (0, *chosen)}
    found = {}
    for kind, at in lines.items():
        used = [shift for shift in chosen if shift in free[kind]]
        changes = {shift: _changes(maps[shift], plan, at, shift, first) for shift in (0, *used)}
        found[kind] = changes[0], float(np.mean([changes[shift] for shift in used]))
    return found


def _print_row(name: str, own: float, shifted: float) -> None:
    print(f"| {name} | {own:.0f} | {shifted:.1f} | {own / shifted - 1:+.1%} |", flush=True)


def _segment(scene: Path, folder: Path, shift: int, model: Segmenter, options: SegmentOptions) -> np.ndarray:
    source = scene if shift == 0 else _cropped(scene, folder / f"shift_{shift}.vrt", shift)
    output = folder / "map.tif"
    segment_scene(source, output=output, model=model, options=options)
    with rasterio.open(output) as dataset:
        return dataset.read(1)


def _cropped(scene: Path, path: Path, shift: int) -> Path:
    with rasterio.open(scene) as dataset:
        width, height, count = dataset.width - shift, dataset.height - shift, dataset.count
        kinds, colors = dataset.dtypes, dataset.colorinterp
    bands = "".join(
        f'<VRTRasterBand dataType="{kind.capitalize().replace("Uint8", "Byte")}" band="{number}">'
        f"<ColorInterp>{color.name.capitalize()}</ColorInterp><SimpleSource>"
        f'<SourceFilename relativeToVRT="0">{scene.absolute()}</SourceFilename><SourceBand>{number}</SourceBand>'
        f'<SrcRect xOff="{shift}" yOff="{shift}" xSize="{width}" ySize="{height}"/>'
        f'<DstRect xOff="0" yOff="0" xSize="{width}" ySize="{height}"/></SimpleSource></VRTRasterBand>'
        for number, kind, color in zip(range(1, count + 1), kinds, colors, strict=True)
    )
    path.write_text(f'<VRTDataset rasterXSize="{width}" rasterYSize="{height}">{bands}</VRTDataset>')
    return path


def _changes(classes: np.ndarray, plan: WindowPlan, at: set[int], shift: int, first: int) -> int:
    """Pairs of different class across lines at the positions ``at`` of every inner window of ``plan``."""
    step = plan.window.height - 2 * plan.halo
    part = classes[first - shift :, first - shift :].astype(int)
    rows = [r for r in _lines(plan.scene.height, plan, at, step) if r > first]
    cols = [c for c in _lines(plan.scene.width, plan, at, step) if c > first]
    down = sum(int((part[r - first] != part[r - first - 1]).sum()) for r in rows)
    across = sum(int((part[:, c - first] != part[:, c - first - 1]).sum()) for c in cols)
    return down + across


def _lines(length: int, plan: WindowPlan, at: set[int], step: int) -> list[int]:
    """Positions in every window after the first; of the last one, which is shifted back, its band alone."""
    last = (length - 2 * plan.halo - 1) // step
    starts = range(step, (last + 1) * step, step)
    return sorted(start + k for start in starts for k in at if start < last * step or k < 2 * plan.halo)


if __name__ == "__main__":
    main()
