"""Outlines of valid pixels: exact where they are simple, small where they are ragged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from magnet_geo.errors import SceneError
from magnet_geo.raster import SceneSource, valid_outline
from tests.raster.rasters import write_raster


def outline_of(folder: Path, valid: NDArray[np.bool_]) -> BaseGeometry:
    return valid_outline(SceneSource(write_raster(folder / "map.tif", valid[None].astype(np.uint8), nodata=0)))


def share_covered(outline: BaseGeometry, valid: NDArray[np.bool_]) -> float:
    rows, cols = np.nonzero(valid)
    return float(shapely.contains_xy(outline, cols + 0.5, rows + 0.5).mean())


def test_a_simple_outline_follows_the_valid_pixels(tmp_path: Path) -> None:
    valid = np.zeros((300, 400), np.bool_)
    valid[50:250, 100:300] = True
    valid[100:120, 150:180] = False
    outline = outline_of(tmp_path, valid)
    assert outline.equals(box(100, 50, 300, 250) - box(150, 100, 180, 120))


def test_a_turned_scene_has_few_vertices(tmp_path: Path) -> None:
    rows, cols = np.mgrid[:480, :500] - 240
    valid = (np.abs(cols * 0.8 + rows * 0.6) < 150) & (np.abs(rows * 0.8 - cols * 0.6) < 130)
    outline = outline_of(tmp_path, valid)
    assert shapely.get_num_coordinates(outline) < 20
    assert share_covered(outline, valid) == 1
    assert outline.area == pytest.approx(valid.sum(), rel=0.025)


@pytest.mark.parametrize("share", [0.6, 0.02])
def test_a_large_ragged_outline_stays_small_and_covers_all(tmp_path: Path, share: float) -> None:
    valid = np.random.default_rng(3).random((1100, 1300)) < share
    valid[:, :200] = False
    outline = outline_of(tmp_path, valid)
    assert outline.is_valid
    assert shapely.get_num_coordinates(outline) <= 200
    assert share_covered(outline, valid) == 1
    left, top, right, bottom = outline.bounds
    assert min(left, top) >= 0
    assert (right, bottom) <= (1300, 1100)


def test_ragged_cells_keep_to_the_place_of_the_pixels(tmp_path: Path) -> None:
    valid = np.random.default_rng(3).random((1100, 1300)) < 0.6
    valid[:, :200] = False
    assert outline_of(tmp_path, valid).bounds == pytest.approx((200, 0, 1300, 1100), abs=13)


def test_without_a_valid_pixel_there_is_no_outline(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match="it has no outline"):
        outline_of(tmp_path, np.zeros((5, 7), np.bool_))
