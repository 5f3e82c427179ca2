"""What becomes of a training's events: a bar for people, JSON lines for programs, or warnings and scores alone."""

from __future__ import annotations

import os
import sys
from types import TracebackType
from typing import Any, Literal, Protocol, Self

from pydantic import BaseModel, ConfigDict
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from typing_extensions import override

from magnet_geo._version import __version__
from magnet_geo.errors import MagnetGeoError
from magnet_geo.progress import Event, ProgressEvent, WarningEvent

from ..errors import wanted_traceback
from .console import VisibleConsole
from .protocol import CancelledLine, ErrorLine, HelloLine, LogLine, ProgressLine
from .shown import echo, safe_json


class TrainedLine(BaseModel):
    """The training is done.

    Attributes:
        model: Absolute path of the model file.
        curves: Absolute path of the picture of its loss and scores.
        steps: Steps done.
        score: Best score of the validations; null without validation data.
        seconds: Time spent on the steps.
    """

    model_config = ConfigDict(frozen=True)

    type: Literal["result"] = "result"
    model: str
    curves: str
    steps: int
    score: float | None
    seconds: float


class TrainingScreen(Protocol):
    """Follows one training."""

    def __enter__(self) -> Self:
        """Begin."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""
        ...

    def __call__(self, event: Event) -> None:
        """An event of the training."""
        ...

    def tell(self, text: str) -> None:
        """Something to know."""
        ...

    def result(self, line: TrainedLine) -> None:
        """The training is done."""
        ...


class TextScreen(TrainingScreen):
    """Remarks, warnings and a line now and then on stderr."""

    _EVERY = 0.05

    def __init__(self) -> None:
        self._told = -1.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    @override
    def __call__(self, event: Event) -> None:
        if isinstance(event, WarningEvent):
            self.tell(f"Warning: {event.message}")
        elif isinstance(event, ProgressEvent) and event.stage == "train" and self._is_due(event.fraction):
            self.tell(f"{event.fraction:4.0%}  {event.message}")

    @override
    def tell(self, text: str) -> None:
        echo(text, err=True)

    @override
    def result(self, line: TrainedLine) -> None:
        """Say nothing: the command prints the outcome itself."""

    def _is_due(self, fraction: float) -> bool:
        due = fraction >= self._told + self._EVERY
        self._told = fraction if due else self._told
        return due


class QuietScreen(TextScreen):
    """Remarks and warnings on stderr, nothing else."""

    def _is_due(self, fraction: float) -> bool:
        return False


class BarScreen(TextScreen):
    """A progress bar with loss, scores and the time left, on stderr."""

    def __init__(self) -> None:
        super().__init__()
        times = TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn()
        self._progress = Progress(
            BarColumn(bar_width=24),
            TaskProgressColumn(),
            *times,
            TextColumn("{task.description}", markup=False),
            console=VisibleConsole(stderr=True),
            transient=True,
        )
        self._task = self._progress.add_task("starting", total=1.0)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    @override
    def __call__(self, event: Event) -> None:
        if isinstance(event, WarningEvent):
            super().__call__(event)
        elif isinstance(event, ProgressEvent):
            done = event.fraction if event.stage == "train" else 0.0
            self._progress.update(self._task, completed=done, description=event.message)

    @override
    def tell(self, text: str) -> None:
        self._progress.console.print(text, highlight=False, markup=False, soft_wrap=True)


class JsonScreen(TrainingScreen):
    """One JSON object a line on stdout; whatever else writes to stdout is led to stderr meanwhile."""

    def __init__(self) -> None:
        sys.stdout.flush()
        self._stream = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)

    def __enter__(self) -> Self:
        os.dup2(2, 1)
        self._write(HelloLine(version=__version__, pid=os.getpid()))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, MagnetGeoError) and error.code == "cancelled":
            self._write(CancelledLine())
        elif isinstance(error, MagnetGeoError):
            self._write(ErrorLine(code=error.code, message=str(error), traceback=wanted_traceback(error)))
        sys.stdout.flush()
        os.dup2(self._stream.fileno(), 1)
        self._stream.close()

    @override
    def __call__(self, event: Event) -> None:
        if isinstance(event, ProgressEvent):
            self._write(ProgressLine(fraction=event.fraction, stage=event.stage, message=event.message))
        elif isinstance(event, WarningEvent):
            self._write(LogLine(level="warning", message=event.message))

    @override
    def tell(self, text: str) -> None:
        self._write(LogLine(level="info", message=text))

    @override
    def result(self, line: TrainedLine) -> None:
        self._write(line)

    def _write(self, line: Any) -> None:
        self._stream.write(safe_json(line.model_dump_json()) + "\n")
        self._stream.flush()


def choose_screen(progress: str) -> TrainingScreen:
    """Return the screen behind ``auto``, ``bar``, ``jsonl`` or ``none``."""
    if progress == "jsonl":
        return JsonScreen()
    if progress == "bar" or (progress == "auto" and sys.stderr.isatty()):
        return BarScreen()
    return QuietScreen() if progress == "none" else TextScreen()
