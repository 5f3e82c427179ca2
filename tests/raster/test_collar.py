"""Constant borders that no tag declares empty."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from magnet_geo.raster import SceneReader, SceneSource, scene_reader, untagged_collar
from tests.raster.rasters import ramp, write_raster
from tests.shared_data import SCENES, needs_scenes


def warning_for(path: str, bands: tuple[int, ...] = (1, 2, 3), nodata: float | None = None) -> str | None:
    with SceneReader(SceneSource(path, nodata=nodata), bands) as reader:
        return untagged_collar(reader)


def collared(rows: int, value: int = 0) -> np.ndarray:
    values = ramp(3, 101, 83, "uint16")
    values[:, :rows] = value
    return values


@pytest.mark.parametrize("value", [0, 65535])
def test_a_black_or_white_border_is_told_with_its_share(tmp_path: Path, value: int) -> None:
    text = warning_for(write_raster(tmp_path / "a.tif", collared(10, value)))
    assert text is not None
    assert "10%" in text
    assert f"`nodata={value}`" in text


@pytest.mark.parametrize(("width", "told"), [(25, False), (450, True)])
def test_a_large_scene_is_sampled_for_its_border(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int, told: bool
) -> None:
    monkeypatch.setattr(scene_reader, "_MOST_DECODED", 10**6)
    values = ramp(1, 1500, 1600)
    values[:, :, :width] = 0
    tiles = {"tiled": True, "blockxsize": 64, "blockysize": 64}
    path = write_raster(tmp_path / "a.tif", values, **tiles)
    with SceneReader(SceneSource(path), (1,)) as reader:
        positions = reader.sampled_positions(1024)
        assert positions is not None
        rows, cols = positions
        np.testing.assert_array_equal(reader.read_decimated(1024).values, values[:, rows[:, None], cols])
        assert (rows[0], rows[-1], cols[0], cols[-1]) == (0, 1499, 0, 1599)
    text = warning_for(path, (1,))
    assert (text is not None) is told
    if text is not None:
        assert int(text.split("%")[0].split()[-1]) == pytest.approx(100 * width / 1600, abs=4)


@pytest.mark.parametrize("size", [(2048, 3072), (1500, 1601)])
def test_the_edges_of_a_reduced_read_are_read_alone(tmp_path: Path, size: tuple[int, int]) -> None:
    tiles = {"tiled": True, "blockxsize": 64, "blockysize": 64}
    path = write_raster(tmp_path / "a.tif", ramp(3, *size), **tiles)
    with SceneReader(SceneSource(path), (1, 2, 3)) as reader:
        edges = reader.read_decimated_edges(1024)
        whole = reader.read_decimated(1024).values
    assert edges is not None
    whole_edges = whole[:, :1], whole[:, -1:], whole[:, :, :1], whole[:, :, -1:]
    for edge, expected in zip(edges, whole_edges, strict=True):
        assert edge.values.shape == expected.shape
        if size == (2048, 3072):
            np.testing.assert_array_equal(edge.values, expected)


def test_a_scene_without_a_border_is_not_read_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SceneReader, "read_decimated", lambda self, side: pytest.fail("read as a whole"))
    tiles = {"tiled": True, "blockxsize": 64, "blockysize": 64}
    values = np.random.default_rng(0).integers(0, 256, (3, 1500, 1600), np.uint8)
    assert warning_for(write_raster(tmp_path / "a.tif", values, **tiles)) is None


@pytest.mark.parametrize("cols", [slice(0, 100), slice(-100, None)])
def test_a_border_of_a_large_tiled_scene_is_told(tmp_path: Path, cols: slice) -> None:
    values = ramp(3, 1500, 1600)
    values[..., cols] = 0
    tiles = {"tiled": True, "blockxsize": 64, "blockysize": 64}
    text = warning_for(write_raster(tmp_path / "a.tif", values, **tiles))
    assert text is not None
    assert "6%" in text


def test_a_slanted_border_is_told(tmp_path: Path) -> None:
    values = ramp(3, 101, 83)
    values[:, np.add.outer(np.arange(101), np.arange(83)) < 60] = 0
    assert "`nodata=0`" in str(warning_for(write_raster(tmp_path / "a.tif", values)))


def test_a_thin_border_is_not_worth_a_word(tmp_path: Path) -> None:
    assert warning_for(write_raster(tmp_path / "a.tif", collared(1))) is None


def test_a_tagged_border_needs_no_warning(tmp_path: Path) -> None:
    assert warning_for(write_raster(tmp_path / "a.tif", collared(10), nodata=0)) is None
    assert warning_for(write_raster(tmp_path / "b.tif", collared(10)), nodata=0) is None


def test_dark_pixels_inside_are_no_border(tmp_path: Path) -> None:
    values = ramp(3, 101, 83)
    values[:, 20:60, 20:60] = 0
    assert warning_for(write_raster(tmp_path / "a.tif", values)) is None


def test_a_border_that_is_transparent_is_not_data(tmp_path: Path) -> None:
    values = np.concatenate([collared(10), np.full((1, 101, 83), 65535, "uint16")])
    values[3, :10] = 0
    path = write_raster(tmp_path / "a.tif", values, colors=("red", "green", "blue", "alpha"))
    assert warning_for(path) is None


@needs_scenes
def test_the_real_untagged_collar_is_found() -> None:
    assert "`nodata=0`" in str(warning_for(str(SCENES / "landsat8_3band_uint16.tif")))
    assert warning_for(str(SCENES / "village_rgb_2m.tif")) is None
    assert warning_for(str(SCENES / "drone_rgba_collar_35cm.tif")) is None


@pytest.mark.parametrize(("nodata", "told"), [(0, "its nodata tag does not"), (7, "without a nodata tag")])
def test_a_border_that_a_mask_calls_data_is_told_whatever_the_nodata_tag_says(
    tmp_path: Path, nodata: int, told: str
) -> None:
    values = collared(10)
    path = write_raster(tmp_path / "a.tif", values, nodata=nodata, dataset_mask=np.ones(values.shape[1:], bool))
    text = warning_for(path)
    assert text is not None
    assert told in text
