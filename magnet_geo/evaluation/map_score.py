"""`MapScore`: everything counted where a map is compared with the truth, part by part."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from magnet_geo.datasets import IGNORE_INDEX
from magnet_geo.evaluation.boundary import BoundaryCounts, context_px
from magnet_geo.evaluation.confusion import ConfusionMatrix
from magnet_geo.grid import PixelRect

PART_PX = 1024

#: Gives (H, W) truth and prediction of a rectangle as class index, `IGNORE_INDEX` where there is none.
PairReader = Callable[[PixelRect], tuple[NDArray[np.uint8], NDArray[np.uint8]]]


@dataclass(frozen=True, slots=True, eq=False)
class MapScore:
    """Counts of pixels and of border pixels; those of parts add up.

    Attributes:
        confusion: Pixels by truth and prediction.
        boundary: Border pixels by class.
        unlabeled: Mapped pixels without a label.
        unmapped: Labelled pixels that are not mapped.
    """

    confusion: ConfusionMatrix
    boundary: BoundaryCounts
    unlabeled: int = 0
    unmapped: int = 0

    @classmethod
    def empty(cls, num_classes: int) -> MapScore:
        """Return a score of nothing."""
        return cls(ConfusionMatrix.empty(num_classes), BoundaryCounts.empty(num_classes))

    def __add__(self, other: MapScore) -> MapScore:
        return MapScore(
            self.confusion + other.confusion,
            self.boundary + other.boundary,
            self.unlabeled + other.unlabeled,
            self.unmapped + other.unmapped,
        )


def score_parts(
    area: PixelRect, bounds: PixelRect, read: PairReader, *, num_classes: int, tolerance_px: int
) -> Iterator[MapScore]:
    """Yields the scores of an area's parts, whose sum is that of the area read at once.

    Args:
        area: What is compared.
        bounds: What can be read: the whole map.
        read: Gives truth and prediction of a rectangle.
        num_classes: C.
        tolerance_px: How far apart borders may lie, in pixels.
    """
    margin = context_px(tolerance_px)
    for row in range(area.row, area.row_stop, PART_PX):
        for col in range(area.col, area.col_stop, PART_PX):
            core = PixelRect(row, col, min(PART_PX, area.row_stop - row), min(PART_PX, area.col_stop - col))
            around = PixelRect(row - margin, col - margin, core.height + 2 * margin, core.width + 2 * margin)
            seen = around.intersection(bounds)
            if seen is None:
                continue
            truth, prediction = read(seen)
            yield _score(truth, prediction, core.relative_to(seen), num_classes, tolerance_px)


def _score(
    truth: NDArray[np.uint8], prediction: NDArray[np.uint8], core: PixelRect, num_classes: int, tolerance_px: int
) -> MapScore:
    borders = BoundaryCounts.of(
        truth=truth, prediction=prediction, num_classes=num_classes, tolerance_px=tolerance_px, core=core
    )
    truth, prediction = truth[core.slices], prediction[core.slices]
    labeled, mapped = truth != IGNORE_INDEX, prediction != IGNORE_INDEX
    return MapScore(
        ConfusionMatrix.of(truth=truth, prediction=prediction, num_classes=num_classes),
        borders,
        unlabeled=int((mapped & ~labeled).sum()),
        unmapped=int((labeled & ~mapped).sum()),
    )


def count_parts(area: PixelRect) -> int:
    """Return how many parts `score_parts` yields."""
    return -(-area.height // PART_PX) * -(-area.width // PART_PX)
