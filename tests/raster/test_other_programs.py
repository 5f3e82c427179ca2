"""What GDAL's own tools and QGIS make of a class map; skipped by name where they are not installed."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from affine import Affine
from rasterio.crs import CRS

from magnet_geo.classes import ClassScheme, LandClass
from magnet_geo.grid import RasterGrid
from magnet_geo.raster import GeoTiffDraft, MapLayout
from tests.real_qgis import needs_qgis, read_in_qgis

# Values with gaps, out of order, in one name every character that XML minds.
CLASSES = (
    LandClass(3, "wasser & ÄÖ <x>", "#0a0b0c"),
    LandClass(1, "road", "#ff0010"),
    LandClass(7, "forest", "#00ff10"),
)
SCHEME = ClassScheme(CLASSES, nodata=200)
needs_gdalinfo = pytest.mark.skipif(shutil.which("gdalinfo") is None, reason="gdalinfo is not installed")


@pytest.fixture(scope="module")
def class_map(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    path = tmp_path_factory.mktemp("map") / "map.tif"
    grid = RasterGrid(CRS.from_epsg(32633), Affine(10, 0, 400_000, 0, -10, 5_000_000), 70, 50)
    values = np.random.default_rng(0).choice([1, 3, 7, 200], (50, 70)).astype(np.uint8)
    counts = np.bincount(values.ravel(), minlength=256)
    with GeoTiffDraft(path, MapLayout(grid, ("class",), 200, SCHEME)) as draft:
        draft.write(grid.rect, values)
        draft.finish()
    return path, counts


@pytest.fixture(scope="module")
def as_gdal_sees_it(class_map: tuple[Path, np.ndarray]) -> Any:
    done = subprocess.run(["gdalinfo", "-json", str(class_map[0])], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@needs_gdalinfo
def test_gdal_knows_names_and_colors(as_gdal_sees_it: Any) -> None:
    (band,) = as_gdal_sees_it["bands"]
    assert band["categories"] == ["unclassified", "road", "", "wasser & ÄÖ <x>", "", "", "", "forest"]
    colors = band["colorTable"]["entries"]
    assert [colors[value] for value in (1, 3, 7)] == [[255, 0, 16, 255], [10, 11, 12, 255], [0, 255, 16, 255]]
    assert (colors[200], band["noDataValue"]) == ([0, 0, 0, 0], 200)


@needs_gdalinfo
def test_gdal_knows_what_the_columns_of_the_attribute_table_mean(
    as_gdal_sees_it: Any, class_map: tuple[Path, np.ndarray]
) -> None:
    # Beside the bands up to GDAL 3.10, inside its band in later versions.
    (band,) = as_gdal_sees_it["bands"]
    table = band["rat"] if "rat" in band else as_gdal_sees_it["rat"]
    min_max, name, red, green, blue, alpha, pixel_count = 5, 2, 6, 7, 8, 9, 1
    assert [column["usage"] for column in table["fieldDefn"]] == [min_max, name, red, green, blue, alpha, pixel_count]
    counts = class_map[1]
    assert [row["f"] for row in table["row"]] == [
        [0, "unclassified", 128, 128, 128, 255, 0],
        [1, "road", 255, 0, 16, 255, counts[1]],
        [3, "wasser & ÄÖ <x>", 10, 11, 12, 255, counts[3]],
        [7, "forest", 0, 255, 16, 255, counts[7]],
    ]


@needs_qgis
def test_qgis_draws_exactly_the_classes(class_map: tuple[Path, np.ndarray]) -> None:
    found = read_in_qgis("raster", class_map[0])
    assert (found["valid"], found["renderer"]) == (True, "paletted")
    assert found["classes"] == [[c.value, c.name, c.color] for c in CLASSES]


@needs_qgis
def test_the_style_for_servers_says_what_qgis_would_tell_a_server(class_map: tuple[Path, np.ndarray]) -> None:
    path = class_map[0]
    theirs = ElementTree.fromstring(read_in_qgis("raster", path)["sld"])
    ours = ElementTree.parse(path.with_suffix(".sld")).getroot()
    assert ours.get("version") == theirs.get("version") == "1.0.0"
    assert color_map(ours) == color_map(theirs)


def color_map(style: ElementTree.Element) -> tuple[str | None, set[tuple[str | None, ...]]]:
    """Type and entries of the one color map of a style."""
    (found,) = style.iter("{http://www.opengis.net/sld}ColorMap")
    keys = ("quantity", "label", "color")
    return found.get("type"), {tuple(entry.get(key) for key in keys) for entry in found}
