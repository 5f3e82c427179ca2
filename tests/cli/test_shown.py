"""What is printed is obeyed by no terminal, and what is written as a table computed by no spreadsheet."""

from __future__ import annotations

import csv
import json
import re
import shutil
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.table import Table

from magnet_geo.cli.output.console import ShownText, VisibleConsole, escape
from magnet_geo.cli.output.shown import safe_json
from tests.cli.runs import run
from tests.raster.rasters import write_raster

EVIL = "sce\x1b]0;owned\x07ne"
ORDERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]")


def test_names_of_files_are_spelled_out_in_output_errors_and_wrong_usage(
    scene: Path, tiny_model: Path, maps: Path
) -> None:
    evil = maps / f"{EVIL}.tif"
    shutil.copy(scene, evil)
    outputs = [
        run("segment", evil, "--output-dir", maps, "--model", tiny_model, "--preview", maps / "p.tif"),
        run("info", evil, "--model", tiny_model),
        run("segment", maps / "no\x1b[31m.tif", "-o", maps / "a.tif", "--model", tiny_model),
        run("segment", evil, "--refine", "\x1b[31mmuch"),
        run("areas", maps / f"{EVIL}_classes.tif"),
    ]
    assert [result.exit_code for result in outputs] == [0, 0, 1, 2, 0]
    for result in outputs:
        assert not ORDERS.search(result.output)
    assert "sce\\x1b]0;owned\\x07ne" in outputs[0].output + outputs[1].output


def test_a_console_spells_out_cells_and_keeps_its_own_colors() -> None:
    stream = StringIO()
    table = Table("name")
    table.add_row(ShownText("me\x1badow", "red"))
    table.add_row(escape("fi[b]\x1beld"))
    console = VisibleConsole(file=stream, force_terminal=True, color_system="standard", width=60)
    console.print(table)
    console.print("wa\x1bter", markup=False)
    assert all(text in stream.getvalue() for text in ("me\\x1badow", "fi[b]\\x1beld", "wa\\x1bter"))
    assert "\x1b[31m" in stream.getvalue()


def test_json_holds_no_character_that_a_terminal_obeys() -> None:
    text = json.dumps({"name": "a\x1b\x7f\x9b\u202eé"}, ensure_ascii=False)
    assert not ORDERS.search(safe_json(text))
    assert json.loads(safe_json(text)) == json.loads(text)


@pytest.mark.parametrize("name", ["=HYPERLINK(A1)", "+field", "@home", "-cmd"])
def test_class_names_are_no_formulas_in_tables(name: str, tmp_path: Path) -> None:
    labels = write_raster(tmp_path / "map.tif", np.ones((1, 20, 30), np.uint8))
    classes = tmp_path / "classes.yaml"
    classes.write_text(f"classes: {{1: {json.dumps(name)}, 2: other}}")
    table = tmp_path / "scores.csv"
    found = run("evaluate", labels, labels, "--classes", classes, "--csv", table)
    assert found.exit_code == 0, found.output
    with table.open(newline="") as file:
        cells = [cell for row in csv.DictReader(file) for cell in row.values()]
    assert f"'{name}" in cells
    assert name not in cells
