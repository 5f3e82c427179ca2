"""The one place where the core asks for a translation; the plugin connects it to Qt."""

from __future__ import annotations

from typing import Callable

_translators: list[Callable[[str], str]] = []


def tr(text: str) -> str:
    """Gives the text in the user's language, or as it is."""
    return _translators[-1](text) if _translators else text


def set_translator(translate: Callable[[str], str]) -> None:
    """Let ``translate`` find the words from now on."""
    _translators[:] = [translate]


def visible(text: str) -> str:
    """Gives a text with its control characters spelled out: names of files and classes may hold any."""
    return "".join(
        f"\\x{ord(letter):02x}" if (ord(letter) < 32 and letter not in "\n\t") or 127 <= ord(letter) < 160 else letter
        for letter in text
    )
