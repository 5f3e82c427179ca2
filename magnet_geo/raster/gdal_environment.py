"""How this package runs GDAL: settings for every call, and what GDAL said when one failed."""

from __future__ import annotations

import ctypes
import logging
import re
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

import rasterio
from rasterio._env import get_gdal_config
from rasterio._err import CPLE_BaseError
from rasterio.errors import NotGeoreferencedWarning, RasterioError, RasterioIOError
from rasterio.io import DatasetReader

# Copies between drivers raise GDAL's own error classes, which rasterio keeps private.
GDAL_ERRORS: tuple[type[Exception], ...] = (RasterioError, CPLE_BaseError)

#: Equal runs make equal bytes with one version of GDAL: others write other metadata.
GDAL_VERSION: str = rasterio.__gdal_version__

_OPENING = threading.Lock()
_heard_here: ContextVar[list[type] | None] = ContextVar("_heard_here", default=None)

# Bytes: rasterio hands the number over as it is, where GDAL itself takes a small one for megabytes.
CACHE_BYTES = 256 * 2**20


# For scenes behind a network. Codes to retry are left to GDAL: named ones would take the place of its rule, which also
# retries broken connections.
_NETWORK: Mapping[str, float | bool] = {
    "GDAL_HTTP_MAX_RETRY": 3,
    "GDAL_HTTP_RETRY_DELAY": 0.5,
    "GDAL_HTTP_CONNECTTIMEOUT": 15,
    # Under 1000 bytes a second for 10 seconds is a stalled connection; a slow one may take its time.
    "GDAL_HTTP_LOW_SPEED_TIME": 10,
    "GDAL_HTTP_LOW_SPEED_LIMIT": 1000,
    "GDAL_HTTP_MERGE_CONSECUTIVE_RANGES": True,
    "GDAL_HTTP_MULTIPLEX": True,
}
# No list of the server's folder, and no search for sidecar files, each of which is a request.
_OPENING_REMOTE: Mapping[str, str | int] = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_INGESTED_BYTES_AT_OPEN": 2**15,
}

# Where rasterio passes on what GDAL warns of.
_LOGGERS = ("rasterio._env", "rasterio._err")
_JPEG_SWITCH = "GDAL_ERROR_ON_LIBJPEG_WARNING"
# As GDAL reads a switch.
_NO = ("NO", "FALSE", "OFF", "0")
# What decoders say of bytes that cannot be what was written, and read on all the same.
_JPEG_DAMAGE = r"Corrupt JPEG data|Premature end of JPEG"
_OTHER_DAMAGE = r"PackBitsDecode:\s*Discarding"

_cache_bytes = CACHE_BYTES


@contextmanager
def block_cache(size_bytes: int) -> Iterator[None]:
    """Limit GDAL's block cache within the block, in bytes: one for the whole process, as the cache itself is."""
    global _cache_bytes
    before, _cache_bytes = _cache_bytes, size_bytes
    try:
        yield
    finally:
        _cache_bytes = before


def gdal_environment() -> rasterio.Env:
    """GDAL settings for reading and writing; to be entered around each group of calls, in the thread that makes them.

    The block cache they limit is one for the whole process. What the user's environment, GDAL's configuration file or
    an ``Env`` around the call says of the network and of damaged JPEG stands.
    """
    return rasterio.Env(
        **_unless_set(_NETWORK),
        **_unless_set({_JPEG_SWITCH: True}),
        GDAL_CACHEMAX=_cache_bytes,
        # The fast path takes a PNG that ends too early for a whole one, without an error.
        GDAL_PNG_WHOLE_IMAGE_OPTIM=False,
    )


def retry_pauses_s() -> list[float]:
    """Seconds to wait before each further try of what GDAL gave up, by the same settings as GDAL's own retries."""
    with gdal_environment():
        count, first = int(get_gdal_config("GDAL_HTTP_MAX_RETRY")), float(get_gdal_config("GDAL_HTTP_RETRY_DELAY"))
    return [first * 2**number for number in range(count)]


@contextmanager
def opening(*, remote: bool = False) -> Iterator[None]:
    """Surround the opening or creation of a raster that may lack a georeference, which is no warning's matter here.

    Args:
        remote: Whether it lies behind a network.
    """
    settings = _unless_set(_OPENING_REMOTE) if remote else {}
    with _OPENING, gdal_environment(), rasterio.Env(**settings), _unplaced_ignored():
        yield


def has_geotransform(dataset: DatasetReader) -> bool:
    """Whether a raster says where its pixels lie; an identity transform may be the file's, or stand for none.

    Args:
        dataset: An open handle without ground control points or RPCs: of these rasterio does not tell.
    """
    with _OPENING, gdal_environment():
        while True:
            with _unplaced_ignored() as heard:
                dataset.read_transform()
            # A filter that another thread put before ours may have taken the warning.
            if heard or _is_first():
                return not heard


class _HeardHere(type):
    def __subclasscheck__(cls, category: type) -> bool:
        heard = _heard_here.get()
        if heard is None or not issubclass(category, NotGeoreferencedWarning):
            return False
        heard.append(category)
        return True


class _UnplacedHere(Warning, metaclass=_HeardHere):
    """A missing georeference, told in this thread within `_unplaced_ignored`; no warning otherwise."""


@contextmanager
def _unplaced_ignored() -> Iterator[list[type]]:
    """Ignore the warning of a missing georeference in this thread; give a list that takes each.

    The filters of `warnings` belong to the whole process. One that were put there and taken away around a block would
    be lost whenever another thread restores the filters in between, as importing torch's parts does. This one stays,
    and whether it fits is asked anew for each warning.
    """
    if not _is_first():
        warnings.simplefilter("ignore", _UnplacedHere)
    heard: list[type] = []
    here = _heard_here.set(heard)
    try:
        yield heard
    finally:
        _heard_here.reset(here)


def _is_first() -> bool:
    return bool(warnings.filters) and warnings.filters[0][2] is _UnplacedHere


@contextmanager
def reading() -> Iterator[None]:
    """Surround reads of pixels: damage that a decoder sees and only warns of is an error.

    GDAL's own switch for that is heeded by its JPEG driver, but not for JPEG inside a TIFF; set to NO, both pass.

    Raises:
        RasterioIOError: What was read is damaged.
    """
    with gdal_environment():
        strict = str(get_gdal_config(_JPEG_SWITCH)).upper() not in _NO
        with gdal_warnings(about=f"{_JPEG_DAMAGE}|{_OTHER_DAMAGE}" if strict else _OTHER_DAMAGE) as heard:
            yield
    if heard:
        raise RasterioIOError(heard[0])


@contextmanager
def gdal_warnings(*, about: str = "") -> Iterator[list[str]]:
    """Collect what GDAL warns of in this thread, instead of having it logged.

    Args:
        about: Regular expression; other warnings are logged as ever.

    Returns:
        A list that grows within the block.
    """
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_not_collected)
    outer, _collector.current = _collector.current, (re.compile(about), [])
    try:
        yield _collector.current[1]
    finally:
        _collector.current = outer


class _Collector(threading.local):
    current: tuple[re.Pattern[str], list[str]] | None = None


_collector = _Collector()


def _not_collected(record: logging.LogRecord) -> bool:
    if _collector.current is None or record.levelno != logging.WARNING:
        return True
    about, texts = _collector.current
    # GDAL's name of the kind of fault, and its sentence.
    text = str(record.args[-1]) if isinstance(record.args, tuple) and record.args else record.getMessage()
    if not about.search(text):
        return True
    texts.append(text.strip().rstrip("."))
    return False


def gdal_detail(error: BaseException) -> str:
    """Return what GDAL said, as a clause to be put after a colon: the innermost message of a chain of errors."""
    *_, innermost = _chain(error)
    said = str(innermost).strip().rstrip(".")
    return f"{said}; set {_JPEG_SWITCH}=NO to read it as it is" if re.search(_JPEG_DAMAGE, said) else said


@cache
def quiet_libtiff() -> None:
    """Keep the libtiff inside rasterio from printing what GDAL reports as an error anyway.

    GDAL sets a handler for each file it opens, but where a read, write or seek of the file itself fails, it calls the
    handler of the whole library (GDAL 3.10, libtiff 4.7), and that one prints: a full disk, for one, several raw lines.
    Done once in a process; does nothing where the library is not found (only Linux tells what is loaded).
    """
    with suppress(OSError, AttributeError):
        for line in Path("/proc/self/maps").read_text().splitlines():
            path = line.split(maxsplit=5)[-1]
            if "/rasterio.libs/libtiff" in path:
                ctypes.CDLL(path).TIFFSetErrorHandler(None)
                return


def _unless_set(defaults: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in defaults.items() if get_gdal_config(key) is None}


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    while link is not None:
        if str(link).strip():
            yield link
        link = link.__cause__ or link.__context__
