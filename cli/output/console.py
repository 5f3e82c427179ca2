"""rich's console and texts for commands, with which a terminal obeys no character of a file's or class's name."""

from __future__ import annotations

from typing import Any

from rich import markup
from rich.console import Console
from rich.text import Text

from magnet_geo.plain_text import visible

from ..flags import with_flags


class VisibleConsole(Console):
    """Names options by their flags and spells out control characters; for cells of tables there are the others here."""

    def print(self, *objects: Any, **settings: Any) -> None:
        """Print as rich does."""
        super().print(*(visible(with_flags(each)) if isinstance(each, str) else each for each in objects), **settings)


def escape(text: str) -> str:
    """Return a text as rich's markup shows it letter by letter."""
    return markup.escape(visible(text))


class ShownText(Text):
    """A text as a cell of a table, or a column of a bar; settings as of rich's own."""

    def __init__(self, text: str = "", *settings: Any, **more: Any) -> None:
        super().__init__(visible(text), *settings, **more)
