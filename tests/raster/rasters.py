"""Tiny rasters made in code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.enums import ColorInterp
from rasterio.rpc import RPC
from rasterio.transform import Affine

TRANSFORM = Affine(0.5, 0.0, 400_000.5, 0.0, -0.5, 5_000_000.25)


def write_raster(
    path: Path,
    values: NDArray[np.generic],
    *,
    nodata: float | None = None,
    descriptions: tuple[str, ...] = (),
    colors: tuple[str, ...] = (),
    dataset_mask: NDArray[np.bool_] | None = None,
    georeferenced: bool = True,
    **profile: object,
) -> str:
    """Write (B, H, W) values as GeoTIFF and give its path."""
    count, height, width = values.shape
    place = {"crs": "EPSG:32633", "transform": TRANSFORM} if georeferenced else {}
    size = {"count": count, "height": height, "width": width, "dtype": values.dtype, "nodata": nodata}
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(path, "w", driver="GTiff", photometric="MINISBLACK", **size, **(place | profile)) as dataset,
    ):
        if colors:
            dataset.colorinterp = [ColorInterp[name] for name in colors]
        dataset.write(values)
        for number, text in enumerate(descriptions, 1):
            dataset.set_band_description(number, text)
        if dataset_mask is not None:
            dataset.write_mask(dataset_mask)
    return str(path)


def ramp(bands: int, height: int, width: int, dtype: str = "uint8") -> NDArray[np.generic]:
    """Values that differ from pixel to pixel and are never 0."""
    numbers = np.arange(bands * height * width).reshape(bands, height, width)
    return (numbers % 200 + 1).astype(dtype)


def pushbroom_rpcs() -> RPC:
    """Coefficients of a made-up camera that looks straight down: a degree is 100 pixels, rows run south."""
    zeros = [0.0] * 20
    return RPC(
        height_off=100.0,
        height_scale=50.0,
        lat_off=50.0,
        lat_scale=0.1,
        line_off=10.0,
        line_scale=10.0,
        long_off=10.0,
        long_scale=0.1,
        samp_off=10.0,
        samp_scale=10.0,
        line_num_coeff=[0.0, 0.0, -1.0, *zeros[3:]],
        line_den_coeff=[1.0, *zeros[1:]],
        samp_num_coeff=[0.0, 1.0, *zeros[2:]],
        samp_den_coeff=[1.0, *zeros[1:]],
        err_bias=1.5,
        err_rand=0.5,
    )
