"""How long windows take: a time of their own, and one for each patch that is refined; learned while a run goes."""

from __future__ import annotations

import numpy as np

_FORGETTING = 0.95
# What was expected counts as a window without patches and one with so many; it fades too, but never quite.
_EXPECTED_PATCHES, _LEAST_WEIGHT = 16, 0.02
_LEAST_SHARE = 0.1


class Pace:
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
