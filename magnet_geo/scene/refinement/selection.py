"""Which patches of each window are refined where they are ranked over a whole run: by a share, or within a time.

Shapes: P patches of a level.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from threading import Lock
from typing import Protocol

import numpy as np

from magnet_geo.grid import MagnificationPyramid, Window
from magnet_geo.progressive import ListedPatches
from magnet_geo.scene.refinement.cost import Pace
from magnet_geo.scene.refinement.uncertainty import Uncertainties, choose_share, expected_gains


class PatchRanking(Protocol):
    """Chooses the patches of a window when its turn comes."""

    def patches(self, window: Window) -> ListedPatches:
        """The patches of a window; the same at every call."""
        ...

    def window_done(self, window: Window) -> None:
        """A window is finished."""
        ...


class NothingRanked:
    """No patch is refined."""

    def __init__(self, pyramid: MagnificationPyramid) -> None:
        levels = range(1, len(pyramid.levels))
        self._none = ListedPatches(tuple(np.zeros(len(pyramid.patches(level)), np.bool_) for level in levels))

    def patches(self, window: Window) -> ListedPatches:
        """See `PatchRanking.patches`."""
        return self._none

    def only(self, windows: Iterable[int]) -> PatchRanking:
        """The ranking of some windows alone, to be sent to another process."""
        return self

    def window_done(self, window: Window) -> None:
        """See `PatchRanking.window_done`."""


class ShareRanking(NothingRanked):
    """A share of the run's patches, those of the highest expected gain first."""

    def __init__(self, found: Mapping[int, Uncertainties], share: float, pyramid: MagnificationPyramid) -> None:
        """Rank.

        Args:
            found: Uncertainties by window, in plan order.
            share: Of the patches that may be refined, 0-1.
            pyramid: The levels of a window.
        """
        super().__init__(pyramid)
        chosen = choose_share([expected_gains(levels, pyramid) for levels in found.values()], share)
        self._chosen = {index: ListedPatches(levels) for index, levels in zip(found, chosen, strict=True)}

    def patches(self, window: Window) -> ListedPatches:
        """See `PatchRanking.patches`."""
        return self._chosen.get(window.index, self._none)

    def only(self, windows: Iterable[int]) -> PatchRanking:
        """See `NothingRanked.only`."""
        part = copy(self)
        part._chosen = {index: self._chosen[index] for index in windows if index in self._chosen}
        return part


class BudgetRanking(NothingRanked):
    """As many patches as the time allows, those of the highest expected gain first.

    Each window is decided when it is read: what can still be refined in the time that is left, at the pace so far, is
    ranked over all windows from there on. So the patches of least gain stay coarse in a slow run, and a fast one takes
    more. Windows come in plan order.
    """

    def __init__(
        self,
        found: Mapping[int, Uncertainties],
        pyramid: MagnificationPyramid,
        *,
        pace: Pace,
        seconds_left: Callable[[], float],
        clock: Callable[[], float],
    ) -> None:
        """Begin the pass that makes the map.

        Args:
            found: Uncertainties by window, in plan order.
            pyramid: The levels of a window.
            pace: What is expected of windows and patches; learns from those that are done.
            seconds_left: Until the last window should be done.
            clock: Seconds since some moment.
        """
        super().__init__(pyramid)
        self._found = {index: expected_gains(levels, pyramid) for index, levels in found.items()}
        self._pace, self._seconds_left, self._clock = pace, seconds_left, clock
        sizes = [sum(map(len, levels)) for levels in self._found.values()]
        self._starts = dict(zip(self._found, np.cumsum([0, *sizes]).tolist(), strict=False))
        flat = [level for levels in self._found.values() for level in levels]
        self._flat = np.nan_to_num(np.concatenate([*flat, np.zeros(0)]), nan=-1.0)
        self._chosen: dict[int, ListedPatches] = {}
        self._waiting: dict[int, int] = {}
        self._since = clock()
        # Windows are read by another thread than the one that segments them.
        self._lock = Lock()

    def patches(self, window: Window) -> ListedPatches:
        """See `PatchRanking.patches`."""
        if window.index not in self._starts:
            return self._none
        with self._lock:
            if window.index not in self._chosen:
                self._chosen[window.index] = chosen = self._choose(window.index)
                self._waiting[window.index] = sum(int(level.sum()) for level in chosen.chosen)
            return self._chosen[window.index]

    def window_done(self, window: Window) -> None:
        """See `PatchRanking.window_done`."""
        with self._lock:
            self._learn(window)

    def _learn(self, window: Window) -> None:
        now = self._clock()
        if window.index in self._waiting:
            self._pace.learn(patches=self._waiting[window.index], seconds=now - self._since)
        self._since = now
        # Earlier ones that turned out to hold nothing to map are done, too.
        for index in [index for index in self._waiting if index <= window.index]:
            del self._waiting[index], self._chosen[index], self._found[index]

    def _choose(self, index: int) -> ListedPatches:
        levels, start = self._found[index], self._starts[index]
        rest = self._flat[start:]
        order = np.argsort(-rest, kind="stable")[: min(self._affordable(), int(np.count_nonzero(rest >= 0)))]
        taken = np.zeros(sum(map(len, levels)), np.bool_)
        taken[order[order < len(taken)]] = True
        return ListedPatches(tuple(np.split(taken, np.cumsum([len(level) for level in levels])[:-1])))

    def _affordable(self) -> int:
        """Patches that fit into the time left, over all windows that are not chosen yet."""
        promised = self._pace.seconds(windows=len(self._found), patches=sum(self._waiting.values()))
        return max(0, int((self._seconds_left() - promised) / self._pace.patch_s))


def needed_decimation(pyramid: MagnificationPyramid, patches: ListedPatches) -> int:
    """Model pixels per pixel that are needed of a window: those of its finest level with a chosen patch."""
    finest = max((level for level, chosen in enumerate(patches.chosen, 1) if chosen.any()), default=0)
    return int(pyramid.decimation(finest))
