"""Connected components over pairs of numbers: within one band of rows, and across all bands so far."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]


def connect(count: int, first: Numbers, second: Numbers) -> Numbers:
    """Joins numbers that are linked, directly or through others.

    Args:
        count: The numbers are 0 to count - 1.
        first: (P,) one end of each link.
        second: (P,) the other end.

    Returns:
        (count,) int64, the least number of each component.
    """
    parent = np.arange(count)
    _hook(parent, first, second)
    return parent


class DisjointSets:
    """Components of numbers that are handed out as time goes by; the least number of a component stands for it."""

    def __init__(self) -> None:
        self._parent = np.empty(0, np.int64)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, count: int) -> int:
        """Hand out new numbers, each a component of its own.

        Returns:
            The first of them.
        """
        first, self._count = self._count, self._count + count
        if self._count > self._parent.size:
            grown = np.arange(max(self._count, 2 * self._parent.size))
            grown[:first] = self._parent[:first]
            self._parent = grown
        return first

    def unite(self, first: Numbers, second: Numbers) -> None:
        """Join the components of pairs of numbers."""
        _hook(self._parent, self.find(first), self.find(second))

    def find(self, numbers: Numbers) -> Numbers:
        """Return the number that stands for the component of each given one, as of now."""
        found = self._parent[numbers]
        while not np.array_equal(above := self._parent[found], found):
            found = above
        self._parent[numbers] = found
        return found


def _hook(parent: Numbers, first: Numbers, second: Numbers) -> None:
    """Unite pairs of roots in place, then point all of their trees' nodes among the pairs at the new roots."""
    touched = np.unique(np.concatenate([first, second])) if parent.size > 4 * first.size else None
    while first.size:
        # The larger root hangs below the smaller one: no cycle can arise, whichever of several pairs wins.
        parent[np.maximum(first, second)] = np.minimum(first, second)
        _flatten(parent, touched)
        first, second = parent[first], parent[second]
        apart = first != second
        first, second = first[apart], second[apart]


def _flatten(parent: Numbers, touched: Numbers | None) -> None:
    nodes = slice(None) if touched is None else touched
    while not np.array_equal(above := parent[parent[nodes]], parent[nodes]):
        parent[nodes] = above
