"""Lines of text as commands print them: options by their flags, and no character that a terminal obeys."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from magnet_geo.plain_text import presentable, visible

from ..flags import with_flags, with_flags_inside

if TYPE_CHECKING:
    from pydantic import BaseModel

# Pydantic leaves these as they are, which JSON allows and a terminal obeys.
_UNESCAPED = re.compile("[\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def echo(text: object = "", *, err: bool = False) -> None:
    """Print a line for people.

    Args:
        text: What is said; control characters are spelled out, options are named by their flags.
        err: Whether it goes to stderr.
    """
    click.echo(visible(with_flags(str(text))), err=err)


def safe_json(text: str | bytes) -> str:
    """Return JSON whose strings hold no control character as it is."""
    decoded = text.decode() if isinstance(text, bytes) else text
    return _UNESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", decoded)


def echo_json(text: str | bytes) -> None:
    """Print a JSON text to stdout."""
    click.echo(safe_json(text))


def echo_record(record: BaseModel) -> None:
    """Print a record as a line of JSON to stdout; its sentences name options by their flags."""
    echo_json(with_flags_inside(record).model_dump_json())


def present(error: click.ClickException) -> click.ClickException:
    """Make the sentence of an error presentable, which quotes what was typed; it names options by their flags."""
    error.message = presentable(with_flags(error.message))  # type: ignore[misc]
    return error
