"""A layer of points comes back as it was written, with the form that QGIS opens it with."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from xml.etree import ElementTree

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from rasterio.crs import CRS

from magnet_geo.classes import LandClass
from magnet_geo.errors import OutputError, SceneError
from magnet_geo.vector import PointLayer, answer_form, check_point_target, read_point_layer, write_point_layer
from tests.real_qgis import needs_qgis, read_in_qgis

CHOICES = (LandClass(1, "water", "#0000ff"), LandClass(7, "sand & gravel", "#c0a000"))


def small_layer(crs: CRS | None = None) -> PointLayer:
    columns = {
        "id": pd.Series([1, 2, 3], dtype="int32"),
        "reference": pd.Series([pd.NA] * 3, dtype="Int32"),
        "name": pd.Series(["a", "b", "ä"]),
    }
    return PointLayer(np.array([1.5, 2, 3]), np.array([4.0, 5, 6.25]), crs, columns, {"design": '{"long": "text"}'})


@pytest.mark.parametrize("crs", [None, CRS.from_epsg(32633)], ids=["no CRS", "UTM"])
def test_points_columns_and_metadata_come_back(tmp_path: Path, crs: CRS | None) -> None:
    target = tmp_path / "points.gpkg"
    write_point_layer(target, small_layer(crs), name="sample", style="<qgis/>")
    found = read_point_layer(target)
    np.testing.assert_array_equal([found.x, found.y], [[1.5, 2, 3], [4, 5, 6.25]])
    assert found.crs == crs
    assert list(found.columns) == ["id", "reference", "name"]
    assert found.columns["reference"].isna().all()
    assert list(found.columns["name"]) == ["a", "b", "ä"]
    assert found.metadata == {"design": '{"long": "text"}'}
    assert list(tmp_path.iterdir()) == [target]


def test_the_style_is_the_layer_s_default(tmp_path: Path) -> None:
    style = answer_form(column="reference", choices=CHOICES, columns=["id", "reference"])
    write_point_layer(tmp_path / "points.gpkg", small_layer(), name="sample", style=style)
    with sqlite3.connect(tmp_path / "points.gpkg") as database:
        rows = database.execute("SELECT f_table_name, useAsDefault, styleQML FROM layer_styles").fetchall()
    assert rows == [("sample", 1, style)]


def test_the_form_offers_each_class_by_name_and_locks_the_other_columns() -> None:
    root = ElementTree.fromstring(answer_form(column="reference", choices=CHOICES, columns=["id", "reference"]))
    entries = root.findall(".//field[@name='reference']/editWidget[@type='ValueMap']//Option[@type='QString']")
    assert [(e.get("name"), e.get("value")) for e in entries] == [("water", "1"), ("sand & gravel", "7")]
    editable = {field.get("name"): field.get("editable") for field in root.findall("editable/field")}
    assert editable == {"id": "0", "reference": "1"}


def test_a_table_without_geometry_has_no_coordinates(tmp_path: Path) -> None:
    (tmp_path / "answers.csv").write_text("id,reference\n1,water\n2,\n")
    found = read_point_layer(tmp_path / "answers.csv")
    assert np.isnan(found.x).all()
    assert len(found) == 2


def test_targets_that_cannot_be_written_are_refused(tmp_path: Path) -> None:
    (tmp_path / "there.gpkg").touch()
    with pytest.raises(OutputError, match=r"must end in \.gpkg"):
        check_point_target(tmp_path / "points.shp", overwrite=False)
    with pytest.raises(OutputError, match="does not exist; create it first"):
        check_point_target(tmp_path / "no" / "points.gpkg", overwrite=False)
    with pytest.raises(OutputError, match="exists already"):
        check_point_target(tmp_path / "there.gpkg", overwrite=False)
    check_point_target(tmp_path / "there.gpkg", overwrite=True)


def test_what_holds_no_points_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match="do not exist"):
        read_point_layer(tmp_path / "missing.gpkg")
    (tmp_path / "text.gpkg").write_text("no database")
    with pytest.raises(SceneError, match="cannot be read as a vector file"):
        read_point_layer(tmp_path / "text.gpkg")
    boxes = gpd.GeoDataFrame({"id": [1]}, geometry=[shapely.box(0, 0, 1, 1)], crs="EPSG:32633")
    boxes.to_file(tmp_path / "boxes.gpkg")
    with pytest.raises(SceneError, match="kind Polygon; give a layer of points"):
        read_point_layer(tmp_path / "boxes.gpkg")


def test_nothing_is_left_of_a_layer_that_cannot_be_written(tmp_path: Path) -> None:
    layer = small_layer()
    broken = PointLayer(layer.x, layer.y, None, {**layer.columns, "bad": pd.Series([1j] * 3)})
    with pytest.raises(OutputError, match="could not be written"):
        write_point_layer(tmp_path / "points.gpkg", broken, name="sample")
    assert list(tmp_path.iterdir()) == []


@needs_qgis
def test_qgis_opens_the_form_and_saves_an_answer(tmp_path: Path) -> None:
    target = tmp_path / "points.gpkg"
    layer = small_layer(CRS.from_epsg(32633))
    style = answer_form(column="reference", choices=CHOICES, columns=list(layer.columns))
    write_point_layer(target, layer, name="sample", style=style)
    seen = read_in_qgis("answered", f"{target}|layername=sample")
    assert (seen["valid"], seen["saved"], seen["renderer"], seen["widget"]) == (True, True, "RuleRenderer", "ValueMap")
    assert seen["choices"] == [["water", "1"], ["sand & gravel", "7"]]
    assert seen["locked"] == ["id", "name"]
    found = read_point_layer(target)
    assert list(found.columns["reference"].dropna()) == [7]
    assert found.metadata == layer.metadata
