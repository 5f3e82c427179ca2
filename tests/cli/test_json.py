from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import rasterio

import magnet_geo.scene
from magnet_geo.cli.output.protocol import HelloLine, PlanLine, PreviewLine, ProgressLine, ResultLine
from magnet_geo.progress import WarningEvent
from magnet_geo.records.scene_record import SceneRecord
from magnet_geo.records.segment_result import PlanRecord
from tests.cli.conftest import HEIGHT, WIDTH, fields
from tests.cli.runs import names, run, segment_json, segment_lines
from tests.raster.rasters import TRANSFORM, write_raster
from tests.tiny_model import VALUES


@pytest.fixture
def holed_scene(tmp_path: Path) -> str:
    values = fields(HEIGHT, WIDTH)
    values[:, 20:50, 30:90] = 0
    return write_raster(tmp_path / "holed.tif", values, nodata=0)


def test_the_result_matches_the_raster(holed_scene: str, tiny_model: Path, maps: Path) -> None:
    output = maps / "map.tif"
    result = segment_json(holed_scene, "-o", output, "--model", tiny_model, "--refine", "fast")
    with rasterio.open(output) as dataset:
        values = dataset.read(1)
        grid = result.grid
        assert (dataset.width, dataset.height) == (grid.width, grid.height) == (WIDTH, HEIGHT)
        assert tuple(dataset.transform)[:6] == grid.transform == tuple(TRANSFORM)[:6]
        assert (dataset.crs.to_string(), grid.crs) == ("EPSG:32633", "EPSG:32633")
    pixels = np.bincount(values.ravel(), minlength=256)
    assert [(c.value, c.name, c.color) for c in result.classes] == [
        (1, "clay", "#ff0000"),
        (2, "grass", "#00ff00"),
        (3, "water", "#0000ff"),
    ]
    assert [c.pixels for c in result.classes] == [pixels[value] for value in VALUES]
    assert min(c.pixels for c in result.classes) > 0
    assert result.valid_pixels == sum(c.pixels for c in result.classes) == WIDTH * HEIGHT - 1800
    assert sum(c.share for c in result.classes) == pytest.approx(1)
    # Half a metre of map is a little less on the ground: UTM shrinks by up to 0.04 % at its central meridian.
    for entry in result.classes:
        assert entry.area_m2 == pytest.approx(entry.pixels / 4, rel=1e-2)
    assert (result.raster, result.confidence, result.polygons) == (str(output), None, None)
    assert (result.model.name, len(result.model.sha256)) == ("tiny", 64)
    assert 0 <= result.refined_share <= 1
    assert result.seconds > 0
    assert result.peak_memory_bytes > 10**7


def test_a_plain_image_has_no_areas(tmp_path: Path, tiny_model: Path, maps: Path) -> None:
    path = write_raster(tmp_path / "photo.tif", fields(40, 50), georeferenced=False)
    result = segment_json(path, "-o", maps / "map.tif", "--model", tiny_model)
    assert (result.grid.crs, {c.area_m2 for c in result.classes}) == (None, {None})
    (warning,) = result.warnings
    assert "has no georeference" in warning


def test_unclassified_is_one_of_the_classes(scene: Path, tiny_model: Path, maps: Path) -> None:
    output = maps / "map.tif"
    result = segment_json(scene, "-o", output, "--model", tiny_model, "--min-confidence", 0.5)
    last = result.classes[-1]
    with rasterio.open(output) as dataset:
        assert (last.value, last.name, last.pixels) == (0, "unclassified", np.count_nonzero(dataset.read(1) == 0))
    assert last.pixels > 0


def test_json_is_one_object_on_stdout(scene: Path, tiny_model: Path, maps: Path) -> None:
    result = run("segment", scene, "-o", maps / "map.tif", "--model", tiny_model, "--json", "-v")
    assert result.stdout.count("\n") == 1
    assert json.loads(result.stdout)["raster"] == str(maps / "map.tif")
    assert "windows" in result.stderr


def test_the_protocol(scene: Path, tiny_model: Path, maps: Path, capfd: pytest.CaptureFixture[str]) -> None:
    preview = maps / "preview.tif"
    arguments = (scene, "-o", maps / "map.tif", "--preview", preview, "--model", tiny_model)
    code, lines = segment_lines(capfd, *arguments)
    assert code == 0
    hello = HelloLine.model_validate(lines[0])
    assert (hello.protocol, hello.version, hello.pid) == (1, magnet_geo.__version__, os.getpid())
    progress = [ProgressLine.model_validate(line) for line in lines if line["type"] == "progress"]
    fractions = [line.fraction for line in progress]
    assert fractions == sorted(fractions)
    assert (0 <= fractions[0] < 0.2, fractions[-1]) == (True, 1.0)
    assert len(set(fractions)) > 5
    assert [line["type"] for line in lines].count("preview") == 1
    (shown,) = (PreviewLine.model_validate(line) for line in lines if line["type"] == "preview")
    assert Path(shown.raster) == preview
    assert ResultLine.model_validate(lines[-1]).raster == str(maps / "map.tif")
    assert {line["type"] for line in lines} == {"hello", "log", "progress", "preview", "result"}


def test_what_a_library_prints_stays_out_of_the_protocol(
    scene: Path, tiny_model: Path, maps: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    segment_scene = magnet_geo.scene.segment_scene

    def chat(*arguments: object, **others: object) -> object:
        os.write(1, b"to descriptor 1\n")
        return segment_scene(*arguments, **others)

    monkeypatch.setattr(magnet_geo.scene, "segment_scene", chat)
    result = run("segment", scene, "-o", maps / "map.tif", "--model", tiny_model, "--progress", "jsonl")
    captured = capfd.readouterr()
    assert (result.exit_code, "to descriptor 1" in captured.err) == (0, True)
    assert [json.loads(line)["type"] for line in captured.out.splitlines()][-1] == "result"


def test_a_warning_is_a_log_line(
    tmp_path: Path, tiny_model: Path, maps: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = write_raster(tmp_path / "photo.tif", fields(40, 50), georeferenced=False)
    _, lines = segment_lines(capfd, path, "-o", maps / "map.tif", "--model", tiny_model)
    (warning,) = (line["message"] for line in lines if line.get("level") == "warning")
    assert lines[-1]["warnings"] == [WarningEvent(warning).message]


def test_every_sentence_names_options_by_their_flags(
    tmp_path: Path, tiny_model: Path, maps: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = write_raster(tmp_path / "lost.tif", fields(40, 50), crs=None)
    to_map = ("segment", path, "-o", maps / "map.tif", "--model", tiny_model)
    assert "name it with --crs" in run("info", path, "--model", tiny_model).stdout
    for done in (run("info", path, "--model", tiny_model, "--json"), run(*to_map, "--json", "--dry-run")):
        assert "name it with --crs" in done.stdout
    planned = run(*to_map, "--json", "--progress", "none")
    assert "name it with --crs" in planned.stderr
    assert "name it with --crs" in json.loads(planned.stdout)["warnings"][0]
    _, lines = segment_lines(capfd, path, "-o", maps / "again.tif", "--model", tiny_model, "-v")
    told = [line.get("message", "".join(line.get("warnings", ()))) for line in lines if line["type"] != "progress"]
    assert sum("name it with --crs" in text for text in told) == 3
    assert not any("`crs`" in text for text in told)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--bands", "9,9,9"), "bands"),
        (("--bbox", "0,0,1,1"), "area"),
        (("--max-memory", "10MB"), "out_of_memory"),
        (("--device", "abacus"), "options"),
        (("--co", "SHININESS=9"), "output"),
    ],
)
def test_an_error_line_has_a_code(
    scene: Path,
    tiny_model: Path,
    maps: Path,
    capfd: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    code: str,
) -> None:
    exit_code, lines = segment_lines(capfd, scene, "-o", maps / "map.tif", "--model", tiny_model, *options)
    assert (exit_code, lines[-1]["type"], lines[-1]["code"]) == (1, "error", code)
    assert lines[-1]["message"].endswith(".")
    assert names(maps) == []


def test_a_dry_run_gives_the_plan_and_writes_nothing(wide_scene: Path, tiny_model: Path, maps: Path) -> None:
    result = run("segment", wide_scene, "-o", maps / "map.tif", "--model", tiny_model, "--dry-run", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    plan = PlanRecord.model_validate_json(result.stdout)
    assert (plan.grid.width, plan.grid.height, plan.bands) == (2400, 2000, (1, 2, 3))
    assert (plan.window, plan.halo, plan.scene_pixels_per_model_pixel) == ((256, 256), 16, 1)
    assert plan.windows >= (2400 // 256) * (2000 // 256)
    assert plan.memory_bytes > 10**8
    assert plan.estimate is not None
    assert 0 < plan.estimate.network_seconds < plan.estimate.seconds
    assert names(maps) == []


def test_a_dry_run_with_json_lines_gives_the_plan_as_a_line(
    scene: Path, tiny_model: Path, maps: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    options = ("-o", maps / "map.tif", "--model", tiny_model)
    exit_code, lines = segment_lines(capfd, scene, *options, "--dry-run", "--budget", "1h")
    assert (exit_code, [line["type"] for line in lines]) == (0, ["hello", "log", "plan"])
    plan = PlanLine.model_validate(lines[-1])
    assert (plan.windows, plan.budget_seconds, names(maps)) == (1, 3600.0, [])
    assert plan.estimate is not None
    assert plan.estimate.refined_share == 1.0
    _, lines = segment_lines(capfd, scene, *options, "-v")
    assert [line["type"] for line in lines if line["type"] in ("plan", "result")] == ["plan", "result"]


def test_a_dry_run_of_an_area_has_fewer_windows(wide_scene: Path, tiny_model: Path, maps: Path) -> None:
    box = f"--bbox={TRANSFORM.c},{TRANSFORM.f - 50},{TRANSFORM.c + 50},{TRANSFORM.f}"
    result = run("segment", wide_scene, "--model", tiny_model, "--dry-run", "--json", box)
    assert PlanRecord.model_validate_json(result.stdout).windows == 1


def test_a_dry_run_talks_to_people_on_stderr(scene: Path, tiny_model: Path) -> None:
    result = run("segment", scene, "--model", tiny_model, "--dry-run")
    assert (result.exit_code, result.stdout) == (0, "")
    for label in ("scene", "model", "bands", "values", "windows", "memory", "device", "time"):
        assert f"\n{label} " in f"\n{result.stderr}"


def test_info_json_is_the_scene_record(holed_scene: str, metre_model: Path) -> None:
    result = run("info", holed_scene, "--model", metre_model, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    record = SceneRecord.model_validate_json(result.stdout)
    assert (record.driver, record.dtype, len(record.bands)) == ("GTiff", "uint8", 3)
    assert record.gsd_m == pytest.approx(0.5, rel=1e-2)
    assert {band.nodata for band in record.bands} == {0}
    assert (record.fit.bands, record.fit.scene_pixels_per_model_pixel) == ((1, 2, 3), pytest.approx(2, rel=1e-2))
    assert record.fit.problems == ()


def test_info_tells_people_the_same(holed_scene: str, metre_model: Path) -> None:
    result = run("info", holed_scene, "--model", metre_model)
    assert result.exit_code == 0
    for text in ("210 x 150 px, uint8", "EPSG:32633", "0.5 m", "nodata 0", "reads       bands 1, 2, 3"):
        assert text in result.stdout


def test_info_of_ambiguous_bands_says_so(tmp_path: Path, tiny_model: Path) -> None:
    path = write_raster(tmp_path / "four.tif", fields(40, 40, bands=4))
    result = run("info", path, "--model", tiny_model)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "problem     The model needs the bands red, green, blue, and nothing in the file says" in result.stdout
    record = SceneRecord.model_validate_json(run("info", path, "--model", tiny_model, "--json").stdout)
    assert (record.fit.bands, len(record.fit.problems)) == (None, 1)
    chosen = run("info", path, "--model", tiny_model, "--bands", "3,2,1", "--json")
    assert SceneRecord.model_validate_json(chosen.stdout).fit.bands == (3, 2, 1)


def test_info_of_a_missing_scene_fails(tmp_path: Path, tiny_model: Path) -> None:
    result = run("info", tmp_path / "none.tif", "--model", tiny_model, "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.endswith("none.tif' does not exist; check the path.\n")
