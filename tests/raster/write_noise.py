"""A program that writes a class map of noise and says how it failed: write_noise FOLDER [LARGEST_FILE_BYTES]."""

from __future__ import annotations

import os
import resource
import signal
import sys
from pathlib import Path

import numpy as np

from magnet_geo.classes import ClassScheme, LandClass
from magnet_geo.errors import OutputError
from magnet_geo.grid import PixelRect, RasterGrid
from magnet_geo.raster import GeoTiffDraft, MapLayout
from tests.raster.rasters import TRANSFORM

SCHEME = ClassScheme((LandClass(1, "water", "#0000ff"), LandClass(4, "built", "#ff0010")))
LAYOUT = MapLayout(RasterGrid(None, TRANSFORM, 1337, 1101), ("class",), 255, SCHEME)


def write_noise(folder: Path) -> str:
    noise = np.random.default_rng(0).integers(0, 250, (1101, 1337), dtype=np.uint8)
    try:
        with GeoTiffDraft(folder / "out.tif", LAYOUT) as draft:
            draft.write(PixelRect(0, 0, 1101, 1337), noise)
            draft.finish()
    except OutputError as error:
        return f"{type(error).__name__}: {error} Left: {os.listdir(folder)}"
    return "written"


if __name__ == "__main__":
    if len(sys.argv) > 2:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
    sys.stdout.write(write_noise(Path(sys.argv[1])))
