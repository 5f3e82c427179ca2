"""Outputs: complete and valid, or not there at all."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import warnings
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.control import GroundControlPoint
from rasterio.crs import CRS
from rasterio.transform import RPCTransformer
from rio_cogeo import cog_validate

from magnet_geo.classes import ClassScheme, LandClass
from magnet_geo.errors import DiskFullError, OutputError, SceneError
from magnet_geo.grid import PixelRect, RasterGrid
from magnet_geo.raster import GeoTiffDraft, MapLayout, SceneDescription, SceneSource, check_map_size, describe_scene
from tests.raster.rasters import TRANSFORM, pushbroom_rpcs

SCHEME = ClassScheme((LandClass(1, "water", "#0000ff"), LandClass(4, "built <up> & roads", "#ff0010")))
GRID = RasterGrid(CRS.from_epsg(32633), TRANSFORM, 1337, 1101)
CLASSES = MapLayout(GRID, ("class",), SCHEME.nodata, SCHEME, tags=(("MODEL", "m1"),))
USAGE = namedtuple("USAGE", "total used free")


def write(target: Path, layout: MapLayout, parts: list[tuple[PixelRect, np.ndarray]]) -> None:
    with GeoTiffDraft(target, layout) as draft:
        for rect, array in parts:
            draft.write(rect, array)
        draft.finish()


def class_parts() -> tuple[np.ndarray, list[tuple[PixelRect, np.ndarray]]]:
    """A class map with an unwritten hole, and its rectangles in no order."""
    generator = np.random.default_rng(3)
    values = np.full((GRID.height, GRID.width), 255, np.uint8)
    rects = [PixelRect(r, c, 300, 331) for r in range(0, 900, 300) for c in range(0, 1324, 331)][1:]
    parts = []
    for index in generator.permutation(len(rects)):
        array = generator.choice(SCHEME.values, (300, 331)).astype(np.uint8)
        values[rects[index].slices] = array
        parts.append((rects[index], array))
    return values, parts


def test_a_class_map_is_a_valid_cog_with_all_it_carries(tmp_path: Path) -> None:
    values, parts = class_parts()
    target = tmp_path / "out.tif"
    write(target, CLASSES, parts)
    assert cog_validate(target, strict=True) == (True, [], [])
    with rasterio.open(target) as dataset:
        np.testing.assert_array_equal(dataset.read(1), values)
        assert (dataset.crs, dataset.transform, dataset.nodata) == (GRID.crs, GRID.transform, 255)
        assert dataset.block_shapes == [(512, 512)]
        assert dataset.overviews(1) == [2, 4]
        assert dataset.compression.value == "DEFLATE"
        assert dataset.tags()["TIFFTAG_SOFTWARE"].startswith("magnet-geo ")
        assert dataset.tags()["MODEL"] == "m1"
        assert dataset.tags(1)["CLASS_4"] == "built <up> & roads"
        assert dataset.colormap(1)[4] == (255, 0, 16, 255)
        assert dataset.colormap(1)[255][3] == 0
    assert sorted(os.listdir(tmp_path)) == ["out.qml", "out.sld", "out.tif", "out.tif.aux.xml"]


def test_class_overviews_hold_only_classes(tmp_path: Path) -> None:
    _, parts = class_parts()
    write(tmp_path / "out.tif", CLASSES, parts)
    with rasterio.open(tmp_path / "out.tif", OVERVIEW_LEVEL=0) as dataset:
        assert set(np.unique(dataset.read(1))) <= {1, 4, 255}


@pytest.mark.parametrize("bands", [1, 3, 4])
def test_shares_are_averaged_in_overviews_and_never_taken_for_colors(tmp_path: Path, bands: int) -> None:
    layout = MapLayout(GRID, tuple("abcd"[:bands]))
    array = np.zeros((bands, 1000, 1200), np.uint8)
    array[:, ::2] = 200
    write(tmp_path / "out.tif", layout, [(PixelRect(0, 0, 1000, 1200), array)])
    assert cog_validate(tmp_path / "out.tif", strict=True) == (True, [], [])
    with rasterio.open(tmp_path / "out.tif") as dataset:
        assert dataset.descriptions == layout.band_names
        assert {use.name for use in dataset.colorinterp} <= {"gray", "undefined"}
        assert (dataset.read()[:, 1000:] == 255).all()
    with rasterio.open(tmp_path / "out.tif", OVERVIEW_LEVEL=0) as dataset:
        assert (dataset.read()[:, :400, :500] == 100).all()
    assert os.listdir(tmp_path) == ["out.tif"]


def test_a_raster_without_georeference_is_written_without_a_warning(tmp_path: Path) -> None:
    layout = MapLayout(RasterGrid(None, Affine.identity(), 33, 21), ("class",), 255, SCHEME)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write(tmp_path / "out.tif", layout, [(PixelRect(0, 0, 21, 33), np.ones((21, 33), np.uint8))])


def test_control_points_are_carried_over(tmp_path: Path) -> None:
    points = tuple(GroundControlPoint(r, c, 10 + c / 9, 50 - r / 9) for r, c in ((0, 0), (0, 9), (9, 0), (9, 9)))
    grid = RasterGrid(None, Affine.identity(), 33, 21)
    layout = MapLayout(grid, ("class",), 255, SCHEME, gcps=points, gcp_crs=CRS.from_epsg(4326))
    write(tmp_path / "out.tif", layout, [(PixelRect(0, 0, 21, 33), np.ones((21, 33), np.uint8))])
    with rasterio.open(tmp_path / "out.tif") as dataset:
        found, crs = dataset.gcps
        assert (dataset.crs, crs) == (None, CRS.from_epsg(4326))
        assert [(p.row, p.col, p.x, p.y) for p in found] == [(p.row, p.col, p.x, p.y) for p in points]


def test_a_rotated_grid_is_kept(tmp_path: Path) -> None:
    transform = TRANSFORM @ Affine.rotation(20)
    layout = MapLayout(RasterGrid(CRS.from_epsg(32633), transform, 33, 21), ("class",), 255, SCHEME)
    write(tmp_path / "out.tif", layout, [(PixelRect(0, 0, 21, 33), np.ones((21, 33), np.uint8))])
    with rasterio.open(tmp_path / "out.tif") as dataset:
        assert dataset.transform.almost_equals(transform)


def test_the_target_appears_only_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "out.tif"
    with GeoTiffDraft(target, CLASSES) as draft:
        draft.write(PixelRect(0, 0, 5, 7), np.ones((5, 7), np.uint8))
        assert not target.exists()
        assert draft.draft_path.name == ".out.tif.part.tif"
        draft.finish()
        assert target.exists()


def break_off(target: Path, interrupt: type[BaseException]) -> None:
    with GeoTiffDraft(target, CLASSES) as draft:
        draft.write(PixelRect(0, 0, 5, 7), np.ones((5, 7), np.uint8))
        raise interrupt


@pytest.mark.parametrize("interrupt", [RuntimeError, KeyboardInterrupt])
def test_an_interrupted_draft_leaves_nothing_and_keeps_the_old_target(
    tmp_path: Path, interrupt: type[BaseException]
) -> None:
    target = tmp_path / "out.tif"
    target.write_text("old")
    with pytest.raises(interrupt):
        break_off(target, interrupt)
    assert os.listdir(tmp_path) == ["out.tif"]
    assert target.read_text() == "old"


def test_sidecars_of_a_replaced_raster_go_with_it(tmp_path: Path) -> None:
    for name in ("out.tif", "out.tif.aux.xml", "out.tif.ovr", "out.tif.msk"):
        (tmp_path / name).write_text("old")
    layout = MapLayout(RasterGrid(GRID.crs, GRID.transform, 40, 30), ("certainty",))
    write(tmp_path / "out.tif", layout, [(PixelRect(0, 0, 30, 40), np.ones((30, 40), np.uint8))])
    assert os.listdir(tmp_path) == ["out.tif"]


def test_wrong_arrays_and_places_are_refused(tmp_path: Path) -> None:
    with GeoTiffDraft(tmp_path / "out.tif", CLASSES) as draft:
        with pytest.raises(ValueError, match="int64 of shape"):
            draft.write(PixelRect(0, 0, 5, 7), np.ones((5, 7), np.int64))
        with pytest.raises(ValueError, match="is needed"):
            draft.write(PixelRect(0, 0, 5, 7), np.ones((7, 5), np.uint8))
        with pytest.raises(ValueError, match="beyond the raster"):
            draft.write(PixelRect(1100, 0, 5, 7), np.ones((5, 7), np.uint8))


def test_creation_options_reach_the_cog(tmp_path: Path) -> None:
    layout = MapLayout(GRID, ("class",), 255, SCHEME, creation_options=(("compress", "lzw"), ("BLOCKSIZE", "256")))
    _, parts = class_parts()
    write(tmp_path / "out.tif", layout, parts)
    with rasterio.open(tmp_path / "out.tif") as dataset:
        assert (dataset.compression.value, dataset.block_shapes) == ("LZW", [(256, 256)])


@pytest.mark.parametrize(
    ("option", "says"),
    [
        (("TILED", "YES"), "'TILED' is not one of"),
        (("COMPRESS", "JPEG"), "COMPRESS=JPEG is not possible"),
        (("TILING_SCHEME", "GoogleMapsCompatible"), "is not one of"),
        (
            ("BLOCKSIZE", "100"),
            "BLOCKSIZE=100 is not possible; .* whole numbers from 128 to 8192 in steps of 16",
        ),
        (("BLOCKSIZE", "200.5"), "BLOCKSIZE takes whole numbers"),
        (("NUM_THREADS", "many"), "NUM_THREADS takes ALL_CPUS, whole numbers from 1 to 1024"),
        (("LEVEL", "-1"), "LEVEL takes whole numbers from 1 to 22"),
        # A level of ZSTD: GDAL 3.10 and 3.12 warn that deflate has none above 12, each in words of its own, and go on.
        (
            ("LEVEL", "20"),
            "GDAL does not take the creation options LEVEL=20: .*20",
        ),
    ],
)
def test_unknown_or_harmful_creation_options_are_refused(tmp_path: Path, option: tuple[str, str], says: str) -> None:
    with pytest.raises(OutputError, match=says):
        GeoTiffDraft(tmp_path / "out.tif", MapLayout(GRID, ("class",), creation_options=(option,)))


def test_no_room_for_the_next_window_is_told_before_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: USAGE(1, 1, 10))
    with pytest.raises(DiskFullError, match="make room"):
        write(tmp_path / "out.tif", CLASSES, [(PixelRect(0, 0, 5, 7), np.ones((5, 7), np.uint8))])
    assert os.listdir(tmp_path) == []


def run_python(command: list[str]) -> subprocess.CompletedProcess[str]:
    root = str(Path(__file__).parents[2])
    return subprocess.run(command, env={**os.environ, "PYTHONPATH": root}, capture_output=True, text=True)


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    done = run_python([sys.executable, "-m", "tests.raster.write_noise", str(tmp_path), "600000"])
    assert done.stdout.startswith("OutputError: ")
    assert done.stdout.endswith("Left: []")


@pytest.mark.skipif(shutil.which("unshare") is None, reason="unshare is absent")
@pytest.mark.parametrize("size", ["1m", "3m"])
def test_a_full_disk_leaves_nothing(tmp_path: Path, size: str) -> None:
    inner = f'mount -t tmpfs -o size={size} none "$0" && exec "$1" -m tests.raster.write_noise "$0"'
    done = run_python(["unshare", "-Urm", "sh", "-c", inner, str(tmp_path), sys.executable])
    if "mount" in done.stderr or "unshare" in done.stderr:
        pytest.skip("a small disk cannot be mounted here")
    assert done.stdout.startswith("DiskFullError: The disk filled up")
    assert done.stderr == ""
    assert done.stdout.endswith("Left: []")


@pytest.mark.parametrize("crs", [None, CRS.from_epsg(32633)], ids=["alone", "beside a georeference"])
def test_rpcs_are_carried_over(tmp_path: Path, crs: CRS | None) -> None:
    grid = RasterGrid(crs, Affine.identity() if crs is None else TRANSFORM, 33, 21)
    rpcs = pushbroom_rpcs()
    layout = MapLayout(grid, ("class",), 255, SCHEME, rpcs=rpcs)
    write(tmp_path / "out.tif", layout, [(PixelRect(0, 0, 21, 33), np.ones((21, 33), np.uint8))])
    assert not (tmp_path / "out.RPB").exists()
    with rasterio.open(tmp_path / "out.tif") as dataset:
        assert (dataset.crs, dataset.rpcs) == (crs, rpcs)
        with RPCTransformer(dataset.rpcs) as found, RPCTransformer(rpcs) as wanted:
            np.testing.assert_array_equal(found.xy([0, 20], [3, 30]), wanted.xy([0, 20], [3, 30]))


def test_an_identity_transform_with_a_crs_is_told_from_none(tmp_path: Path) -> None:
    layout = MapLayout(RasterGrid(GRID.crs, Affine.identity(), 33, 21), ("class",), 255, SCHEME)
    write(tmp_path / "out.tif", layout, [(PixelRect(0, 0, 21, 33), np.ones((21, 33), np.uint8))])
    assert describe_scene(SceneSource(str(tmp_path / "out.tif"))).grid == layout.grid


def test_a_map_larger_than_gdal_writes_is_refused_by_arithmetic(tmp_path: Path) -> None:
    tiles = 2**14

    def description(rows: int) -> SceneDescription:
        path = tmp_path / f"{rows}.vrt"
        path.write_text(
            f'<VRTDataset rasterXSize="{tiles * 512}" rasterYSize="{rows}">'
            "<SRS>EPSG:32633</SRS><GeoTransform>0,1,0,0,0,-1</GeoTransform>"
            '<VRTRasterBand dataType="Byte" band="1"/></VRTDataset>'
        )
        return describe_scene(SceneSource(str(path)))

    fits = description(tiles * 512)
    assert check_map_size(fits, fits.grid.rect) is None
    larger = description(tiles * 512 + 1)
    with pytest.raises(SceneError, match=r"'8388609.vrt' has 8388608 x 8388609 pixels, .* more than .* gdal_translate"):
        check_map_size(larger, larger.grid.rect)
    # GDAL 3.10.3, frmts/gtiff/gtiffdataset_write.cpp: "tile arrays larger than 2GB".
    size = {"width": tiles * 512, "height": tiles * 512 + 1, "count": 1, "dtype": "uint8", "sparse_ok": True}
    with pytest.raises(rasterio.errors.RasterioIOError, match="2GB"):
        rasterio.open(tmp_path / "a.tif", "w", tiled=True, blockxsize=512, blockysize=512, bigtiff="yes", **size)
