"""Which regions are finished, and what is kept of those that may go on in the next rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from magnet_geo.vector.tracing.disjoint_sets import DisjointSets
from magnet_geo.vector.tracing.rings import RingBlock
from magnet_geo.vector.tracing.row_runs import OUTSIDE

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class BandParts:
    """The parts of regions in one band.

    Attributes:
        numbers: (P,) number of each.
        codes: (P,) uint8 code of each; outside ones are not regions.
        sums: (S, P) sums over its pixels.
    """

    numbers: Numbers
    codes: NDArray[np.uint8]
    sums: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FinishedRegions:
    """Regions that no later row can change.

    Attributes:
        rings: Their rings.
        owners: (R,) the region of each ring, an index into the following.
        codes: (F,) uint8 code of each region.
        sums: (S, F) sums over its pixels.
    """

    rings: RingBlock
    owners: Numbers
    codes: NDArray[np.uint8]
    sums: NDArray[np.float64]

    def take(self, chosen: NDArray[np.bool_]) -> FinishedRegions:
        """Some of the regions, (F,) boolean."""
        kept = chosen[self.owners]
        places = np.cumsum(chosen) - 1
        return FinishedRegions(
            self.rings.take(kept), places[self.owners[kept]], self.codes[chosen], self.sums[:, chosen]
        )

    @classmethod
    def dissolve(cls, parts: Sequence[FinishedRegions]) -> FinishedRegions:
        """One region for each code."""
        all_codes = np.concatenate([part.codes for part in parts])
        codes, place = np.unique(all_codes, return_inverse=True)
        all_sums = np.concatenate([part.sums for part in parts], axis=1)
        sums = np.array([np.bincount(place, row, codes.size) for row in all_sums]).reshape(len(all_sums), codes.size)
        owners = np.searchsorted(codes, np.concatenate([part.codes[part.owners] for part in parts]))
        return cls(RingBlock.join([part.rings for part in parts]), owners, codes, sums)


@dataclass(slots=True)
class _Waiting:
    code: int
    sums: NDArray[np.float64]
    blocks: list[RingBlock] = field(default_factory=list)


class WaitingRegions:
    """Regions that reach the last row so far, by the number that stands for them."""

    def __init__(self, regions: DisjointSets) -> None:
        self._regions = regions
        self._waiting: dict[int, _Waiting] = {}

    def sort_out(self, rings: RingBlock, parts: BandParts, *, reaching: Numbers) -> FinishedRegions:
        """Take what a band has brought, and hand out what is finished.

        Args:
            rings: Rings closed in this band.
            parts: Parts of regions in it.
            reaching: Numbers of the parts that reach its last row.
        """
        self._merge()
        inside = parts.codes != OUTSIDE
        roots, place = np.unique(self._regions.find(parts.numbers[inside]), return_inverse=True)
        codes = np.zeros(roots.size, np.uint8)
        codes[place] = parts.codes[inside]
        sums = np.zeros((len(parts.sums), roots.size))
        for row, values in zip(sums, parts.sums, strict=True):
            row[:] = np.bincount(place, values[inside], roots.size)
        open_roots = np.unique(self._regions.find(reaching))
        waits = np.isin(roots, open_roots) | np.isin(roots, self._keys())
        self._keep(roots[waits], codes[waits], sums[:, waits])
        ring_roots = self._regions.find(rings.regions)
        kept = np.isin(ring_roots, self._keys())
        self._keep_rings(rings.take(kept), ring_roots[kept])
        owners = np.searchsorted(roots[~waits], ring_roots[~kept])
        fresh = FinishedRegions(rings.take(~kept), owners, codes[~waits], sums[:, ~waits])
        done = np.setdiff1d(self._keys(), open_roots)
        return self._with_released(fresh, [self._waiting.pop(root) for root in done.tolist()])

    def _keys(self) -> Numbers:
        return np.fromiter(self._waiting, np.int64, len(self._waiting))

    def _merge(self) -> None:
        """Bring together what turned out to be one region."""
        keys = self._keys()
        for key, root in zip(keys.tolist(), self._regions.find(keys).tolist(), strict=True):
            if key != root:
                self._add(root, self._waiting.pop(key))

    def _add(self, root: int, waiting: _Waiting) -> None:
        found = self._waiting.setdefault(root, waiting)
        if found is not waiting:
            found.sums = found.sums + waiting.sums
            found.blocks += waiting.blocks

    def _keep(self, roots: Numbers, codes: NDArray[np.uint8], sums: NDArray[np.float64]) -> None:
        for index, root in enumerate(roots.tolist()):
            self._add(root, _Waiting(int(codes[index]), sums[:, index]))

    def _keep_rings(self, rings: RingBlock, roots: Numbers) -> None:
        order = np.argsort(roots, kind="stable")
        ordered, sorted_roots = rings.reorder(order), roots[order]
        bounds = np.flatnonzero(np.diff(sorted_roots, prepend=-1, append=-1)).tolist()
        for begin, end in pairwise(bounds):
            first = ordered.offsets[begin]
            keys = ordered.keys[first : ordered.offsets[end]].copy()
            block = RingBlock(keys, ordered.offsets[begin : end + 1] - first, ordered.regions[begin:end])
            self._waiting[int(sorted_roots[begin])].blocks.append(block)

    def _with_released(self, fresh: FinishedRegions, released: list[_Waiting]) -> FinishedRegions:
        blocks = [block for waiting in released for block in waiting.blocks]
        counts = [sum(block.regions.size for block in waiting.blocks) for waiting in released]
        own = np.repeat(np.arange(len(released)) + fresh.codes.size, np.array(counts, np.int64))
        return FinishedRegions(
            RingBlock.join([fresh.rings, *blocks]),
            np.concatenate([fresh.owners, own]),
            np.concatenate([fresh.codes, np.array([w.code for w in released], np.uint8)]),
            np.concatenate([fresh.sums, *(w.sums[:, None] for w in released)], axis=1),
        )
