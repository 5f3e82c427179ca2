"""Every warning that a run can give is explained; the warnings come from the rooms that give them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from rasterio.control import GroundControlPoint
from rasterio.crs import CRS

from magnet_geo.grid import PixelRect
from magnet_geo.raster import SceneSource, check_map_size, describe_scene
from magnet_geo.report.notices import explain_warnings
from magnet_geo.scene import SegmentOptions, plan_run
from magnet_geo.scene.window.domain_check import DomainCheck
from tests.raster.rasters import pushbroom_rpcs
from tests.scene.stub_model import stub_model, texture, write_scene

POINTS = [GroundControlPoint(row=r, col=c, x=14 + c / 1e4, y=51 - r / 1e4) for r in (0, 90) for c in (0, 120)]


def warnings_of(path: str, *, gsd_m: float | None = None, **options: object) -> tuple[str, ...]:
    return plan_run(path, stub_model(gsd_m=gsd_m), SegmentOptions(**options)).warnings  # type: ignore[arg-type]


def scene(folder: Path, values: np.ndarray | None = None, **layout: object) -> str:
    given = texture(3, 90, 120) if values is None else values
    return write_scene(folder / "scene.tif", given, **layout)  # type: ignore[arg-type]


def collared() -> np.ndarray:
    values = texture(3, 90, 120)
    values[:, :, :30] = 0
    return values


CASES = {
    "finer than the model": ("Pixel size", {}, {"gsd_m": 5.0}),
    "coarser than the model": ("Pixel size", {}, {"gsd_m": 1.0}),
    "pixel size unknown": ("Position", {"crs": None, "transform": None}, {"gsd_m": 1.0}),
    "no georeference": ("Position", {"crs": None, "transform": None}, {}),
    "no CRS": ("Position", {"crs": None}, {}),
    "control points": ("Position", {"transform": None, "crs": CRS.from_epsg(4326), "gcps": POINTS}, {}),
    "RPCs": ("Position", {"transform": None, "crs": None, "rpcs": pushbroom_rpcs()}, {}),
    "a CRS without a place": ("Position", {"transform": None}, {}),
    "stretched": ("Brightness", {"values": texture(3, 90, 120).astype(np.uint16) * 9}, {}),
    "collar": ("Empty border", {"values": collared()}, {}),
    "nodata": ("Empty pixels", {}, {"nodata": -1.0}),
}


@pytest.mark.parametrize(("title", "layout", "options"), CASES.values(), ids=CASES)
def test_a_warning_is_explained(
    tmp_path: Path, title: str, layout: dict[str, object], options: dict[str, object]
) -> None:
    warnings = warnings_of(scene(tmp_path, **layout), **options)  # type: ignore[arg-type]
    notices = explain_warnings(warnings)
    assert title in [notice.title for notice in notices]
    assert [notice.text for notice in notices] == list(warnings)
    assert all(notice.meaning for notice in notices)


def test_unfamiliar_ground_is_explained() -> None:
    manifest = stub_model().manifest.changed(expected_certainty=0.9)
    look = DomainCheck(manifest)
    window = np.full((3, 32, 32), 100, np.uint8)
    look.add(window, np.ones((32, 32), np.bool_), torch.full((3, 32, 32), 1 / 3))
    warning = look.warning()
    assert warning is not None
    (notice,) = explain_warnings((warning,))
    assert notice.title == "Unfamiliar ground"


def test_a_map_far_larger_than_its_area_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "huge.vrt"
    path.write_text(
        '<VRTDataset rasterXSize="200000" rasterYSize="200000"><SRS>EPSG:32633</SRS>'
        "<GeoTransform>400000,1,0,5000000,0,-1</GeoTransform>"
        '<VRTRasterBand dataType="Byte" band="1"/></VRTDataset>'
    )
    warning = check_map_size(describe_scene(SceneSource(str(path))), PixelRect(5, 7, 100, 200))
    assert warning is not None
    assert warning.endswith("-srcwin 7 5 200 100 IN OUT.vrt.")
    (notice,) = explain_warnings((warning,))
    assert notice.title == "Size"


def test_a_warning_nobody_knows_is_passed_on() -> None:
    (notice,) = explain_warnings(("Something else.",))
    assert (notice.title, notice.text, notice.meaning) == ("Note", "Something else.", "")
