"""Which patches of each window are refined: as the window decides alone, by a share of the run, or within a time.

Shapes: P patches of a level.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from threading import Lock
from typing import Literal, Protocol

import numpy as np
from typing_extensions import override

from magnet_geo.grid import MagnificationPyramid, Window
from magnet_geo.inference.segmenter import Segmenter
from magnet_geo.progressive import ListedPatches, NoPatches, PointRule, SelectionRules
from magnet_geo.scene.refinement.cost import CostModel
from magnet_geo.scene.refinement.uncertainty import Uncertainties, choose_share, expected_gains


class PatchSelector(Protocol):
    """Chooses the patches of a window when its turn comes."""

    def rules(self, window: Window) -> SelectionRules:
        """Return the rules of a window; the same at every call."""
        ...

    def decimation(self, window: Window) -> int:
        """Return how many model pixels, along each axis, one pixel that is read of a window may stand for."""
        ...

    def only(self, windows: Iterable[int]) -> PatchSelector:
        """Return the selector of some windows alone, to be sent to another process."""
        ...

    def window_done(self, window: Window) -> None:
        """Take note of a window whose patches are done."""
        ...


@dataclass(frozen=True, slots=True)
class EachWindow(PatchSelector):
    """Every window decides alone, by the same rules.

    Attributes:
        of_all: The rules.
        coarsest: What `decimation` is.
    """

    of_all: SelectionRules
    coarsest: int = 1

    @classmethod
    def of(cls, model: Segmenter, mode: Literal["full", "fast", "off"]) -> EachWindow:
        """Take the rules of a model's mode.

        Raises:
            OptionError: The model has no such mode.
        """
        coarsest = int(model.manifest.pyramid.decimation(0)) if mode == "off" else 1
        return cls(model.rules(mode), coarsest)

    @classmethod
    def nothing(cls, model: Segmenter) -> EachWindow:
        """Refine no patch, whatever the mode."""
        return cls.of(model, "off")

    @override
    def rules(self, window: Window) -> SelectionRules:
        return self.of_all

    @override
    def decimation(self, window: Window) -> int:
        return self.coarsest

    @override
    def only(self, windows: Iterable[int]) -> PatchSelector:
        return self

    @override
    def window_done(self, window: Window) -> None:
        """Nothing is learned."""


class TopShare(PatchSelector):
    """A share of the run's patches, those of the highest expected gain first."""

    def __init__(
        self, found: Mapping[int, Uncertainties], share: float, pyramid: MagnificationPyramid, points: PointRule
    ) -> None:
        """Rank.

        Args:
            found: Uncertainties by window, in plan order.
            share: Of the patches that may be refined, 0-1.
            pyramid: The levels of a window.
            points: Which points of a patch are replaced.
        """
        self._pyramid, self._points = pyramid, points
        chosen = choose_share([expected_gains(levels, pyramid) for levels in found.values()], share)
        self._chosen = {index: ListedPatches(levels) for index, levels in zip(found, chosen, strict=True)}

    @override
    def rules(self, window: Window) -> SelectionRules:
        return SelectionRules(self._chosen.get(window.index, NoPatches()), self._points)

    @override
    def decimation(self, window: Window) -> int:
        return _needed_decimation(self._pyramid, self._chosen.get(window.index))

    @override
    def only(self, windows: Iterable[int]) -> PatchSelector:
        part = copy(self)
        part._chosen = {index: self._chosen[index] for index in windows if index in self._chosen}
        return part

    @override
    def window_done(self, window: Window) -> None:
        """Nothing is learned."""


class WithinBudget(PatchSelector):
    """As many patches as the time allows, those of the highest expected gain first.

    Each window is decided when it is read: what can still be refined in the time that is left, at the pace so far, is
    ranked over all windows from there on. So the patches of least gain stay coarse in a slow run, and a fast one takes
    more. Windows come in plan order.
    """

    def __init__(
        self,
        found: Mapping[int, Uncertainties],
        pyramid: MagnificationPyramid,
        points: PointRule,
        *,
        costs: CostModel,
        seconds_left: Callable[[], float],
        clock: Callable[[], float],
    ) -> None:
        """Begin the pass that makes the map.

        Args:
            found: Uncertainties by window, in plan order.
            pyramid: The levels of a window.
            points: Which points of a patch are replaced.
            costs: What is expected of windows and patches; learns from those that are done.
            seconds_left: Until the last window should be done.
            clock: Seconds since some moment.
        """
        self._pyramid, self._points = pyramid, points
        self._found = {index: expected_gains(levels, pyramid) for index, levels in found.items()}
        self._costs, self._seconds_left, self._clock = costs, seconds_left, clock
        sizes = [sum(map(len, levels)) for levels in self._found.values()]
        self._starts = dict(zip(self._found, np.cumsum([0, *sizes]).tolist(), strict=False))
        flat = [level for levels in self._found.values() for level in levels]
        self._flat = np.nan_to_num(np.concatenate([*flat, np.zeros(0)]), nan=-1.0)
        self._chosen: dict[int, ListedPatches] = {}
        self._waiting: dict[int, int] = {}
        self._since = clock()
        # Windows are read by another thread than the one that segments them.
        self._lock = Lock()

    @override
    def rules(self, window: Window) -> SelectionRules:
        return SelectionRules(self._patches(window) or NoPatches(), self._points)

    @override
    def decimation(self, window: Window) -> int:
        return _needed_decimation(self._pyramid, self._patches(window))

    @override
    def only(self, windows: Iterable[int]) -> PatchSelector:
        raise NotImplementedError("A budget of time is kept by one process.")

    @override
    def window_done(self, window: Window) -> None:
        with self._lock:
            self._learn(window)

    def _patches(self, window: Window) -> ListedPatches | None:
        if window.index not in self._starts:
            return None
        with self._lock:
            if window.index not in self._chosen:
                self._chosen[window.index] = chosen = self._choose(window.index)
                self._waiting[window.index] = sum(int(level.sum()) for level in chosen.chosen)
            return self._chosen[window.index]

    def _learn(self, window: Window) -> None:
        now = self._clock()
        if window.index in self._waiting:
            self._costs.learn(patches=self._waiting[window.index], seconds=now - self._since)
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
        promised = self._costs.seconds(windows=len(self._found), patches=sum(self._waiting.values()))
        return max(0, int((self._seconds_left() - promised) / self._costs.patch_s))


def _needed_decimation(pyramid: MagnificationPyramid, patches: ListedPatches | None) -> int:
    """Model pixels per pixel that are needed of a window: those of its finest level with a chosen patch."""
    levels = patches.chosen if patches else ()
    finest = max((level for level, chosen in enumerate(levels, 1) if chosen.any()), default=0)
    return int(pyramid.decimation(finest))
