"""Options that name files are kept by whole paths; words and names stay what they are."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from magnet_geo.cli.options.option_types import FileOrName
from magnet_geo.cli.output.remembered_files import found_again, with_whole_paths

COMMAND = click.Command(
    "some",
    params=[
        click.Option(["--scene"], type=FileOrName(), multiple=True),
        click.Option(["--model"], type=FileOrName(lambda: {"landcover"})),
        click.Option(["--list"], type=click.Path()),
        click.Option(["--class-column"]),
    ],
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    for name in ("a.tif", "labels.gpkg", "landcover", "kind"):
        (folder / name).touch()
    monkeypatch.chdir(folder)
    return folder


def test_only_files_that_are_meant_and_there_get_whole_paths(project: Path) -> None:
    address = "https://example.org/b.tif"
    given = {
        "scene": ["a.tif", "labels.gpkg|layername=fields", address, "/vsicurl/x", "gone.tif"],
        "model": "landcover",
        "list": "./kind",
        "class_column": "kind",
        "val_share": 0.2,
    }
    assert with_whole_paths(COMMAND, given) == {
        "scene": [f"{project}/a.tif", f"{project}/labels.gpkg|layername=fields", address, "/vsicurl/x", "gone.tif"],
        "model": "landcover",
        "list": f"{project}/kind",
        "class_column": "kind",
        "val_share": 0.2,
    }


def test_files_that_moved_with_the_training_are_found(project: Path, tmp_path: Path) -> None:
    kept = with_whole_paths(COMMAND, {"scene": ["a.tif", "labels.gpkg|layername=fields"], "list": "kind"})
    before, now = project / "runs" / "first", tmp_path / "moved" / "runs" / "first"
    assert found_again(COMMAND, kept, before=before, now=now) == kept
    project.rename(tmp_path / "moved")
    assert found_again(COMMAND, kept, before=before, now=now) == {
        "scene": [f"{tmp_path}/moved/a.tif", f"{tmp_path}/moved/labels.gpkg|layername=fields"],
        "list": f"{tmp_path}/moved/kind",
    }
    (tmp_path / "moved" / "a.tif").unlink()
    assert found_again(COMMAND, kept, before=before, now=now)["scene"][0] == f"{project}/a.tif"
