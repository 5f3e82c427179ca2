"""What is told of a scene before its pixels are read."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.control import GroundControlPoint
from rasterio.crs import CRS

from magnet_geo.errors import SceneError
from magnet_geo.raster import SceneSource, describe_scene
from tests.raster.rasters import TRANSFORM, ramp, write_raster


@pytest.fixture
def plain(tmp_path: Path) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return write_raster(tmp_path / "plain.tif", ramp(3, 21, 33), georeferenced=False)


def test_metadata_is_told_as_found(tmp_path: Path) -> None:
    path = write_raster(
        tmp_path / "a.tif",
        ramp(4, 37, 53, "uint16"),
        nodata=7,
        descriptions=("blue", "green", "red", "nir"),
        colors=("blue", "green", "red", "undefined"),
        tiled=True,
        blockxsize=16,
        blockysize=32,
    )
    scene = describe_scene(SceneSource(path))
    assert (scene.name, scene.driver, scene.dtype, scene.band_count) == ("a.tif", "GTiff", "uint16", 4)
    assert (scene.grid.crs, scene.grid.transform) == (CRS.from_epsg(32633), TRANSFORM)
    assert (scene.grid.width, scene.grid.height) == (53, 37)
    assert scene.descriptions == ("blue", "green", "red", "nir")
    assert scene.color_interpretations == ("blue", "green", "red", "undefined")
    assert scene.nodata == (7, 7, 7, 7)
    assert (scene.alpha_band, scene.has_mask_band, scene.block_shape) == (None, False, (32, 16))
    assert scene.warnings == ()


def test_an_alpha_band_is_no_data_band(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "a.tif", ramp(4, 5, 7), colors=("red", "green", "blue", "alpha"))
    scene = describe_scene(SceneSource(path))
    assert (scene.alpha_band, scene.data_bands, scene.has_mask_band) == (4, (1, 2, 3), False)


def test_a_mask_band_is_seen(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "a.tif", ramp(3, 5, 7), dataset_mask=np.ones((5, 7), bool))
    assert describe_scene(SceneSource(path)).has_mask_band


def test_a_plain_image_is_in_pixel_coordinates_with_a_warning(plain: str) -> None:
    scene = describe_scene(SceneSource(plain))
    assert scene.grid.crs is None
    assert scene.grid.transform.is_identity
    assert any("no georeference" in text for text in scene.warnings)


def test_a_transform_without_crs_asks_for_one(tmp_path: Path) -> None:
    path = str(tmp_path / "a.tif")
    with rasterio.open(path, "w", driver="GTiff", count=1, height=5, width=7, dtype="uint8", transform=TRANSFORM):
        pass
    assert "--crs" in describe_scene(SceneSource(path)).warnings[0]
    answered = describe_scene(SceneSource(path, crs=CRS.from_epsg(32633)))
    assert answered.grid.crs == CRS.from_epsg(32633)
    assert answered.warnings == ()


def test_control_points_are_kept_and_the_grid_is_in_pixels(tmp_path: Path) -> None:
    points = [GroundControlPoint(r, c, 10 + c / 9, 50 - r / 9) for r, c in ((0, 0), (0, 9), (9, 0), (9, 9))]
    size = {"count": 1, "height": 11, "width": 13, "dtype": "uint8"}
    with rasterio.open(tmp_path / "g.tif", "w", driver="GTiff", gcps=points, crs="EPSG:4326", **size):
        pass
    scene = describe_scene(SceneSource(str(tmp_path / "g.tif")))
    assert scene.grid.crs is None
    assert scene.grid.transform.is_identity
    assert (len(scene.gcps), scene.gcp_crs) == (4, CRS.from_epsg(4326))
    assert "control points only" in scene.warnings[0]


def test_the_users_nodata_replaces_the_files(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "a.tif", ramp(2, 5, 7), nodata=7)
    assert describe_scene(SceneSource(path, nodata=0)).nodata == (0, 0)
    assert "cannot occur" in describe_scene(SceneSource(path, nodata=-9999)).warnings[0]


def test_complex_numbers_are_refused(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "a.tif", np.ones((1, 5, 7), "complex64"))
    with pytest.raises(SceneError, match=r"complex numbers \(complex64\)"):
        describe_scene(SceneSource(path))


def test_a_container_names_what_is_inside(tmp_path: Path) -> None:
    path = tmp_path / "c.gpkg"
    for table in ("north", "south"):
        with rasterio.open(
            path,
            "w",
            driver="GPKG",
            count=1,
            height=5,
            width=7,
            dtype="uint8",
            crs="EPSG:32633",
            transform=TRANSFORM,
            RASTER_TABLE=table,
            APPEND_SUBDATASET="YES" if path.exists() else "NO",
        ) as dataset:
            dataset.write(ramp(1, 5, 7))
    with pytest.raises(SceneError, match=r"holds 2 rasters.*north.*south"):
        describe_scene(SceneSource(str(path)))
