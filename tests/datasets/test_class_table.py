"""What labels mean: values, colors and names to class indexes, from every kind of class file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio

from magnet_geo.classes import ClassScheme, LandClass
from magnet_geo.datasets import IGNORE_INDEX, UNKNOWN, ClassTable, read_class_table
from magnet_geo.errors import TrainingError
from magnet_geo.grid import PixelRect
from magnet_geo.raster import GeoTiffDraft, MapLayout, SceneSource, describe_scene, layer_style
from tests.raster.rasters import write_raster

SCHEME = ClassScheme((LandClass(1, "water", "#0000ff"), LandClass(4, "land", "#c0a000")))


def yaml_table(folder: Path, text: str) -> ClassTable:
    path = folder / "classes.yaml"
    path.write_text(text, encoding="utf-8")
    return read_class_table(str(path))


def test_cityscapes_has_19_train_ids_among_34_label_ids() -> None:
    table = read_class_table("cityscapes")
    assert [c.name for c in table.scheme.classes][:3] == ["road", "sidewalk", "building"]
    ids = np.arange(34)
    indexes = table.of_values(ids)
    assert sorted(indexes[indexes != IGNORE_INDEX].tolist()) == list(range(19))
    assert (indexes == IGNORE_INDEX).sum() == 15
    named = {table.scheme.classes[index].name: value for value, index in table.values.items()}
    assert named["sky"] == 23
    assert (named["bicycle"], named["person"], named["train"]) == (33, 24, 31)
    assert table.of_values(np.array([255, 34])).tolist() == [IGNORE_INDEX, UNKNOWN]


def test_cityscapes_train_ids_are_their_own_indexes() -> None:
    table = read_class_table("cityscapes-trainids")
    assert table.of_values(np.array([0, 18, 255, 19])).tolist() == [0, 18, IGNORE_INDEX, UNKNOWN]


def test_deepglobe_counts_no_unknown_and_reads_colors_as_black_and_white_channels() -> None:
    table = read_class_table("deepglobe")
    assert table.uncounted == {0}
    colors = np.array([[0, 255, 255], [255, 255, 255], [3, 0, 127], [128, 128, 127], [255, 0, 0]], np.uint8)
    found = table.of_colors(colors.T[:, None, :])[0].tolist()
    names = [table.scheme.classes[i].name if i != UNKNOWN else None for i in found]
    assert names == ["urban", "barren", "unknown", "agriculture", None]


@pytest.fixture
def table(tmp_path: Path) -> ClassTable:
    return yaml_table(
        tmp_path,
        "classes:\n"
        "  - {name: Water, value: 7, color: '#1F78B4', labels: [1, 9, lake, '#0000ff']}\n"
        "  - {name: road, value: 3}\n"
        "  - {name: shade, counted: false, value: 4, labels: [5]}\n"
        "ignore: [0, clouds, '#000000']\n",
    )


def test_label_values_are_those_listed_or_the_class_value(table: ClassTable) -> None:
    assert table.of_values(np.array([1, 9, 3, 5, 0, 255])).tolist() == [0, 0, 1, 2, IGNORE_INDEX, IGNORE_INDEX]
    assert table.of_values(np.array([7, 4, -3, 70000])).tolist() == [UNKNOWN] * 4
    assert table.uncounted == {2}


def test_label_colors_are_those_listed_or_the_class_color(table: ClassTable) -> None:
    road = table.scheme.classes[1].rgb
    colors = np.array([(0, 0, 255), road, (0, 0, 0), (0, 0, 254)], np.uint8)
    assert table.of_colors(colors.T[:, None, :])[0].tolist() == [0, 1, IGNORE_INDEX, UNKNOWN]


def test_entries_of_a_class_column_may_be_names_or_numbers(table: ClassTable) -> None:
    found = [table.index_of(label) for label in ("Lake ", "ROAD", 3, 3.0, "3", np.int32(9), "clouds", "", 0)]
    assert found == [0, 1, 1, 1, 1, 0, IGNORE_INDEX, IGNORE_INDEX, IGNORE_INDEX]
    assert [table.index_of(label) for label in ("river", 3.5, 7, "Water")] == [UNKNOWN] * 4


def test_ignoring_a_value_takes_it_from_its_class(table: ClassTable) -> None:
    assert table.ignoring([9]).of_values(np.array([1, 9])).tolist() == [0, IGNORE_INDEX]


def test_a_mapping_and_a_list_of_names_are_short_forms(tmp_path: Path) -> None:
    given = "classes: [{name: water, labels: [2]}, road]"
    assert [c.value for c in yaml_table(tmp_path, given).scheme.classes] == [1, 3]
    for text in ("classes: [water, road]", "classes: {1: water, 2: road}"):
        classes = yaml_table(tmp_path, text).scheme.classes
        assert [(c.value, c.name) for c in classes] == [(1, "water"), (2, "road")]
        assert classes[0].color != classes[1].color


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("classes: [water]", "needs at least two classes"),
        ("classes: [water, water]", "must be unique"),
        ("classes: [{name: a, labels: [3]}, {name: b, labels: [3]}]", "label 3 stands for both 'a' and 'b'"),
        ("classes: [{name: a, colour: red}, b]", r"classes\.0.*colour.*[Ee]xtra"),
        ("classes: [{name: a, color: red}, b]", "'red' .*not of the form #rrggbb"),
        ("classes: [a, b", "cannot be used: while parsing"),
        ("classes: [a, no]", r"classes\.1\.name: .*valid string"),
        ("classes: [{name: a, value: 300}, b]", "300 .*not in 0-255"),
        ("classes: [a, b]\nignore: [1]", "Label value 1 both has a class and is ignored"),
        ("- a\n- b", "must hold a list 'classes:'"),
    ],
)
def test_a_class_file_that_cannot_be_used_is_refused(tmp_path: Path, text: str, match: str) -> None:
    with pytest.raises(TrainingError, match=match) as error:
        yaml_table(tmp_path, text)
    assert "\n" not in str(error.value)


def test_a_missing_class_file_names_the_tables_that_are_known() -> None:
    with pytest.raises(TrainingError, match=r"'nowhere.yaml' does not exist; .*cityscapes, .*deepglobe"):
        read_class_table("nowhere.yaml")


def test_our_own_style_gives_our_own_classes_back(tmp_path: Path) -> None:
    path = tmp_path / "map.qml"
    path.write_text(layer_style(SCHEME), encoding="utf-8")
    assert read_class_table(str(path)).scheme == SCHEME


def test_a_categorized_style_of_polygons_gives_classes_by_text(tmp_path: Path) -> None:
    symbol = '<symbol name="{0}" type="fill"><layer class="SimpleFill">{1}</layer></symbol>'
    symbols = symbol.format(0, '<Option type="Map"><Option name="color" value="0,0,255,255,rgb:0,0,1,1"/></Option>')
    symbols += symbol.format(1, '<prop k="color" v="10,200,30,255"/>')
    categories = '<category value="W" label="Water" symbol="0"/><category value="T" label="Trees" symbol="1"/>'
    categories += '<category value="" label="" symbol="1"/>'
    path = tmp_path / "polygons.qml"
    path.write_text(
        f'<qgis><renderer-v2 type="categorizedSymbol" attr="kind"><categories>{categories}</categories>'
        f"<symbols>{symbols}</symbols></renderer-v2></qgis>",
        encoding="utf-8",
    )
    table = read_class_table(str(path))
    assert [(c.value, c.name, c.color) for c in table.scheme.classes] == [
        (1, "Water", "#0000ff"),
        (2, "Trees", "#0ac81e"),
    ]
    assert [table.index_of(text) for text in ("W", "trees", "x")] == [0, 1, UNKNOWN]


def test_a_style_without_classes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "gray.qml"
    path.write_text("<qgis><pipe><rasterrenderer type='singlebandgray'/></pipe></qgis>", encoding="utf-8")
    with pytest.raises(TrainingError, match="has no list of classes; in QGIS use 'Paletted"):
        read_class_table(str(path))


def test_a_map_with_category_names_gives_its_classes(tmp_path: Path) -> None:
    values = np.array([[1, 4], [4, 255]], np.uint8)
    scene = write_raster(tmp_path / "scene.tif", np.ones((1, 2, 2), np.uint8))
    layout = MapLayout.of_classes(describe_scene(SceneSource(scene)), SCHEME)
    with GeoTiffDraft(tmp_path / "map.tif", layout) as draft:
        draft.write(PixelRect(0, 0, 2, 2), values)
        path = draft.finish()
    table = read_class_table(str(path), ignored_values=(0,))
    assert table.scheme == SCHEME
    assert table.of_values(np.array([1, 4, 255, 0])).tolist() == [0, 1, IGNORE_INDEX, IGNORE_INDEX]


def test_a_color_table_alone_gives_a_class_for_each_value_that_occurs(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "labels.tif", np.array([[[0, 2], [5, 5]]], np.uint8))
    with rasterio.open(path, "r+") as dataset:
        dataset.write_colormap(1, {0: (0, 0, 0, 255), 2: (10, 20, 30, 255), 5: (250, 0, 0, 255)})
    table = read_class_table(path, ignored_values=(0,))
    assert [(c.value, c.color) for c in table.scheme.classes] == [(2, "#0a141e"), (5, "#fa0000")]
    assert table.of_values(np.array([0])).tolist() == [IGNORE_INDEX]


def test_a_raster_with_one_class_makes_no_table(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "labels.tif", np.ones((1, 2, 2), np.uint8))
    with pytest.raises(TrainingError, match="names 1 classes, and two are needed"):
        read_class_table(path)
