"""The pictures that a report carries in itself."""

from __future__ import annotations

import base64
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from magnet_geo.classes import LandClass
from magnet_geo.grid import Size
from magnet_geo.raster import SceneSource
from magnet_geo.report.pictures import certainty_uri, class_uri, refined_uri, scene_uri, unused_value
from tests.raster.rasters import write_raster

SIZE = Size(40, 60)
CLASSES = (LandClass(255, "dry", "#c08040"), LandClass(3, "wet", "#3060c0"))


def picture(uri: str) -> NDArray[np.uint8]:
    """(H, W, 4) blue, green, red, alpha."""
    content = np.frombuffer(base64.b64decode(uri.partition(",")[2]), np.uint8)
    return cv2.imdecode(content, cv2.IMREAD_UNCHANGED)


def scene(folder: Path, values: NDArray[np.generic], **layout: object) -> NDArray[np.uint8]:
    source = SceneSource(write_raster(folder / "scene.tif", values, **layout))  # type: ignore[arg-type]
    return picture(scene_uri(source, tuple(range(1, len(values) + 1)), SIZE))


def test_a_map_has_the_colors_of_its_classes(tmp_path: Path) -> None:
    values = np.full((1, 40, 60), 255, np.uint8)
    values[:, 20:] = 3
    values[:, :, 40:] = 0
    source = SceneSource(write_raster(tmp_path / "map.tif", values, nodata=0))
    shown = picture(class_uri(source, SIZE, CLASSES))
    assert shown[0, 0].tolist() == [0x40, 0x80, 0xC0, 255]
    assert shown[30, 0].tolist() == [0xC0, 0x60, 0x30, 255]
    assert (shown[:, 40:, 3] == 0).all()
    assert unused_value(CLASSES) == 254


def test_certainty_gets_lighter_all_the_way(tmp_path: Path) -> None:
    values = np.arange(256, dtype=np.uint8)[None, None].repeat(2, axis=1)
    source = SceneSource(write_raster(tmp_path / "sure.tif", values, nodata=255))
    shown = picture(certainty_uri(source, Size(2, 256)))
    assert (np.diff(shown[0, :255, :3].astype(int).sum(axis=1)) >= 0).all()
    assert (shown[0, :255, 3] == 255).all()
    assert shown[0, 255, 3] == 0


def test_a_scene_of_bytes_is_shown_as_it_is(tmp_path: Path) -> None:
    values = np.stack([np.full((40, 60), value, np.uint8) for value in (200, 150, 60)])
    np.testing.assert_allclose(scene(tmp_path, values)[20, 30, :3], [60, 150, 200], atol=3)


def test_a_dark_scene_is_brightened_and_keeps_its_hue(tmp_path: Path) -> None:
    values = np.stack([np.full((40, 60), value, np.uint8) for value in (40, 20, 10)])
    np.testing.assert_allclose(scene(tmp_path, values)[20, 30, :3], [55, 110, 220], atol=4)


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_other_values_are_spread(tmp_path: Path, dtype: str) -> None:
    values = np.linspace(500, 3000, 2400).reshape(1, 40, 60).astype(dtype)
    shown = scene(tmp_path, values)
    assert shown[..., :3].min() <= 5
    assert shown[..., :3].max() >= 250
    assert (shown[..., 0] == shown[..., 1]).mean() > 0.9


def test_what_is_empty_is_transparent(tmp_path: Path) -> None:
    values = np.full((3, 40, 60), 200, np.uint8)
    values[:, :, :20] = 0
    shown = scene(tmp_path, values, nodata=0)
    np.testing.assert_array_equal(shown[..., 3] > 0, values[0] > 0)


def test_a_scene_of_nothing_is_a_picture_of_nothing(tmp_path: Path) -> None:
    assert (scene(tmp_path, np.zeros((3, 40, 60), np.uint16), nodata=0)[..., 3] == 0).all()


def test_what_was_refined_covers_and_the_rest_does_not() -> None:
    shown = picture(refined_uri(np.array([[0, 50, 100, 255]], np.uint8)))
    assert shown[0, :, 3].tolist() == [0, 127, 255, 0]
