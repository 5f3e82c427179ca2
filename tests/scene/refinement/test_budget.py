"""A run within a budget of time: all of it, none of it, and what it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from magnet_geo.errors import OptionError
from magnet_geo.grid import Size, WindowPlan
from magnet_geo.progress import Event, WarningEvent, duration_text
from magnet_geo.raster import SceneSource, read_tags
from magnet_geo.records.run_record import read_run_record
from magnet_geo.records.segment_result import BudgetRecord, SegmentResult
from magnet_geo.scene import RefineMode, SegmentOptions, estimate_time, plan_run, segment_scene
from magnet_geo.scene.refinement.budget import TimeBudget, budget_warning
from magnet_geo.scene.refinement.cost import Cost, StepCosts
from tests.scene.stub_model import read, stub_model, texture, write_scene


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_scene(tmp_path_factory.mktemp("scene") / "scene.tif", texture(3, 331, 300))


def _segment(scene: str, output: Path, **options: object) -> tuple[SegmentResult, list[str]]:
    warnings: list[str] = []

    def listen(event: Event) -> None:
        if isinstance(event, WarningEvent):
            warnings.append(event.message)

    settings = SegmentOptions(**options)  # type: ignore[arg-type]
    return segment_scene(scene, output=output, model=stub_model(radius=1), options=settings, progress=listen), warnings


def test_time_enough_gives_the_full_map_and_no_warning(scene: str, tmp_path: Path) -> None:
    result, warnings = _segment(scene, tmp_path / "map.tif", budget_s=3600.0)
    _segment(scene, tmp_path / "full.tif", refine=RefineMode("full"))
    np.testing.assert_array_equal(read(tmp_path / "map.tif"), read(tmp_path / "full.tif"))
    assert (result.refined_share, warnings) == (1.0, [])
    assert result.budget is not None
    assert (result.budget.seconds, result.budget.coarse) == (3600.0, 0)
    assert result.budget.refined == result.budget.patches > 0


@pytest.mark.parametrize("preview", [False, True])
def test_no_time_gives_the_coarse_map_and_says_so(scene: str, tmp_path: Path, preview: bool) -> None:
    options = {"preview": tmp_path / "preview.tif"} if preview else {}
    result, warnings = _segment(scene, tmp_path / "map.tif", budget_s=1e-6, **options)
    _segment(scene, tmp_path / "coarse.tif", refine=RefineMode("off"))
    np.testing.assert_array_equal(read(tmp_path / "map.tif"), read(tmp_path / "coarse.tif"))
    assert result.budget is not None
    assert (result.refined_share, result.budget.refined, result.warnings) == (0.0, 0, tuple(warnings))
    (warning,) = warnings
    assert "too short for more than the coarse map" in warning
    assert (tmp_path / "preview.tif").exists() == preview


def test_the_map_notes_the_share_that_was_ranked(scene: str, tmp_path: Path) -> None:
    for name, options, mode in (
        ("budget", {"budget_s": 3600.0}, "budget"),
        ("share", {"refine": RefineMode("share", 0.3)}, "0.3"),
        ("full", {}, "full"),
    ):
        result, _ = _segment(scene, tmp_path / f"{name}.tif", **options)
        record = read_run_record(read_tags(SceneSource(str(tmp_path / f"{name}.tif"))), name=name)
        assert record is not None
        assert (record.refine, record.ranked_share) == (mode, None if name == "full" else result.refined_share)


@pytest.mark.parametrize("mode", ["off", "fast", "0.5"])
def test_a_budget_and_a_smaller_refinement_exclude_each_other(mode: str) -> None:
    with pytest.raises(OptionError, match="decides how much is refined"):
        SegmentOptions(budget_s=10, refine=RefineMode.parse(mode))
    SegmentOptions(budget_s=10, refine=RefineMode.parse("full"))


@pytest.mark.parametrize("seconds", [0, -3, float("nan"), float("inf")])
def test_a_budget_is_a_positive_time(seconds: float) -> None:
    with pytest.raises(OptionError, match="positive number of seconds"):
        SegmentOptions(budget_s=seconds)


def test_a_model_without_refinement_takes_no_budget(scene: str, tmp_path: Path) -> None:
    model = stub_model(decimations=(1,), window=128)
    with pytest.raises(OptionError, match="nothing to choose"):
        segment_scene(scene, output=tmp_path / "map.tif", model=model, options=SegmentOptions(budget_s=10))


def test_what_was_left_coarse_is_a_sentence() -> None:
    some = BudgetRecord(seconds=600, patches=2000, refined=740, coarse=1260)
    assert budget_warning(some, overdrawn=False) == (
        "Within the budget of 10 min, 740 of 2,000 patches (37%) were refined, most uncertain ground first; the others "
        "are coarse."
    )
    assert budget_warning(BudgetRecord(seconds=600, patches=9, refined=9, coarse=0), overdrawn=True) is None
    none = budget_warning(BudgetRecord(seconds=90, patches=9, refined=0, coarse=9), overdrawn=False)
    assert none == "The budget of 90 s was spent on the coarse map: nothing was refined."
    assert [duration_text(s) for s in (1.25, 119, 120, 7199, 12600)] == ["1.25 s", "119 s", "2 min", "120 min", "3.5 h"]


def test_a_budget_counts_down() -> None:
    now = [100.0]
    budget = TimeBudget(30.0, clock=lambda: now[0])
    now[0] = 112.0
    assert (budget.left_s(), budget.overdrawn) == (18.0, False)
    now[0] = 134.0
    assert (budget.left_s(), budget.overdrawn) == (-4.0, True)
    too_short = budget_warning(BudgetRecord(seconds=30, patches=9, refined=1, coarse=8), overdrawn=True)
    assert too_short is not None
    assert "too short even for the coarse map" in too_short


def test_an_estimate_grows_with_what_is_refined_and_writes_nothing(scene: str, tmp_path: Path) -> None:
    model = stub_model(radius=1)
    shares = {}
    for mode in ("off", "0.5", "full"):
        options = SegmentOptions(refine=RefineMode.parse(mode))
        estimate = estimate_time(plan_run(scene, model, options), model, options)
        shares[mode] = estimate.refined_share
        assert min(estimate.read_seconds, estimate.network_seconds, estimate.write_seconds) > 0
        assert estimate.seconds > 0
    assert shares == {"off": 0.0, "0.5": 0.5, "full": 1.0}
    options = SegmentOptions(budget_s=1e-6)
    assert estimate_time(plan_run(scene, model, options), model, options).refined_share == 0.0
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("coarse_s", "patches"), [(5.0, 8), (10.0, 3), (1.0, 8)])
def test_a_coarse_pass_slower_than_expected_leaves_less_to_be_refined(coarse_s: float, patches: int) -> None:
    free = Cost(0.0, 0.0)
    speed = StepCosts(
        windows=1,
        patches=20,
        cores=1,
        read=free,
        coarse_read=free,
        coarse=Cost(5.0, 5.0),
        window=Cost(10.0, 10.0),
        keep=free,
        patch=Cost(10.0, 10.0),
        write=Cost(4.0, 4.0),
        fast_share=None,
    )
    scene = WindowPlan(Size(128, 128), Size(128, 128), 0)
    found = {0: (np.linspace(0, 1, 4), np.linspace(0, 1, 16))}
    budget = TimeBudget(100.0, clock=lambda: 0.0)
    model = stub_model()
    points = model.rules("off").points
    selector = budget.selector(found, model.manifest.pyramid, points, speed=speed, coarse_s=coarse_s)
    # Of 100 s, 96 are given away: 4 or 8 for writing, 10 or 20 for the window.
    rule = selector.rules(scene[0]).patches
    assert sum(int(rule.choose(level, np.zeros(count)).sum()) for level, count in ((1, 4), (2, 16))) == patches
