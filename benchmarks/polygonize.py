"""A mosaic of a real map to polygons: `magnet-geo polygonize` beside GDAL's `gdal_polygonize`: time and memory.

    python benchmarks/polygonize.py FOLDER [--map classes.tif] [--side 20000] [--format fgb] [--options="--smooth"]
                                    [--only ours]

Without --map, the example scene is mapped first. The map is repeated in mirror images over side x side pixels, so that
borders go on from one to the next. gdal_polygonize is left out where it is not installed (Debian: gdal-bin).
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyogrio
import rasterio
from rasterio.windows import Window

EXAMPLE = Path(__file__).parents[1] / "examples/village/village_rgb_2m.tif"
STRIP = 512
DRIVERS = {"gpkg": "GPKG", "fgb": "FlatGeobuf", "shp": "ESRI Shapefile"}


@dataclass(frozen=True)
class Cost:
    """What a command took."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--map", type=Path, help="class raster to repeat")
    parser.add_argument("--side", type=int, default=20000)
    parser.add_argument("--format", choices=sorted(DRIVERS), default="gpkg")
    parser.add_argument("--options", default="", help="further options of magnet-geo polygonize")
    parser.add_argument("--only", choices=["ours", "gdal"], help="one of the two programs")
    options = parser.parse_args()
    options.folder.mkdir(exist_ok=True)
    mosaic = make_mosaic(
        options.folder / f"mosaic_{options.side}.tif", options.map or example_map(options.folder), options.side
    )
    print("| program | seconds | CPU seconds | peak RSS | features |\n| --- | --- | --- | --- | --- |")
    if options.only != "gdal":
        ours = options.folder / f"ours.{options.format}"
        command = [magnet_geo(), "polygonize", str(mosaic), str(ours), "--overwrite", "--progress", "none"]
        name = f"magnet-geo polygonize {options.options}".strip()
        show(name, [*command, *shlex.split(options.options)], ours)
    gdal = shutil.which("gdal_polygonize.py") or shutil.which("gdal_polygonize")
    if gdal is not None and options.only != "ours":
        theirs = options.folder / f"gdal.{options.format}"
        theirs.unlink(missing_ok=True)
        command = [gdal, "-q", str(mosaic), "-f", DRIVERS[options.format], str(theirs), "gdal", "class_value"]
        show(f"gdal_polygonize ({gdal_version()})", command, theirs)


def show(name: str, command: list[str], layer: Path) -> None:
    cost = run(command)
    features = pyogrio.read_info(layer, layer=layer.stem)["features"]
    peak = cost.peak_bytes / 1e9
    print(f"| {name} | {cost.seconds:.0f} | {cost.cpu_seconds:.0f} | {peak:.2f} GB | {features:,} |", flush=True)


def run(command: list[str]) -> Cost:
    """Run a command to its end; what it and its children took."""
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{shlex.join(command)} failed")
    return Cost(time.monotonic() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def example_map(folder: Path) -> Path:
    """The example scene, mapped."""
    path = folder / "village_classes.tif"
    if not path.exists():
        run([magnet_geo(), "segment", str(EXAMPLE), "-o", str(path), "--progress", "none"])
    return path


def make_mosaic(path: Path, source: Path, side: int) -> Path:
    """A map and its mirror images over side x side pixels, with its legend."""
    if path.exists():
        return path
    with rasterio.open(source) as dataset:
        values, tags, profile, colors = dataset.read(1), dataset.tags(1), dataset.profile, dataset.colormap(1)
    cell = np.block([[values, values[:, ::-1]], [values[::-1], values[::-1, ::-1]]])
    profile |= {
        "driver": "GTiff",
        "width": side,
        "height": side,
        "tiled": True,
        "blockxsize": STRIP,
        "blockysize": STRIP,
    }
    profile |= {"compress": "deflate", "bigtiff": "IF_SAFER"}
    draft = path.with_suffix(".part")
    with rasterio.open(draft, "w", **profile) as dataset:
        dataset.write_colormap(1, colors)
        dataset.update_tags(1, **tags)
        for row in range(0, side, STRIP):
            rows = cell[np.arange(row, min(row + STRIP, side)) % cell.shape[0]]
            strip = np.tile(rows, (1, -(-side // cell.shape[1])))[:, :side]
            dataset.write(strip, 1, window=Window(0, row, side, rows.shape[0]))
    draft.rename(path)
    return path


def magnet_geo() -> str:
    return str(Path(sys.executable).with_name("magnet-geo"))


def gdal_version() -> str:
    return subprocess.run(["gdalinfo", "--version"], capture_output=True, text=True, check=True).stdout.split(",")[0]


if __name__ == "__main__":
    main()
