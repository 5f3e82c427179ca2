"""Lines of text as commands print them: a terminal obeys no character of a file's or class's name."""

from __future__ import annotations

import re

import click

from magnet_geo.plain_text import presentable, visible

# Pydantic leaves these as they are, which JSON allows and a terminal obeys.
_UNESCAPED = re.compile("[\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def echo(text: object = "", *, err: bool = False) -> None:
    """Print a line for people.

    Args:
        text: What is said; control characters are spelled out.
        err: Whether it goes to stderr.
    """
    click.echo(visible(str(text)), err=err)


def safe_json(text: str | bytes) -> str:
    """Return JSON whose strings hold no control character as it is."""
    decoded = text.decode() if isinstance(text, bytes) else text
    return _UNESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", decoded)


def echo_json(text: str | bytes) -> None:
    """Print a JSON text to stdout."""
    click.echo(safe_json(text))


def present(error: click.ClickException) -> click.ClickException:
    """Make the sentence of a wrong use presentable, which quotes what was typed."""
    error.message = presentable(error.message)  # type: ignore[misc]
    return error
