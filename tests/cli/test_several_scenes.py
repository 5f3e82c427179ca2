from __future__ import annotations

import csv
from pathlib import Path

import pytest

import magnet_geo.scene
from magnet_geo.errors import CancelledError
from magnet_geo.records.segment_result import SegmentResult
from tests.cli.conftest import fields
from tests.cli.runs import assert_refused, assert_wrong_usage, names, run, segment_lines
from tests.raster.rasters import write_raster

MAPS = [f"north_classes.{suffix}" for suffix in ("qml", "sld", "tif", "tif.aux.xml")]
MAPS += [name.replace("north", "south") for name in MAPS]


@pytest.fixture
def scenes(tmp_path: Path) -> list[Path]:
    """Two scenes with a broken one between them."""
    for seed, name in enumerate(("north", "south")):
        write_raster(tmp_path / f"{name}.tif", fields(40, 50, seed=seed))
    (tmp_path / "broken.tif").write_text("nothing")
    return [tmp_path / f"{name}.tif" for name in ("north", "broken", "south")]


def test_a_bad_scene_does_not_stop_the_others(scenes: list[Path], tiny_model: Path, maps: Path) -> None:
    result = run("segment", *scenes, "--output-dir", maps, "--model", tiny_model)
    assert result.exit_code == 1
    assert result.stderr.count("Error: ") == 1
    assert "broken.tif' is not a raster" in result.stderr
    assert names(maps) == MAPS


def test_a_table_at_the_end_says_what_became_of_each(scenes: list[Path], tiny_model: Path, maps: Path) -> None:
    lines = run("segment", *scenes, "--output-dir", maps, "--model", tiny_model).stdout.splitlines()
    assert [line.split(":")[0] for line in lines[:2]] == ["north.tif", "south.tif"]
    head = next(number for number, line in enumerate(lines) if line.startswith("scene "))
    assert lines[head].split() == ["scene", "status", "map", "mapped,", "m²", "seconds", "largest", "classes"]
    rows = [line.split()[:3] for line in lines[head + 1 : head + 4]]
    assert rows == [
        ["north.tif", "mapped", "north_classes.tif"],
        ["broken.tif", "failed"],
        ["south.tif", "mapped", "south_classes.tif"],
    ]
    assert lines[-2] == "3 scenes: 2 mapped, 1 failed"
    assert lines[-1].startswith("  broken.tif: ")
    assert "is not a raster" in lines[-1]


def test_a_cancelled_batch_says_what_is_done(
    scenes: list[Path], tiny_model: Path, maps: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    segment_scene = magnet_geo.scene.segment_scene

    def stop_at_south(scene: str, **others: object) -> object:
        if "south" in scene:
            raise CancelledError("cancelled")
        return segment_scene(scene, **others)

    monkeypatch.setattr(magnet_geo.scene, "segment_scene", stop_at_south)
    arguments = ("--output-dir", maps, "--model", tiny_model, "--csv", maps / "areas.csv")
    result = run("segment", scenes[0], scenes[2], *arguments)
    assert result.exit_code == 130
    assert result.stdout.splitlines()[-1] == "2 scenes: 1 mapped, 0 failed, 1 not done"
    assert names(maps) == MAPS[:4]


def test_a_batch_that_was_stopped_goes_on_with_what_is_left(
    scenes: list[Path], tiny_model: Path, maps: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--output-dir", maps, "--model", tiny_model, "--skip-existing")
    assert run("segment", scenes[0], *arguments).exit_code == 0
    before = (maps / "north_classes.tif").stat().st_mtime_ns
    result = run("segment", scenes[0], scenes[2], *arguments)
    assert result.exit_code == 0
    assert "north.tif: the map" in result.stderr
    assert result.stdout.splitlines()[-1] == "2 scenes: 1 mapped, 1 there already, 0 failed"
    assert (names(maps), (maps / "north_classes.tif").stat().st_mtime_ns) == (MAPS, before)
    capfd.readouterr()
    code, lines = segment_lines(capfd, scenes[0], scenes[2], *arguments)
    assert (code, {line["type"] for line in lines}) == (0, {"hello", "log"})
    assert sum("is there already" in line.get("message", "") for line in lines) == 2


@pytest.mark.parametrize("option", ["--polygons", "--report", "--stac"])
def test_what_is_made_of_a_map_is_not_for_maps_that_are_left_alone(scenes: list[Path], maps: Path, option: str) -> None:
    result = run("segment", scenes[0], "-o", maps / "map.tif", "--skip-existing", option, maps / "made.gpkg")
    assert_wrong_usage(result, match="--overwrite instead")


def test_maps_are_left_alone_or_replaced(scenes: list[Path], maps: Path) -> None:
    result = run("segment", scenes[0], "--output-dir", maps, "--skip-existing", "--overwrite")
    assert_wrong_usage(result, match="not both")


def test_the_classes_of_all_maps_are_summed(scenes: list[Path], tiny_model: Path, maps: Path) -> None:
    arguments = (scenes[0], scenes[2], "--output-dir", maps, "--model", tiny_model)
    results = [
        SegmentResult.model_validate_json(line) for line in run("segment", *arguments, "--json").stdout.splitlines()
    ]
    pixels = [f"{one.pixels + other.pixels:,}" for one, other in zip(*(r.classes for r in results), strict=True)]
    text = run("segment", *arguments, "--overwrite").stdout
    table = text.split("All maps together\n")[1].splitlines()
    assert [line.split()[3] for line in table[1:4]] == pixels
    assert table[-1] == "2 scenes: 2 mapped, 0 failed"


def test_a_single_scene_has_no_summary(scenes: list[Path], tiny_model: Path, maps: Path) -> None:
    text = run("segment", scenes[0], "--output-dir", maps, "--model", tiny_model).stdout
    assert "mapped" not in text
    assert "scenes" not in text


def test_one_table_holds_the_areas_of_all_maps(scenes: list[Path], tiny_model: Path, maps: Path) -> None:
    folder = maps / "new"
    options = ("--output-dir", folder, "--model", tiny_model, "--csv", folder / "areas.csv")
    result = run("segment", *scenes, *options, "--json")
    assert result.exit_code == 1
    results = [SegmentResult.model_validate_json(line) for line in result.stdout.splitlines()]
    with (folder / "areas.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["map"], row["class"], int(row["pixels"])) for row in csv.DictReader(file)]
    assert rows == [(r.raster, entry.name, entry.pixels) for r in results for entry in r.classes]
    assert [r.scene for r in results] == [str(scenes[0]), str(scenes[2])]


def test_the_table_is_named_like_the_other_files(scenes: list[Path], tiny_model: Path, maps: Path) -> None:
    table = maps / "areas.csv"
    lines = run("segment", scenes[0], "--output-dir", maps, "--model", tiny_model, "--csv", table).stdout.splitlines()
    assert lines[-1].split() == ["areas", str(table)]


def test_a_table_that_may_not_be_written_is_told_before_any_scene(
    scenes: list[Path], tiny_model: Path, maps: Path
) -> None:
    table = maps / "areas.csv"
    table.write_text("mine")
    result = run("segment", *scenes, "--output-dir", maps / "new", "--model", tiny_model, "--csv", table)
    assert_refused(result, match="areas.csv' exists already")
    assert (names(maps), table.read_text()) == (["areas.csv"], "mine")


def test_no_table_where_every_scene_failed(scenes: list[Path], tiny_model: Path, maps: Path) -> None:
    arguments = ("--output-dir", maps, "--model", tiny_model, "--csv", maps / "areas.csv")
    assert run("segment", scenes[1], *arguments).exit_code == 1
    assert names(maps) == []


def test_json_is_a_line_per_good_scene(scenes: list[Path], tiny_model: Path, maps: Path) -> None:
    result = run("segment", *scenes, "--output-dir", maps, "--model", tiny_model, "--json")
    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 2


def test_the_protocol_tells_of_each(
    scenes: list[Path], tiny_model: Path, maps: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code, lines = segment_lines(capfd, *scenes, "--output-dir", maps, "--model", tiny_model)
    assert code == 1
    kinds = [line["type"] for line in lines if line["type"] in ("result", "error")]
    assert kinds == ["result", "error", "result"]
    fractions = [line["fraction"] for line in lines if line["type"] == "progress"]
    assert fractions == sorted(fractions)
    assert (fractions[0] < 1 / 3, fractions[-1]) == (True, 1.0)


def test_an_error_nobody_foresaw_does_not_stop_the_others(
    scenes: list[Path],
    tiny_model: Path,
    maps: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    segment_scene = magnet_geo.scene.segment_scene

    def stumble(scene: str, **others: object) -> object:
        if "broken" in scene:
            raise ZeroDivisionError("division by zero")
        return segment_scene(scene, **others)

    monkeypatch.setattr(magnet_geo.scene, "segment_scene", stumble)
    code, lines = segment_lines(capfd, *scenes, "--output-dir", maps, "--model", tiny_model)
    (error,) = (line for line in lines if line["type"] == "error")
    assert code == 1
    assert error["message"].startswith("unexpected error: ZeroDivisionError: division by zero; run again with --debug")
    assert (error["code"], error["traceback"]) == ("error", None)
    assert names(maps) == MAPS


def test_memory_that_runs_out_has_a_code_of_its_own(
    scenes: list[Path],
    tiny_model: Path,
    maps: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def starve(*arguments: object, **others: object) -> None:
        raise MemoryError("Unable to allocate 9 TiB")

    monkeypatch.setattr("magnet_geo.scene.segment_scene", starve)
    _, lines = segment_lines(capfd, scenes[0], "-o", maps / "map.tif", "--model", tiny_model)
    assert (lines[-1]["type"], lines[-1]["code"]) == ("error", "out_of_memory")
    assert "memory ran out (MemoryError: Unable to allocate 9 TiB); close other programs" in lines[-1]["message"]


def test_debug_gives_the_traceback_of_a_scenes_error(scenes: list[Path], tiny_model: Path, maps: Path) -> None:
    arguments = ("segment", scenes[1], "-o", maps / "map.tif", "--model", tiny_model)
    assert "Traceback" not in run(*arguments).stderr
    result = run("--debug", *arguments)
    assert result.stderr.startswith("Traceback")
    assert "magnet_geo.errors.SceneError" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("Error: ")


def test_the_protocol_carries_the_traceback_that_debug_asks_for(
    scenes: list[Path], tiny_model: Path, maps: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run("--debug", "segment", scenes[1], "-o", maps / "map.tif", "--model", tiny_model, "--progress", "jsonl")
    assert '"traceback":"Traceback' in capfd.readouterr().out.splitlines()[-1]


def test_a_bad_model_is_told_once(scenes: list[Path], maps: Path, capfd: pytest.CaptureFixture[str]) -> None:
    arguments = (*scenes, "--output-dir", maps, "--model", scenes[1])
    assert run("segment", *arguments).stderr.count("Error: ") == 1
    code, lines = segment_lines(capfd, *arguments)
    assert (code, [line["type"] for line in lines]) == (1, ["hello", "error"])
    assert lines[-1]["code"] == "model"


def test_the_output_folder_is_made(scenes: list[Path], tiny_model: Path, maps: Path) -> None:
    assert run("segment", scenes[0], "--output-dir", maps / "new", "--model", tiny_model).exit_code == 0
    assert names(maps / "new") == MAPS[:4]


def test_no_more_than_one_folder_is_made(scenes: list[Path], tiny_model: Path, maps: Path) -> None:
    result = run("segment", scenes[0], "--output-dir", maps / "very" / "new", "--model", tiny_model)
    assert result.exit_code == 1
    assert result.stderr.endswith("very/new' does not exist; create it first.\n")
    assert names(maps) == []


@pytest.mark.parametrize("options", [("--bands", "9,9,9"), ("--dry-run",)])
def test_no_empty_folder_stays(scenes: list[Path], tiny_model: Path, maps: Path, options: tuple[str, ...]) -> None:
    run("segment", scenes[0], "--output-dir", maps / "new", "--model", tiny_model, *options)
    assert names(maps) == []


def test_the_default_output_is_named_after_the_scene(
    scenes: list[Path], tiny_model: Path, maps: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(maps)
    assert run("segment", scenes[0], "--model", tiny_model).exit_code == 0
    assert names(maps) == MAPS[:4]
