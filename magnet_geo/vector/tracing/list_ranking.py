"""Puts linked lists and rings in order, many at once, with work in proportion to their length."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]

# Knuth's multiplicative hash: spreads neighbors over the whole range, so that local minima are dense on any list.
_SPREAD = np.uint32(2654435761)


@dataclass(frozen=True, slots=True)
class Chains:
    """Lists and rings in order.

    Attributes:
        members: (N,) int64, all elements, chain by chain, each in order.
        offsets: (C + 1,) int64, where each chain begins in ``members``.
    """

    members: Numbers
    offsets: Numbers


def order_chains(following: Numbers) -> Chains:
    """Walks every list and ring.

    Args:
        following: (N,) the element after each one; -1 at the end of a list. No element follows two others.
    """
    chain, position, lengths = _rank(following, np.ones(following.size, np.int64))
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    members = np.empty(following.size, np.int64)
    members[offsets[chain] + position] = np.arange(following.size)
    return Chains(members, offsets)


def _rank(following: Numbers, weights: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Chain of each element, the weight before it, and the weight of each chain.

    Elements with the least hash among their neighbors walk, all at once, to the next such element. What they
    pass is contracted into them, and the shorter lists are ranked in the same way.
    """
    if not (following >= 0).any():
        return np.arange(following.size), np.zeros(following.size, np.int64), weights
    begins = _starting_points(following)
    starts = np.flatnonzero(begins)
    owner = np.empty(following.size, np.int64)
    before = np.zeros(following.size, np.int64)
    owner[starts] = np.arange(starts.size)
    total = weights[starts].copy()
    successor = np.full(starts.size, -1)
    walkers, place = np.arange(starts.size), following[starts]
    while walkers.size:
        stays = place >= 0
        walkers, place = walkers[stays], place[stays]
        arrived = begins[place]
        successor[walkers[arrived]] = owner[place[arrived]]
        walkers, place = walkers[~arrived], place[~arrived]
        owner[place], before[place] = walkers, total[walkers]
        total[walkers] += weights[place]
        place = following[place]
    # A ring contracted to a single element is in order.
    successor[successor == np.arange(starts.size)] = -1
    chain, ahead, lengths = _rank(successor, total)
    return chain[owner], ahead[owner] + before, lengths


def _starting_points(following: Numbers) -> NDArray[np.bool_]:
    """Heads of lists, and the elements whose hash is below both neighbors' unless they follow a head.

    No two of them are neighbors, so that at least half of each list or ring is contracted.
    """
    elements = np.arange(following.size)
    inner = following >= 0
    targets = following[inner]
    has_previous = np.zeros(following.size, np.bool_)
    has_previous[targets] = True
    key = (elements.astype(np.uint32) + np.uint32(1)) * _SPREAD
    after_is_less = np.zeros(following.size, np.bool_)
    after_is_less[inner] = key[targets] < key[inner]
    previous_is_less = np.zeros(following.size, np.bool_)
    previous_is_less[targets] = key[inner] < key[targets]
    least = ~(after_is_less | previous_is_less)
    second = following[inner & ~has_previous]
    least[second] = False
    return ~has_previous | least
