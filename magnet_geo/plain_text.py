"""Texts from outside as they may be shown: control characters spelled out, addresses without their secrets."""

from __future__ import annotations

import re

from magnet_geo.addresses import public_address, without_secrets

# C0 but tab and line feed, DEL, C1, and the marks that turn the direction of writing: a terminal obeys them all.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    r"""Spell out control characters, as ``\x1b`` or ``\u202e``: names of files and classes may hold any."""
    return _CONTROLS.sub(lambda found: _spelled(found[0]), text)


def presentable(text: str) -> str:
    """Return a sentence as it may be printed and logged: `visible`, and `without_secrets`."""
    return visible(without_secrets(text))


def short_name(path: str) -> str:
    """Return the last part of a path or address, for messages: `visible`, and without a query."""
    public = public_address(path)
    return visible(public.rstrip("/").rsplit("/", 1)[-1] or public)


def table_cell(value: object) -> object:
    """Return a value as it may stand in a table for spreadsheets: a text that they would compute gets an apostrophe.

    They take what begins with ``=``, ``+``, ``-``, ``@``, a tab or a line end for a formula; numbers stay numbers.
    """
    if not isinstance(value, str) or not value.startswith(("=", "+", "-", "@", "\t", "\r", "\n")):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value


def _spelled(letter: str) -> str:
    code = ord(letter)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
