"""How large the patches of each class are: connected regions, counted band by band, whatever the size of the map."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from magnet_geo.vector.tracing.disjoint_sets import connect
from magnet_geo.vector.tracing.row_runs import OUTSIDE, RowRuns, find_runs

# Regions are sorted by the power of ten of their area: 1e-3 m2 up to 1e15 m2.
_LOWEST_DECADE, _HIGHEST_DECADE = -3, 15

_Sizes = NDArray[np.float64]


class RegionSizes:
    """Regions of equal class that hang together by pixel sides, by class and by power of ten of their area.

    Only regions that reach the last row so far are kept in memory.
    """

    def __init__(self, width: int) -> None:
        """Begin a map of this many columns."""
        decades = _HIGHEST_DECADE - _LOWEST_DECADE + 1
        self.counts: NDArray[np.int64] = np.zeros((256, decades), np.int64)
        self.areas: _Sizes = np.zeros((256, decades))
        self.largest: _Sizes = np.zeros(256)
        self._row = np.zeros(width, np.uint8)
        # Of each run of the last row: the region it belongs to, and the area of each region so far.
        self._open = np.zeros(1, np.int64)
        self._so_far: _Sizes = np.zeros(1)

    def add(self, codes: NDArray[np.uint8], areas: _Sizes) -> None:
        """Add the next rows.

        Args:
            codes: (h, w) uint8, 0 where there is no class.
            areas: (h, w) float64 area of each pixel.
        """
        runs = find_runs(np.concatenate([self._row[None], codes]))
        regions, so_far = self._joined(runs)
        own = _areas_of_runs(runs, areas)
        totals = np.bincount(regions[runs.first_row_runs :], weights=own, minlength=runs.starts.size) + so_far
        last = regions[runs.last_row_first_run :]
        ended = np.zeros(totals.size, np.bool_)
        ended[regions] = True
        ended[last] = False
        # The representative of a region is one of its runs, so that its class can be read there.
        self._count(runs.codes[ended], totals[ended])
        found, self._open = np.unique(last, return_inverse=True)
        self._so_far = totals[found]
        self._row = codes[-1].copy()

    def finish(self) -> None:
        """Count the regions that reach the last row of the map."""
        self.add(np.zeros((1, self._row.size), np.uint8), np.zeros((1, self._row.size)))

    def _joined(self, runs: RowRuns) -> tuple[NDArray[np.int64], _Sizes]:
        """Region of each run, those joined that were one already above; and the area that was counted before."""
        first_of = np.full(self._so_far.size, -1, np.int64)
        first_of[self._open[::-1]] = np.arange(runs.first_row_runs)[::-1]
        same = connect(runs.starts.size, runs.regions[: runs.first_row_runs], runs.regions[first_of[self._open]])
        regions = same[runs.regions]
        so_far = np.bincount(regions[first_of], weights=self._so_far, minlength=runs.starts.size)
        return regions, so_far.astype(np.float64, copy=False)

    def _count(self, codes: NDArray[np.uint8], areas: _Sizes) -> None:
        counted = (codes != OUTSIDE) & (areas > 0)
        codes, areas = codes[counted], areas[counted]
        decades = np.clip(np.floor(np.log10(areas)), _LOWEST_DECADE, _HIGHEST_DECADE).astype(np.int64)
        np.add.at(self.counts, (codes, decades - _LOWEST_DECADE), 1)
        np.add.at(self.areas, (codes, decades - _LOWEST_DECADE), areas)
        np.maximum.at(self.largest, codes, areas)


def decade_areas() -> NDArray[np.float64]:
    """Return the smallest area of each power of ten that `RegionSizes` counts."""
    powers: NDArray[np.float64] = np.power(10.0, np.arange(_LOWEST_DECADE, _HIGHEST_DECADE + 1))
    return powers


def _areas_of_runs(runs: RowRuns, areas: _Sizes) -> _Sizes:
    """(R - first row,) area of each run below the first row; outside pixels at both ends have none."""
    padded = np.zeros((areas.shape[0], areas.shape[1] + 2))
    padded[:, 1:-1] = areas
    starts = runs.starts[runs.first_row_runs :] - runs.stride
    sums: _Sizes = np.add.reduceat(padded.ravel(), starts)
    return sums
