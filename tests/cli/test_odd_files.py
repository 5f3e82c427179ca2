"""Files by others that are odd or damaged end in one sentence, never in an unexpected error."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio

from magnet_geo.errors import SceneError
from magnet_geo.records.run_record import RUN_TAG, read_run_record
from tests.cli.runs import assert_refused, run
from tests.raster.rasters import TRANSFORM, write_raster


@pytest.fixture
def class_map(tmp_path: Path) -> str:
    return write_raster(tmp_path / "map.tif", np.repeat([[[1], [2]]], 9, axis=2).astype(np.uint8).repeat(4, axis=1))


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        (
            "many.yaml",
            "classes:\n" + "".join(f"- {{name: c{n}}}\n" for n in range(300)),
            "300 classes, but a map",
        ),
        ("deep.yaml", "[" * 300 + "]" * 300, "nested deeper than 64 levels"),
        ("date.yaml", "classes:\n- {name: !!timestamp x}\n", "holds a value that cannot be"),
        (
            "month.yaml",
            "classes:\n- {name: a, value: 1}\nignore: [2026-13-45]\n",
            "holds a value that cannot be .*month",
        ),
        ("coded.qml", '<?xml version="1.0" encoding="klingon"?><qgis/>', "no readable XML .*unknown encoding"),
    ],
)
def test_odd_class_tables(class_map: str, tmp_path: Path, name: str, text: str, says: str) -> None:
    (tmp_path / name).write_text(text)
    assert_refused(run("evaluate", class_map, class_map, "--classes", tmp_path / name), match=says)


def test_a_style_with_a_value_of_thousands_of_digits_has_no_such_class(class_map: str, tmp_path: Path) -> None:
    entries = [f'<paletteEntry value="{value}" color="#ff0000" label="a"/>' for value in ("9" * 5000, "1")]
    palette = f'<rasterrenderer type="paletted"><colorPalette>{"".join(entries)}</colorPalette></rasterrenderer>'
    (tmp_path / "map.qml").write_text(f"<qgis><pipe>{palette}</pipe></qgis>")
    assert run("areas", class_map).exit_code == 0


def polygon_file(folder: Path, corner: str) -> Path:
    x, y = TRANSFORM @ (2, 2)
    ring = f"[[{corner},{y}],[{x + 3},{y}],[{x + 3},{y - 3}],[{corner},{y}]]"
    shape = f'{{"type":"Feature","properties":{{"kind":"a"}},"geometry":{{"type":"Polygon","coordinates":[{ring}]}}}}'
    crs = '{"type":"name","properties":{"name":"EPSG:32633"}}'
    path = folder / "odd.geojson"
    path.write_text(f'{{"type":"FeatureCollection","crs":{crs},"features":[{shape}]}}')
    return path


@pytest.mark.parametrize("corner", ["NaN", "Infinity", "1e999"])
def test_rings_with_corners_that_are_no_numbers(
    scene: Path, tiny_model: Path, class_map: str, tmp_path: Path, corner: str
) -> None:
    odd = polygon_file(tmp_path, corner)
    area = run("segment", scene, "-o", tmp_path / "out.tif", "--model", tiny_model, "--aoi", odd)
    assert_refused(area, match=r"odd\.geojson'")
    classes = tmp_path / "classes.yaml"
    classes.write_text("classes: [{name: a, value: 1}, {name: b, value: 2}]")
    truth = run("evaluate", class_map, odd, "--class-column", "kind", "--classes", classes)
    assert_refused(truth, match=r"odd\.geojson'")


def test_a_record_whose_lists_differ_in_length(scene: Path, tiny_model: Path, tmp_path: Path) -> None:
    output = tmp_path / "map.tif"
    assert run("segment", scene, "-o", output, "--model", tiny_model).exit_code == 0
    with rasterio.open(output) as dataset:
        record = json.loads(dataset.tags()[RUN_TAG])
    assert read_run_record({RUN_TAG: json.dumps(record)}, name="map.tif") is not None
    for odd in ({"bands": [1]}, {"levels": []}):
        with pytest.raises(SceneError, match=r"record of its run in 'map\.tif' cannot be read"):
            read_run_record({RUN_TAG: json.dumps(record | odd)}, name="map.tif")


NOTES = [{"identity": [1], "conditions": {}}, {"identity": {"model": 3}, "conditions": [7]}, [1]]


@pytest.mark.parametrize("note", NOTES)
def test_unfinished_work_whose_note_is_of_another_form_is_begun_anew(
    scene: Path, tiny_model: Path, tmp_path: Path, note: object
) -> None:
    from magnet_geo.own_folder import claim_folder

    folder = tmp_path / ".map.tif.magnet-geo"
    claim_folder(folder)
    (folder / "run.json").write_text(json.dumps(note))
    found = run("segment", scene, "-o", tmp_path / "map.tif", "--model", tiny_model)
    assert found.exit_code == 0, found.output
    assert not folder.exists()
