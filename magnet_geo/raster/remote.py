"""Scenes behind a network: how they are told, what goes wrong on the way, and trying again."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

import rasterio

from magnet_geo.addresses import NETWORK_FILE_SYSTEMS, public_address
from magnet_geo.errors import SceneError
from magnet_geo.raster.gdal_environment import GDAL_ERRORS, opening, retry_pauses_s

logger = logging.getLogger(__name__)
T = TypeVar("T")

# Opened with these settings and closed, GDAL forgets what it holds of a file.
_FORGETTING = {
    "CPL_VSIL_CURL_NON_CACHED": ":".join(f"/vsi{name}/" for name in NETWORK_FILE_SYSTEMS),
    "GDAL_HTTP_MAX_RETRY": 0,
    "GDAL_HTTP_TIMEOUT": 2,
}


class RemoteSceneError(SceneError):
    """A remote scene cannot be read.

    Attributes:
        passing: Whether it may go better another time.
    """

    def __init__(self, text: str, *, passing: bool) -> None:
        super().__init__(text)
        self.passing = passing


@dataclass(frozen=True, slots=True)
class _Fault:
    """What GDAL's words mean.

    Attributes:
        signs: Pattern of the words.
        meaning: For the user, after the scene's address.
        passing: Whether it may go better another time.
    """

    signs: str
    meaning: str
    passing: bool


_FAULTS = (
    _Fault(r"code: ?(404|410)|does not exist|NoSuch", "does not exist on its server; check the address", False),
    _Fault(
        r"code: ?(401|403)|Denied|credentials|Credentials|InvalidAccessKey|Signature",
        "is refused by its server; check your rights and the credentials in the environment",
        False,
    ),
    _Fault(
        r"resolve host|[Cc]onnect to|[Cc]ould ?n.t connect|refused",
        "cannot be reached; check the address and your connection",
        True,
    ),
    _Fault(r"timed out|too slow", "stalls: its server sends nothing any more; try again later", True),
    _Fault(
        r"transfer closed|got \d+ bytes, expected|Read error|end of file",
        "breaks off: its server ends each transfer early; try again later, or download it first",
        True,
    ),
    _Fault(r"code: ?(429|5\d\d)", "is not served at the moment; try again later", True),
    # A header that never arrives looks the same as a page of text.
    _Fault(
        r"not recognized",
        "sends nothing that GDAL can read: it is no raster, or its server stalls or breaks off; check the address, or "
        "try again later",
        True,
    ),
)
_UNKNOWN = _Fault("", "cannot be read: it is damaged, or the connection breaks off; download it and try the copy", True)


def remote_failure(path: str, detail: str) -> RemoteSceneError:
    """Return the error for what GDAL said of a remote scene."""
    fault = next((fault for fault in _FAULTS if re.search(fault.signs, detail)), _UNKNOWN)
    public = public_address(path)
    said = detail.replace(path, public)
    return RemoteSceneError(f"The scene '{public}' {fault.meaning} ({said}).", passing=fault.passing)


def with_retries(path: str, attempt: Callable[[], T]) -> T:
    """Try until it succeeds, longer and longer apart, each time from scratch.

    Args:
        path: The scene; what GDAL holds of it is forgotten after a failure, as it may be the part that is wrong.
        attempt: Opens what it needs, and closes it if it fails.

    Raises:
        RemoteSceneError: The last failure, or the first that no patience helps against.
    """
    for pause in retry_pauses_s():
        try:
            return attempt()
        except RemoteSceneError as error:
            if not error.passing:
                raise
            logger.info("Another try in %g s: %s", pause, error)
        _forget(path)
        time.sleep(pause)
    return attempt()


def _forget(path: str) -> None:
    with opening(remote=True), rasterio.Env(**_FORGETTING), suppress(*GDAL_ERRORS):
        rasterio.open(path, sharing=False).close()
