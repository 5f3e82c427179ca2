"""Lists and rings come out in order."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from magnet_geo.vector.tracing.disjoint_sets import DisjointSets, connect
from magnet_geo.vector.tracing.list_ranking import order_chains


@settings(max_examples=200)
@given(lengths=st.lists(st.integers(2, 60), max_size=12), seed=st.integers(0, 2**32 - 1), data=st.data())
def test_every_list_and_ring_is_walked_once_and_in_order(lengths, seed, data):
    names = np.random.default_rng(seed).permutation(sum(lengths))
    following = np.full(names.size, -1)
    rings = 0
    for chain in np.split(names, np.cumsum(lengths)[:-1] if lengths else []):
        following[chain[:-1]] = chain[1:]
        if chain.size and data.draw(st.booleans()):
            following[chain[-1]] = chain[0]
            rings += 1
    chains = order_chains(following)
    assert sorted(chains.members.tolist()) == list(range(names.size))
    assert chains.offsets.size == len(lengths) + 1
    closed = 0
    for begin, end in zip(chains.offsets, chains.offsets[1:], strict=False):
        walk = chains.members[begin:end]
        assert np.array_equal(following[walk[:-1]], walk[1:])
        assert following[walk[-1]] in (-1, walk[0])
        closed += following[walk[-1]] == walk[0]
    assert closed == rings


@settings(max_examples=100)
@given(count=st.integers(1, 40), pairs=st.lists(st.tuples(st.integers(0, 39), st.integers(0, 39)), max_size=40))
def test_components_are_those_of_repeated_joining(count, pairs):
    links = np.array([p for p in pairs if max(p) < count], np.int64).reshape(-1, 2)
    expected = np.arange(count)
    for _ in range(count):
        for first, second in links.tolist():
            expected[[first, second]] = min(expected[first], expected[second])
    assert np.array_equal(connect(count, links[:, 0], links[:, 1]), expected)
    sets = DisjointSets()
    sets.add(count)
    for first, second in links.tolist():
        sets.unite(np.array([first]), np.array([second]))
    assert np.array_equal(sets.find(np.arange(count)), expected)
