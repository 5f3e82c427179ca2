"""Progress and cancellation as events: the bar, the log and the JSON lines are listeners."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from magnet_geo.errors import CancelledError
from magnet_geo.plain_text import presentable


@dataclass(frozen=True, slots=True)
class ProgressEvent:
    """How far a run has come.

    Attributes:
        fraction: Share of the whole run that is done, 0-1, never falling.
        stage: Short name of the present step, for example ``"segment"``.
        message: One line for people.
    """

    fraction: float
    stage: str
    message: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", presentable(self.message))


@dataclass(frozen=True, slots=True)
class PreviewEvent:
    """A coarse map is ready to be looked at.

    Attributes:
        raster: Path of the preview raster.
    """

    raster: Path


@dataclass(frozen=True, slots=True)
class WarningEvent:
    """Something the user should know, though the run goes on.

    Attributes:
        message: One sentence.
    """

    message: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", presentable(self.message))


Event = ProgressEvent | PreviewEvent | WarningEvent


class ProgressListener(Protocol):
    """Receives every event of a run, in order, from the thread that runs it."""

    def __call__(self, event: Event) -> None:
        """Take one event."""


def ignore_progress(event: Event) -> None:
    """Drop an event: the listener of a run nobody watches."""


class CancelToken:
    """A flag that another thread or a signal handler may raise; the run looks at it between batches."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask the run to stop at its next look."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """True once `cancel` was called."""
        return self._event.is_set()

    def raise_if_cancelled(self) -> None:
        """Raise `CancelledError` once `cancel` was called."""
        if self.cancelled:
            raise CancelledError("Cancelled.")


def duration_text(seconds: float) -> str:
    """Return a length of time such as ``90 s``, ``12 min`` or ``3.5 h``."""
    if seconds < 120:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.3g} min" if seconds < 7200 else f"{seconds / 3600:.3g} h"
