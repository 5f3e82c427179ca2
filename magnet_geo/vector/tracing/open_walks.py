"""Joins walks that cross from one band of rows into the next."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.int64]


@dataclass(slots=True, eq=False)
class Fragment:
    """A part of a walk inside one band.

    Attributes:
        keys: (K,) corners; none where simplification left none.
        region: A region number of the walk.
    """

    keys: Keys
    region: int
    _next: Fragment | None = field(default=None, init=False)
    _group: Fragment | None = field(default=None, init=False)

    def root(self) -> Fragment:
        """One fragment for all that are linked."""
        root = self
        while root._group is not None:
            root = root._group
        node = self
        while node._group is not None:
            node._group, node = root, node._group
        return root


class OpenWalks:
    """The walks that cross the lower side of the rows so far."""

    def __init__(self) -> None:
        self._downward: dict[int, Fragment] = {}
        self._upward: dict[int, Fragment] = {}

    def __len__(self) -> int:
        return len(self._downward) + len(self._upward)

    def enter_from_above(self, column: int, fragment: Fragment) -> Fragment | None:
        """Link a fragment that begins where a walk came down a column; the ring, if this closed it."""
        return _link(self._downward.pop(column), fragment)

    def leave_upward(self, column: int, fragment: Fragment) -> Fragment | None:
        """Link a fragment that ends where a walk went up a column; the ring, if this closed it."""
        return _link(fragment, self._upward.pop(column))

    def leave_downward(self, column: int, fragment: Fragment) -> None:
        """Remember a fragment that goes on below."""
        self._downward[column] = fragment

    def enter_from_below(self, column: int, fragment: Fragment) -> None:
        """Remember a fragment whose beginning lies below."""
        self._upward[column] = fragment


def ring_keys(fragment: Fragment) -> Keys:
    """Return the corners of a closed ring, in order."""
    parts, node = [fragment.keys], fragment._next
    while node is not None and node is not fragment:
        parts.append(node.keys)
        node = node._next
    return np.concatenate(parts)


def _link(before: Fragment, after: Fragment) -> Fragment | None:
    before._next = after
    first, second = before.root(), after.root()
    if first is second:
        return before
    second._group = first
    return None
