"""A memory limit decides batch, read-ahead and cache, or is refused."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from magnet_geo.compute.allocator import machine_bytes
from magnet_geo.errors import MemoryLimitError
from magnet_geo.grid import Size
from magnet_geo.model import load_bundle
from magnet_geo.scene.memory_plan import Workload, plan_memory, useful_cache
from tests.scene.stub_model import stub_manifest

BUNDLED = load_bundle("landcover").manifest
WORK = Workload(
    manifest=BUNDLED,
    number_bytes=4,
    scene_window=BUNDLED.pyramid.window,
    scene_pixel_bytes=3,
    cache_bytes=64 * 2**20,
    resampled=False,
    output_bytes=1,
    on_gpu=False,
)


def test_one_gigabyte_is_enough_for_the_bundled_model() -> None:
    plan = plan_memory(WORK, batch_size=None, max_memory=10**9, max_vram=None)
    assert plan.main_bytes <= 10**9
    free = plan_memory(WORK, batch_size=None, max_memory=None, max_vram=None)
    assert (free.batch_size, free.cache_bytes) == (2, 64 * 2**20)
    assert free.main_bytes > 10**9
    striped = replace(WORK, cache_bytes=256 * 2**20)
    assert plan_memory(striped, batch_size=None, max_memory=None, max_vram=None).cache_bytes == 256 * 2**20
    assert plan_memory(striped, batch_size=None, max_memory=10**9, max_vram=None).main_bytes <= 10**9


@pytest.mark.parametrize("limit", [1e9, 1.1e9, 1.3e9, 2e9, 8e9])
def test_a_plan_keeps_the_limit_and_more_room_is_used(limit: float) -> None:
    plan = plan_memory(WORK, batch_size=None, max_memory=int(limit), max_vram=None)
    more = plan_memory(WORK, batch_size=None, max_memory=int(1.2 * limit), max_vram=None)
    assert plan.main_bytes <= limit
    assert more.main_bytes >= plan.main_bytes
    assert more.batch_size >= plan.batch_size


def test_a_limit_that_cannot_be_kept_is_refused_with_one_that_can() -> None:
    with pytest.raises(
        MemoryLimitError, match=r"needs about .* but `max_memory` allows 500 MB; .* [\d.]+GB\."
    ) as caught:
        plan_memory(WORK, batch_size=None, max_memory=500 * 10**6, max_vram=None)
    enough = float(str(caught.value).rsplit("`max_memory` ", 1)[1].removesuffix("GB."))
    assert plan_memory(WORK, batch_size=None, max_memory=int(enough * 1e9), max_vram=None).batch_size == 1


def test_a_window_that_the_machine_cannot_hold_is_refused_by_arithmetic() -> None:
    with pytest.raises(MemoryLimitError, match=r"2048 x 2048 pixels, needs .* this machine has 600 MB"):
        plan_memory(WORK, batch_size=None, max_memory=None, max_vram=None, machine_bytes=600 * 10**6)
    assert plan_memory(WORK, batch_size=None, max_memory=None, max_vram=None, machine_bytes=10**10).batch_size == 2


def test_the_machine_or_its_container_says_what_there_is(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal:       1000 kB\nMemFree: 1 kB\n")
    assert machine_bytes(meminfo, tmp_path) == 1_024_000
    (tmp_path / "memory.max").write_text("500000\n")
    assert machine_bytes(meminfo, tmp_path) == 500_000
    (tmp_path / "memory.max").write_text("max\n")
    assert machine_bytes(meminfo, tmp_path) == 1_024_000
    assert machine_bytes(tmp_path / "none", tmp_path) is None


def test_the_gpu_has_a_limit_of_its_own() -> None:
    work = replace(WORK, on_gpu=True, number_bytes=2)
    sizes = [
        plan_memory(work, batch_size=None, max_memory=None, max_vram=int(limit * 1e9)).batch_size
        for limit in (0.7, 0.8, 1, 1.5, 8)
    ]
    assert sizes == sorted(sizes)
    assert (sizes[-1], len(set(sizes)) > 2) == (16, True)
    with pytest.raises(MemoryLimitError, match="`max_vram` allows 100 MB"):
        plan_memory(work, batch_size=None, max_memory=None, max_vram=100 * 10**6)
    assert plan_memory(work, batch_size=4, max_memory=None, max_vram=None).batch_size == 4


def test_a_larger_window_needs_more() -> None:
    small = replace(WORK, manifest=stub_manifest(), scene_window=Size(128, 128))
    assert plan_memory(small, batch_size=None, max_memory=None, max_vram=None).main_bytes < 0.8e9


def test_the_cache_holds_the_strips_that_a_row_of_windows_shares() -> None:
    window = Size(2048, 2048)
    mebibytes = {
        width: useful_cache(block=Size(rows, cols), scene=Size(9000, width), window=window, pixel_bytes=3) / 2**20
        for rows, cols, width in ((512, 512, 40_000), (1, 2000, 2000), (1, 20_000, 20_000), (8, 90_000, 90_000))
    }
    assert mebibytes == {40_000: 64, 2000: 64, 20_000: pytest.approx(117, abs=1), 90_000: 256}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="others do not tell a process from its parent")
def test_the_peak_of_a_process_is_not_its_parents() -> None:
    held = np.ones(400 * 2**20, np.uint8)
    code = "from magnet_geo.compute.peak_memory import peak_memory_bytes; print(peak_memory_bytes())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) < held.nbytes
