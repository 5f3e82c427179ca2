"""`MergedBands`: the bands of a class raster in which no patch is smaller than the minimum mapping unit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from magnet_geo.grid import PixelRect, RasterGrid
from magnet_geo.vector.class_bands import Band, BandSource
from magnet_geo.vector.merging.patch_graph import Borders, PatchGraph
from magnet_geo.vector.tracing.border_walk import find_corners
from magnet_geo.vector.tracing.region_numbers import Connectivity, RegionNumbers
from magnet_geo.vector.tracing.row_runs import OUTSIDE, RowRuns, find_runs
from magnet_geo.vector.tracing.run_measures import RunMeasure, RunSpans

Numbers = NDArray[np.int64]
MeasureOf = Callable[[PixelRect], RunMeasure]


@dataclass(frozen=True, slots=True)
class MergedBands(BandSource):
    """Reads a source a second time, with the class each run has after merging.

    Attributes:
        source: The raster as it is.
        codes: (N,) uint8 class by region number.
        connectivity: As the numbers were given.
        changed: Patches that took another class.
    """

    source: BandSource
    codes: NDArray[np.uint8]
    connectivity: Connectivity
    changed: int

    @property
    @override
    def grid(self) -> RasterGrid:
        return self.source.grid

    @override
    def bands(self) -> Iterator[Band]:
        for band, runs, numbers in _numbered(self.source, RegionNumbers(self.connectivity)):
            own = runs.first_row_runs
            codes = np.repeat(self.codes[numbers[own:]], runs.lengths[own:])
            yield Band(band.rect, codes.reshape(-1, runs.stride)[:, 1:-1])


def merge_small_patches(
    source: BandSource,
    *,
    least: float,
    measure: MeasureOf,
    connectivity: Connectivity = 4,
    pixel_size: tuple[float, float] = (1.0, 1.0),
    each_band: Callable[[Band], None] = lambda band: None,
) -> MergedBands:
    """Reads a raster once and decides which patches take another class; see `PatchGraph.merge_small`.

    Memory grows with the number of patches and of pairs of neighbors, about 100 bytes for each patch.

    Args:
        source: The raster.
        least: Smaller patches merge.
        measure: Gives the size of runs of a band, in the unit of ``least``.
        connectivity: Whether pixels of a patch share sides (4) or may touch by the corner (8).
        pixel_size: Height and width of a pixel, in any unit: borders are measured with them.
        each_band: Called with each band that was read.
    """
    numbers = RegionNumbers(connectivity)
    census = _Census(pixel_size)
    for band, runs, run_numbers in _numbered(source, numbers):
        census.add(runs, run_numbers, measure(band.rect), with_touching=connectivity == 8)
        each_band(band)
    roots, place = np.unique(numbers.regions.find(np.arange(len(numbers.parts))), return_inverse=True)
    graph = census.graph(roots, place)
    merged = graph.merge_small(least)
    return MergedBands(source, merged[place], connectivity, int(np.count_nonzero(merged != graph.codes)))


@dataclass(slots=True)
class _Census:
    pixel_size: tuple[float, float]
    codes: list[NDArray[np.uint8]] = field(default_factory=list)
    sizes: list[NDArray[np.float64]] = field(default_factory=list)
    borders: list[Borders] = field(default_factory=list)

    def add(self, runs: RowRuns, numbers: Numbers, measure: RunMeasure, *, with_touching: bool) -> None:
        """Add the parts of a band."""
        heads = np.flatnonzero(runs.regions == np.arange(runs.regions.size))
        self.codes.append(runs.codes[heads])
        own = np.arange(runs.first_row_runs, runs.codes.size)
        own = own[runs.codes[own] != OUTSIDE]
        spans = RunSpans(runs.rows[own] - 1, runs.starts[own] % runs.stride - 1, runs.lengths[own])
        sizes = np.bincount(numbers[own] - numbers[heads[0]], measure(spans), heads.size)
        self.sizes.append(sizes.astype(np.float64, copy=False))
        self.borders.append(_borders(runs, numbers, self.pixel_size, with_touching=with_touching))

    def graph(self, roots: Numbers, place: Numbers) -> PatchGraph:
        """Return the patches of all bands; parts that are one patch are brought together."""
        borders = Borders.join(self.borders)
        return PatchGraph(
            np.concatenate(self.codes)[roots],
            np.bincount(place, np.concatenate(self.sizes), roots.size).astype(np.float64, copy=False),
            Borders.of(place[borders.first], place[borders.second], borders.lengths),
        )


def _numbered(source: BandSource, numbers: RegionNumbers) -> Iterator[tuple[Band, RowRuns, Numbers]]:
    last = np.zeros(source.grid.width, np.uint8)
    for band in source.bands():
        runs = find_runs(np.concatenate([last[None], band.codes]))
        yield band, runs, numbers.take(runs, find_corners(runs))
        last = band.codes[-1].copy()


def _borders(runs: RowRuns, numbers: Numbers, pixel_size: tuple[float, float], *, with_touching: bool) -> Borders:
    pixel_height, pixel_width = pixel_size
    beside = np.arange(runs.first_row_runs + 1, runs.codes.size)
    first, second, lengths = [beside - 1], [beside], [np.full(beside.size, pixel_height)]
    ends = np.append(runs.piece_starts[1:], (runs.piece_starts[-1] // runs.stride + 1) * runs.stride)
    first.append(runs.above)
    second.append(runs.below)
    lengths.append((ends - runs.piece_starts) * pixel_width)
    if with_touching:
        # Across each end of a piece, except at the padding.
        inner = np.flatnonzero(runs.piece_starts[1:] % runs.stride != 0) + 1
        first += [runs.above[inner - 1], runs.above[inner]]
        second += [runs.below[inner], runs.below[inner - 1]]
        lengths += [np.zeros(inner.size)] * 2
    one, other, length = np.concatenate(first), np.concatenate(second), np.concatenate(lengths)
    wanted = (runs.codes[one] != OUTSIDE) & (runs.codes[other] != OUTSIDE)
    return Borders.of(numbers[one[wanted]], numbers[other[wanted]], length[wanted])
