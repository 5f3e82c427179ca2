"""What the process asks of torch's libraries, unless the user asked for something else."""

from __future__ import annotations

import os
import sys

import pytest

from magnet_geo.compute import process
from magnet_geo.compute.process import configure_process

NAMES = ("THP_MEM_ALLOC_ENABLE", "GOMP_SPINCOUNT", "OMP_WAIT_POLICY")


@pytest.mark.skipif(sys.platform != "linux", reason="pages of 2 MB are asked for on Linux only")
def test_large_pages_and_short_waits_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    configure_process()
    assert {name: os.environ.get(name) for name in NAMES} == dict(zip(NAMES, ("1", "10000", None), strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_what_the_user_set_stays(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for other in NAMES:
        monkeypatch.setenv(other, "")
        monkeypatch.delenv(other)
    monkeypatch.setenv(name, "7")
    configure_process()
    assert os.environ[name] == "7"
    assert name != "OMP_WAIT_POLICY" or "GOMP_SPINCOUNT" not in os.environ


@pytest.mark.parametrize(("user_says", "shared"), [(None, True), ("4", False)])
def test_threads_share_freed_memory_unless_the_user_says_otherwise(
    monkeypatch: pytest.MonkeyPatch, user_says: str | None, shared: bool
) -> None:
    calls: list[str] = []
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(process, "_share_freed_memory", lambda: calls.append("shared"))
    for name in NAMES:
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("MALLOC_ARENA_MAX", user_says or "")
    if user_says is None:
        monkeypatch.delenv("MALLOC_ARENA_MAX")
    configure_process()
    assert bool(calls) is shared
