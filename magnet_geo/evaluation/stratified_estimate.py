"""Accuracy and area from a stratified random sample: Olofsson et al. 2014, equations 1 to 11.

Remote Sensing of Environment 148, 42-57. The strata are the classes of the map. Each point counts by the area of its
pixel; where all pixels have one area, these are the equations of the paper. Elsewhere (a map in degrees) stratum means
are ratio estimates, whose variance is that of their residuals (Cochran 1977, chapter 6).

Shapes: N points, C classes; class i of the map is stratum i.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from magnet_geo.errors import EvaluationError

_Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimate and its standard error; both NaN where the sample says nothing.

    Attributes:
        value: The estimate.
        standard_error: Square root of its estimated variance.
    """

    value: float
    standard_error: float


@dataclass(frozen=True, slots=True, eq=False)
class AccuracySample:
    """A sample of pixels with the class each has on the map and in truth.

    Attributes:
        mapped: (N,) class index on the map.
        reference: (N,) class index in truth.
        pixel_area: (N,) area of each pixel, in any one unit.
        stratum_pixels: (C,) pixels of each class on the map.
        stratum_area: (C,) their area, in the same unit.
    """

    mapped: NDArray[np.intp]
    reference: NDArray[np.intp]
    pixel_area: _Numbers
    stratum_pixels: NDArray[np.int64]
    stratum_area: _Numbers

    def __post_init__(self) -> None:
        points = self.points
        for index in np.flatnonzero(self.stratum_pixels):
            if points[index] < min(2, self.stratum_pixels[index]):
                raise EvaluationError(
                    f"Class number {index} has {points[index]} points of {self.stratum_pixels[index]} pixels; every "
                    "class on the map needs at least 2."
                )
        if points[self.stratum_pixels == 0].any():
            raise EvaluationError("There are points of a class that the map does not hold.")

    @property
    def points(self) -> NDArray[np.int64]:
        """(C,) points of each stratum."""
        return np.bincount(self.mapped, minlength=len(self.stratum_pixels))

    @property
    def counts(self) -> NDArray[np.int64]:
        """(C, C) error matrix of points: rows the map, columns the truth."""
        classes = len(self.stratum_pixels)
        pairs = np.bincount(self.mapped * classes + self.reference, minlength=classes**2)
        return pairs.reshape(classes, classes)

    @property
    def proportions(self) -> _Numbers:
        """(C, C) estimated shares of the mapped area (equation 4)."""
        matrix = np.zeros_like(self.counts, dtype=np.float64)
        np.add.at(matrix, (self.mapped, self.reference), self._weights)
        return matrix

    @property
    def overall(self) -> Estimate:
        """Share of the area that is mapped right (equations 1 and 5)."""
        return self._mean((self.mapped == self.reference).astype(np.float64))

    def share(self, index: int) -> Estimate:
        """Return the share of the area that is truly of a class (equations 9 and 10)."""
        return self._mean((self.reference == index).astype(np.float64))

    def users(self, index: int) -> Estimate:
        """Return the share of a mapped class that is truly of it (equations 2 and 6)."""
        if self.stratum_pixels[index] == 0:
            return Estimate(np.nan, np.nan)
        value, variance = self._stratum((self.reference == index).astype(np.float64), index)
        return Estimate(value, float(np.sqrt(variance)))

    def producers(self, index: int) -> Estimate:
        """Return the share of a true class that is mapped as it (equations 3 and 7)."""
        truly = (self.reference == index).astype(np.float64)
        area = self._mean(truly).value
        if area == 0:
            return Estimate(np.nan, np.nan)
        right = np.where(self.mapped == index, truly, 0.0)
        value = self._mean(right).value / area
        return Estimate(value, self._mean(right - value * truly).standard_error / area)

    @property
    def _shares(self) -> _Numbers:
        return np.asarray(self.stratum_area / self.stratum_area.sum())

    @property
    def _weights(self) -> _Numbers:
        """(N,) share of the map that each point stands for."""
        sampled = np.bincount(self.mapped, weights=self.pixel_area, minlength=len(self.stratum_pixels))
        return np.asarray(self._shares[self.mapped] * self.pixel_area / sampled[self.mapped])

    def _mean(self, values: _Numbers) -> Estimate:
        parts = [(self._shares[i], *self._stratum(values, int(i))) for i in np.flatnonzero(self.stratum_pixels)]
        variance = sum(share**2 * own for share, _, own in parts)
        return Estimate(float(sum(share * mean for share, mean, _ in parts)), float(np.sqrt(variance)))

    def _stratum(self, values: _Numbers, index: int) -> tuple[float, float]:
        """Mean of a stratum and its variance; none where every pixel was visited."""
        inside = self.mapped == index
        own, areas = values[inside], self.pixel_area[inside]
        mean = float(np.average(own, weights=areas))
        count = len(own)
        if count >= self.stratum_pixels[index]:
            return mean, 0.0
        residuals = areas / areas.mean() * (own - mean)
        return mean, float((residuals**2).sum() / (count * (count - 1)))
