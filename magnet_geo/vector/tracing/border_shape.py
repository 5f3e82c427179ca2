"""What becomes of the corners of a walk: kept as they are, or cut. Simplification lies in a module of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from magnet_geo.vector.tracing.border_walk import Corners, Steps
from magnet_geo.vector.tracing.corner_keys import corner_keys, positions
from magnet_geo.vector.tracing.list_ranking import Chains
from magnet_geo.vector.tracing.rings import RingBlock, offsets_of

Numbers = NDArray[np.int64]

# By direction: east, north, west, south.
_TO_LINE = np.array([0, -1, 0, 1])
_TO_COLUMN = np.array([1, 0, -1, 0])


@dataclass(frozen=True, slots=True)
class Walks:
    """All walks of a band.

    Attributes:
        band: (h + 1, w) uint8 codes, the row above the band first.
        first_row: Row of the raster at which the band begins.
        corners: Its corners.
        steps: Its arrivals.
        chains: Places in ``steps.arrivals``, in order.
    """

    band: NDArray[np.uint8]
    first_row: int
    corners: Corners
    steps: Steps
    chains: Chains


class BorderShape(Protocol):
    """Turns walks into corner keys; the two regions along a border must get the same ones."""

    @property
    def knots(self) -> int | None:
        """Every how many lines and columns a border that crosses has a corner; None for nowhere in particular."""

    def shape(self, walks: Walks) -> tuple[Numbers, Numbers]:
        """Corner keys of all walks, and where each walk begins among them, (C + 1,)."""

    def tidy(self, rings: RingBlock) -> RingBlock:
        """Closed rings without the corners that say nothing."""


@dataclass(frozen=True, slots=True)
class PixelBorders(BorderShape):
    """Borders along the pixels.

    Attributes:
        knots: See `BorderShape`.
    """

    knots: int | None = None

    @override
    def shape(self, walks: Walks) -> tuple[Numbers, Numbers]:
        nodes = walks.steps.arrivals[walks.chains.members] // 4
        return lattice_keys(walks)[nodes], walks.chains.offsets

    @override
    def tidy(self, rings: RingBlock) -> RingBlock:
        return rings


@dataclass(frozen=True, slots=True)
class SmoothBorders(BorderShape):
    """Borders that cut each corner from half a pixel before it to half a pixel after it: stairs become slopes.

    A cut stays inside its corner's quarter of a pixel, so that no two borders can meet. Corners where more than two
    borders meet stay, and so do those on the frame of the raster.

    Attributes:
        height: Rows of the raster.
        width: Columns of the raster.
        knots: See `BorderShape`.
    """

    height: int
    width: int
    knots: int | None = None

    @override
    def shape(self, walks: Walks) -> tuple[Numbers, Numbers]:
        places = walks.chains.members
        nodes, coming = np.divmod(walks.steps.arrivals[places], 4)
        going = walks.steps.departures[places]
        lines, columns = walks.corners.lines[nodes] + walks.first_row, walks.corners.columns[nodes]
        cut = self._is_cut(walks.corners, walks.first_row)[nodes] & (coming != going)
        before = corner_keys(lines - _TO_LINE[coming] / 2, columns - _TO_COLUMN[coming] / 2)
        after = corner_keys(lines + _TO_LINE[going] / 2, columns + _TO_COLUMN[going] / 2)
        own = corner_keys(lines, columns, touching=walks.corners.touching[nodes])
        pairs = np.stack([np.where(cut, before, own), after], axis=1)
        given = np.stack([np.ones(cut.size, np.bool_), cut], axis=1)
        return pairs[given], offsets_of(1 + cut.astype(np.int64))[walks.chains.offsets]

    def tidy(self, rings: RingBlock) -> RingBlock:
        """Drop the middle of each side of one pixel where it was met from both corners, or lies on a slope."""
        rings = rings.without(rings.keys == rings.keys[rings.previous])
        lines, columns = positions(rings.keys)
        before = rings.previous
        after = np.empty_like(before)
        after[before] = np.arange(before.size)
        turn = (lines - lines[before]) * (columns[after] - columns) - (columns - columns[before]) * (
            lines[after] - lines
        )
        # Corners of pixels have two even coordinates; at those, a neighbor may have a corner too.
        dropped = (turn == 0) & ((lines | columns) & 1).astype(np.bool_)
        if self.knots is not None:
            dropped &= (lines % (2 * self.knots) != 0) & (columns % (2 * self.knots) != 0)
        return rings.without(dropped)

    def _is_cut(self, corners: Corners, first_row: int) -> NDArray[np.bool_]:
        arms = np.sum(corners.has_arm, axis=0)
        lines, columns = corners.lines + first_row, corners.columns
        frame = (lines == 0) | (lines == self.height) | (columns == 0) | (columns == self.width)
        cut: NDArray[np.bool_] = (arms == 2) & ~frame
        return cut


def lattice_keys(walks: Walks) -> Numbers:
    """Return the key of each corner where it lies between the pixels."""
    corners = walks.corners
    return corner_keys(corners.lines + walks.first_row, corners.columns, touching=corners.touching)
