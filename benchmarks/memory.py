"""Peak memory must not grow with the scene: a 100 Mpx and a 1600 Mpx scene through `magnet-geo segment`.

    python benchmarks/memory.py FOLDER [--sides 10000 40000] [--refine off] [--max-memory 1GB] [--overviews]
    python benchmarks/memory.py FOLDER --refine full --bbox-px 8192

Makes the scenes in FOLDER once (the example scene repeated; 5.1 GB for both) and keeps them. With --resume a run
that was killed goes on where it stopped; its figures are then those of the rest. What is read is counted on Linux:
everything the process reads, its own parts of the map too.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import rasterio
from rasterio.enums import Resampling
from rasterio.transform import from_origin
from rasterio.windows import Window

EXAMPLE = Path(__file__).parents[1] / "examples/village/village_rgb_2m.tif"
STRIP = 1024
_COUNTS = Path("/proc/self/io")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sides", type=int, nargs="+", default=[10000, 40000])
    parser.add_argument("--refine", default="off")
    parser.add_argument("--budget")
    parser.add_argument("--bbox-px", type=int, help="segment only a corner of this side")
    parser.add_argument("--max-memory")
    parser.add_argument("--overviews", action="store_true", help="scenes with averaged overviews")
    parser.add_argument("--resume", action="store_true", help="go on with a run that was killed")
    options = parser.parse_args()
    options.folder.mkdir(exist_ok=True)
    peaks = []
    print("| scene | refined | seconds | Mpx/s | read | peak RSS |\n| --- | --- | --- | --- | --- | --- |")
    for side in options.sides:
        name = f"scene_{side}_overviews.tif" if options.overviews else f"scene_{side}.tif"
        result, read_bytes = segment(make_scene(options.folder / name, side, overviews=options.overviews), options)
        peaks.append(result["peak_memory_bytes"])
        pixels = result["valid_pixels"] / 1e6
        print(
            f"| {side} x {side} ({side**2 / 1e6:.0f} Mpx) | {result['refined_share']:.0%} | {result['seconds']:.0f} | "
            f"{pixels / result['seconds']:.2f} | {read_bytes / 1e9:.2f} GB | {peaks[-1] / 1e9:.3f} GB |",
            flush=True,
        )
    print(f"\nLargest peak over smallest: {max(peaks) / min(peaks):.3f}")


def make_scene(path: Path, side: int, *, overviews: bool = False) -> Path:
    """The example scene repeated over side x side pixels of 1 m, 8-bit RGB, tiled, not compressed."""
    if path.exists():
        return path
    with rasterio.open(EXAMPLE) as example:
        texture = example.read()
    repeats = -(-side // texture.shape[2])
    profile = {"driver": "GTiff", "width": side, "height": side, "count": 3, "dtype": "uint8", "crs": "EPSG:32633"}
    layout = {"tiled": True, "blockxsize": 512, "blockysize": 512, "bigtiff": "IF_SAFER", "photometric": "rgb"}
    draft = path.with_suffix(".part")
    with rasterio.open(draft, "w", transform=from_origin(5e5, 5e6, 1, 1), **profile, **layout) as dataset:
        for row in range(0, side, STRIP):
            height = min(STRIP, side - row)
            rows = np.arange(row, row + height) % texture.shape[1]
            strip = np.tile(texture[:, rows], (1, 1, repeats))[:, :, :side]
            dataset.write(strip, window=Window(0, row, side, height))
    if overviews:
        with rasterio.open(draft, "r+") as dataset:
            dataset.build_overviews([2, 4], Resampling.average)
    draft.rename(path)
    return path


def segment(scene: Path, options: argparse.Namespace) -> tuple[dict, int]:
    """Run the command in a process of its own; give its result object and the bytes it read."""
    arguments = ["segment", str(scene), "--json", "--overwrite", "-o", str(scene.with_name(scene.stem + "_map.tif"))]
    arguments += ["--budget", options.budget] if options.budget else ["--refine", options.refine]
    if options.bbox_px:
        arguments.append(f"--bbox=500000,{5_000_000 - options.bbox_px},{500_000 + options.bbox_px},5000000")
    arguments.append("--resume" if options.resume else "--no-resume")
    if options.max_memory:
        arguments += ["--max-memory", options.max_memory]
    done = subprocess.run(
        [sys.executable, __file__, "--child", *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout), int(done.stderr.splitlines()[-1])


def run_counted(arguments: list[str]) -> None:
    """Run the command here and end with a line on stderr: the bytes that were read, 0 where nobody counts."""
    from magnet_geo.cli.main import main as magnet_geo

    magnet_geo(arguments, standalone_mode=False)
    counts = dict(line.split(": ") for line in _COUNTS.read_text().splitlines()) if _COUNTS.exists() else {}
    print(counts.get("rchar", 0), file=sys.stderr)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        run_counted(sys.argv[2:])
    else:
        main()
