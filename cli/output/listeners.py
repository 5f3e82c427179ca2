"""What becomes of a run's events: a bar for people, JSON lines for programs, or warnings alone."""

from __future__ import annotations

import os
import sys
from types import TracebackType
from typing import IO, Protocol

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from magnet_geo._version import __version__
from magnet_geo.errors import MagnetGeoError
from magnet_geo.progress import Event, PreviewEvent, ProgressEvent, WarningEvent
from magnet_geo.records.segment_result import PlanRecord, SegmentResult

from ..errors import wanted_traceback
from ..flags import with_flags_inside
from .console import VisibleConsole
from .protocol import (
    CancelledLine,
    ErrorLine,
    HelloLine,
    Line,
    LogLine,
    PlanLine,
    PreviewLine,
    ProgressLine,
    ResultLine,
)
from .result_table import show_plan
from .shown import echo, safe_json


class RunListener(Protocol):
    """Follows a command that segments one scene after the other."""

    def __enter__(self) -> RunListener:
        """Begin."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""
        ...

    def begin_scene(self, name: str, *, number: int, count: int) -> None:
        """A scene begins: the ``number``-th, from 0, of ``count``."""
        ...

    def __call__(self, event: Event) -> None:
        """An event of the scene's run."""
        ...

    def plan(self, plan: PlanRecord, *, with_warnings: bool) -> None:
        """What will be done with a scene; with its warnings where nothing else tells them."""
        ...

    def result(self, result: SegmentResult) -> None:
        """A scene is done."""
        ...

    def skipped(self, text: str) -> None:
        """A scene is left alone; the text says why."""
        ...

    def failure(self, error: MagnetGeoError) -> None:
        """A scene failed."""
        ...

    def cancelled(self) -> None:
        """The command was cancelled."""
        ...


class QuietListener:
    """Warnings and failures on stderr, nothing else."""

    def __enter__(self) -> RunListener:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def begin_scene(self, name: str, *, number: int, count: int) -> None:
        """Begin a scene."""

    def __call__(self, event: Event) -> None:
        """Tell what happens."""
        if isinstance(event, WarningEvent):
            self._tell(f"Warning: {event.message}")

    def plan(self, plan: PlanRecord, *, with_warnings: bool) -> None:
        """Tell what will be done."""
        show_plan(plan, with_warnings=with_warnings)

    def result(self, result: SegmentResult) -> None:
        """Tell that a scene is done."""

    def skipped(self, text: str) -> None:
        """Tell why a scene is left alone."""
        self._tell(text)

    def failure(self, error: MagnetGeoError) -> None:
        """Tell why a scene failed."""
        self._tell(f"Error: {error}")

    def cancelled(self) -> None:
        """Leave it to the command to say so."""

    def _tell(self, text: str) -> None:
        echo(text, err=True)


class BarListener(QuietListener):
    """A progress bar on stderr."""

    def __init__(self) -> None:
        console = VisibleConsole(stderr=True)
        columns = TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn()
        times = TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn()
        self._progress = Progress(*columns, *times, console=console, transient=True)
        self._scene = ""
        self._task = self._progress.add_task("Starting", total=1.0)

    def __enter__(self) -> RunListener:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def begin_scene(self, name: str, *, number: int, count: int) -> None:
        """Begin a scene."""
        self._scene = name if count == 1 else f"[{number + 1}/{count}] {name}"
        self._progress.reset(self._task, description=self._scene, total=1.0)

    def __call__(self, event: Event) -> None:
        """Tell what happens."""
        super().__call__(event)
        if isinstance(event, ProgressEvent):
            self._progress.update(
                self._task, completed=event.fraction, description=f"{self._scene}: {event.message.lower()}"
            )
        elif isinstance(event, PreviewEvent):
            self._tell(f"Preview: {event.raster}")

    def cancelled(self) -> None:
        """Tell that the command was cancelled."""
        self._progress.stop()

    def _tell(self, text: str) -> None:
        self._progress.console.print(text, highlight=False, markup=False, soft_wrap=True)


class JsonLinesListener:
    """One JSON object a line on stdout; whatever else writes to stdout is led to stderr meanwhile."""

    def __init__(self) -> None:
        sys.stdout.flush()
        self._stream: IO[str] = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
        self._number, self._count = 0, 1

    def __enter__(self) -> RunListener:
        os.dup2(2, 1)
        self._write(HelloLine(version=__version__, pid=os.getpid()))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        sys.stdout.flush()
        os.dup2(self._stream.fileno(), 1)
        self._stream.close()

    def begin_scene(self, name: str, *, number: int, count: int) -> None:
        """Begin a scene."""
        self._number, self._count = number, count
        self._write(LogLine(level="info", message=f"Scene {number + 1} of {count}: {name}"))

    def __call__(self, event: Event) -> None:
        """Tell what happens."""
        if isinstance(event, ProgressEvent):
            fraction = (self._number + event.fraction) / self._count
            self._write(ProgressLine(fraction=fraction, stage=event.stage, message=event.message))
        elif isinstance(event, PreviewEvent):
            self._write(PreviewLine(raster=str(event.raster.absolute())))
        else:
            self._write(LogLine(level="warning", message=event.message))

    def plan(self, plan: PlanRecord, *, with_warnings: bool) -> None:
        """Tell what will be done."""
        self._write(PlanLine(**with_flags_inside(plan).model_dump()))

    def result(self, result: SegmentResult) -> None:
        """Tell that a scene is done."""
        self._write(ResultLine(**with_flags_inside(result).model_dump()))

    def skipped(self, text: str) -> None:
        """Tell why a scene is left alone."""
        self._write(LogLine(level="info", message=text))

    def failure(self, error: MagnetGeoError) -> None:
        """Tell why a scene failed."""
        self._write(ErrorLine(code=error.code, message=str(error), traceback=wanted_traceback(error)))

    def cancelled(self) -> None:
        """Tell that the command was cancelled."""
        self._write(CancelledLine())

    def _write(self, line: Line) -> None:
        self._stream.write(safe_json(line.model_dump_json()) + "\n")
        self._stream.flush()


def choose_listener(progress: str) -> RunListener:
    """Return the listener behind ``auto``, ``bar``, ``jsonl`` or ``none``."""
    if progress == "jsonl":
        return JsonLinesListener()
    if progress == "bar" or (progress == "auto" and sys.stderr.isatty()):
        return BarListener()
    return QuietListener()
