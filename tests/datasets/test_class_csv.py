"""Class tables as CSV: the columns that people and published sets use, in any order, with or without a first line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from magnet_geo.datasets import IGNORE_INDEX, UNKNOWN, ClassTable, read_class_table
from magnet_geo.errors import TrainingError

WATER_AND_LAND = [(1, "water", "#0000ff"), (4, "land", "#c0a000")]


def table_of(folder: Path, text: str, *, name: str = "classes.csv", encoding: str = "utf-8") -> ClassTable:
    (folder / name).write_bytes(text.encode(encoding))
    return read_class_table(str(folder / name))


def classes_of(table: ClassTable) -> list[tuple[int, str, str]]:
    return [(c.value, c.name, c.color) for c in table.scheme.classes]


@pytest.mark.parametrize(
    "text",
    [
        "value,name,color\n1,water,#0000ff\n4,land,#C0A000\n",
        "Name;Colour;Value\r\nwater;0,0,255;1\r\nland;192,160,0;4\r\n",
        "id\tlabel\tred\tgreen\tblue\n1\twater\t0\t0\t255\n\n4\tland\t192\t160\t0\n",
        '"class", "name", "hex", "note"\n1, "water", "0000ff", "deep, or not"\n4, "land", "c0a000", ""\n',
        "code,class,rgb\n1,water,0 0 255\n4.0,land,192 160 0\n",
        "map,value,class,color,pixels,share\nm.tif,1,water,#0000ff,7,0.5\nm.tif,4,land,#c0a000,7,0.5\n",
        "1,water,#0000ff\n4,land,#c0a000\n",
        "water,1,0,0,255\nland,4,192,160,0\n",
    ],
    ids=["usual", "Excel", "tabs", "quoted", "number of a spreadsheet", "our own areas", "no header", "no header, rgb"],
)
def test_values_names_and_colors_are_read(tmp_path: Path, text: str) -> None:
    assert classes_of(table_of(tmp_path, text)) == WATER_AND_LAND


def test_the_class_table_of_deepglobe_tells_label_colors(tmp_path: Path) -> None:
    text = "name,r,g,b\nurban_land,0,255,255\nagriculture_land,255,255,0\nunknown,0,0,0\n"
    table = table_of(tmp_path, text, name="class_dict.csv")
    assert classes_of(table) == [
        (1, "urban_land", "#00ffff"),
        (2, "agriculture_land", "#ffff00"),
        (3, "unknown", "#000000"),
    ]
    colors = np.array([(255, 255, 0), (0, 0, 0), (9, 9, 9)], np.uint8)
    assert table.of_colors(colors.T[:, None, :])[0].tolist() == [1, 2, UNKNOWN]


def test_names_alone_have_values_and_colors_as_in_yaml(tmp_path: Path) -> None:
    yaml = tmp_path / "classes.yaml"
    yaml.write_text("classes: [water, land, road]\n")
    assert table_of(tmp_path, "name\nwater\nland\nroad\n") == read_class_table(str(yaml))
    assert table_of(tmp_path, "name,value,color\nwater,,\nland,,\nroad,,\n") == read_class_table(str(yaml))


def test_labels_stand_for_their_class_by_value_color_and_name(tmp_path: Path) -> None:
    table = table_of(tmp_path, "value,name,color\n1,Water,#0000ff\n4,land,#c0a000\n")
    assert table.of_values(np.array([1, 4, 255, 9])).tolist() == [0, 1, IGNORE_INDEX, UNKNOWN]
    assert [table.index_of(label) for label in ("water", "LAND", 4)] == [0, 1, 1]


def test_a_name_may_hold_a_comma_or_begin_like_a_formula(tmp_path: Path) -> None:
    table = table_of(tmp_path, "value,name\n1,\"Residential, dense\"\n2,'=fallow\n3,'t Gooi\n", encoding="utf-8-sig")
    assert [c.name for c in table.scheme.classes] == ["Residential, dense", "=fallow", "'t Gooi"]


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "it is empty; write a first line such as value,name,color or name,r,g,b"),
        (b"value,colour\n1,#0000ff\n", "its first line names no column 'name', but value, colour; write"),
        (b"1,2,water\n3,4,land\n", "its first line names no columns, and what they hold does not tell; write"),
        (b"water\nland\n", "its first line names no columns"),
        (b"value,name\n1,water\n2,\n", "line 3 has no name of a class"),
        (b"value,name\nlow,water\n2,land\n", "line 2 has the value 'low', which is no whole number of 0-255"),
        (b"value,name\n300,water\n2,land\n", "Class value 300 of 'water' is not in 0-255"),
        (b"value,name\n1,water\n1,land\n", "the label 1 stands for both|must be unique"),
        (b"name,color\nwater,blue\nland,#00ff00\n", "line 2 has the color 'blue', which is neither like #1f78b4 nor"),
        (b"name,r,g,b\nwater,0,0,256\nland,0,0,0\n", "line 2 has the color '0 0 256'"),
        (b"value,name\n1,water\n", "needs at least two classes"),
        (b"name\n" + b"".join(b"c%d\n" % n for n in range(300)), "more than 255 classes"),
        (b"name,value\nW\xe4lder,1\nland,2\n", "it is no UTF-8 text; save it as UTF-8"),
        (b'name,value\n"water,1\nland,2\n', "it is no CSV file that can be read"),
        (b"name,value\nwa\x1bter,1\nland,2\n", "name"),
    ],
)
def test_what_is_no_class_table_is_told_in_a_sentence(tmp_path: Path, content: bytes, match: str) -> None:
    path = tmp_path / "classes.csv"
    path.write_bytes(content)
    with pytest.raises(TrainingError, match=rf"The class table '.*classes.csv' cannot be used: .*({match})") as caught:
        read_class_table(str(path))
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_other_text_files_are_no_damaged_rasters(tmp_path: Path) -> None:
    (tmp_path / "classes.txt").write_text("1 water\n")
    with pytest.raises(
        TrainingError, match=r"its ending '.txt' is none of a class table \(.yaml, .json, .csv, .tsv, .qml\), and as"
    ):
        read_class_table(str(tmp_path / "classes.txt"))
