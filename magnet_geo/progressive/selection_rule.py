"""Which patches of a level are refined, and which of their points take the refined prediction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class PointRule:
    """How many points of a level take the refined prediction (paper, section 3.3).

    Attributes:
        n_points: At most 1: a share of the pixels of the refined patches; above 1: a count of pixels.
        smooth_kernel: Side of the median filter over the error score, in score cells; odd, 1 for none.
        cell_px: Side of a score cell in pixels; the published method scores at the network's input size.
        fade_px: Over this many pixels inside a border with another patch the refined prediction fades to the
            cumulative one: a patch knows least at its edge, and a hard cut shows. 0 for none, as published.
    """

    n_points: float
    smooth_kernel: int
    cell_px: int = 4
    fade_px: int = 0

    def __post_init__(self) -> None:
        if not self.n_points > 0:
            raise ValueError(f"n_points must be positive, not {self.n_points}.")
        if self.smooth_kernel < 1 or self.smooth_kernel % 2 == 0:
            raise ValueError(f"smooth_kernel must be odd and positive, not {self.smooth_kernel}.")
        if self.cell_px < 1:
            raise ValueError(f"cell_px must be positive, not {self.cell_px}.")
        if self.fade_px < 0:
            raise ValueError(f"fade_px must not be negative, not {self.fade_px}.")

    def count(self, pixels: int) -> int:
        """Return how many points are replaced where ``pixels`` compete."""
        return int(pixels * self.n_points) if self.n_points <= 1 else min(int(self.n_points), pixels)


class PatchRule(Protocol):
    """Chooses the patches of a level that are refined.

    Attributes:
        needs_uncertainty: Whether it is shown the uncertainty itself; otherwise, 0 in its place.
    """

    needs_uncertainty: ClassVar[bool]

    def choose(self, level: int, uncertainty: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Choose among the patches that hold a valid pixel.

        Args:
            level: Level, 1 or more.
            uncertainty: (P,) mean uncertainty of the cumulative prediction over each patch's valid pixels,
                NaN where it has none.

        Returns:
            (P,) True where the patch is refined.
        """
        ...


@dataclass(frozen=True, slots=True)
class AllPatches(PatchRule):
    """Full MagNet: every patch with a valid pixel."""

    needs_uncertainty: ClassVar[bool] = False

    def choose(self, level: int, uncertainty: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Choose every patch with a valid pixel."""
        return ~np.isnan(uncertainty)


@dataclass(frozen=True, slots=True)
class NoPatches(PatchRule):
    """Coarse only."""

    needs_uncertainty: ClassVar[bool] = False

    def choose(self, level: int, uncertainty: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Choose none."""
        return np.zeros(uncertainty.shape, dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class MostUncertainPatches(PatchRule):
    """MagNet-Fast as published: a fixed number of patches per level, ties to the one that comes first.

    Attributes:
        count: Patches per level.
    """

    needs_uncertainty: ClassVar[bool] = True

    count: int

    def choose(self, level: int, uncertainty: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Choose the most uncertain patches."""
        order = np.argsort(-np.nan_to_num(uncertainty, nan=-1.0), kind="stable")[: self.count]
        chosen = np.zeros(uncertainty.shape, dtype=np.bool_)
        chosen[order] = True
        return chosen & ~np.isnan(uncertainty)


@dataclass(frozen=True, slots=True)
class PatchesAbove(PatchRule):
    """MagNet-Fast by a local rule: patches whose mean uncertainty reaches a threshold.

    Attributes:
        thresholds: One per level from level 1 on.
    """

    needs_uncertainty: ClassVar[bool] = True

    thresholds: tuple[float, ...]

    def choose(self, level: int, uncertainty: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Choose the patches that reach the level's threshold."""
        return np.nan_to_num(uncertainty, nan=-1.0) >= self.thresholds[level - 1]


@dataclass(frozen=True, slots=True, eq=False)
class ListedPatches(PatchRule):
    """Patches ranked beforehand over a whole run.

    Attributes:
        chosen: One (P,) boolean array per level from level 1 on.
    """

    needs_uncertainty: ClassVar[bool] = False

    chosen: tuple[NDArray[np.bool_], ...]

    def choose(self, level: int, uncertainty: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Choose the patches listed, of those with a valid pixel."""
        return self.chosen[level - 1] & ~np.isnan(uncertainty)


@dataclass(frozen=True, slots=True)
class SelectionRules:
    """Which patches are refined and which points replaced."""

    patches: PatchRule
    points: PointRule
