"""A finished raster, opened for whoever reads it with tools of their own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import rasterio
from rasterio.io import DatasetReader as OpenRaster

from magnet_geo.errors import OptionError, SceneError
from magnet_geo.raster.gdal_environment import GDAL_ERRORS, gdal_detail, opening

if TYPE_CHECKING:
    import xarray

__all__ = ["OpenRaster", "open_raster", "read_xarray"]


def open_raster(path: str | Path) -> OpenRaster:
    """Open a raster for reading; the caller closes it.

    Raises:
        SceneError: It is missing or damaged.
    """
    try:
        with opening():
            found: OpenRaster = rasterio.open(path)
            return found
    except GDAL_ERRORS as error:
        raise SceneError(
            f"'{path}' cannot be opened ({gdal_detail(error)}); check that the file is still there."
        ) from error


def read_xarray(path: str | Path) -> xarray.DataArray:
    """Open a raster as an ``xarray.DataArray`` (band, y, x) that reads what is asked for; nodata stays a number.

    Raises:
        OptionError: The package rioxarray is not installed.
        SceneError: The raster is missing or damaged.
    """
    try:
        import rioxarray
    except ImportError as error:
        raise OptionError(
            "A DataArray needs the package rioxarray, which is not installed: run 'pip install magnet-geo[xarray]'."
        ) from error
    open_raster(path).close()
    found = rioxarray.open_rasterio(path)
    # Of a raster with subdatasets it would be a Dataset.
    return cast("xarray.DataArray", found)
