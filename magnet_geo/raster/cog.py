"""Turns a finished draft into a Cloud Optimized GeoTIFF."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
import rasterio.shutil
from rasterio.io import MemoryFile

from magnet_geo.errors import OutputError
from magnet_geo.raster.gdal_environment import GDAL_ERRORS, gdal_detail, gdal_environment, gdal_warnings, opening
from magnet_geo.raster.map_layout import MapLayout, Pairs

_LOSSLESS = ("NONE", "LZW", "DEFLATE", "LZMA", "ZSTD")
_YES_NO = ("YES", "NO", "TRUE", "FALSE", "ON", "OFF")
_PREDICTORS = ("YES", "NO", "STANDARD", "2")

_TRIAL_PX = 300
_TRIED = {"COMPRESS": "DEFLATE"}


@dataclass(frozen=True, slots=True)
class _Whole:
    """Whole numbers from ``least`` to ``most`` that are multiples of ``step``, or one of ``words``."""

    least: int
    most: int
    step: int = 1
    words: tuple[str, ...] = ()

    def allows(self, text: str) -> bool:
        if text.upper() in self.words:
            return True
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else -1
        return self.least <= number <= self.most and number % self.step == 0

    def __str__(self) -> str:
        of = f" in steps of {self.step}" if self.step > 1 else ""
        return ", ".join((*self.words, f"whole numbers from {self.least} to {self.most}{of}"))


# Options of the COG driver that neither move pixels nor change values. Numbers have bounds of ours: GDAL 3.10 ends the
# process at some that lie outside of them.
_OPTIONS: dict[str, tuple[str, ...] | _Whole] = {
    "BIGTIFF": ("YES", "NO", "IF_NEEDED", "IF_SAFER"),
    "BLOCKSIZE": _Whole(128, 8192, 16),
    "COMPRESS": _LOSSLESS,
    "GEOTIFF_VERSION": ("AUTO", "1.0", "1.1"),
    "LEVEL": _Whole(1, 22),
    "NUM_THREADS": _Whole(1, 1024, words=("ALL_CPUS",)),
    "OVERVIEWS": ("AUTO", "NONE"),
    "OVERVIEW_COMPRESS": _LOSSLESS,
    "OVERVIEW_COUNT": _Whole(0, 30),
    "OVERVIEW_PREDICTOR": _PREDICTORS,
    "OVERVIEW_RESAMPLING": ("MODE", "NEAREST", "AVERAGE", "BILINEAR", "CUBIC", "CUBICSPLINE", "LANCZOS", "RMS"),
    "PREDICTOR": _PREDICTORS,
    "SPARSE_OK": _YES_NO,
    "STATISTICS": ("AUTO", *_YES_NO),
}


def check_creation_options(options: Pairs) -> None:
    """Refuse creation options that would change the map, or that this build of GDAL does not take: a tiny raster is
    written with them in memory.

    Raises:
        OutputError: An option or value is not possible.
    """
    for key, value in options:
        allowed = _OPTIONS.get(key.upper(), ())
        if allowed == ():
            raise OutputError(f"The creation option '{key}' is not one of {', '.join(_OPTIONS)}.")
        if not (allowed.allows(value) if isinstance(allowed, _Whole) else value.upper() in allowed):
            takes = str(allowed) if isinstance(allowed, _Whole) else ", ".join(allowed)
            raise OutputError(f"The creation option {key}={value} is not possible; {key} takes {takes}.")
    if options:
        _try_out(options)


def _try_out(options: Pairs) -> None:
    given = ", ".join(f"{key}={value}" for key, value in options)
    try:
        with opening(), gdal_warnings() as heard, MemoryFile() as draft, MemoryFile() as cog:
            size = {"width": _TRIAL_PX, "height": _TRIAL_PX, "count": 1, "dtype": "uint8"}
            with draft.open(driver="GTiff", nodata=255, **size) as dataset:
                dataset.write(np.zeros((1, _TRIAL_PX, _TRIAL_PX), np.uint8))
            rasterio.shutil.copy(draft.name, cog.name, driver="COG", **(_TRIED | _upper(options)))
    except GDAL_ERRORS as error:
        detail = gdal_detail(error).replace(f"{cog.name}: ", "")
        raise OutputError(f"GDAL cannot write with the creation options {given}: {detail}.") from error
    if heard:
        # What GDAL ignores with a warning, it would ignore in the map as well.
        raise OutputError(f"GDAL does not take the creation options {given}: {heard[0]}.")


def _upper(options: Pairs) -> dict[str, str]:
    return {key.upper(): value for key, value in options}


def write_cog(draft: Path, target: Path, layout: MapLayout) -> None:
    """Copy a draft into a Cloud Optimized GeoTIFF; GDAL's own errors are passed on."""
    options = _defaults(layout) | _upper(layout.creation_options)
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
