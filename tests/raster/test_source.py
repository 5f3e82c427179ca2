"""Opening scenes, and what is said when that fails."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import pytest
import rasterio

from magnet_geo.errors import SceneError
from magnet_geo.raster import SceneSource, open_scene
from tests.raster.rasters import ramp, write_raster


def open_and_close(path: object) -> None:
    with open_scene(SceneSource(str(path))):
        pass


def test_a_missing_scene_is_named(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match=r"absent\.tif' does not exist"):
        open_and_close(tmp_path / "absent.tif")


def test_a_text_file_is_no_raster(tmp_path: Path) -> None:
    path = tmp_path / "notes.tif"
    path.write_text("hello")
    with pytest.raises(SceneError, match="is not a raster"):
        open_and_close(path)


def test_an_empty_file_is_called_empty(tmp_path: Path) -> None:
    path = tmp_path / "empty.tif"
    path.touch()
    with pytest.raises(SceneError, match="0 bytes"):
        open_and_close(path)


def test_a_folder_is_called_a_folder(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match="is a folder"):
        open_and_close(tmp_path)


def test_a_cut_header_is_called_damaged(tmp_path: Path) -> None:
    path = Path(write_raster(tmp_path / "cut.tif", ramp(3, 30, 40)))
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(SceneError, match="damaged or incomplete"):
        open_and_close(path)


def test_a_forbidden_file_is_called_forbidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.tif"
    path.write_text("hello")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(SceneError, match="permission denied"):
        open_and_close(path)


def test_overviews_are_hidden_unless_asked_for(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "a.tif", ramp(1, 60, 90))
    with rasterio.open(path, "r+") as dataset:
        dataset.build_overviews([2])
    for overviews, found in ((False, []), (True, [2])):
        with open_scene(SceneSource(path), overviews=overviews) as dataset:
            assert dataset.overviews(1) == found


def test_a_plain_image_opens_without_a_warning(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plain = write_raster(tmp_path / "plain.tif", ramp(1, 5, 7), georeferenced=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        open_and_close(plain)


def test_open_options_reach_gdal(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "a.tif", ramp(1, 40, 30))
    with open_scene(SceneSource(path, open_options=(("GEOREF_SOURCES", "NONE"),)), overviews=True) as dataset:
        assert dataset.transform.is_identity


def test_the_name_is_the_last_part_of_the_path() -> None:
    assert SceneSource("/vsizip/data/a.zip/b.tif").name == "b.tif"
    assert SceneSource("https://host/b.tif").name == "b.tif"
