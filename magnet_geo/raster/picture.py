"""Rasters reduced to the size of a picture, and class values as a picture file that browsers read."""

from __future__ import annotations

from math import ceil

import numpy as np
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.io import MemoryFile

from magnet_geo.errors import SceneError
from magnet_geo.grid import RasterGrid, Size
from magnet_geo.raster.band_facts import BandFacts
from magnet_geo.raster.gdal_environment import GDAL_ERRORS, gdal_detail, opening, reading
from magnet_geo.raster.remote import remote_failure, with_retries
from magnet_geo.raster.scene_reader import read_pixels
from magnet_geo.raster.source import SceneSource, open_once
from magnet_geo.raster.validity import ScenePixels


def picture_size(grid: RasterGrid, max_side: int) -> Size:
    """Return the size of a whole raster, reduced so that no side exceeds ``max_side`` pixels; never enlarged."""
    factor = max(1.0, max(grid.height, grid.width) / max_side)
    return Size(ceil(grid.height / factor), ceil(grid.width / factor))


def read_picture(source: SceneSource, bands: tuple[int, ...], size: Size, *, categorical: bool = False) -> ScenePixels:
    """Reads a whole raster at another size; overviews serve, so that memory does not depend on the raster's size.

    Args:
        source: The raster.
        bands: Band numbers, 1-based.
        size: Of the picture.
        categorical: Whether values are classes, of which the most frequent one is taken; else they are averaged.

    Raises:
        SceneError: A block cannot be decoded.
    """
    if source.is_remote:
        return with_retries(source.path, lambda: _read_once(source, bands, size, categorical=categorical))
    return _read_once(source, bands, size, categorical=categorical)


def _read_once(source: SceneSource, bands: tuple[int, ...], size: Size, *, categorical: bool) -> ScenePixels:
    way = Resampling.mode if categorical else Resampling.average
    try:
        with open_once(source, overviews=True) as dataset, reading():
            reduced = size.height < dataset.height or size.width < dataset.width
            facts = BandFacts.of(dataset, source)
            return read_pixels(dataset, facts, bands, size, resampling=way if reduced else Resampling.nearest)
    except GDAL_ERRORS as error:
        if source.is_remote:
            raise remote_failure(source.path, gdal_detail(error)) from error
        raise SceneError(
            f"'{source.name}' cannot be read ({gdal_detail(error)}): the file is damaged or incomplete; copy or "
            "download it again."
        ) from error


def indexed_png(values: NDArray[np.uint8], colors: dict[int, tuple[int, int, int, int]]) -> bytes:
    """Return a PNG whose pixels are values and whose palette has an alpha, so that a page can recolor it.

    Args:
        values: (H, W) uint8.
        colors: Red, green, blue and alpha, 0-255, by value; values without a color are transparent.
    """
    palette = {value: colors.get(value, (0, 0, 0, 0)) for value in range(256)}
    height, width = values.shape
    with opening(), MemoryFile() as file:
        with file.open(driver="PNG", width=width, height=height, count=1, dtype="uint8", ZLEVEL=9) as dataset:
            dataset.write(values, 1)
            dataset.write_colormap(1, palette)
        content: bytes = file.read()
    return content
