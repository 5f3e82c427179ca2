"""Tables that never lose a digit: as wide as they need to be, whatever the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from .console import VisibleConsole

_WIDEST = 10_000


def plain_table(*heads: str) -> Table:
    """Return a table without borders; a head that begins with > is of a column of numbers."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in heads:
        table.add_column(head.removeprefix(">"), justify="right" if head.startswith(">") else "left", no_wrap=True)
    return table


def print_whole(console: Console, table: Table) -> None:
    """Print a table at its full width, beyond the terminal's if need be."""
    options = console.options.update(max_width=_WIDEST)
    needed = Measurement.get(console, options, table).maximum
    wide = VisibleConsole(
        file=console.file, width=max(needed, console.width), highlight=False, force_terminal=console.is_terminal
    )
    wide.print(table)
