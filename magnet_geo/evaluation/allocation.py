"""How many points a sample needs, and how many of them each class gets.

S strata: the classes of the map.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from magnet_geo.errors import EvaluationError

AllocationName = Literal["proportional", "equal", "neyman", "power"]

DEFAULT_SIZE = 300
DEFAULT_MIN_PER_CLASS = 50
DEFAULT_EXPECTED_ACCURACY = 0.8
_POWER = 0.5


@dataclass(frozen=True, slots=True)
class Allocation:
    """How points are shared among the classes.

    Attributes:
        name: ``proportional`` to pixels; ``equal``; ``neyman``: to pixels times the standard deviation that the
            expected accuracy implies, which serves the overall accuracy best; ``power``: to the square root of the
            pixels, between the first two (Bankier 1988).
        min_per_class: Points that each class gets at least; the others share what is left.
    """

    name: AllocationName = "proportional"
    min_per_class: int = DEFAULT_MIN_PER_CLASS

    def __post_init__(self) -> None:
        if self.min_per_class < 2:
            raise EvaluationError(
                f"{self.min_per_class} points per class give no standard error; each class needs at least 2."
            )


def size_for_standard_error(
    pixels: NDArray[np.int64], expected_accuracy: NDArray[np.float64], standard_error: float
) -> int:
    """Return the sample size at which the overall accuracy is known to a standard error (Olofsson 2014, eq. 13).

    Args:
        pixels: (S,) pixels of each class.
        expected_accuracy: (S,) user's accuracy that each class is expected to have, 0-1.
        standard_error: Wanted for the overall accuracy, such as 0.01.

    Raises:
        EvaluationError: The standard error is not positive.
    """
    if not 0 < standard_error < 1:
        raise EvaluationError(
            f"The target standard error must lie between 0 and 1, such as 0.01, not {standard_error:g}."
        )
    shares = pixels / pixels.sum()
    variances = expected_accuracy * (1 - expected_accuracy)
    spread = float(shares @ np.sqrt(variances)) ** 2
    return ceil(spread / (standard_error**2 + float(shares @ variances) / float(pixels.sum())))


def allocate(
    pixels: NDArray[np.int64], *, size: int, allocation: Allocation, expected_accuracy: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return the number of points of each class; they sum to the size, or to all pixels where these are fewer.

    Args:
        pixels: (S,) pixels of each class, each at least 1.
        size: Points in all.
        allocation: How they are shared.
        expected_accuracy: (S,) user's accuracy that each class is expected to have; counts for ``neyman``.

    Returns:
        (S,) points, each at least the minimum or all the pixels of a smaller class.

    Raises:
        EvaluationError: The minimum of all classes is more than the size.
    """
    least = np.minimum(pixels, allocation.min_per_class)
    if least.sum() > size:
        raise EvaluationError(
            f"{len(pixels)} classes with at least {allocation.min_per_class} points each need {least.sum()} points, "
            f"but the sample has {size}; raise `size` or lower `min_per_class`."
        )
    weights = _weights(pixels, allocation.name, expected_accuracy)
    points = least.copy()
    free = np.ones(len(pixels), dtype=bool)
    while free.any():
        wanted = _shared(weights, free, size - int(points[~free].sum()))
        outside = free & ((wanted < least) | (wanted > pixels))
        if not outside.any():
            points[free] = _whole(wanted[free], size - int(points[~free].sum()), pixels[free])
            break
        # What is too little is settled first: it takes points from the classes that have too many.
        too_few = outside & (wanted < least)
        settled = too_few if too_few.any() else outside
        points[settled] = np.where(too_few[settled], least[settled], pixels[settled])
        free &= ~settled
    return points


def _weights(
    pixels: NDArray[np.int64], name: AllocationName, expected_accuracy: NDArray[np.float64]
) -> NDArray[np.float64]:
    if name == "equal":
        return np.ones(len(pixels))
    if name == "power":
        return np.asarray(pixels.astype(np.float64) ** _POWER)
    if name == "neyman":
        return np.asarray(pixels * np.sqrt(expected_accuracy * (1 - expected_accuracy)))
    return pixels.astype(np.float64)


def _shared(weights: NDArray[np.float64], free: NDArray[np.bool_], points: int) -> NDArray[np.float64]:
    """(S,) points of the free classes by weight; classes expected to be perfect or hopeless weigh nothing."""
    total = weights[free].sum()
    even = np.full(len(weights), points / free.sum())
    return np.where(free, points * weights / total if total > 0 else even, 0.0)


def _whole(wanted: NDArray[np.float64], points: int, most: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rounded so that the sum is kept: the largest remainders are rounded up."""
    whole = np.floor(wanted).astype(np.int64)
    missing = min(points, int(most.sum())) - int(whole.sum())
    room = whole < most
    order = np.argsort(np.where(room, whole - wanted, np.inf), kind="stable")
    whole[order[:missing]] += 1
    return whole
