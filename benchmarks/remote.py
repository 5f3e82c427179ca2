"""A scene over HTTP from 127.0.0.1, well behaved and not: bytes loaded, requests, faults; is the map the same?

    python benchmarks/remote.py [--side 8192] [--model landcover]

The windows' share is the size of the full-resolution blocks that the run's windows touch, each counted once.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import rasterio

sys.path.insert(0, str(Path(__file__).parents[1]))

from magnet_geo.inference import Segmenter, load_model
from magnet_geo.scene import Area, RefineMode, SegmentOptions, plan_run, segment_scene
from magnet_geo.scene.inspection import inspect_scene
from tests.range_server import Faults, RangeServer, serving

NAME, BLOCK = "scene.tif", 512
STALL_S = 2


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=8192, help="Pixels of a side of the scene.")
    parser.add_argument("--model", default="landcover")
    options = parser.parse_args()
    # A fault is told sooner than by default, so that the run is short.
    os.environ |= {"GDAL_HTTP_TIMEOUT": str(STALL_S), "GDAL_HTTP_RETRY_DELAY": "0.1"}
    with TemporaryDirectory() as folder:
        scene = write_cog(Path(folder) / NAME, options.side)
        model = load_model(options.model)
        with serving({NAME: scene.read_bytes()}) as server:
            print(f"Scene: {options.side} x {options.side} x 3 uint8, {scene.stat().st_size / 1e6:.1f} MB, COG.\n")
            print("| run | requests | faults | loaded, MB | windows' share, MB | ratio | seconds | same bytes |")
            print("| --- | --- | --- | --- | --- | --- | --- | --- |")
            inspect_scene(f"{server.url}/{NAME}", model.manifest, SegmentOptions())
            print(f"| info | {len(server.requests)} | 0 | {server.sent / 1e6:.2f} | | | | |")
            fast = SegmentOptions(area=corner(options.side), refine=RefineMode("fast"))
            # Coarse only, such runs also look whether overviews are averages.
            coarse = SegmentOptions(area=corner(options.side), refine=RefineMode("off"))
            whole = SegmentOptions(refine=RefineMode("off"))
            for name, run_options, faults in (
                ("part of the scene (`--bbox`), fast", fast, (Faults(), Faults(0.05, 0.05, seed=4))),
                ("part, coarse only (`--bbox --refine off`)", coarse, (Faults(), Faults(0.05, 0.05, seed=3))),
                ("whole, coarse only", whole, (Faults(), Faults(0.05, 0.05, seed=1), Faults(0.05, 0.05, seed=2))),
            ):
                local = run(scene, model, run_options)
                for fault in faults:
                    compare(name, scene, server, model, run_options, fault, local)


def write_cog(path: Path, side: int) -> Path:
    """Writes blocks of color with noise over them."""
    random = np.random.default_rng(4)
    profile = {"driver": "COG", "count": 3, "height": side, "width": side, "dtype": "uint8", "compress": "deflate"}
    place = {"crs": "EPSG:32633", "transform": rasterio.Affine(1, 0, 400_000, 0, -1, 5_000_000)}
    with rasterio.open(path, "w", **profile, **place, blocksize=BLOCK, overviews="auto") as dataset:
        colors = random.integers(30, 225, (3, side // 32, side // 32), dtype=np.uint8)
        values = colors.repeat(32, axis=1).repeat(32, axis=2)
        values += random.integers(0, 16, values.shape, dtype=np.uint8)
        dataset.write(values)
    return path


def corner(side: int) -> Area:
    """A tenth of the scene's side in the middle."""
    left, top = 400_000 + 0.45 * side, 5_000_000 - 0.45 * side
    return Area((left, top - 0.1 * side, left + 0.1 * side, top))


def compare(
    name: str,
    scene: Path,
    server: RangeServer,
    model: Segmenter,
    options: SegmentOptions,
    faults: Faults,
    local: str,
) -> None:
    """Runs the remote file, and prints a row."""
    if faults.failing:
        name += f"; {faults.failing:.0%} fail, {faults.stalling:.0%} stall"
    # GDAL remembers what it loaded from an address.
    url = f"{server.url}/{NAME}?{hashlib.sha256(f'{name} {faults}'.encode()).hexdigest()[:8]}"
    server.misbehave(faults)
    begun = time.monotonic()
    remote = run(url, model, options)
    seconds = time.monotonic() - begun
    share = windows_share(scene, model, options)
    wrong = sum(count for kind, count in server.kinds.items() if kind)
    figures = (
        f"{len(server.requests)} | {wrong} | {server.sent / 1e6:.2f} | {share / 1e6:.2f} | {server.sent / share:.3f}"
    )
    print(f"| {name} | {figures} | {seconds:.1f} | {'yes' if local == remote else 'NO'} |", flush=True)


def run(scene: str | Path, model: Segmenter, options: SegmentOptions) -> str:
    """Maps a scene and gives the map's SHA-256."""
    with TemporaryDirectory() as folder:
        target = Path(folder) / "classes.tif"
        segment_scene(scene, output=target, model=model, options=options)
        return hashlib.sha256(target.read_bytes()).hexdigest()


def windows_share(scene: Path, model: Segmenter, options: SegmentOptions) -> int:
    """Bytes of the full-resolution blocks that the windows touch."""
    plan = plan_run(scene, model, options)
    side = plan.description.grid.height
    touched = np.zeros((-(-side // BLOCK),) * 2, bool)
    for window in plan.windows.touching(plan.area.rect):
        read = window.read
        touched[read.row // BLOCK : -(-read.row_stop // BLOCK), read.col // BLOCK : -(-read.col_stop // BLOCK)] = True
    with rasterio.open(scene) as dataset:
        sizes = [dataset.get_tag_item(f"BLOCK_SIZE_{x}_{y}", "TIFF", bidx=1) for y, x in np.argwhere(touched)]
    return sum(int(size) for size in sizes)


if __name__ == "__main__":
    main()
