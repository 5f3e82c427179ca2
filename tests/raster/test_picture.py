"""Rasters reduced to pictures."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from magnet_geo.errors import SceneError
from magnet_geo.grid import RasterGrid, Size
from magnet_geo.raster import SceneSource
from magnet_geo.raster.picture import indexed_png, picture_size, read_picture
from magnet_geo.raster.tags import read_tags
from tests.raster.rasters import TRANSFORM, write_raster


@pytest.mark.parametrize(
    ("height", "width", "expected"), [(50, 80, (50, 80)), (200, 100, (100, 50)), (1, 4000, (1, 100))]
)
def test_a_picture_is_bounded_and_never_enlarged(height: int, width: int, expected: tuple[int, int]) -> None:
    grid = RasterGrid(None, TRANSFORM, width, height)
    assert picture_size(grid, 100) == Size(*expected)


def test_values_are_averaged_and_what_is_empty_stays_so(tmp_path: Path) -> None:
    values = np.zeros((1, 40, 60), np.uint16)
    values[:, :20] = 1000
    values[:, :20, ::2] = 3000
    path = write_raster(tmp_path / "scene.tif", values, nodata=0)
    pixels = read_picture(SceneSource(path), (1,), Size(10, 15))
    np.testing.assert_array_equal(pixels.values[0, :5], 2000)
    np.testing.assert_array_equal(pixels.valid, np.repeat([True, False], 5)[:, None].repeat(15, axis=1))


def test_of_classes_the_most_frequent_one_stands(tmp_path: Path) -> None:
    values = np.full((1, 40, 60), 7, np.uint8)
    values[:, ::4, ::4] = 200
    path = write_raster(tmp_path / "map.tif", values)
    pixels = read_picture(SceneSource(path), (1,), Size(10, 15), categorical=True)
    assert set(np.unique(pixels.values)) == {7}


def test_a_damaged_raster_is_refused(tmp_path: Path) -> None:
    path = Path(write_raster(tmp_path / "cut.tif", np.ones((1, 600, 600), np.uint8), compress="deflate", tiled=True))
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(SceneError, match="damaged or incomplete"):
        read_picture(SceneSource(str(path)), (1,), Size(10, 10))


def test_an_indexed_picture_has_the_colors_and_nothing_else(tmp_path: Path) -> None:
    values = np.arange(256, dtype=np.uint8).reshape(16, 16)
    colors = {3: (10, 20, 30, 255), 200: (1, 2, 3, 128)}
    picture = cv2.imdecode(np.frombuffer(indexed_png(values, colors), np.uint8), cv2.IMREAD_UNCHANGED)
    assert picture.shape == (16, 16, 4)
    assert picture[0, 3].tolist() == [30, 20, 10, 255]
    assert picture[200 // 16, 200 % 16].tolist() == [3, 2, 1, 128]
    assert np.count_nonzero(picture[..., 3]) == 2


def test_tags_are_read(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "map.tif", np.ones((1, 4, 4), np.uint8))
    assert read_tags(SceneSource(path))["AREA_OR_POINT"] == "Area"
