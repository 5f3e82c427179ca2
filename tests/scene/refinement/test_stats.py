"""What was refined, counted by level and by place."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from magnet_geo.errors import SceneError
from magnet_geo.grid import MagnificationPyramid, Size, WindowPlan
from magnet_geo.records.refinement_record import RefinedGrid
from magnet_geo.records.run_record import RUN_TAG, RunRecord, read_run_record
from magnet_geo.records.segment_result import SegmentResult
from magnet_geo.scene import RefineMode, SegmentOptions, segment_scene
from magnet_geo.scene.refinement.stats import RefinementStats
from tests.scene.stub_model import HALO, stub_model, texture, write_scene

PYRAMID = MagnificationPyramid.from_decimations(32, (4, 2, 1))


def tally_of(scene: Size, share: float, seed: int = 0) -> RefinementStats:
    """Gives the tally of a run that refines random patches of every window."""
    chance = np.random.default_rng(seed)
    tally = RefinementStats(scene, PYRAMID, ratio=1.0)
    for window in WindowPlan(scene, PYRAMID.window, HALO):
        for level in (1, 2):
            wanted = np.ones(len(PYRAMID.patches(level)), np.bool_)
            tally.add(window, level, wanted=wanted, refined=chance.random(wanted.shape) < share)
    return tally


@given(st.integers(1, 300), st.integers(1, 300))
def test_a_run_that_refines_all_fills_every_cell(height: int, width: int) -> None:
    tally = tally_of(Size(height, width), share=1.0)
    grid = tally.grid()
    assert grid is not None
    assert tally.share == 1
    assert [level.share for level in tally.levels(None)] == [1, 1]
    assert all((grid.percents(level) == 100).all() for level in (1, 2))
    assert max(grid.height, grid.width) <= 96
    assert (grid.height - 1) * grid.cell_px < height <= grid.height * grid.cell_px


def test_a_patch_is_noted_where_it_lies() -> None:
    scene = Size(96, 96)
    tally = RefinementStats(scene, PYRAMID, ratio=1.0)
    (window,) = WindowPlan(scene, PYRAMID.window, HALO)
    patches = PYRAMID.patches(2)
    inside = np.array([patch.row < 96 and patch.col < 96 for patch in patches])
    chosen = np.array([(patch.row, patch.col) == (32, 64) for patch in patches])
    tally.add(window, 2, wanted=inside, refined=chosen)
    grid = tally.grid()
    assert grid is not None
    expected = np.zeros((96, 96), np.uint8)
    expected[32:64, 64:96] = 100
    np.testing.assert_array_equal(grid.percents(2), expected)
    assert (grid.percents(1) == 255).all()
    assert [(level.patches, level.refined) for level in tally.levels(2.0)] == [(0, 0), (9, 1)]
    assert [level.pixel_m for level in tally.levels(2.0)] == [4.0, 2.0]


def test_the_record_does_not_grow_with_the_scene() -> None:
    grid = tally_of(Size(900, 2000), share=0.3).grid()
    assert grid is not None
    assert len(grid.model_dump_json()) < 30_000


def run(folder: Path, **options: object) -> tuple[SegmentResult, RunRecord]:
    scene = write_scene(folder / "scene.tif", texture(3, 300, 200))
    result = segment_scene(
        scene, output=folder / "map.tif", model=stub_model(radius=1), options=SegmentOptions(**options)
    )
    with rasterio.open(folder / "map.tif") as dataset:
        record = read_run_record(dataset.tags(), name="map.tif")
    assert record is not None
    return result, record


@pytest.mark.parametrize(("mode", "share"), [("full", 1.0), ("off", 0.0)])
def test_a_map_carries_the_record_of_its_run(tmp_path: Path, mode: str, share: float) -> None:
    result, record = run(tmp_path, refine=RefineMode.parse(mode))
    assert (record.scene, record.refine, record.model) == ("scene.tif", mode, result.model)
    assert record.levels == result.levels
    assert [level.share for level in record.levels] == [share, share]
    assert record.refined is not None
    assert (record.refined.percents(2) == 100 * share).all()
    assert str(tmp_path) not in record.model_dump_json()


def test_a_share_of_the_patches_is_what_the_record_says(tmp_path: Path) -> None:
    result, record = run(tmp_path, refine=RefineMode.parse("0.25"))
    patches, refined = (sum(getattr(level, name) for level in record.levels) for name in ("patches", "refined"))
    assert refined == round(0.25 * patches)
    assert (record.refine, result.refined_share) == ("0.25", refined / patches)


def test_a_coarse_only_model_has_nothing_to_refine(tmp_path: Path) -> None:
    scene = write_scene(tmp_path / "scene.tif", texture(3, 64, 64))
    result = segment_scene(scene, output=tmp_path / "map.tif", model=stub_model(decimations=(1,), patch=128))
    assert (result.levels, result.refined_share) == ((), 0)


def test_a_raster_without_a_record_has_none() -> None:
    assert read_run_record({"AREA_OR_POINT": "Area"}, name="map.tif") is None


@pytest.mark.parametrize("text", ["{", "{}", json.dumps({"version": 2})])
def test_a_damaged_record_is_refused(text: str) -> None:
    with pytest.raises(SceneError, match=r"The record of its run in 'map\.tif' cannot be read"):
        read_run_record({RUN_TAG: text}, name="map.tif")


@pytest.mark.parametrize("level", ["!", "eJwDAAAAAAE=", ""])
def test_a_damaged_grid_is_refused(level: str) -> None:
    with pytest.raises(ValidationError, match="level 1"):
        RefinedGrid(cell_px=1, height=2, width=2, levels=(level,))
