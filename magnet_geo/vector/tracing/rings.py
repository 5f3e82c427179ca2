"""`RingBlock`: many closed rings of corners in two flat arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from magnet_geo.vector.tracing.corner_keys import positions

Numbers = NDArray[np.int64]

_STEPS_AT_ONCE = 2**20


@dataclass(frozen=True, slots=True)
class RingBlock:
    """Rings one after the other.

    Attributes:
        keys: (N,) corner keys of all rings; a ring's first corner is not repeated at its end.
        offsets: (R + 1,) where each ring begins.
        regions: (R,) a number of the region on each ring's left.
    """

    keys: Numbers
    offsets: Numbers
    regions: Numbers

    @property
    def lengths(self) -> Numbers:
        """(R,) corners of each ring."""
        return np.diff(self.offsets)

    @property
    def previous(self) -> Numbers:
        """(N,) place of the corner before each one in its ring."""
        before = np.arange(-1, self.keys.size - 1)
        filled = self.lengths > 0
        before[self.offsets[:-1][filled]] = self.offsets[1:][filled] - 1
        return before

    def take(self, chosen: NDArray[np.bool_]) -> RingBlock:
        """Some of the rings, (R,) boolean, in their order."""
        kept = self.lengths[chosen]
        return RingBlock(self.keys[np.repeat(chosen, self.lengths)], offsets_of(kept), self.regions[chosen])

    def reorder(self, order: Numbers) -> RingBlock:
        """Return the rings in another order, (R,) places."""
        kept = self.lengths[order]
        offsets = offsets_of(kept)
        places = np.repeat(self.offsets[:-1][order] - offsets[:-1], kept)
        places += np.arange(offsets[-1])
        return RingBlock(self.keys[places], offsets, self.regions[order])

    def without(self, dropped: NDArray[np.bool_]) -> RingBlock:
        """Return the rings without some of their corners, (N,) boolean."""
        left = np.concatenate([[0], np.cumsum(~dropped)])
        return RingBlock(self.keys[~dropped], left[self.offsets], self.regions)

    def steps(self) -> Iterator[tuple[slice, Numbers, Numbers]]:
        """Each corner and the next one in its ring, some at a time, so that a giant ring needs no more memory.

        Yields:
            Which corners, and (n,) keys of these and of the following ones.
        """
        ends, begins = self.offsets[1:] - 1, self.offsets[:-1]
        for start in range(0, self.keys.size, _STEPS_AT_ONCE):
            stop = min(start + _STEPS_AT_ONCE, self.keys.size)
            after = np.arange(start + 1, stop + 1)
            closing = slice(np.searchsorted(ends, start), np.searchsorted(ends, stop))
            after[ends[closing] - start] = begins[closing]
            yield slice(start, stop), self.keys[start:stop], self.keys[after]

    def areas(self) -> Numbers:
        """(R,) signed areas in eighths of a pixel: above 0 where the region lies inside the ring, below 0 for holes."""
        products = np.zeros(self.keys.size + 1, np.int64)
        for places, own, after in self.steps():
            (line, column), (next_line, next_column) = positions(own), positions(after)
            products[places] = (line + next_line) * (next_column - column)
        return np.add.reduceat(products, self.offsets[:-1]) * (self.lengths > 0)

    @classmethod
    def join(cls, blocks: Sequence[RingBlock]) -> RingBlock:
        """All rings of several blocks."""
        if not blocks:
            return cls(np.empty(0, np.int64), np.zeros(1, np.int64), np.empty(0, np.int64))
        return cls(
            np.concatenate([block.keys for block in blocks]),
            offsets_of(np.concatenate([block.lengths for block in blocks])),
            np.concatenate([block.regions for block in blocks]),
        )


def offsets_of(lengths: Numbers) -> Numbers:
    """Return where parts of given lengths begin, and the end of the last."""
    return np.concatenate([[0], np.cumsum(lengths)])
