"""Do the borders between windows show? Class changes along them against the same lines under shifted plans.

    python benchmarks/seams.py SCENE... [--shifts 8] [--model landcover] [--refine full]

The scene is segmented as it is, and again cropped at its upper left corner by multiples of an eighth of a core, so
that the same ground lies elsewhere in the windows. Along the core borders of the first plan, the number of pixel pairs
of different class is compared with the mean of the shifted runs. 0 % excess: the borders cannot be told.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import rasterio

from magnet_geo.grid import WindowPlan
from magnet_geo.scene import RefineMode, Segmenter, SegmentOptions, load_model, plan_run, segment_scene


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenes", type=Path, nargs="+")
    parser.add_argument("--shifts", type=int, default=8)
    parser.add_argument("--model", default="landcover")
    parser.add_argument("--refine", default="full")
    options = parser.parse_args()
    model = load_model(options.model)
    run = SegmentOptions(refine=RefineMode.parse(options.refine), overwrite=True)
    total = np.zeros(2)
    print("| scene | changes at core borders | mean of shifted plans | excess |\n| --- | --- | --- | --- |")
    for scene in options.scenes:
        own, shifted = measure(scene, model, run, options.shifts)
        total += own, shifted
        print(f"| {scene.name} | {own:.0f} | {shifted:.1f} | {own / shifted - 1:+.1%} |", flush=True)
    print(f"| all | {total[0]:.0f} | {total[1]:.1f} | {total[0] / total[1] - 1:+.1%} |")


def measure(scene: Path, model: Segmenter, options: SegmentOptions, shifts: int) -> tuple[float, float]:
    """Class changes across the core borders, and their mean under shifted plans, on the pixels all runs share."""
    plan = plan_run(scene, model, options).windows
    step = (plan.window.height - 2 * plan.halo) // (shifts + 1)
    first = step * shifts
    with tempfile.TemporaryDirectory() as folder:
        own = _changes(_segment(scene, Path(folder), 0, model, options), plan, 0, first)
        moved = [
            _changes(_segment(scene, Path(folder), step * k, model, options), plan, step * k, first)
            for k in range(1, shifts + 1)
        ]
    return own, float(np.mean(moved))


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


def _changes(classes: np.ndarray, plan: WindowPlan, shift: int, first: int) -> int:
    """Pairs of different class across the core borders of ``plan`` from pixel ``first`` on."""
    # The middle and both edges of each band in which two windows are blended.
    offsets = (-plan.taper, 0, plan.taper)
    rows = sorted({w.core.row + k for w in plan for k in offsets if w.core.row > first + plan.halo})
    cols = sorted({w.core.col + k for w in plan for k in offsets if w.core.col > first + plan.halo})
    part = classes[first - shift :, first - shift :].astype(int)
    down = sum(int((part[r - first] != part[r - first - 1]).sum()) for r in rows)
    across = sum(int((part[:, c - first] != part[:, c - first - 1]).sum()) for c in cols)
    return down + across


if __name__ == "__main__":
    main()
