"""Runs of equal pixels in a band of rows, and how the runs of one row lie over those of the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from magnet_geo.vector.tracing.disjoint_sets import connect

OUTSIDE = 0


@dataclass(frozen=True, slots=True)
class RowRuns:
    """A band of h rows with the row above it, as runs; one pixel of outside is added at both ends of each row.

    A *piece* is a stretch of one line between two rows along which neither the run above nor the run below changes.
    Pieces are ordered by line and column, and there is one that begins at each end of a run.

    Attributes:
        width: Columns of the band.
        starts: (R,) int64, where each run begins, counted through the padded rows.
        codes: (R,) uint8, code of each run.
        regions: (R,) int64, a number per run, equal for runs of this band that hang together by pixel sides.
        first_row_runs: How many of the runs belong to the row above the band.
        piece_starts: (P,) int64, where each piece begins, counted through the padded lines.
        above: (P,) int64, the run above each piece.
        below: (P,) int64, the run below each piece.
    """

    width: int
    starts: NDArray[np.int64]
    codes: NDArray[np.uint8]
    regions: NDArray[np.int64]
    first_row_runs: int
    piece_starts: NDArray[np.int64]
    above: NDArray[np.int64]
    below: NDArray[np.int64]

    @property
    def stride(self) -> int:
        """Columns of a padded row."""
        return self.width + 2

    @property
    def rows(self) -> NDArray[np.int64]:
        """(R,) row of each run, 0 for the row above the band."""
        return self.starts // self.stride

    @property
    def lengths(self) -> NDArray[np.int64]:
        """(R,) pixels of each run, padding included."""
        end = (int(self.starts[-1]) // self.stride + 1) * self.stride
        return np.diff(self.starts, append=end)

    @property
    def last_row_first_run(self) -> int:
        """The first run of the last row."""
        last_row = int(self.starts[-1]) // self.stride * self.stride
        return int(np.searchsorted(self.starts, last_row))


def find_runs(codes: NDArray[np.uint8], *, knot_columns: NDArray[np.int64] | None = None) -> RowRuns:
    """Finds the runs of a band.

    Args:
        codes: (h + 1, w) uint8, the row above the band first; 0 is outside.
        knot_columns: Columns at whose left side a run ends in any case.
    """
    height, width = codes.shape
    padded = np.zeros((height, width + 2), np.uint8)
    padded[:, 1:-1] = codes
    begins = np.empty(padded.shape, np.bool_)
    begins[:, 0] = True
    np.not_equal(padded[:, 1:], padded[:, :-1], out=begins[:, 1:])
    if knot_columns is not None:
        begins[:, knot_columns + 1] = True
    starts = np.flatnonzero(begins)
    run_codes = padded.ravel()[starts]
    pieces = np.flatnonzero(begins[:-1] | begins[1:])
    # Every row begins with a run, so that counting along the pieces gives the number of the run.
    above = np.cumsum(begins[:-1].ravel()[pieces]) - 1
    first_row_runs = int(np.count_nonzero(begins[0]))
    below = np.cumsum(begins[1:].ravel()[pieces]) + (first_row_runs - 1)
    regions = _join(run_codes, above, below, beside=knot_columns is not None)
    return RowRuns(width, starts, run_codes, regions, first_row_runs, pieces, above, below)


def _join(
    codes: NDArray[np.uint8], above: NDArray[np.int64], below: NDArray[np.int64], *, beside: bool
) -> NDArray[np.int64]:
    same = codes[above] == codes[below]
    first, second = above[same], below[same]
    if beside:
        # A row ends and begins with outside, so that outside may join across rows; nobody asks for its region.
        left = np.flatnonzero(codes[1:] == codes[:-1])
        first, second = np.concatenate([first, left]), np.concatenate([second, left + 1])
    return connect(codes.size, first, second)
