"""What is summed over the pixels of a region: how many they are, their area on the ground, their confidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from magnet_geo.vector.ground_scale import GroundScale

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RunSpans:
    """Runs of equal pixels in a band.

    Attributes:
        rows: (R,) row in the band.
        columns: (R,) first column.
        lengths: (R,) pixels.
    """

    rows: Numbers
    columns: Numbers
    lengths: Numbers


class RunMeasure(Protocol):
    """Numbers for the runs of a band."""

    def __call__(self, runs: RunSpans) -> NDArray[np.float64]:
        """(R,) float64."""


def count_pixels(runs: RunSpans) -> NDArray[np.float64]:
    """Pixels of each run."""
    return runs.lengths.astype(np.float64)


@dataclass(frozen=True, slots=True)
class GroundArea:
    """Area of each run, taken as its length times the area of a pixel at its middle.

    Attributes:
        scale: Sizes on the ground.
        first_row: Row of the raster at which the band begins.
    """

    scale: GroundScale
    first_row: int

    def __call__(self, runs: RunSpans) -> NDArray[np.float64]:
        """(R,) float64 square metres."""
        rows = runs.rows.astype(np.float64) + (self.first_row + 0.5)
        cols = runs.columns + runs.lengths.astype(np.float64) / 2
        return self.scale.pixel_areas_m2(rows=rows, cols=cols) * runs.lengths


@dataclass(frozen=True, slots=True)
class SumOfPixels:
    """Sum of the values of a band over each run.

    Attributes:
        values: (h, w) any number.
    """

    values: NDArray[np.generic]

    def __call__(self, runs: RunSpans) -> NDArray[np.float64]:
        """(R,) float64."""
        begins = runs.rows * self.values.shape[1] + runs.columns
        # The stretches between the runs are summed too, and passed over. The end of the band is no index.
        bounds = np.stack([begins, begins + runs.lengths], axis=1).ravel()
        padded = np.append(self.values, self.values.dtype.type(0))
        sums = np.add.reduceat(padded, bounds, dtype=np.float64) if bounds.size else np.zeros(0)
        return sums[::2]
