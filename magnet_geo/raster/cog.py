"""Turns a finished draft into a Cloud Optimized GeoTIFF."""

from __future__ import annotations

import os
from pathlib import Path

import rasterio
import rasterio.shutil

from magnet_geo.errors import OutputError
from magnet_geo.raster.gdal_environment import gdal_environment
from magnet_geo.raster.map_layout import MapLayout, Pairs

_LOSSLESS = ("NONE", "LZW", "DEFLATE", "LZMA", "ZSTD")
_YES_NO = ("YES", "NO", "TRUE", "FALSE", "ON", "OFF")
_PREDICTORS = ("YES", "NO", "STANDARD", "2")

# Options of the COG driver that neither move pixels nor change values; None allows any text.
_OPTIONS: dict[str, tuple[str, ...] | None] = {
    "BIGTIFF": ("YES", "NO", "IF_NEEDED", "IF_SAFER"),
    "BLOCKSIZE": None,
    "COMPRESS": _LOSSLESS,
    "GEOTIFF_VERSION": ("AUTO", "1.0", "1.1"),
    "LEVEL": None,
    "NUM_THREADS": None,
    "OVERVIEWS": ("AUTO", "NONE"),
    "OVERVIEW_COMPRESS": _LOSSLESS,
    "OVERVIEW_COUNT": None,
    "OVERVIEW_PREDICTOR": _PREDICTORS,
    "OVERVIEW_RESAMPLING": ("MODE", "NEAREST", "AVERAGE", "BILINEAR", "CUBIC", "CUBICSPLINE", "LANCZOS", "RMS"),
    "PREDICTOR": _PREDICTORS,
    "SPARSE_OK": _YES_NO,
    "STATISTICS": ("AUTO", *_YES_NO),
}


def check_creation_options(options: Pairs) -> None:
    """Refuse creation options that the COG driver does not know or that would change the map.

    Raises:
        OutputError: An option or value is not among the allowed ones.
    """
    for key, value in options:
        allowed = _OPTIONS.get(key.upper(), ())
        if allowed == ():
            raise OutputError(f"The creation option '{key}' is not one of {', '.join(_OPTIONS)}.")
        if allowed is not None and value.upper() not in allowed:
            raise OutputError(f"The creation option {key}={value} is not possible; {key} takes {', '.join(allowed)}.")


def write_cog(draft: Path, target: Path, layout: MapLayout) -> None:
    """Copy a draft into a Cloud Optimized GeoTIFF; GDAL's own errors are passed on."""
    options = _defaults(layout) | {key.upper(): value for key, value in layout.creation_options}
    # Overviews lie in a file of their own on the way: packing them twice takes longer than writing them.
    with gdal_environment(), rasterio.Env(COG_TMP_COMPRESSION="NONE"):
        rasterio.shutil.copy(str(draft), str(target), driver="COG", **options)
    sync(target)


def sync(path: Path) -> None:
    """Wait until a file is on the disk: some file systems tell only now that there was no room."""
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _defaults(layout: MapLayout) -> dict[str, str]:
    categorical = layout.scheme is not None
    return {
        # Deflate, unlike ZSTD, is in every build of every GIS.
        "COMPRESS": "DEFLATE",
        "PREDICTOR": "NO" if categorical else "YES",
        "BLOCKSIZE": "512",
        "OVERVIEW_RESAMPLING": "MODE" if categorical else "AVERAGE",
        "NUM_THREADS": "ALL_CPUS",
        "BIGTIFF": "IF_SAFER",
    }
