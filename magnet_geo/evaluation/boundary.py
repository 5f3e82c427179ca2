"""`BoundaryCounts`: how well the borders of a map lie where the true ones do.

Boundary F1 as in Csurka et al. 2013, "What is a good evaluation measure for semantic segmentation?" (BMVC): for each
class, the share of its mapped border pixels that lie within a tolerance of its true border (precision), the share of
its true ones that lie within the tolerance of the mapped border (recall), and their harmonic mean. Pixels are summed
over all images before shares are taken.

Where labels mostly end at ground without a label (polygons drawn apart from each other), the truth shows no borders to
compare with: every border of the map would count as wrong. There is no score then.

C classes, H and W the size of a part.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from magnet_geo.datasets import IGNORE_INDEX
from magnet_geo.errors import EvaluationError
from magnet_geo.evaluation.confusion import mean_of_present
from magnet_geo.grid import PixelRect

DEFAULT_TOLERANCE_PX = 3
# Distances are sums of squares under a float32 root.
_ROUNDING = 1e-3

_Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class BoundaryCounts:
    """Border pixels of each class; counts of parts add up to those of the whole.

    Attributes:
        mapped: (C,) int64 border pixels of the map.
        mapped_near: (C,) those within the tolerance of the true border.
        true: (C,) border pixels of the truth.
        true_near: (C,) those within the tolerance of the map's border.
        open_ends: Compared pixels beside ground that is mapped but has no label.
    """

    mapped: _Counts
    mapped_near: _Counts
    true: _Counts
    true_near: _Counts
    open_ends: int = 0

    @classmethod
    def empty(cls, num_classes: int) -> BoundaryCounts:
        """Return counts of nothing."""
        return cls(*np.zeros((4, num_classes), np.int64))

    @classmethod
    def of(
        cls,
        *,
        truth: NDArray[np.uint8],
        prediction: NDArray[np.uint8],
        num_classes: int,
        tolerance_px: int = DEFAULT_TOLERANCE_PX,
        core: PixelRect | None = None,
    ) -> BoundaryCounts:
        """Return the counts of two class arrays.

        A border pixel has a neighbor above, below, left or right that is of another class; the edge of what is
        compared is no border.

        Args:
            truth: (H, W) class index, `IGNORE_INDEX` where unlabelled.
            prediction: (H, W) class index, `IGNORE_INDEX` where nothing was predicted.
            num_classes: C.
            tolerance_px: How far apart borders may lie, in pixels.
            core: Part whose pixels are counted; the rest is context, of which `context_px` on each side suffices.

        Raises:
            EvaluationError: The shapes differ, or the tolerance is negative.
        """
        if truth.shape != prediction.shape:
            raise EvaluationError(f"Truth of shape {truth.shape} and prediction of {prediction.shape} do not fit.")
        if tolerance_px < 0:
            raise EvaluationError(f"The tolerance must be 0 or more pixels, not {tolerance_px}.")
        compared = (truth != IGNORE_INDEX) & (prediction != IGNORE_INDEX)
        borders = _border(truth, compared), _border(prediction, compared)
        counted = (core or PixelRect(0, 0, *truth.shape)).slices
        unlabeled = (truth == IGNORE_INDEX) & (prediction != IGNORE_INDEX)
        found = replace(cls.empty(num_classes), open_ends=int((_beside(unlabeled) & compared)[counted].sum()))
        for index in range(num_classes):
            true, mapped = borders[0] & (truth == index), borders[1] & (prediction == index)
            found.true[index], found.mapped[index] = true[counted].sum(), mapped[counted].sum()
            if true.any() and mapped.any():
                found.true_near[index] = (true & _near(mapped, tolerance_px))[counted].sum()
                found.mapped_near[index] = (mapped & _near(true, tolerance_px))[counted].sum()
        return found

    def __add__(self, other: BoundaryCounts) -> BoundaryCounts:
        return BoundaryCounts(
            self.mapped + other.mapped,
            self.mapped_near + other.mapped_near,
            self.true + other.true,
            self.true_near + other.true_near,
            self.open_ends + other.open_ends,
        )

    @property
    def unmeasured(self) -> str:
        """Why there is no score, as a sentence; empty where there is one."""
        seen = int(self.true.sum())
        if self.open_ends > seen:
            return (
                f"Boundary F1 is not measured: {self.open_ends:,} of {self.open_ends + seen:,} pixels along the edges "
                "of labels lie beside ground without a label, where the truth shows no border."
            )
        return "" if seen or self.mapped.any() else "Boundary F1 is not measured: there is no border between classes."

    @property
    def f1(self) -> NDArray[np.float64]:
        """(C,) boundary F1; 0 for a class that has a border on one side only, NaN for one that has none.

        All are NaN where the labels show too few borders, which `unmeasured` tells.
        """
        if self.unmeasured:
            return np.full(self.true.shape, np.nan)
        precision = self.mapped_near / np.maximum(self.mapped, 1)
        recall = self.true_near / np.maximum(self.true, 1)
        f1 = 2 * precision * recall / np.maximum(precision + recall, np.finfo(float).tiny)
        return np.asarray(np.where(self.mapped + self.true > 0, f1, np.nan))

    def mean_f1(self, *, uncounted: frozenset[int] = frozenset()) -> float:
        """Return the mean of the classes that have a border.

        Args:
            uncounted: Class indexes left out.
        """
        return mean_of_present(self.f1, uncounted=uncounted)


def context_px(tolerance_px: int) -> int:
    """Return how far around a part the counts of its pixels look."""
    return tolerance_px + 1


def _border(classes: NDArray[np.uint8], compared: NDArray[np.bool_]) -> NDArray[np.bool_]:
    border = np.zeros(classes.shape, np.bool_)
    for first, second in (
        ((slice(None, -1), slice(None)), (slice(1, None), slice(None))),
        ((slice(None), slice(None, -1)), (slice(None), slice(1, None))),
    ):
        differ = (classes[first] != classes[second]) & compared[first] & compared[second]
        border[first] |= differ
        border[second] |= differ
    return border


def _beside(ground: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(H, W) True above, below, left and right of some ground."""
    beside = np.zeros(ground.shape, np.bool_)
    beside[1:] |= ground[:-1]
    beside[:-1] |= ground[1:]
    beside[:, 1:] |= ground[:, :-1]
    beside[:, :-1] |= ground[:, 1:]
    return beside


def _near(border: NDArray[np.bool_], tolerance_px: int) -> NDArray[np.bool_]:
    """(H, W) True within the tolerance of a border that is somewhere, by straight distance between centers."""
    distance = cv2.distanceTransform((~border).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(distance <= tolerance_px + _ROUNDING)
