"""Scenes of another pixel size are read at the model's and mapped on their own grid."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from numpy.typing import NDArray

from magnet_geo.errors import SceneError
from magnet_geo.grid import PixelRect, Size, Window
from magnet_geo.inference import Segmenter
from magnet_geo.progress import Event, WarningEvent
from magnet_geo.raster import ScenePixels
from magnet_geo.scene import Area, SegmentOptions, segment_scene
from magnet_geo.scene.window.model_window import read_model_window
from tests.scene.stub_model import read, stub_model, texture, write_scene

MODEL_GSD_M = 2.0
HEIGHT, WIDTH = 163, 261


@pytest.fixture(scope="module")
def model() -> Segmenter:
    return stub_model(gsd_m=MODEL_GSD_M, window=256, patch=64, n_points=1)


def _grid(gsd_m: float) -> Affine:
    return Affine(gsd_m, 0, 400_001, 0, -gsd_m, 5_000_000.5)


def _halves(row_share: float, col_share: float) -> NDArray[np.uint8]:
    """Two colors that meet along a straight line through the scene."""
    rows, cols = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    beyond = rows * row_share + cols * col_share > HEIGHT * row_share / 2 + WIDTH * col_share / 2
    return np.where(beyond, np.array([230, 60, 20])[:, None, None], np.array([20, 90, 240])[:, None, None]).astype(
        np.uint8
    )


@pytest.mark.parametrize("gsd_m", [0.5, 0.7, 1.0, 1.5, 2.0, 2.9, 4.0, 7.9])
@pytest.mark.parametrize("direction", [(0, 1), (1, 0)])
def test_a_straight_border_stays_within_a_pixel(
    tmp_path: Path, model: Segmenter, gsd_m: float, direction: tuple[int, int]
) -> None:
    values = _halves(*direction)
    scene = write_scene(tmp_path / "scene.tif", values, transform=_grid(gsd_m))
    segment_scene(scene, output=tmp_path / "map.tif", model=model)
    found = read(tmp_path / "map.tif")
    assert found.shape == values.shape[1:]
    near, far = found[0, 0], found[-1, -1]
    assert near != far
    # In finer scenes the model's pixels are the larger ones: the border lies within half of one of them.
    slack = max(1.0, MODEL_GSD_M / gsd_m / 2)
    along = found if direction == (0, 1) else found.T
    borders = (along == near).sum(axis=1)
    assert ((along == near) | (along == far)).mean() > 0.95
    assert abs(borders - along.shape[1] / 2).max() <= slack + 0.5


@pytest.mark.parametrize("gsd_m", [0.8, 3.3])
def test_a_resampled_pixel_has_the_same_class_in_any_area(tmp_path: Path, model: Segmenter, gsd_m: float) -> None:
    values = texture(3, HEIGHT, WIDTH)
    values[:, 40:75, 100:160] = 0
    transform = _grid(gsd_m)
    scene = write_scene(tmp_path / "scene.tif", values, transform=transform, nodata=0)
    segment_scene(scene, output=tmp_path / "whole.tif", model=model)
    left, top = transform @ (71, 57)
    right, bottom = transform @ (233, 122)
    options = SegmentOptions(area=Area((left, bottom, right, top)))
    segment_scene(scene, output=tmp_path / "part.tif", model=model, options=options)
    whole, part = read(tmp_path / "whole.tif"), read(tmp_path / "part.tif")
    np.testing.assert_array_equal(part[57:122, 71:233], whole[57:122, 71:233])
    np.testing.assert_array_equal(whole == 255, (values == 0).all(axis=0))


def test_pixels_within_ten_percent_are_taken_as_they_are(tmp_path: Path, model: Segmenter) -> None:
    values = texture(3, HEIGHT, WIDTH)
    maps = []
    for number, gsd_m in enumerate((2.0, 1.83, 2.19)):
        scene = write_scene(tmp_path / f"scene{number}.tif", values, transform=_grid(gsd_m))
        segment_scene(scene, output=tmp_path / f"map{number}.tif", model=model)
        maps.append(read(tmp_path / f"map{number}.tif"))
    np.testing.assert_array_equal(maps[0], maps[1])
    np.testing.assert_array_equal(maps[0], maps[2])


def test_native_takes_any_pixel_as_it_is(tmp_path: Path, model: Segmenter) -> None:
    values = texture(3, HEIGHT, WIDTH)
    near = write_scene(tmp_path / "near.tif", values, transform=_grid(2))
    far = write_scene(tmp_path / "far.tif", values, transform=_grid(300))
    segment_scene(near, output=tmp_path / "near_map.tif", model=model)
    segment_scene(far, output=tmp_path / "far_map.tif", model=model, options=SegmentOptions(gsd="native"))
    np.testing.assert_array_equal(read(tmp_path / "far_map.tif"), read(tmp_path / "near_map.tif"))


@pytest.mark.parametrize("gsd_m", [0.4, 9.0])
def test_pixels_too_far_from_the_models_are_refused(tmp_path: Path, model: Segmenter, gsd_m: float) -> None:
    scene = write_scene(tmp_path / "scene.tif", texture(3, 60, 70), transform=_grid(gsd_m))
    with pytest.raises(SceneError, match="`gsd='native'`"):
        segment_scene(scene, output=tmp_path / "map.tif", model=model)


def test_what_the_user_says_of_the_pixel_size_counts(tmp_path: Path, model: Segmenter) -> None:
    values = texture(3, HEIGHT, WIDTH)
    plain = write_scene(tmp_path / "plain.tif", values, crs=None, transform=None)
    known = write_scene(tmp_path / "known.tif", values, transform=_grid(1))
    events: list[Event] = []
    segment_scene(plain, output=tmp_path / "silent_map.tif", model=model, progress=events.append)
    assert any(isinstance(e, WarningEvent) and "`gsd=METRES`" in e.message for e in events)
    segment_scene(plain, output=tmp_path / "plain_map.tif", model=model, options=SegmentOptions(gsd=1.0))
    segment_scene(known, output=tmp_path / "known_map.tif", model=model)
    np.testing.assert_array_equal(read(tmp_path / "plain_map.tif"), read(tmp_path / "known_map.tif"))


@pytest.mark.parametrize("halo", [0, 5, 16, 25, 32])
def test_any_halo_a_model_may_have_can_be_read_at_another_size(tmp_path: Path, halo: int) -> None:
    model = stub_model(gsd_m=MODEL_GSD_M, halo=halo, n_points=1)
    scene = write_scene(tmp_path / "scene.tif", texture(3, 203, 151), transform=_grid(1.5))
    segment_scene(scene, output=tmp_path / "map.tif", model=model)
    assert (read(tmp_path / "map.tif") != 255).all()


class _Array:
    """Pixels from an array, nothing beyond it."""

    def __init__(self, values: NDArray[np.generic], valid: NDArray[np.bool_]) -> None:
        self.values, self.valid = values, valid

    def read(self, rect: PixelRect) -> ScenePixels:
        return ScenePixels(self.values[(slice(None), *rect.slices)], self.valid[rect.slices])


@pytest.mark.parametrize("ratio", [2, 3, 4])
def test_coarser_model_pixels_are_means_of_valid_scene_pixels(ratio: int) -> None:
    generator = np.random.default_rng(1)
    # Taller than a strip, so that strips are joined.
    values = generator.integers(1, 255, (2, 256 * ratio, 64 * ratio)).astype(np.uint8)
    valid = generator.random(values.shape[1:]) > 0.4
    valid[: 3 * ratio, : 5 * ratio] = False
    values[:, ~valid] = 0
    rect = PixelRect(0, 0, *values.shape[1:])
    window = read_model_window(
        _Array(values, valid).read,
        Window(0, rect, rect, rect, rect),
        model_size=Size(256, 64),
    )
    blocks = values.astype(float).reshape(2, 256, ratio, 64, ratio).sum(axis=(2, 4))
    counts = valid.reshape(256, ratio, 64, ratio).sum(axis=(1, 3))
    np.testing.assert_array_equal(window.valid, counts > 0)
    np.testing.assert_allclose(window.values, blocks / np.maximum(counts, 1), rtol=1e-4)
    np.testing.assert_array_equal(window.support_valid, valid)
