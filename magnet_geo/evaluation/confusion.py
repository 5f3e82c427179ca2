"""`ConfusionMatrix`: how often each true class was mapped as each class, and the scores that follow.

C classes.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from magnet_geo.datasets import IGNORE_INDEX
from magnet_geo.errors import EvaluationError


@dataclass(frozen=True, slots=True, eq=False)
class ConfusionMatrix:
    """Counts of truth against prediction; matrices of parts add up to the matrix of the whole.

    Scores of a class are NaN where they would divide by zero: the class does not occur.

    Attributes:
        counts: (C, C) int64 pixels, rows the true class index, columns the predicted one.
    """

    counts: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.counts.ndim != 2 or self.counts.shape[0] != self.counts.shape[1]:
            raise EvaluationError(f"A confusion matrix is square, not of shape {self.counts.shape}.")

    @classmethod
    def empty(cls, num_classes: int) -> ConfusionMatrix:
        """Return a matrix in which nothing is counted yet."""
        return cls(np.zeros((num_classes, num_classes), dtype=np.int64))

    @classmethod
    def of(cls, *, truth: NDArray[np.uint8], prediction: NDArray[np.uint8], num_classes: int) -> ConfusionMatrix:
        """Return the counts of two class arrays.

        Args:
            truth: Class index of each pixel, `IGNORE_INDEX` where unlabelled.
            prediction: Class index of the same pixels, `IGNORE_INDEX` where nothing was predicted.
            num_classes: C; at most 255.

        Raises:
            EvaluationError: The shapes differ, or an index is no class.
        """
        if truth.shape != prediction.shape:
            raise EvaluationError(f"Truth of shape {truth.shape} and prediction of {prediction.shape} do not fit.")
        compared = (truth != IGNORE_INDEX) & (prediction != IGNORE_INDEX)
        rows, columns = truth[compared], prediction[compared]
        for name, indexes in (("truth", rows), ("prediction", columns)):
            if indexes.size and int(indexes.max()) >= num_classes:
                raise EvaluationError(f"The {name} holds class {int(indexes.max())}, but there are {num_classes}.")
        counts = np.bincount(rows.astype(np.intp) * num_classes + columns, minlength=num_classes**2)
        return cls(counts.reshape(num_classes, num_classes).astype(np.int64))

    def __add__(self, other: ConfusionMatrix) -> ConfusionMatrix:
        if self.counts.shape != other.counts.shape:
            raise EvaluationError(f"Matrices of {self.num_classes} and {other.num_classes} classes do not add up.")
        return ConfusionMatrix(self.counts + other.counts)

    @property
    def num_classes(self) -> int:
        """C."""
        return len(self.counts)

    @property
    def total(self) -> int:
        """Pixels that were compared."""
        return int(self.counts.sum())

    @property
    def hits(self) -> NDArray[np.int64]:
        """(C,) pixels of each class that were mapped right."""
        return np.diag(self.counts)

    @property
    def truth_pixels(self) -> NDArray[np.int64]:
        """(C,) pixels of each true class."""
        return np.asarray(self.counts.sum(axis=1))

    @property
    def predicted_pixels(self) -> NDArray[np.int64]:
        """(C,) pixels mapped as each class."""
        return np.asarray(self.counts.sum(axis=0))

    @property
    def iou(self) -> NDArray[np.float64]:
        """(C,) intersection over union."""
        return _ratio(self.hits, self.truth_pixels + self.predicted_pixels - self.hits)

    @property
    def precision(self) -> NDArray[np.float64]:
        """(C,) share of the pixels mapped as a class that are of it (user's accuracy)."""
        return _ratio(self.hits, self.predicted_pixels)

    @property
    def recall(self) -> NDArray[np.float64]:
        """(C,) share of the pixels of a class that were mapped as it (producer's accuracy)."""
        return _ratio(self.hits, self.truth_pixels)

    @property
    def f1(self) -> NDArray[np.float64]:
        """(C,) harmonic mean of precision and recall; 0 for a class that occurs on one side only."""
        return _ratio(2 * self.hits, self.truth_pixels + self.predicted_pixels)

    @property
    def overall_accuracy(self) -> float:
        """Share of the pixels that were mapped right; NaN where none were compared."""
        return float(self.hits.sum() / self.total) if self.total else float("nan")

    @property
    def kappa(self) -> float:
        """Cohen's kappa: agreement beyond that of independent labels with the same class shares."""
        if not self.total:
            return float("nan")
        chance = float(self.truth_pixels.astype(float) @ self.predicted_pixels.astype(float)) / self.total**2
        return (self.overall_accuracy - chance) / (1 - chance) if chance < 1 else float("nan")

    def mean_iou(self, *, uncounted: Collection[int] = ()) -> float:
        """Return the mean IoU of the classes that occur.

        Args:
            uncounted: Class indexes left out of the mean. Their pixels still count against the other classes.
        """
        return mean_of_present(self.iou, uncounted=uncounted)

    def mean_f1(self, *, uncounted: Collection[int] = ()) -> float:
        """Return the mean F1 of the classes that occur; `uncounted` as for `mean_iou`."""
        return mean_of_present(self.f1, uncounted=uncounted)

    def frequency_weighted_iou(self, *, uncounted: Collection[int] = ()) -> float:
        """Return the mean IoU weighted by each class's share of the truth; `uncounted` as for `mean_iou`."""
        counted = _counted(self.num_classes, uncounted) & (self.truth_pixels > 0)
        weights = self.truth_pixels[counted]
        return float(np.average(self.iou[counted], weights=weights)) if weights.size else float("nan")


def mean_of_present(scores: NDArray[np.float64], *, uncounted: Collection[int] = ()) -> float:
    """Return the mean of (C,) class scores that are not NaN, NaN where all are.

    Args:
        scores: Score of each class.
        uncounted: Class indexes left out.
    """
    counted = _counted(len(scores), uncounted) & ~np.isnan(scores)
    return float(scores[counted].mean()) if counted.any() else float("nan")


def _counted(num_classes: int, uncounted: Collection[int]) -> NDArray[np.bool_]:
    return ~np.isin(np.arange(num_classes), list(uncounted))


def _ratio(numerator: NDArray[np.int64], denominator: NDArray[np.int64]) -> NDArray[np.float64]:
    ratio: NDArray[np.float64] = np.where(denominator > 0, numerator / np.maximum(denominator, 1), np.nan)
    return ratio
