"""YAML, JSON and XML by people and by strangers: plain values, or one clause that says why not.

The libraries read them; what these leave to chance is decided here: how deep and how large a text may be, and that
every way in which one can be wrong ends in the same error.
"""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import yaml

_MOST_CHARACTERS = 16 * 2**20
_DEEPEST = 64
_MOST_VALUES = 1_000_000

# What a parser raises for numbers, dates and tags that cannot be, beside its own errors.
_IMPOSSIBLE = (ValueError, OverflowError, AttributeError, TypeError, LookupError, RecursionError)


def parse_yaml(text: str) -> Any:
    """Return the plain values of a YAML text.

    Raises:
        ValueError: It is no YAML, holds a value that cannot be, or is too deep or too large; a clause without a stop.
    """
    _require_size(text)
    try:
        _require_depth(text)
        return yaml.safe_load(text)
    except _TooMuchError:
        raise
    except yaml.YAMLError as error:
        raise ValueError(_one_line(error)) from error
    except _IMPOSSIBLE as error:
        raise ValueError(f"it holds a value that cannot be ({_one_line(error)})") from error


def parse_json(text: str | bytes) -> Any:
    """Return the plain values of a JSON text.

    Raises:
        ValueError: It is no JSON, or too deep or too large; a clause without a stop.
    """
    _require_size(text)
    try:
        return json.loads(text)
    except RecursionError as error:
        raise _TooMuchError(f"it is nested deeper than {_DEEPEST} levels") from error
    except ValueError as error:
        raise ValueError(_one_line(error)) from error


def parse_xml(content: bytes) -> ElementTree.Element:
    """Return the root of an XML text.

    Raises:
        ValueError: It is no XML, or in an encoding that nobody knows; a clause without a stop.
    """
    _require_size(content)
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        raise ValueError(f"it is no readable XML ({_one_line(error)})") from error
    except _IMPOSSIBLE as error:
        raise ValueError(f"it is no readable XML ({_one_line(error)})") from error
    return root


class _TooMuchError(ValueError):
    """What is read by nobody, whatever it says."""


def _require_size(text: str | bytes) -> None:
    if len(text) > _MOST_CHARACTERS:
        raise _TooMuchError(f"it is larger than {_MOST_CHARACTERS // 2**20} MB")


def _require_depth(text: str) -> None:
    """Walk through the text without building anything: the depth, and what its aliases would stand for."""
    depth = values = 0
    # Values below each open anchor, and of those that are complete.
    opened: list[tuple[str | None, int]] = []
    known: dict[str, int] = {}
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            values += known.get(event.anchor, 1)
        elif isinstance(event, yaml.CollectionStartEvent):
            depth, values = depth + 1, values + 1
            opened.append((event.anchor, values))
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
            anchor, before = opened.pop()
            if anchor is not None:
                known[anchor] = values - before + 1
        elif isinstance(event, yaml.ScalarEvent):
            values += 1
        if depth > _DEEPEST:
            raise _TooMuchError(f"it is nested deeper than {_DEEPEST} levels")
        if values > _MOST_VALUES:
            raise _TooMuchError(f"it stands for more than {_MOST_VALUES:,} values")


def _one_line(error: BaseException) -> str:
    return (" ".join(str(error).split()) or type(error).__name__).rstrip(".")[:400]
