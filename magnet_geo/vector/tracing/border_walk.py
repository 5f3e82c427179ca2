"""The borders of regions in a band of rows: corners, the steps between them, and the walks these make up.

Directions are 0 east, 1 north, 2 west, 3 south, so that a left turn adds one. A walk has its region on the left.
An *arrival* is a corner together with the direction in which a walk comes to it: number ``4 * corner + direction``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from magnet_geo.vector.tracing.row_runs import OUTSIDE, RowRuns

Numbers = NDArray[np.int64]

EAST, NORTH, WEST, SOUTH = range(4)
# Which pixel at a corner lies left-behind, left-ahead and right-ahead of who arrives; pixels are NW, NE, SW, SE.
_NW, _NE, _SW, _SE = range(4)
_BEHIND = {EAST: _NW, NORTH: _SW, WEST: _SE, SOUTH: _NE}
_AHEAD = {EAST: _NE, NORTH: _NW, WEST: _SW, SOUTH: _SE}
_RIGHT = {EAST: _SE, NORTH: _NE, WEST: _NW, SOUTH: _SW}


@dataclass(frozen=True, slots=True)
class Corners:
    """Corners of borders: where a border turns or borders meet, and knots.

    Attributes:
        lines: (N,) lines between rows, 0 above the band's first row; in reading order with ``columns``.
        columns: (N,) pixel borders, 0 at the left side of the band.
        codes: (4, N) uint8 codes of the pixels NW, NE, SW, SE of each corner.
        runs: (4, N) the runs they belong to.
    """

    lines: Numbers
    columns: Numbers
    codes: NDArray[np.uint8]
    runs: Numbers

    @property
    def has_arm(self) -> tuple[NDArray[np.bool_], ...]:
        """Whether a border leads from each corner to the east, north, west and south."""
        nw, ne, sw, se = self.codes
        return ne != se, nw != ne, nw != sw, sw != se

    @property
    def touching(self) -> NDArray[np.bool_]:
        """Where four borders meet and pixels of one code touch by the corner only."""
        nw, ne, sw, se = self.codes
        four_borders = (nw != ne) & (nw != sw) & (sw != se) & (ne != se)
        found: NDArray[np.bool_] = four_borders & ((nw == se) | (ne == sw))
        return found


@dataclass(frozen=True, slots=True)
class Steps:
    """All arrivals of a band, and where each leads.

    Attributes:
        arrivals: (M,) number of each arrival, ascending.
        following: (M,) place of the next arrival in ``arrivals``; -1 where the walk leaves the band.
        departures: (M,) the direction in which the walk goes on.
    """

    arrivals: Numbers
    following: Numbers
    departures: Numbers


def find_corners(runs: RowRuns, *, knot_lines: Numbers | None = None, knot_columns: Numbers | None = None) -> Corners:
    """Finds the corners on the lines above each row of a band.

    Args:
        runs: The band.
        knot_lines: Lines on which a border that crosses straight has a corner too.
        knot_columns: Likewise columns.
    """
    ne, se = runs.codes[runs.above], runs.codes[runs.below]
    nw, sw = np.roll(ne, 1), np.roll(se, 1)
    east_or_west, north_or_south = (ne != se) | (nw != sw), (nw != ne) | (sw != se)
    wanted = east_or_west & north_or_south
    columns = runs.piece_starts % runs.stride - 1
    lines = runs.piece_starts // runs.stride
    if knot_lines is not None:
        wanted |= north_or_south & np.isin(lines, knot_lines)
    if knot_columns is not None:
        wanted |= east_or_west & np.isin(columns, knot_columns)
    # The piece at the padding's left side has no pixel to its left.
    chosen = np.flatnonzero(wanted & (columns >= 0))
    around = np.stack([runs.above[chosen - 1], runs.above[chosen], runs.below[chosen - 1], runs.below[chosen]])
    return Corners(lines[chosen], columns[chosen], runs.codes[around], around)


def find_steps(corners: Corners) -> Steps:
    """Links the arrivals of a band."""
    count = corners.columns.size
    arms, neighbor = corners.has_arm, _neighbors(corners)
    exists = np.zeros((count, 4), np.bool_)
    onward = np.empty((count, 4), np.int64)
    going = np.empty((count, 4), np.int8)
    for heading in range(4):
        behind, ahead, right = (corners.codes[where[heading]] for where in (_BEHIND, _AHEAD, _RIGHT))
        exists[:, heading] = arms[(heading + 2) % 4] & (behind != OUTSIDE)
        # Pixels that touch by the corner only are parted here; see `polygons`.
        turn = np.where(ahead != behind, 1, np.where(right != ahead, 0, -1))
        direction = (heading + turn) % 4
        target = neighbor[direction, np.arange(count)]
        onward[:, heading] = np.where(target >= 0, 4 * target + direction, -1)
        going[:, heading] = direction
    arrivals = np.flatnonzero(exists)
    onward = onward.ravel()[arrivals]
    place = np.full(4 * count, -1)
    place[arrivals] = np.arange(arrivals.size)
    return Steps(arrivals, np.where(onward >= 0, place[onward], -1), going.ravel()[arrivals].astype(np.int64))


def _neighbors(corners: Corners) -> Numbers:
    """(4, N) the next corner to the east, north, west and south; -1 beyond the band."""
    count = corners.columns.size
    nodes = np.arange(count)
    by_column = _column_order(corners.columns)
    upper, lower = by_column[:-1], by_column[1:]
    same = corners.columns[upper] == corners.columns[lower]
    south, north = np.full(count, -1), np.full(count, -1)
    south[upper[same]], north[lower[same]] = lower[same], upper[same]
    # Along a line, a border that leaves a corner ends at the next one.
    return np.stack([nodes + 1, north, nodes - 1, south])


def left_runs(corners: Corners, arrivals: Numbers) -> Numbers:
    """Return the run on the left of a walk that comes to each arrival."""
    behind = np.array([_BEHIND[heading] for heading in range(4)])
    found: Numbers = corners.runs[behind[arrivals % 4], arrivals // 4]
    return found


def _column_order(columns: Numbers) -> Numbers:
    # numpy sorts numbers of 16 bits by their digits, several times faster.
    small = columns.size == 0 or int(columns.max()) < 2**16
    return np.argsort(columns.astype(np.uint16) if small else columns, kind="stable")
