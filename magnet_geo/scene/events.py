"""What a run says while it goes on: how far it is, what the user should know, and whether it shall stop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from magnet_geo.progress import CancelToken, Event, ProgressEvent, ProgressListener, WarningEvent, ignore_progress

PassName = Literal["coarse", "map"]


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A part of the progress bar: short name, line for people, and where the bar is at its end."""

    name: str
    message: str
    ends: float


# The coarse pass reads the whole scene but runs few patches.
_PASSES: dict[PassName, _Stretch] = {
    "coarse": _Stretch("coarse", "Coarse pass", 0.15),
    "map": _Stretch("segment", "Segmenting", 0.95),
}
_WRITING = _Stretch("write", "Writing the outputs", 0.98)


class WindowEvents:
    """What becomes of the windows of a pass. Nobody is told, unless a subclass overrides `share_done` and the like.

    Attributes:
        cancel: Stops the pass between two batches.
        share: Share of the pass that is done, 0-1.
    """

    def __init__(self, cancel: CancelToken | None = None) -> None:
        self.cancel = cancel or CancelToken()
        self.share = 0.0
        self._done, self._all = 0, 1

    def raise_if_cancelled(self) -> None:
        """Raise `CancelledError` once the run was cancelled."""
        self.cancel.raise_if_cancelled()

    def planned(self, *, finished: int, remaining: int) -> None:
        """Take note of a pass that begins.

        Args:
            finished: Windows that an earlier run finished.
            remaining: Windows that are taken now.
        """
        self._done, self._all = finished, max(1, finished + remaining)
        if finished:
            self._advance()

    def window_begun(self, patches: int) -> None:
        """Take note of a window whose turn has come, with the network passes that it will take at most."""

    def patches_done(self, count: int) -> None:
        """Take note of network passes of this window."""

    def window_done(self) -> None:
        """Take note of a window that was handed on to be kept."""
        self._done += 1
        self._advance()

    def share_done(self) -> None:
        """Called when `share` has grown."""

    def _advance(self) -> None:
        self.share = min(1.0, self._done / self._all)
        self.share_done()

    @property
    def _share_after(self) -> float:
        return min(1.0, (self._done + 1) / self._all)


class RunEvents:
    """Events of one run: fractions of the whole run, and warnings, which the map's record repeats.

    Attributes:
        cancel: Stops the run between two batches.
        warnings: Sentences for the user, in order.
    """

    def __init__(self, listener: ProgressListener = ignore_progress, cancel: CancelToken | None = None) -> None:
        """Begin a run.

        Args:
            listener: Receives the events.
            cancel: Raised by another thread to stop the run.
        """
        self.cancel = cancel or CancelToken()
        self.warnings: tuple[str, ...] = ()
        self._listener, self._fraction = listener, 0.0

    def tell(self, event: Event) -> None:
        """Pass an event on as it is."""
        self._listener(event)

    def warn(self, sentence: str | None) -> None:
        """Warn the user, and have the map's record say so; None for nothing."""
        if sentence is not None:
            self.warnings = (*self.warnings, sentence)
            self.tell(WarningEvent(sentence))

    def raise_if_cancelled(self) -> None:
        """Raise `CancelledError` once the run was cancelled."""
        self.cancel.raise_if_cancelled()

    def measuring(self) -> None:
        """Say that the speed of this machine is being measured."""
        self._say(0.0, "plan", "Measuring the speed")

    def windows_of(self, name: PassName) -> WindowEvents:
        """Return what turns the windows of a pass into fractions of the run."""
        return _Phase(self, _PASSES[name], self._fraction)

    def writing(self, share: float) -> None:
        """Say what share of the outputs is written, 0-1."""
        self.raise_if_cancelled()
        begun = _PASSES["map"].ends
        self._say(begun + (_WRITING.ends - begun) * share, _WRITING.name, _WRITING.message)

    def writing_preview(self, share: float) -> None:
        """Say that the preview is being written, which takes no part of the bar; the share is not shown."""
        self.raise_if_cancelled()
        self._say(self._fraction, _WRITING.name, _WRITING.message)

    def done(self) -> None:
        """Say that the outputs are there."""
        self._say(1.0, "done", "Done")

    def _say(self, fraction: float, stage: str, message: str) -> None:
        self._fraction = max(self._fraction, fraction)
        self.tell(ProgressEvent(self._fraction, stage, message))


class _Phase(WindowEvents):
    """A pass on the bar; within a window, the bar follows its patches."""

    def __init__(self, run: RunEvents, stretch: _Stretch, starts: float) -> None:
        super().__init__(run.cancel)
        self._run, self._stretch, self._starts = run, stretch, starts
        self._fraction, self._window_ends, self._passes_left = starts, starts, 1

    def window_begun(self, patches: int) -> None:
        self._window_ends, self._passes_left = self._at(self._share_after), patches

    def patches_done(self, count: int) -> None:
        self.raise_if_cancelled()
        if self._window_ends > self._fraction:
            step = (self._window_ends - self._fraction) * min(1.0, count / max(1, self._passes_left))
            self._passes_left -= count
            self._say(self._fraction + step)

    def share_done(self) -> None:
        self._say(self._at(self.share))

    def _at(self, share: float) -> float:
        return self._starts + (self._stretch.ends - self._starts) * share

    def _say(self, fraction: float) -> None:
        self._fraction = max(self._fraction, fraction)
        self._run._say(fraction, self._stretch.name, self._stretch.message)
