"""`RegionTracer`: bands of rows in, the rings of finished regions out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from magnet_geo.vector.tracing.border_shape import BorderShape, PixelBorders, Walks
from magnet_geo.vector.tracing.border_walk import NORTH, SOUTH, Corners, find_corners, find_steps, left_runs
from magnet_geo.vector.tracing.list_ranking import order_chains
from magnet_geo.vector.tracing.open_walks import Fragment, OpenWalks, ring_keys
from magnet_geo.vector.tracing.region_numbers import Connectivity, RegionNumbers
from magnet_geo.vector.tracing.rings import RingBlock
from magnet_geo.vector.tracing.row_runs import OUTSIDE, RowRuns, find_runs
from magnet_geo.vector.tracing.run_measures import RunMeasure, RunSpans
from magnet_geo.vector.tracing.waiting_regions import BandParts, FinishedRegions, WaitingRegions

Numbers = NDArray[np.int64]

_PIXEL_BORDERS = PixelBorders()


class RegionTracer:
    """Follows regions down a raster.

    Memory holds one band, the borders of the regions that reach its last row, and a number for each region so far.
    """

    def __init__(self, width: int, *, connectivity: Connectivity = 4, shape: BorderShape = _PIXEL_BORDERS) -> None:
        """Begin above the first row.

        Args:
            width: Columns of the raster.
            connectivity: 4: pixels of a region share sides. 8: they may also touch by the corner; such a region is
                several polygons in one feature.
            shape: What becomes of the corners.
        """
        self._shape = shape
        knots = shape.knots
        self._knot_columns = None if knots is None else np.arange(knots, width, knots)
        self._row = self._measures = 0
        self._last_codes = np.zeros(width, np.uint8)
        self._numbers = RegionNumbers(connectivity)
        self._open = OpenWalks()
        self._waiting = WaitingRegions(self._numbers.regions)

    def take(self, codes: NDArray[np.uint8], measures: Sequence[RunMeasure] = ()) -> FinishedRegions:
        """Go on with the next rows.

        Args:
            codes: (h, w) uint8; 0 is outside, everything else a class.
            measures: Each gives a number for each run, to be summed over the region.
        """
        self._measures = len(measures)
        band = np.concatenate([self._last_codes[None], codes])
        runs = find_runs(band, knot_columns=self._knot_columns)
        corners = find_corners(runs, knot_lines=self._knot_lines(codes.shape[0]), knot_columns=self._knot_columns)
        numbers = self._numbers.take(runs, corners)
        rings = self._walk(band, runs, corners, numbers)
        heads = np.flatnonzero(runs.regions == np.arange(runs.regions.size))
        parts = BandParts(numbers[heads], runs.codes[heads], _part_sums(runs, measures, numbers, numbers[heads]))
        last = runs.last_row_first_run
        self._last_codes = codes[-1].copy()
        self._row += codes.shape[0]
        return self._waiting.sort_out(rings, parts, reaching=numbers[last:][runs.codes[last:] != OUTSIDE])

    def finish(self) -> FinishedRegions:
        """Close the raster below its last row."""
        below = np.zeros((1, self._last_codes.size), np.uint8)
        return self.take(below, [lambda runs: np.zeros(runs.lengths.size)] * self._measures)

    def part_of(self, regions: Numbers) -> Numbers:
        """One number for all that hangs together by pixel sides, as far as is known."""
        return self._numbers.parts.find(regions)

    def _knot_lines(self, height: int) -> Numbers | None:
        if self._shape.knots is None:
            return None
        lines = np.arange(height)
        knots: Numbers = lines[(lines + self._row) % self._shape.knots == 0]
        return knots

    def _walk(self, band: NDArray[np.uint8], runs: RowRuns, corners: Corners, numbers: Numbers) -> RingBlock:
        """All rings that are closed by now, but were not before this band."""
        steps = find_steps(corners)
        chains = order_chains(steps.following)
        heads, tails = chains.members[chains.offsets[:-1]], chains.members[chains.offsets[1:] - 1]
        keys, offsets = self._shape.shape(Walks(band, self._row, corners, steps, chains))
        walks = RingBlock(keys, offsets, numbers[left_runs(corners, steps.arrivals[heads])])
        is_open = steps.following[tails] < 0
        heads, tails = heads[is_open], tails[is_open]
        nodes, coming = np.divmod(steps.arrivals[heads], 4)
        entries = corners.columns[nodes], coming == SOUTH
        exits = corners.columns[steps.arrivals[tails] // 4], steps.departures[tails] == NORTH
        closed = self._link(walks.take(is_open), entries, exits)
        return self._shape.tidy(RingBlock.join([walks.take(~is_open), *closed]))

    def _link(
        self,
        walks: RingBlock,
        entries: tuple[Numbers, NDArray[np.bool_]],
        exits: tuple[Numbers, NDArray[np.bool_]],
    ) -> list[RingBlock]:
        """Join walks that cross a side of the band to those above it; the rings that this closes.

        Args:
            walks: The walks.
            entries: Column where each comes in, and whether from above.
            exits: Column where each goes out, and whether upward.
        """
        bounds = walks.offsets.tolist()
        fragments = [
            Fragment(walks.keys[begin:end].copy(), region)
            for begin, end, region in zip(bounds, bounds[1:], walks.regions.tolist(), strict=False)
        ]
        closed = []
        for fragment, column, from_above in zip(fragments, *(e.tolist() for e in entries), strict=True):
            if from_above:
                closed.append(self._open.enter_from_above(column, fragment))
        for fragment, column, upward in zip(fragments, *(e.tolist() for e in exits), strict=True):
            if upward:
                closed.append(self._open.leave_upward(column, fragment))
        # Only now: a column that was just used may be used again further down.
        for fragment, column, from_above in zip(fragments, *(e.tolist() for e in entries), strict=True):
            if not from_above:
                self._open.enter_from_below(column, fragment)
        for fragment, column, upward in zip(fragments, *(e.tolist() for e in exits), strict=True):
            if not upward:
                self._open.leave_downward(column, fragment)
        rings = [(ring_keys(fragment), fragment.region) for fragment in closed if fragment is not None]
        return [RingBlock(keys, np.array([0, keys.size]), np.array([region])) for keys, region in rings]


def _part_sums(runs: RowRuns, measures: Sequence[RunMeasure], numbers: Numbers, parts: Numbers) -> NDArray[np.float64]:
    """(S, P) sums over the runs of each part, without the row above the band."""
    own = runs.first_row_runs
    inside = np.flatnonzero(runs.codes[own:] != OUTSIDE) + own
    spans = RunSpans(runs.rows[inside] - 1, runs.starts[inside] % runs.stride - 1, runs.lengths[inside])
    places = numbers[inside] - (parts[0] if parts.size else 0)
    return np.array([np.bincount(places, measure(spans), parts.size) for measure in measures]).reshape(-1, parts.size)
