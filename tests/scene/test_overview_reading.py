"""Windows without fine patches are read from averaged overviews: the same map, from fewer bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from rasterio.enums import Resampling

from magnet_geo.grid import PixelRect
from magnet_geo.raster import ScenePixels, SceneReader
from magnet_geo.records.segment_result import SegmentResult
from magnet_geo.scene import RefineMode, SegmentOptions, plan_run, segment_scene
from tests.scene.stub_model import read, stub_model, texture, write_scene

SIDE = 512


def _even_texture() -> NDArray[np.uint8]:
    """A texture whose means over squares of 4 pixels are whole numbers, so that averages are not rounded."""
    base = texture(3, SIDE // 4, SIDE // 4).astype(int).clip(30, 220).repeat(4, axis=1).repeat(4, axis=2)
    checks = np.indices((SIDE, SIDE)).sum(axis=0) % 2 * 40 - 20
    return (base + checks).astype(np.uint8)


def _scene(folder: Path, name: str = "scene.tif", *, overviews: bool = True, **profile: object) -> str:
    tiles = {"tiled": True, "blockxsize": 16, "blockysize": 16}
    path = write_scene(folder / name, _even_texture(), **tiles, **profile)
    if overviews:
        with rasterio.open(path, "r+") as dataset:
            dataset.build_overviews([2, 4], Resampling.average)
    return path


@pytest.fixture
def pixels_read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts the pixels of all rectangles that are read."""
    counts: list[int] = []
    original: Callable[[SceneReader, PixelRect], ScenePixels] = SceneReader.read

    def counting(reader: SceneReader, rect: PixelRect) -> ScenePixels:
        counts.append(rect.height * rect.width)
        return original(reader, rect)

    monkeypatch.setattr(SceneReader, "read", counting)
    return counts


def _segment(scene: str, output: Path, mode: str, **options: object) -> SegmentResult:
    settings = SegmentOptions(refine=RefineMode.parse(mode), **options)  # type: ignore[arg-type]
    return segment_scene(scene, output=output, model=stub_model(radius=1), options=settings)


@pytest.mark.parametrize("mode", ["off", "0.05", "0.3"])
def test_the_map_from_overviews_is_the_map_from_pixels(tmp_path: Path, mode: str) -> None:
    with_overviews = _segment(_scene(tmp_path), tmp_path / "a.tif", mode)
    without = _segment(_scene(tmp_path, "plain.tif", overviews=False), tmp_path / "b.tif", mode)
    np.testing.assert_array_equal(read(tmp_path / "a.tif"), read(tmp_path / "b.tif"))
    assert (with_overviews.levels, with_overviews.valid_pixels) == (without.levels, SIDE * SIDE)


def test_a_coarse_map_reads_a_sixteenth(tmp_path: Path, pixels_read: list[int]) -> None:
    def read_by(name: str, *, overviews: bool, mode: str) -> int:
        scene = _scene(tmp_path, f"{name}.tif", overviews=overviews)
        pixels_read.clear()
        _segment(scene, tmp_path / f"{name}_map.tif", mode)
        return sum(pixels_read)

    coarse = read_by("a", overviews=True, mode="off")
    whole = read_by("b", overviews=False, mode="off")
    assert coarse * 16 == whole
    # Ranked: two passes, of which the second reads finely where patches are fine.
    ranked, plain = read_by("c", overviews=True, mode="0.02"), read_by("d", overviews=False, mode="0.02")
    assert coarse * 2 < ranked < 0.6 * plain


def test_a_window_with_a_chosen_patch_is_read_as_fine_as_that(tmp_path: Path) -> None:
    plan = plan_run(_scene(tmp_path), stub_model(), SegmentOptions(refine=RefineMode("off")))
    window = plan.windows[0]
    found = [plan.overviews.overview(window, decimation, for_map=True) for decimation in (1, 2, 4)]
    assert [overview and overview.decimation for overview in found] == [None, 2, 4]


@pytest.mark.parametrize("profile", [{"nodata": 0}, {"nodata": 300.5}])
def test_pixels_that_may_be_missing_are_looked_at(tmp_path: Path, profile: dict[str, float]) -> None:
    options = SegmentOptions(refine=RefineMode("off"), nodata=profile["nodata"])
    plan = plan_run(_scene(tmp_path), stub_model(), options)
    can_occur = profile["nodata"] == 0
    assert plan.overviews.exact is not can_occur
    assert (plan.overviews.overview(plan.windows[0], 4, for_map=True) is None) == can_occur
    assert plan.overviews.overview(plan.windows[0], 4, for_map=False) is not None


def test_values_that_are_clipped_are_not_averaged_first(tmp_path: Path) -> None:
    clipped = SegmentOptions(refine=RefineMode("off"), scaling=(20.0, 200.0))
    assert not plan_run(_scene(tmp_path), stub_model(), clipped).overviews.exact
    whole = SegmentOptions(refine=RefineMode("off"), scaling=(0.0, 510.0))
    assert plan_run(_scene(tmp_path, "b.tif"), stub_model(), whole).overviews.exact


@pytest.mark.parametrize("mode", ["full", "fast"])
def test_runs_that_need_fine_pixels_everywhere_do_not_look_for_overviews(tmp_path: Path, mode: str) -> None:
    plan = plan_run(_scene(tmp_path), stub_model(), SegmentOptions(refine=RefineMode.parse(mode)))
    assert plan.overviews.overviews == ()


def test_a_published_pyramid_needs_the_pixels_themselves(tmp_path: Path) -> None:
    model = stub_model(published=True, patch=32)
    plan = plan_run(_scene(tmp_path), model, SegmentOptions(refine=RefineMode("off")))
    assert plan.overviews.overviews == ()


def test_a_finer_scene_uses_overviews_of_its_own_decimations(tmp_path: Path) -> None:
    model = stub_model(radius=1, gsd_m=4.0)
    scene, plain = _scene(tmp_path), _scene(tmp_path, "plain.tif", overviews=False)
    options = SegmentOptions(refine=RefineMode("off"))
    plan = plan_run(scene, model, options)
    overview = plan.overviews.overview(plan.windows[0], 4, for_map=True)
    assert overview is not None
    assert (plan.scale.ratio, overview.decimation) == (2.0, 4)
    for name, path in (("a", scene), ("b", plain)):
        segment_scene(path, output=tmp_path / f"{name}_map.tif", model=model, options=options)
    same = read(tmp_path / "a_map.tif") == read(tmp_path / "b_map.tif")
    assert same.mean() > 0.999
