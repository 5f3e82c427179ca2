"""A scene mapped window by window is the scene mapped as a whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from magnet_geo.inference import Segmenter
from magnet_geo.scene import RefineMode, SegmentOptions, segment_scene
from tests.scene.stub_model import (
    StubPredictor,
    class_values,
    read,
    stub_manifest,
    stub_model,
    texture,
    write_scene,
)


def _with_hole(values: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    height, width = values.shape[-2:]
    valid = np.ones((height, width), bool)
    valid[height // 3 : height // 2, width // 4 : width // 2 + 3] = False
    valid[:5] = False
    return np.where(valid, values, 0).astype(values.dtype), valid


def _assert_equals_whole(folder: Path, values: NDArray[np.uint8], model: Segmenter, mode: str) -> None:
    """Classes, certainty and probabilities of the streamed scene against one image that holds it all.

    An image that fills no whole windows is padded, so that levels are interpolated across its far edges: scenes
    of several levels are whole windows here.
    """
    values, valid = _with_hole(values)
    scene = write_scene(folder / "scene.tif", values, nodata=0)
    options = SegmentOptions(
        refine=RefineMode.parse(mode), confidence=folder / "sure.tif", probabilities=folder / "shares.tif"
    )
    segment_scene(scene, output=folder / "map.tif", model=model, options=options)
    whole = model.segment_image(np.moveaxis(values, 0, -1), valid=valid, refine=mode)
    np.testing.assert_array_equal(read(folder / "map.tif"), np.where(valid, class_values(model, whole), 255))
    shares = read(folder / "shares.tif")
    np.testing.assert_array_equal(shares, np.where(valid, (whole * 254).round(), 255))
    ordered = np.sort(whole, axis=0)
    sure = np.where(valid, ((ordered[-1] - ordered[-2]) * 254).round(), 255)
    np.testing.assert_array_equal(read(folder / "sure.tif"), sure)


@pytest.mark.parametrize(("height", "width"), [(129, 301), (41, 333), (223, 97)])
def test_one_level_and_single_pixels_at_any_size(tmp_path: Path, height: int, width: int) -> None:
    model = stub_model(decimations=(1,), window=128)
    _assert_equals_whole(tmp_path, texture(3, height, width), model, "off")


@pytest.mark.parametrize(("patch", "expected"), [(128, {4}), (32, {2})])
def test_a_patch_that_is_all_of_a_window_has_all_threads(tmp_path: Path, patch: int, expected: set[int]) -> None:
    class Noting(StubPredictor):
        def scale_specific(self, inputs: Tensor) -> Tensor:
            seen.add(torch.get_num_threads())
            return super().scale_specific(inputs)

    seen, before = set[int](), torch.get_num_threads()
    model = Segmenter(stub_manifest(decimations=(1,), window=128, patch=patch), Noting())
    torch.set_num_threads(4)
    try:
        segment_scene(write_scene(tmp_path / "scene.tif", texture(3, 200, 200)), output=tmp_path / "m.tif", model=model)
    finally:
        torch.set_num_threads(before)
    assert seen == expected


def test_one_level_and_neighbors_where_patches_agree(tmp_path: Path) -> None:
    model = stub_model(decimations=(1,), window=128, halo=32, radius=1)
    _assert_equals_whole(tmp_path, texture(3, 320, 192), model, "off")


@pytest.mark.parametrize("mode", ["off", "full"])
@pytest.mark.parametrize(("height", "width"), [(256, 384), (128, 256)])
def test_three_levels_and_single_pixels_where_decimations_agree(
    tmp_path: Path, height: int, width: int, mode: str
) -> None:
    _assert_equals_whole(tmp_path, texture(3, height, width), stub_model(n_points=1), mode)


@pytest.mark.parametrize("mode", ["off", "fast", "full"])
def test_three_levels_and_neighbors_where_patches_agree(tmp_path: Path, mode: str) -> None:
    model = stub_model(patch=16, window=256, halo=64, radius=1, n_points=0.75)
    _assert_equals_whole(tmp_path, texture(3, 256, 512), model, mode)


@pytest.mark.parametrize("mode", ["off", "fast", "full"])
@pytest.mark.parametrize(("height", "width"), [(128, 128), (37, 101)])
def test_a_scene_of_one_window_is_one_image(tmp_path: Path, height: int, width: int, mode: str) -> None:
    _assert_equals_whole(tmp_path, texture(3, height, width), stub_model(radius=1), mode)


@pytest.mark.parametrize("mode", ["off", "fast", "full"])
def test_a_scene_of_one_window_of_a_published_model_is_one_image(tmp_path: Path, mode: str) -> None:
    _assert_equals_whole(tmp_path, texture(3, 128, 128), stub_model(radius=1, published=True), mode)


@pytest.mark.parametrize(
    ("bands", "dtype", "nodata"), [(1, "uint8", 0), (4, "uint8", 255), (3, "uint16", 9), (3, "float32", float("nan"))]
)
def test_bands_and_number_types_stream_alike(tmp_path: Path, bands: int, dtype: str, nodata: float) -> None:
    model = stub_model(bands=bands, dtype=dtype, decimations=(4, 2, 1), n_points=1)
    native = texture(bands, 128, 256)
    values, valid = _with_hole(native)
    stored = np.where(valid, native, nodata).astype(dtype)
    scene = write_scene(tmp_path / "scene.tif", stored, nodata=nodata)
    options = SegmentOptions(bands=tuple(range(1, bands + 1)))
    segment_scene(scene, output=tmp_path / "map.tif", model=model, options=options)
    image = np.moveaxis(values, 0, -1).astype("uint8" if dtype == "uint8" else "float32")
    whole = class_values(model, model.segment_image(image, valid=valid))
    np.testing.assert_array_equal(read(tmp_path / "map.tif"), np.where(valid, whole, 255))


def test_an_alpha_band_tells_what_is_valid(tmp_path: Path) -> None:
    model = stub_model(n_points=1)
    values, valid = _with_hole(texture(3, 128, 256))
    alpha = np.where(valid, 255, 0).astype(np.uint8)[None]
    colors = ("red", "green", "blue", "alpha")
    scene = write_scene(tmp_path / "scene.tif", np.concatenate([texture(3, 128, 256), alpha]), colors=colors)
    segment_scene(scene, output=tmp_path / "map.tif", model=model)
    whole = class_values(model, model.segment_image(np.moveaxis(values, 0, -1), valid=valid))
    np.testing.assert_array_equal(read(tmp_path / "map.tif"), np.where(valid, whole, 255))


@pytest.mark.parametrize(
    ("dtype", "nodata"), [("uint8", 0), ("uint8", 255), ("float32", float("nan")), ("float32", -9999.0)]
)
def test_the_nodata_value_changes_no_valid_pixel(tmp_path: Path, dtype: str, nodata: float) -> None:
    model = stub_model(dtype=dtype, radius=1)
    _, valid = _with_hole(texture(3, 151, 233))
    maps = []
    for number, fill in enumerate((7, nodata)):
        values = np.where(valid, texture(3, 151, 233), fill).astype(dtype)
        # The noise reaches neither value.
        scene = write_scene(tmp_path / f"scene{number}.tif", values, nodata=fill)
        segment_scene(scene, output=tmp_path / f"map{number}.tif", model=model)
        maps.append(read(tmp_path / f"map{number}.tif"))
    np.testing.assert_array_equal(maps[0], maps[1])
    np.testing.assert_array_equal(maps[0] != 255, valid)


def test_constant_probabilities_give_one_class(tmp_path: Path) -> None:
    scene = write_scene(tmp_path / "scene.tif", np.full((3, 171, 207), 90, np.uint8))
    result = segment_scene(scene, output=tmp_path / "map.tif", model=stub_model())
    assert len(np.unique(read(tmp_path / "map.tif"))) == 1
    assert [c.share for c in result.classes if c.pixels] == [1.0]
