"""Freed memory goes back to the system where a process holds too much of it."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from magnet_geo.compute import allocator
from magnet_geo.compute.allocator import resident_bytes, trim_above


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells what a process holds")
def test_what_is_held_is_known() -> None:
    before = resident_bytes()
    array = np.ones(64 * 2**20, np.uint8)
    after = resident_bytes()
    assert before is not None
    assert after is not None
    assert after - before > 0.9 * array.nbytes


@pytest.mark.parametrize(
    ("held", "is_limit", "trimmed"),
    [(940, False, False), (960, False, True), (840, True, False), (860, True, True), (None, False, False)],
)
def test_memory_is_given_back_above_a_share_of_the_plan(
    monkeypatch: pytest.MonkeyPatch, held: int | None, is_limit: bool, trimmed: bool
) -> None:
    calls: list[bool] = []
    monkeypatch.setattr(allocator, "resident_bytes", lambda: held)
    monkeypatch.setattr(allocator, "malloc_trim", lambda: calls.append(True))
    trim_above(1000, is_limit=is_limit)
    assert bool(calls) is trimmed
