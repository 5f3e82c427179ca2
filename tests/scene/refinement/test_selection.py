"""A budget of time is kept whatever the pace, and spent on the patches of the highest expected gain."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from magnet_geo.grid import MagnificationPyramid, Size, Window, WindowPlan
from magnet_geo.progressive import PointRule
from magnet_geo.scene.refinement.cost import CostModel
from magnet_geo.scene.refinement.selection import PatchSelector, TopShare, WithinBudget
from magnet_geo.scene.refinement.uncertainty import Uncertainties, expected_gains

PYRAMID = MagnificationPyramid.from_decimations(8, (4, 2, 1))
POINTS = PointRule(1.0, 1)
WINDOWS = list(WindowPlan(Size(500, 500), Size(32, 32), 4))[:120]


def chosen_patches(selector: PatchSelector, window: Window) -> list[np.ndarray]:
    """(P,) of every refined level of a window, all of whose patches may be refined."""
    return [selector.rules(window).patches.choose(level, np.zeros(patches)) for level, patches in ((1, 4), (2, 16))]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def _found(seed: int = 0, nan_share: float = 0.1) -> dict[int, Uncertainties]:
    generator = np.random.default_rng(seed)
    found = {}
    for window in WINDOWS:
        levels = generator.random(4), generator.random(16)
        for level in levels:
            level[generator.random(len(level)) < nan_share] = np.nan
        found[window.index] = levels
    return found


def _run(found: dict[int, Uncertainties], budget: float, *, window_s: float, patch_s: float, expected: float) -> tuple:
    """Seconds taken, and (expected gain, taken) of every patch, of a machine of a pace other than expected."""
    clock = Clock()
    pace = CostModel(window_s=window_s * expected, patch_s=patch_s * expected)
    ranking = WithinBudget(found, PYRAMID, POINTS, costs=pace, seconds_left=lambda: budget - clock.now, clock=clock)
    seen, taken = [], []
    for ahead, window in zip([*WINDOWS[2:], None, None], WINDOWS, strict=True):
        chosen = chosen_patches(ranking, window)
        if ahead is not None:
            ranking.decimation(ahead)
        clock.now += window_s + patch_s * sum(int(level.sum()) for level in chosen)
        ranking.window_done(window)
        seen.append(np.concatenate(expected_gains(found[window.index], PYRAMID)))
        taken.append(np.concatenate(chosen))
    return clock.now, np.concatenate(seen), np.concatenate(taken)


@settings(max_examples=30)
@given(share=st.floats(0.1, 0.9), expected=st.floats(0.4, 2.5), seed=st.integers(0, 99))
def test_the_time_taken_is_near_the_budget(share: float, expected: float, seed: int) -> None:
    found = _found(seed)
    patches = sum(int(np.isfinite(level).sum()) for levels in found.values() for level in levels)
    budget = len(WINDOWS) * 0.5 + share * patches * 0.1
    seconds, gain, taken = _run(found, budget, window_s=0.5, patch_s=0.1, expected=expected)
    assert seconds == pytest.approx(budget, rel=0.05)
    assert not taken[np.isnan(gain)].any()


def test_at_the_expected_pace_the_patches_of_highest_gain_are_taken() -> None:
    found = _found()
    _, gain, taken = _run(found, 60 + 0.1 * 800, window_s=0.5, patch_s=0.1, expected=1.0)
    assert taken.sum() == pytest.approx(800, abs=25)
    best = np.sort(gain[np.isfinite(gain)])[-800]
    assert (taken == (np.nan_to_num(gain) >= best)).mean() > 0.98


def test_time_for_all_takes_all_and_time_for_none_takes_none() -> None:
    found = _found()
    _, gain, taken = _run(found, 1e9, window_s=0.5, patch_s=0.1, expected=1.0)
    np.testing.assert_array_equal(taken, np.isfinite(gain))
    seconds, _, taken = _run(found, 30.0, window_s=0.5, patch_s=0.1, expected=1.0)
    assert (taken.any(), seconds) == (False, pytest.approx(60))


def test_windows_that_were_not_ranked_have_nothing_chosen() -> None:
    found = _found()
    del found[3]
    for ranking in (
        TopShare(found, 1.0, PYRAMID, POINTS),
        WithinBudget(
            found, PYRAMID, POINTS, costs=CostModel(window_s=1, patch_s=1), seconds_left=lambda: 1e9, clock=Clock()
        ),
    ):
        assert not any(level.any() for level in chosen_patches(ranking, WINDOWS[3]))
        assert chosen_patches(ranking, WINDOWS[4])[0].any()


def test_a_window_is_read_as_fine_as_its_finest_chosen_patch() -> None:
    ranking = TopShare({0: (np.ones(4), np.zeros(16))}, 0.2, PYRAMID, POINTS)
    assert ranking.decimation(WINDOWS[0]) == 2
    assert ranking.decimation(WINDOWS[1]) == 4
    everything = TopShare({0: (np.ones(4), np.ones(16))}, 1.0, PYRAMID, POINTS)
    assert everything.decimation(WINDOWS[0]) == 1


def test_a_pace_finds_both_parts_of_a_window() -> None:
    pace, generator = CostModel(window_s=1.0, patch_s=1.0), np.random.default_rng(0)
    for _ in range(100):
        patches = int(generator.integers(0, 20))
        pace.learn(patches=patches, seconds=2.0 + 0.25 * patches)
    assert pace.window_s == pytest.approx(2.0, rel=0.1)
    assert pace.patch_s == pytest.approx(0.25, rel=0.1)


@pytest.mark.parametrize(("coarser", "taken"), [(0.26, 4), (0.24, 0)])
def test_a_patch_that_covers_four_times_the_ground_needs_a_quarter_of_the_uncertainty(
    coarser: float, taken: int
) -> None:
    ranking = TopShare({0: (np.full(4, coarser), np.ones(16))}, 0.2, PYRAMID, POINTS)
    assert chosen_patches(ranking, WINDOWS[0])[0].sum() == taken
