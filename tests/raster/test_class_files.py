"""Files beside a class map: category names, attribute table and QGIS style."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import rasterio.shutil

from magnet_geo.classes import ClassScheme, LandClass
from magnet_geo.raster import layer_style, server_style, write_layer_style, write_server_style
from magnet_geo.raster.class_sidecar import class_sidecar, color_table
from tests.raster.rasters import write_raster

SCHEME = ClassScheme((LandClass(3, "wasser & ÄÖ <x>", "#0a0b0c"), LandClass(1, "road", "#ff0010")), nodata=200)


@pytest.fixture
def as_gdal_reads_it(tmp_path: Path) -> ElementTree.Element:
    """The band as a VRT, into which GDAL copies what it knows of it."""
    path = write_raster(tmp_path / "a.tif", np.ones((1, 5, 7), np.uint8))
    Path(f"{path}.aux.xml").write_text(class_sidecar(SCHEME), encoding="utf-8")
    rasterio.shutil.copy(path, tmp_path / "a.vrt", driver="VRT")
    band = ElementTree.parse(tmp_path / "a.vrt").getroot().find("VRTRasterBand")
    assert band is not None
    return band


def test_gdal_reads_a_category_name_for_each_value(as_gdal_reads_it: ElementTree.Element) -> None:
    names = [c.text or "" for c in as_gdal_reads_it.findall("CategoryNames/Category")]
    assert names == ["unclassified", "road", "", "wasser & ÄÖ <x>"]


def test_gdal_reads_the_attribute_table(as_gdal_reads_it: ElementTree.Element) -> None:
    rows = [[f.text for f in row] for row in as_gdal_reads_it.findall("GDALRasterAttributeTable/Row")]
    assert rows == [
        ["0", "unclassified", "128", "128", "128", "255"],
        ["1", "road", "255", "0", "16", "255"],
        ["3", "wasser & ÄÖ <x>", "10", "11", "12", "255"],
    ]


def test_a_scheme_that_uses_0_has_no_unclassified() -> None:
    scheme = ClassScheme((LandClass(0, "a", "#000000"), LandClass(1, "b", "#ffffff")))
    assert "unclassified" not in class_sidecar(scheme)
    assert color_table(scheme) == {0: (0, 0, 0, 255), 1: (255, 255, 255, 255), 255: (0, 0, 0, 0)}


def test_the_style_has_exactly_the_classes() -> None:
    root = ElementTree.fromstring(layer_style(SCHEME))
    renderer = root.find("pipe/rasterrenderer")
    assert renderer is not None
    assert renderer.get("type") == "paletted"
    entries = [(e.get("value"), e.get("color"), e.get("label")) for e in root.iter("paletteEntry")]
    assert entries == [("3", "#0a0b0c", "wasser & ÄÖ <x>"), ("1", "#ff0010", "road")]


def test_the_style_lies_beside_the_raster_and_nothing_else(tmp_path: Path) -> None:
    assert write_layer_style(tmp_path / "out.tif", SCHEME) == tmp_path / "out.qml"
    assert [p.name for p in tmp_path.iterdir()] == ["out.qml"]
    assert ElementTree.parse(tmp_path / "out.qml").getroot().tag == "qgis"


def test_pixels_are_counted_in_the_attribute_table() -> None:
    counts = np.zeros(256, np.int64)
    counts[3] = 5_000_000_000
    rows = ElementTree.fromstring(class_sidecar(SCHEME, counts)).findall(".//GDALRasterAttributeTable/Row")
    assert [row[-1].text for row in rows] == ["0", "0", "5000000000"]


def test_the_style_for_servers_has_exactly_the_classes_by_value() -> None:
    root = ElementTree.fromstring(server_style(SCHEME, name="map"))
    sld = "{http://www.opengis.net/sld}"
    symbolizer = root.find(f"{sld}NamedLayer/{sld}UserStyle/{sld}FeatureTypeStyle/{sld}Rule/")
    assert symbolizer is not None
    assert (symbolizer.tag, root.get("version")) == (sld + "RasterSymbolizer", "1.0.0")
    colors = symbolizer.find(sld + "ColorMap")
    assert colors is not None
    assert colors.get("type") == "values"
    entries = [(e.get("quantity"), e.get("color"), e.get("label")) for e in colors]
    assert entries == [("1", "#ff0010", "road"), ("3", "#0a0b0c", "wasser & ÄÖ <x>")]


def test_the_style_for_servers_lies_beside_the_raster(tmp_path: Path) -> None:
    assert write_server_style(tmp_path / "out.tif", SCHEME) == tmp_path / "out.sld"
    assert [p.name for p in tmp_path.iterdir()] == ["out.sld"]
