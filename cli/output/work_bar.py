"""A progress bar for work that has no protocol: checks and preparations."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from magnet_geo.progress import Event, ProgressEvent, ProgressListener, WarningEvent

from .console import VisibleConsole
from .shown import echo


@contextmanager
def work_bar(title: str) -> Iterator[ProgressListener]:
    """Shows a bar on stderr where that is a terminal; warnings are told in any case."""
    console = VisibleConsole(stderr=True)
    columns = TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(title, total=1.0)

        def listen(event: Event) -> None:
            if isinstance(event, ProgressEvent):
                progress.update(task, completed=event.fraction, description=event.message or title)
            elif isinstance(event, WarningEvent):
                _tell(f"Warning: {event.message}", progress)

        yield listen


def _tell(text: str, progress: Progress) -> None:
    if progress.disable:
        echo(text, err=True)
    else:
        progress.console.print(text, highlight=False, markup=False, soft_wrap=True)
