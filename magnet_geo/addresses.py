"""Addresses of files behind a network: which ones are, and how they are shown without the secrets they carry.

User names and passwords, signatures and tokens belong to whoever runs the program. They reach GDAL, and nothing that is
written, printed or kept.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs

#: GDAL's file systems that read over a network, as in ``/vsiNAME/``.
NETWORK_FILE_SYSTEMS = ("curl", "s3", "gs", "az", "adls", "oss", "swift", "webhdfs")

_SCHEMES = r"(?:https?|ftp|s3|gs|az|adls?|abfss?|wasbs?|oss|swift|webhdfs|hdfs)://"
_VSI = rf"/vsi(?:{'|'.join(NETWORK_FILE_SYSTEMS)})(?:_streaming)?"
# In a path, behind a driver's prefix, inside an archive or in quotes: the address may stand anywhere.
_REMOTE = re.compile(rf"{_SCHEMES}|{_VSI}[/?]", re.IGNORECASE)
# What ends an address inside a longer text: the brace of an archive's path, quotes, brackets.
_END = r"\"'{}<>"
_USER = re.compile(rf"(\b[a-z][a-z0-9+.-]*://)[^\s/{_END}]*@", re.IGNORECASE)
_WRAPPED = re.compile(rf"{_VSI}\?([^\s{_END}]*)", re.IGNORECASE)
_QUERY = re.compile(rf"((?:{_SCHEMES}|{_VSI}/)[^\s?{_END}]*)\?[^\s{_END}]*", re.IGNORECASE)
_PASSWORD = re.compile(rf"\b(password|passwd|pwd)=[^\s,;&{_END}]+", re.IGNORECASE)


def is_remote(path: str) -> bool:
    """Whether GDAL reads a path over a network."""
    return _REMOTE.search(path) is not None


def without_secrets(text: str) -> str:
    """Shorten every address in a text: no user, no password, nothing behind the ``?``.

    Args:
        text: An address alone, or a sentence that quotes some.

    Returns:
        The text; addresses that GDAL wants written as ``/vsicurl?url=...`` stand as they are meant.
    """
    if "://" not in text and "/vsi" not in text and "=" not in text:
        return text
    text = _WRAPPED.sub(lambda found: _unwrapped(found[1]), text)
    return _PASSWORD.sub(r"\1=***", _QUERY.sub(r"\1", _USER.sub(r"\1", text)))


def public_address(path: str) -> str:
    """Shorten a path of which all is one address, blanks and all; paths on this machine stay as they are."""
    if not is_remote(path):
        return _PASSWORD.sub(r"\1=***", path) if ":" in path else path
    return without_secrets(path.replace(" ", "%20"))


def public_place(path: str) -> str:
    """Return where a file is, for results that are kept: the absolute path, or the public address."""
    elsewhere = is_remote(path) or path.startswith("/vsi") or not Path(path).exists()
    return public_address(path) if elsewhere else str(Path(path).absolute())


def _unwrapped(query: str) -> str:
    """The address in the query of ``/vsicurl?``; the options beside it may be headers with keys."""
    urls = parse_qs(query).get("url", [])
    return without_secrets(urls[0].replace(" ", "%20")) if urls else "/vsicurl"
