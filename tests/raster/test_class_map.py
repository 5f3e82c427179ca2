"""A class map is read back with the classes it was written with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio

from magnet_geo.classes import ClassScheme, LandClass
from magnet_geo.errors import SceneError
from magnet_geo.grid import PixelRect
from magnet_geo.raster import ClassMap, GeoTiffDraft, MapLayout, SceneSource, describe_scene
from tests.raster.rasters import write_raster

SCHEME = ClassScheme((LandClass(1, "water", "#0000ff"), LandClass(4, "land & sand", "#c0a000")))


def written_map(folder: Path, values: np.ndarray) -> Path:
    scene = write_raster(folder / "scene.tif", np.ones((1, *values.shape), np.uint8))
    layout = MapLayout.of_classes(describe_scene(SceneSource(scene)), SCHEME)
    with GeoTiffDraft(folder / "map.tif", layout) as draft:
        draft.write(PixelRect(0, 0, *values.shape), values)
        return draft.finish()


@pytest.fixture
def values() -> np.ndarray:
    return np.random.default_rng(0).choice(np.array([1, 4, 255], np.uint8), (70, 45))


def test_values_validity_and_classes_come_back_as_written(tmp_path: Path, values: np.ndarray) -> None:
    with ClassMap(SceneSource(str(written_map(tmp_path, values)))) as found:
        read, valid = found.read(PixelRect(-5, -5, 80, 80))
        assert {value: found.table[value] for value in (1, 4)} == {c.value: c for c in SCHEME.classes}
    assert not valid[:5].any()
    assert not valid[:, 50:].any()
    np.testing.assert_array_equal(valid[5:75, 5:50], values != 255)
    np.testing.assert_array_equal(read[5:75, 5:50], np.where(values == 255, 0, values))


def test_blocks_cover_the_map_once(tmp_path: Path, values: np.ndarray) -> None:
    found = ClassMap(SceneSource(str(written_map(tmp_path, values))))
    times = np.zeros(values.shape, int)
    for block in found.blocks(32):
        times[block.slices] += 1
    assert (times == 1).all()


@pytest.mark.parametrize("lost", ["tags", "tags and sidecar"])
def test_names_are_found_in_the_sidecar_or_the_style_too(tmp_path: Path, values: np.ndarray, lost: str) -> None:
    path = written_map(tmp_path, values)
    with rasterio.open(path) as dataset:
        plain = write_raster(tmp_path / "plain.tif", dataset.read(), nodata=255)
    sidecar = tmp_path / "map.tif.aux.xml"
    if lost == "tags":
        sidecar.rename(tmp_path / "plain.tif.aux.xml")
    (tmp_path / "map.qml").rename(tmp_path / "plain.qml")
    table = ClassMap(SceneSource(plain)).table
    assert {value: table[value] for value in (1, 4)} == {c.value: c for c in SCHEME.classes}


def test_a_map_without_a_table_gives_each_value_a_name_and_a_color(tmp_path: Path) -> None:
    found = ClassMap(SceneSource(write_raster(tmp_path / "plain.tif", np.ones((1, 3, 3), np.uint8))))
    assert found.table == {}
    classes = [found.land_class(value) for value in range(256)]
    assert classes[7].name == "class 7"
    assert len({c.color for c in classes}) > 200


def test_wider_integers_are_read_where_they_hold_class_values(tmp_path: Path) -> None:
    values = np.array([[[3, -9], [200, 7]]], np.int16)
    with ClassMap(SceneSource(write_raster(tmp_path / "wide.tif", values, nodata=-9))) as found:
        read, valid = found.read(PixelRect(0, 0, 2, 2))
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read[valid], [3, 200, 7])
    wrong = SceneSource(write_raster(tmp_path / "wrong.tif", values))
    with ClassMap(wrong) as found, pytest.raises(SceneError, match="holds the value -9; class values lie between"):
        found.read(PixelRect(0, 0, 2, 2))


def test_what_is_no_class_map_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match="holds decimal numbers"):
        ClassMap(SceneSource(write_raster(tmp_path / "float.tif", np.ones((1, 3, 3), np.float32))))
    with pytest.raises(SceneError, match="has 3 bands"):
        ClassMap(SceneSource(write_raster(tmp_path / "rgb.tif", np.ones((3, 3, 3), np.uint8))))
    path = write_raster(tmp_path / "styled.tif", np.ones((1, 3, 3), np.uint8))
    (tmp_path / "styled.qml").write_text("<qgis>")
    with pytest.raises(SceneError, match="no readable XML"):
        ClassMap(SceneSource(path))
