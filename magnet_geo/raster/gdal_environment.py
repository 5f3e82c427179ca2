"""How this package runs GDAL: settings for every call, and what GDAL said when one failed."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import rasterio
from rasterio._err import CPLE_BaseError
from rasterio.errors import NotGeoreferencedWarning, RasterioError

# Copies between drivers raise GDAL's own error classes, which rasterio keeps private.
GDAL_ERRORS: tuple[type[Exception], ...] = (RasterioError, CPLE_BaseError)

_OPENING = threading.Lock()

# Bytes: rasterio hands the number over as it is, where GDAL itself takes a small one for megabytes.
CACHE_BYTES = 256 * 2**20


def gdal_environment() -> rasterio.Env:
    """GDAL settings for reading and writing; to be entered around each group of calls, in the thread that makes them.

    The block cache they limit is one for the whole process.
    """
    return rasterio.Env(
        GDAL_CACHEMAX=CACHE_BYTES,
        GDAL_HTTP_MAX_RETRY=3,
        GDAL_HTTP_RETRY_DELAY=1,
        GDAL_HTTP_CONNECTTIMEOUT=30,
        # The fast path takes a PNG that ends too early for a whole one, without an error.
        GDAL_PNG_WHOLE_IMAGE_OPTIM=False,
    )


@contextmanager
def opening() -> Iterator[None]:
    """Surround the opening or creation of a raster that may lack a georeference, which is no warning's matter here."""
    # The filters of `warnings` belong to the whole process: no two threads may change and restore them at once.
    with _OPENING, gdal_environment(), warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        yield


def gdal_detail(error: BaseException) -> str:
    """What GDAL said, as a clause to be put after a colon: the innermost message of a chain of errors."""
    *_, innermost = _chain(error)
    return str(innermost).strip().rstrip(".")


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    while link is not None:
        if str(link).strip():
            yield link
        link = link.__cause__ or link.__context__
