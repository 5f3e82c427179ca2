"""`report`, and `segment --report`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.runs import assert_refused, assert_wrong_usage, names, run, segment_json


@pytest.fixture(scope="module")
def mapped(scene: Path, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run."""
    folder = tmp_path_factory.mktemp("mapped")
    result = run("segment", scene, "-o", folder / "map.tif", "--model", tiny_model, "--json")
    assert result.exit_code == 0, result.output
    (folder / "run.json").write_text(result.stdout)
    return folder


def test_a_report_is_written_and_named(mapped: Path, scene: Path, maps: Path) -> None:
    result = run("report", mapped / "map.tif", maps / "out.html", "--scene", scene, "--run", mapped / "run.json")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(f"report        {maps / 'out.html'} (")
    page = (maps / "out.html").read_text(encoding="utf-8")
    assert "Land cover of scene" in page
    assert "Peak memory" in page
    assert names(maps) == ["out.html"]


def test_a_report_exists_already(mapped: Path, maps: Path) -> None:
    (maps / "out.html").write_text("older")
    assert_refused(run("report", mapped / "map.tif", maps / "out.html"), match="exists already")
    assert run("report", mapped / "map.tif", maps / "out.html", "--overwrite").exit_code == 0


def test_a_map_that_is_missing_is_refused(maps: Path) -> None:
    assert_refused(run("report", maps / "none.tif", maps / "out.html"), match="does not exist")
    assert names(maps) == []


def test_bands_need_a_scene(mapped: Path, maps: Path) -> None:
    assert_wrong_usage(run("report", mapped / "map.tif", maps / "out.html", "--bands", "1"), match="needs --scene")


def test_a_file_of_another_kind_is_refused(mapped: Path, scene: Path, maps: Path) -> None:
    for option, command in (("--run", "segment"), ("--evaluation", "evaluate"), ("--accuracy", "accuracy estimate")):
        result = run("report", mapped / "map.tif", maps / "out.html", option, scene)
        assert_refused(result, match=f"no result of {command}; name the JSON file")


def test_segment_writes_the_report_too(scene: Path, tiny_model: Path, maps: Path) -> None:
    options = ("--confidence", maps / "sure.tif", "--report", maps / "out.html")
    result = segment_json(scene, "-o", maps / "map.tif", "--model", tiny_model, *options)
    assert result.report == str(maps / "out.html")
    page = (maps / "out.html").read_text(encoding="utf-8")
    for text in ("Land cover of scene", "Mean certainty", "Peak memory", "data:image/webp"):
        assert text in page


def test_segment_refuses_a_report_before_it_begins(scene: Path, tiny_model: Path, maps: Path) -> None:
    result = run(
        "segment", scene, "-o", maps / "map.tif", "--model", tiny_model, "--report", maps / "out.pdf", "--json"
    )
    assert_refused(result, match=r"must end in \.html")
    assert names(maps) == []


def test_a_report_goes_with_one_scene(scene: Path, wide_scene: Path, maps: Path) -> None:
    result = run("segment", scene, wide_scene, "--output-dir", maps, "--report", maps / "out.html")
    assert_wrong_usage(result, match="--report and --stac go with a single SCENE")
