"""What a run will take: no less than its slowest thread, no less than its cores need, more with each refined patch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from magnet_geo.scene import RefineMode, SegmentOptions, estimate_time, plan_run, segment_scene
from magnet_geo.scene.estimate import time_one_window
from magnet_geo.scene.refinement.cost import Cost, StepCosts
from tests.scene.stub_model import stub_model, texture, write_scene

seconds = st.floats(0, 1e4)
costs = st.builds(Cost, seconds, seconds)
speeds = st.builds(
    StepCosts,
    windows=st.integers(1, 1000),
    patches=st.integers(0, 10_000),
    cores=st.integers(1, 64),
    read=costs,
    coarse_read=costs,
    coarse=costs,
    window=costs,
    keep=costs,
    patch=costs,
    write=costs,
    fast_share=st.none(),
)
shares = st.floats(0, 1)


@given(speeds, shares, st.booleans())
def test_a_run_takes_what_its_slowest_thread_and_its_cores_need(
    speed: StepCosts, share: float, two_passes: bool
) -> None:
    estimate = speed.estimate(refined_share=share, two_passes=two_passes)
    refined = speed.patches * share
    networks = speed.windows * speed.window.clock_s + refined * speed.patch.clock_s
    reading = speed.windows * speed.read.clock_s
    work = speed.windows * (speed.window + speed.read + speed.keep).cpu_s + refined * speed.patch.cpu_s
    assert estimate.seconds * (1 + 1e-9) >= max(networks, reading, work / speed.cores)


@given(speeds, shares, st.booleans())
def test_seconds_are_linear_in_the_share_that_is_refined(speed: StepCosts, share: float, two_passes: bool) -> None:
    full = speed.estimate(refined_share=1.0, two_passes=two_passes)
    part = speed.estimate(refined_share=share, two_passes=two_passes)
    assert part.seconds == pytest.approx(full.seconds - (1 - share) * full.refining_seconds, abs=1e-3)
    ranked = speed.estimate(refined_share=share, two_passes=True)
    unranked = speed.estimate(refined_share=share, two_passes=False)
    assert ranked.seconds == pytest.approx(unranked.seconds + full.ranking_seconds, abs=1e-3)


def test_patches_and_the_fast_share_are_those_of_the_run(tmp_path: Path) -> None:
    scene = write_scene(tmp_path / "scene.tif", texture(3, 331, 300))
    model, options = stub_model(radius=1), SegmentOptions(refine=RefineMode("fast"))
    plan = plan_run(scene, model, options)
    speed = time_one_window(plan, model, options)
    result = segment_scene(scene, output=tmp_path / "map.tif", model=model, options=options)
    assert speed.windows == len(plan.windows)
    assert speed.patches == sum(level.patches for level in result.levels)
    assert speed.fast_share == estimate_time(plan, model, options).refined_share
    assert estimate_time(plan, stub_model(decimations=(1,)), options).fast_share is None


def test_a_scene_alike_everywhere_has_the_fast_share_of_its_trial(tmp_path: Path) -> None:
    flat = np.full((3, 331, 300), 90, np.uint8)
    scene = write_scene(tmp_path / "scene.tif", flat)
    model, options = stub_model(), SegmentOptions(refine=RefineMode("fast"))
    result = segment_scene(scene, output=tmp_path / "map.tif", model=model, options=options)
    assert estimate_time(plan_run(scene, model, options), model, options).refined_share == result.refined_share
