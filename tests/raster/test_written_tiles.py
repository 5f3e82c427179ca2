"""What GDAL lost without a word is noticed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.windows import Window

from magnet_geo.grid import PixelRect, Size
from magnet_geo.raster.written_tiles import TILE_PX, WrittenTiles, truncated_blocks
from tests.raster.rasters import TRANSFORM

SIZE = Size(1101, 700)
RECT = PixelRect(500, 30, 100, 90)


@pytest.fixture
def sparse(tmp_path: Path) -> Path:
    """A sparse draft with `RECT`, which lies on two tiles, written."""
    path = tmp_path / "draft.tif"
    profile = {"count": 1, "height": SIZE.height, "width": SIZE.width, "dtype": "uint8", "nodata": 255}
    tiles = {"tiled": True, "blockxsize": TILE_PX, "blockysize": TILE_PX, "sparse_ok": True}
    with rasterio.open(path, "w", driver="GTiff", transform=TRANSFORM, **profile, **tiles) as dataset:
        dataset.write(np.ones((100, 90), np.uint8), 1, window=Window(RECT.col, RECT.row, RECT.width, RECT.height))
    return path


def test_written_tiles_are_found_in_the_file(sparse: Path) -> None:
    tiles = WrittenTiles(SIZE, 255)
    tiles.add(RECT, np.ones((1, 100, 90), np.uint8))
    assert tiles.missing_from(sparse) == 0


def test_a_tile_that_never_got_a_place_is_missing(sparse: Path) -> None:
    tiles = WrittenTiles(SIZE, 255)
    tiles.add(PixelRect(1000, 600, 101, 100), np.ones((1, 101, 100), np.uint8))
    assert tiles.missing_from(sparse) == 2


def test_nodata_needs_no_place(sparse: Path) -> None:
    tiles = WrittenTiles(SIZE, 255)
    tiles.add(PixelRect(1000, 600, 101, 100), np.full((1, 101, 100), 255, np.uint8))
    assert tiles.missing_from(sparse) == 0


def test_tiles_beyond_the_end_of_a_cut_file_are_missing(sparse: Path) -> None:
    assert truncated_blocks(sparse) == 0
    sparse.write_bytes(sparse.read_bytes()[:-1000])
    assert truncated_blocks(sparse) == 1
    assert WrittenTiles(SIZE, 255).missing_from(sparse) == 1
