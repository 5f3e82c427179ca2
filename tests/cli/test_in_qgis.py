"""Maps and polygons as a user meets them in QGIS: names and colors are there, exactly the model's."""

from __future__ import annotations

from pathlib import Path

from tests.cli.runs import run, segment_json
from tests.real_qgis import needs_qgis, read_in_qgis

CLASSES = [[1, "clay", "#ff0000"], [2, "grass", "#00ff00"], [3, "water", "#0000ff"]]

pytestmark = needs_qgis


def test_a_map_opens_with_the_models_classes(scene: Path, tiny_model: Path, maps: Path) -> None:
    segment_json(scene, "-o", maps / "map.tif", "--model", tiny_model)
    found = read_in_qgis("raster", maps / "map.tif")
    assert (found["valid"], found["renderer"], found["classes"]) == (True, "paletted", CLASSES)


def test_a_map_with_unclassified_pixels_says_so(scene: Path, tiny_model: Path, maps: Path) -> None:
    segment_json(scene, "-o", maps / "map.tif", "--model", tiny_model, "--min-confidence", 0.5)
    assert read_in_qgis("raster", maps / "map.tif")["classes"] == [*CLASSES, [0, "unclassified", "#808080"]]


def test_polygons_in_a_geopackage_open_with_the_models_classes(scene: Path, tiny_model: Path, maps: Path) -> None:
    segment_json(scene, "-o", maps / "map.tif", "--model", tiny_model)
    assert run("polygonize", maps / "map.tif", maps / "patches.gpkg").exit_code == 0
    # The style is inside: the file alone can be handed on.
    for path in maps.glob("*.qml"):
        path.unlink()
    found = read_in_qgis("vector", f"{maps / 'patches.gpkg'}|layername=patches")
    assert (found["valid"], found["renderer"], found["field"]) == (True, "categorizedSymbol", "class_value")
    assert [[int(value), *rest] for value, *rest in found["classes"]] == CLASSES
