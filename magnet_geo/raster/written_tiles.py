"""Whether all that was written to a TIFF reached the disk: GDAL flushes at close and only logs what fails then."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.io import DatasetReader

from magnet_geo.grid import PixelRect, Size
from magnet_geo.raster.gdal_environment import gdal_environment, opening
from magnet_geo.raster.map_layout import TILE_PX


class WrittenTiles:
    """Remembers which tiles of a sparse raster were given data, and so must have a place in its file."""

    def __init__(self, size: Size, nodata: int) -> None:
        self._nodata = nodata
        self._written = np.zeros((ceil(size.height / TILE_PX), ceil(size.width / TILE_PX)), bool)

    def add(self, rect: PixelRect, bands: NDArray[np.uint8]) -> None:
        """Note what a rectangle of pixels, (C, h, w), touches; nodata alone needs no place."""
        data = (bands != self._nodata).any(axis=0)
        for row in range(rect.row // TILE_PX, ceil(rect.row_stop / TILE_PX)):
            for col in range(rect.col // TILE_PX, ceil(rect.col_stop / TILE_PX)):
                part = rect.intersection(PixelRect(row * TILE_PX, col * TILE_PX, TILE_PX, TILE_PX))
                if part is not None and data[part.relative_to(rect).slices].any():
                    self._written[row, col] = True

    def missing_from(self, path: Path) -> int:
        """Count the written tiles that a draft lacks, or whose bytes lie beyond its end."""
        length = path.stat().st_size
        dataset = _open(path)
        with gdal_environment(), dataset:
            return sum(
                end > length or (end == 0 and bool(self._written[row, col]))
                for row, col, end in _block_ends(dataset, None)
            )


def truncated_blocks(path: Path) -> int:
    """Count blocks, overviews included, whose bytes lie beyond the end of the file."""
    length = path.stat().st_size
    dataset = _open(path)
    with gdal_environment(), dataset:
        levels = [None, *range(len(dataset.overviews(1)))]
        return sum(end > length for level in levels for _, _, end in _block_ends(dataset, level))


def _open(path: Path) -> DatasetReader:
    with opening():
        return rasterio.open(path)


def _block_ends(dataset: DatasetReader, level: int | None) -> Iterator[tuple[int, int, int]]:
    """Row, column and end in the file of each block of band 1; 0 where a block has no place."""
    decimation = 1 if level is None else dataset.overviews(1)[level]
    block_height, block_width = dataset.block_shapes[0]
    for row in range(ceil(ceil(dataset.height / decimation) / block_height)):
        for col in range(ceil(ceil(dataset.width / decimation) / block_width)):
            offset, size = (
                dataset.get_tag_item(f"BLOCK_{what}_{col}_{row}", "TIFF", bidx=1, ovr=level)
                for what in ("OFFSET", "SIZE")
            )
            yield row, col, int(offset or 0) + int(size or 0)
