"""Peak memory must not grow with the scene: a 100 Mpx and a 1600 Mpx scene through `magnet-geo segment`.

    python benchmarks/memory.py FOLDER [--sides 10000 40000] [--refine off] [--refine full --bbox-px 8192]

Makes the scenes in FOLDER once (the example scene repeated; 5.1 GB for both) and keeps them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import from_origin
from rasterio.windows import Window

EXAMPLE = Path(__file__).parents[1] / "examples/village/village_rgb_2m.tif"
STRIP = 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sides", type=int, nargs="+", default=[10000, 40000])
    parser.add_argument("--refine", default="off")
    parser.add_argument("--bbox-px", type=int, help="segment only a corner of this side")
    parser.add_argument("--max-memory")
    options = parser.parse_args()
    options.folder.mkdir(exist_ok=True)
    peaks = []
    print("| scene | windows | seconds | Mpx/s | peak RSS |\n| --- | --- | --- | --- | --- |")
    for side in options.sides:
        scene = make_scene(options.folder / f"scene_{side}.tif", side)
        result = segment(scene, options)
        peaks.append(result["peak_memory_bytes"])
        pixels = result["valid_pixels"] / 1e6
        print(
            f"| {side} x {side} ({side**2 / 1e6:.0f} Mpx) | {options.refine} | {result['seconds']:.0f} | "
            f"{pixels / result['seconds']:.2f} | {peaks[-1] / 1e9:.2f} GB |",
            flush=True,
        )
    print(f"\nLargest peak over smallest: {max(peaks) / min(peaks):.3f}")


def make_scene(path: Path, side: int) -> Path:
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
    draft.rename(path)
    return path


def segment(scene: Path, options: argparse.Namespace) -> dict:
    """Run the command in a process of its own and give its result object."""
    command = [str(Path(sys.executable).with_name("magnet-geo")), "segment", str(scene), "--json", "--overwrite"]
    command += ["-o", str(scene.with_name(scene.stem + "_map.tif")), "--refine", options.refine]
    if options.bbox_px:
        command.append(f"--bbox=500000,{5_000_000 - options.bbox_px},{500_000 + options.bbox_px},5000000")
    if options.max_memory:
        command += ["--max-memory", options.max_memory]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


if __name__ == "__main__":
    main()
