"""What is told of a scene before its pixels are read."""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.control import GroundControlPoint
from rasterio.crs import CRS
from rasterio.io import DatasetReader

from magnet_geo.errors import SceneError
from magnet_geo.grid import PixelRect
from magnet_geo.raster import SceneReader, SceneSource, describe_scene
from tests.raster.rasters import TRANSFORM, pushbroom_rpcs, ramp, write_raster


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
    assert "name it with `crs`" in describe_scene(SceneSource(path)).warnings[0]
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


GCPS = "".join(
    f'<GCP Pixel="{col}" Line="{row}" X="{10 + col / 9}" Y="{50 - row / 9}"/>' for row in (0, 9) for col in (0, 9)
)
CRS_TEXT, IDENTITY = "<SRS>EPSG:32633</SRS>", "<GeoTransform>0,1,0,0,0,1</GeoTransform>"


def write_vrt(path: Path, georeference: str) -> SceneSource:
    band = '<VRTRasterBand dataType="Byte" band="1"/>'
    path.write_text(f'<VRTDataset rasterXSize="13" rasterYSize="11">{georeference}{band}</VRTDataset>')
    return SceneSource(str(path))


@pytest.mark.parametrize("identity", ["", IDENTITY], ids=["no transform", "identity"])
@pytest.mark.parametrize(
    ("points", "named", "crs"),
    [
        (f'<GCPList Projection="EPSG:4326">{GCPS}</GCPList>', None, 4326),
        (f"<GCPList>{GCPS}</GCPList>", None, 32633),
        (f'<GCPList Projection="EPSG:4326">{GCPS}</GCPList>', CRS.from_epsg(32634), 32634),
    ],
    ids=["the points' CRS", "the file's CRS", "the user's CRS"],
)
def test_control_points_and_an_identity_transform_are_control_points_only_whatever_the_crs(
    tmp_path: Path, identity: str, points: str, named: CRS | None, crs: int
) -> None:
    scene = describe_scene(replace(write_vrt(tmp_path / "g.vrt", f"{CRS_TEXT}{identity}{points}"), crs=named))
    assert (scene.grid.crs, scene.grid.transform.is_identity) == (None, True)
    assert (len(scene.gcps), scene.gcp_crs) == (4, CRS.from_epsg(crs))
    assert "control points only" in scene.warnings[0]


def test_control_points_beside_a_georeference_do_not_count(tmp_path: Path) -> None:
    place = "<GeoTransform>400000,1,0,5000000,0,-1</GeoTransform>"
    scene = describe_scene(write_vrt(tmp_path / "g.vrt", f"{CRS_TEXT}{place}<GCPList>{GCPS}</GCPList>"))
    assert (scene.grid.crs, scene.gcps, scene.warnings) == (CRS.from_epsg(32633), (), ())


@pytest.mark.parametrize("named", [None, CRS.from_epsg(32634)], ids=["the file's", "the user's"])
def test_a_crs_in_which_nothing_says_where_the_pixels_lie_is_no_georeference(tmp_path: Path, named: CRS | None) -> None:
    source = write_vrt(tmp_path / "c.vrt", "" if named else CRS_TEXT)
    scene = describe_scene(replace(source, crs=named))
    assert (scene.grid.crs, scene.grid.transform.is_identity) == (None, True)
    assert "nothing says where in it the pixels lie" in scene.warnings[0]


def test_an_identity_transform_that_the_file_holds_is_its_own(tmp_path: Path) -> None:
    scene = describe_scene(write_vrt(tmp_path / "i.vrt", CRS_TEXT + IDENTITY))
    assert (scene.grid.crs, scene.grid.transform.is_identity) == (CRS.from_epsg(32633), True)
    assert scene.warnings == ()


@pytest.mark.parametrize("crs", [None, "EPSG:4326"])
def test_rpcs_alone_are_no_georeference_whatever_the_crs(tmp_path: Path, crs: str | None) -> None:
    size = {"count": 1, "height": 11, "width": 13, "dtype": "uint8"}
    with rasterio.open(tmp_path / "r.tif", "w", driver="GTiff", rpcs=pushbroom_rpcs(), crs=crs, **size):
        pass
    scene = describe_scene(SceneSource(str(tmp_path / "r.tif")))
    assert (scene.grid.crs, scene.grid.transform.is_identity, scene.rpcs) == (None, True, pushbroom_rpcs())
    assert "RPCs are carried over" in scene.warnings[0]


BAND_PROPERTIES = ("mask_flag_enums", "nodatavals", "colorinterp", "descriptions", "dtypes", "block_shapes", "scales")


def test_facts_of_bands_are_read_once_however_many_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = Counter[str]()

    def counting(name: str) -> property:
        read = getattr(DatasetReader, name).__get__

        def look(dataset: DatasetReader) -> object:
            looks[name] += 1
            return read(dataset)

        return property(look)

    for name in BAND_PROPERTIES:
        monkeypatch.setattr(DatasetReader, name, counting(name))
    found = []
    for bands in (2, 60):
        source = SceneSource(write_raster(tmp_path / f"{bands}.tif", ramp(bands, 6, 8, "uint16"), nodata=7))
        describe_scene(source)
        found.append(looks.copy())
        looks.clear()
    # rasterio itself looks once more at some of them.
    assert found[0] == found[1]
    assert max(found[0].values()) <= 2

    with SceneReader(source, (1, 2)) as reader:
        looks.clear()
        for row in range(5):
            reader.read(PixelRect(row, 0, 1, 8))
        # Which mask there is rasterio itself asks at each read.
        assert looks["mask_flag_enums"] <= 5
        assert looks["nodatavals"] == looks["colorinterp"] == 0
