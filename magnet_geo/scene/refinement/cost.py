"""What the steps of a run cost: measured before it, learned while it goes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from magnet_geo.records.segment_result import TimeEstimate

_FORGETTING = 0.95
# What was expected counts as a window without patches and one with so many; it fades too, but never quite.
_EXPECTED_PATCHES, _LEAST_WEIGHT = 16, 0.02
_LEAST_SHARE = 0.1


class CostModel:
    """A line through the windows seen so far, late ones counting more than early ones."""

    def __init__(self, *, window_s: float, patch_s: float) -> None:
        """Begin with what is expected.

        Args:
            window_s: Seconds of a window without refined patches.
            patch_s: Seconds of a refined patch.
        """
        self._least = _LEAST_SHARE * window_s, max(1e-9, _LEAST_SHARE * patch_s)
        many = window_s + _EXPECTED_PATCHES * patch_s
        self._expected = _sums(0, window_s) + _sums(_EXPECTED_PATCHES, many)
        self._weight = 1.0
        self._seen = np.zeros(5)

    def learn(self, *, patches: int, seconds: float) -> None:
        """Take a finished window into account."""
        self._weight = max(_LEAST_WEIGHT, _FORGETTING * self._weight)
        self._seen = _FORGETTING * self._seen + _sums(patches, seconds)

    @property
    def window_s(self) -> float:
        """Seconds of a window without refined patches."""
        return self._line()[0]

    @property
    def patch_s(self) -> float:
        """Seconds of a refined patch."""
        return self._line()[1]

    def seconds(self, *, windows: int, patches: int) -> float:
        """Seconds that windows with so many refined patches in all will take."""
        window_s, patch_s = self._line()
        return windows * window_s + patches * patch_s

    def _line(self) -> tuple[float, float]:
        count, x, xx, y, xy = self._weight * self._expected + self._seen
        slope = (count * xy - x * y) / (count * xx - x * x)
        return max(self._least[0], float((y - slope * x) / count)), max(self._least[1], float(slope))


def _sums(patches: int, seconds: float) -> np.ndarray:
    return np.array([1, patches, patches**2, seconds, patches * seconds], np.float64)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a step costs.

    Attributes:
        clock_s: Seconds by the clock where nothing goes on beside it.
        cpu_s: Seconds of all cores together.
    """

    clock_s: float
    cpu_s: float

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.clock_s + other.clock_s, self.cpu_s + other.cpu_s)

    def beyond(self, other: Cost) -> Cost:
        """Return what this step costs more than another; never less than nothing."""
        return Cost(max(0.0, self.clock_s - other.clock_s), max(0.0, self.cpu_s - other.cpu_s))

    def times(self, number: float) -> Cost:
        """Return the step done again and again."""
        return Cost(number * self.clock_s, number * self.cpu_s)


@dataclass(frozen=True, slots=True)
class StepCosts:
    """The steps of a run and what each of them costs.

    Attributes:
        windows: Of the run.
        patches: Of all windows, those that may be refined.
        cores: What the steps share.
        read: A window, read by a thread of its own.
        coarse_read: What ranking the patches of a window needs, read likewise.
        coarse: Ranking the patches of a window.
        window: A window in the pass that makes the map, without refinement.
        keep: Its chunk of the map, kept by a thread of its own.
        patch: Refining one patch.
        write: All chunks, written into the outputs at the end.
        fast_share: Share of the patches that the model's own rule would refine; None where it has none.
    """

    windows: int
    patches: int
    cores: int
    read: Cost
    coarse_read: Cost
    coarse: Cost
    window: Cost
    keep: Cost
    patch: Cost
    write: Cost
    fast_share: float | None

    @property
    def window_s(self) -> float:
        """Seconds of a window in the pass that makes the map, without refinement."""
        return self._beside(self.window, self.read, self.keep)

    @property
    def ranking_s(self) -> float:
        """Seconds of a window in the pass that ranks its patches."""
        return self._beside(self.coarse, self.coarse_read)

    @property
    def patch_s(self) -> float:
        """Seconds of a refined patch."""
        return self._beside(self.patch)

    def estimate(self, *, refined_share: float, two_passes: bool) -> TimeEstimate:
        """Return what the run will take.

        Args:
            refined_share: Share of the patches that will be refined.
            two_passes: Whether a coarse pass comes first.
        """
        refining = self.patches * refined_share * self.patch_s
        ranking = self.windows * self.ranking_s
        # The first window is waited for.
        seconds = self.read.clock_s + self.windows * self.window_s + refining + self.write.clock_s
        networks = self.windows * self.coarse.clock_s * (2 if two_passes else 1)
        return TimeEstimate(
            seconds=seconds + (ranking if two_passes else 0.0),
            read_seconds=self.windows * (self.read.clock_s + (self.coarse_read.clock_s if two_passes else 0.0)),
            network_seconds=networks + refining,
            write_seconds=self.windows * self.window.beyond(self.coarse).clock_s + self.write.clock_s,
            ranking_seconds=ranking,
            refining_seconds=refining,
            refined_share=refined_share,
            fast_share=self.fast_share,
        )

    def _beside(self, step: Cost, read: Cost | None = None, keep: Cost | None = None) -> float:
        """Steps that go on at once take as long as the longest, and as long as the cores need for all of them."""
        none = Cost(0.0, 0.0)
        read, keep = read or none, keep or none
        work = (step + read + keep).cpu_s / self.cores
        return max(step.clock_s, read.clock_s, keep.clock_s, work)
