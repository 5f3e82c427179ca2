"""Patches of a class raster, their sizes and shared borders; small ones merge into their neighbors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from magnet_geo.vector.tracing.disjoint_sets import connect
from magnet_geo.vector.tracing.row_runs import OUTSIDE

Numbers = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Borders:
    """Which patches lie beside each other.

    Attributes:
        first: (E,) one patch, the lesser number.
        second: (E,) the other.
        lengths: (E,) length of the border they share; 0 where they touch by a corner only.
    """

    first: Numbers
    second: Numbers
    lengths: Floats

    @classmethod
    def of(cls, first: Numbers, second: Numbers, lengths: Floats) -> Borders:
        """Each pair once, with all of its length; a patch has no border with itself."""
        apart = first != second
        low, high = np.minimum(first, second)[apart], np.maximum(first, second)[apart]
        pairs, place = np.unique((low << 32) | high, return_inverse=True)
        return cls(pairs >> 32, pairs & (2**32 - 1), _sums(place, lengths[apart], pairs.size))

    @classmethod
    def join(cls, parts: list[Borders]) -> Borders:
        """Return the borders of several bands."""
        return cls.of(*(np.concatenate([getattr(p, name) for p in parts]) for name in ("first", "second", "lengths")))


@dataclass(frozen=True, slots=True)
class PatchGraph:
    """Patches in reading order, no two neighbors of one class.

    Attributes:
        codes: (N,) uint8 class of each; outside is no patch and has no borders.
        sizes: (N,) in the unit of the least size.
        borders: Who lies beside whom.
    """

    codes: NDArray[np.uint8]
    sizes: Floats
    borders: Borders

    def merge_small(self, least: float) -> NDArray[np.uint8]:
        """Return each patch the class it has once all patches below a size are merged into neighbors.

        In each round all small patches that have no smaller small neighbor join the neighbor with the longest shared
        border; of several, the larger one, then the one that comes first in reading order. Patches of one class that
        come to lie beside each other are one patch from then on. Rounds go on until nothing is small, but for patches
        that have no neighbor at all. Of two equally small patches the first in reading order goes first.

        Args:
            least: Smaller patches merge.

        Returns:
            (N,) uint8.
        """
        codes, sizes, borders = self.codes.copy(), self.sizes, self.borders
        owners = np.arange(codes.size)
        while (leaving := _leaving(codes, sizes, borders, least)).any():
            targets = _targets(leaving, sizes, borders)
            movers = np.flatnonzero(leaving)
            codes[movers] = codes[targets[movers]]
            met = (leaving[borders.first] | leaving[borders.second]) & (codes[borders.first] == codes[borders.second])
            merged = connect(
                codes.size,
                np.concatenate([movers, borders.first[met]]),
                np.concatenate([targets[movers], borders.second[met]]),
            )
            kept, place = np.unique(merged, return_inverse=True)
            owners = place[owners]
            codes, sizes = codes[kept], _sums(place, sizes, kept.size)
            borders = Borders.of(place[borders.first], place[borders.second], borders.lengths)
        return codes[owners]


def _leaving(codes: NDArray[np.uint8], sizes: Floats, borders: Borders, least: float) -> NDArray[np.bool_]:
    """Small patches with a neighbor to join and without a smaller one beside them that goes first."""
    first, second = borders.first, borders.second
    shares_side = np.zeros(codes.size, np.bool_)
    shares_side[first[borders.lengths > 0]] = True
    shares_side[second[borders.lengths > 0]] = True
    small: NDArray[np.bool_] = (sizes < least) & shares_side & (codes != OUTSIDE)
    both = small[first] & small[second]
    # Numbers follow the reading order, and the first of a pair is the lesser one.
    first_goes = sizes[first[both]] <= sizes[second[both]]
    small[np.where(first_goes, second[both], first[both])] = False
    return small


def _targets(leaving: NDArray[np.bool_], sizes: Floats, borders: Borders) -> Numbers:
    """(N,) the neighbor that each leaving patch joins; itself for all others."""
    movers = np.concatenate([borders.first, borders.second])
    neighbors = np.concatenate([borders.second, borders.first])
    lengths = np.tile(borders.lengths, 2)
    wanted = leaving[movers] & (lengths > 0)
    movers, neighbors, lengths = movers[wanted], neighbors[wanted], lengths[wanted]
    order = np.lexsort((neighbors, -sizes[neighbors], -lengths, movers))
    best = order[np.flatnonzero(np.diff(movers[order], prepend=-1))]
    targets = np.arange(leaving.size)
    targets[movers[best]] = neighbors[best]
    return targets


def _sums(places: Numbers, values: Floats, count: int) -> Floats:
    return np.bincount(places, values, count).astype(np.float64, copy=False)
