"""`magnet-geo train`: from labelled images to a model, and the refusals before the first step."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

from magnet_geo.model import load_bundle, read_manifest
from magnet_geo.training.checkpoint import read_checkpoint_file
from magnet_geo.training.history import read_history
from tests.cli.runs import assert_refused, assert_wrong_usage, names, run, segment_json
from tests.datasets.scenes import pixel_polygon, write_polygons
from tests.raster.rasters import write_raster

CLASSES = "classes: [clay, grass, water]\n"
QUICK = (
    *("--init", "random", "--steps", 2, "--batch-size", 2, "--crop-px", 32, "--patch-px", 32, "--decimations", "2,1"),
    *("--warmup-steps", 0, "--validate-every", 1, "--validation-windows", 2, "--device", "cpu", "--precision", "fp32"),
    *("--threads", 1, "--progress", "none"),
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scene of fields whose brightness tells their class, its labels, and a class table."""
    folder = tmp_path_factory.mktemp("data")
    classes = np.random.default_rng(0).integers(1, 4, (12, 16)).repeat(16, 0).repeat(16, 1).astype(np.uint8)
    noise = np.random.default_rng(1).integers(0, 40, (3, *classes.shape))
    write_raster(folder / "scene.tif", (60 * classes[None] + noise).astype(np.uint8))
    write_raster(folder / "labels.tif", classes[None])
    (folder / "classes.yaml").write_text(CLASSES)
    return folder


def train(data: Path, output: Path, *arguments: object, stage: str = "backbone") -> Result:
    images = ("--scene", data / "scene.tif", "--truth", data / "labels.tif")
    table = () if stage == "refinement" else ("--classes", data / "classes.yaml")
    return run("train", stage, *images, *table, "-o", output, *arguments)


@pytest.fixture(scope="module")
def trained(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "first run"
    result = train(data, folder, *QUICK, "--licence", "CC0")
    assert result.exit_code == 0, result.output
    return folder


@pytest.mark.slow
def test_a_trained_backbone_maps_a_scene(data: Path, trained: Path, tmp_path: Path) -> None:
    assert {"model.safetensors", "curves.png", "history.jsonl", "last.pt", "best.pt"} == set(names(trained))
    manifest = read_manifest(trained / "model.safetensors")
    assert (manifest.name, manifest.licence, manifest.gsd_m) == ("first-run", "CC0", pytest.approx(0.5, rel=0.01))
    assert [entry.name for entry in manifest.classes] == ["clay", "grass", "water"]
    result = segment_json(data / "scene.tif", "--model", trained / "model.safetensors", "-o", tmp_path / "map.tif")
    assert sum(entry.pixels for entry in result.classes) == result.valid_pixels


@pytest.mark.slow
def test_refinement_goes_on_from_the_backbones_model(data: Path, trained: Path, tmp_path: Path) -> None:
    quick = ("--steps", 2, "--warmup-steps", 0, "--validate-every", 1, "--device", "cpu", "--progress", "none")
    result = train(data, tmp_path / "second", "--model", trained / "model.safetensors", *quick, stage="refinement")
    assert result.exit_code == 0, result.output
    bundle = load_bundle(tmp_path / "second" / "model.safetensors")
    assert bundle.manifest.selection is not None
    assert bundle.manifest.selection.fast is not None
    validation = read_history(tmp_path / "second" / "history.jsonl").validations[-1]
    assert {"mIoU coarse", "mIoU fine", "mIoU aggregate"} <= set(validation)


@pytest.mark.slow
def test_resume_needs_nothing_but_the_folder(data: Path, trained: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    train(data, folder, *QUICK)
    result = run("train", "backbone", "-o", folder, "--resume", "--steps", 4)
    assert result.exit_code == 0, result.output
    assert [record["step"] for record in read_history(folder / "history.jsonl").steps] == [1, 2, 3, 4]
    settings = json.loads(read_checkpoint_file(folder / "last.pt").config["settings"])
    assert (settings["crop_px"], settings["steps"]) == (32, 4)
    (folder / "model.safetensors").unlink()
    assert run("train", "backbone", "-o", folder, "--resume").exit_code == 0
    assert read_manifest(folder / "model.safetensors").card
    result = train(data, folder, *QUICK, "--overwrite", "--val-share", 0)
    assert result.exit_code == 0, result.output
    assert "best.pt" not in names(folder)


@pytest.mark.slow
def test_progress_as_json_lines_ends_with_the_model(
    data: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = [argument for argument in QUICK if argument not in ("--progress", "none")]
    result = train(data, tmp_path / "run", *arguments, "--val-share", 0, "--progress", "jsonl")
    lines: list[dict[str, Any]] = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert result.exit_code == 0, result.output
    assert lines[0]["type"] == "hello"
    assert [line["message"] for line in lines if line["type"] == "progress"][-1].startswith("step 2 of 2, loss ")
    assert lines[-2]["type"] == "log" or lines[-1]["type"] == "log"
    (done,) = [line for line in lines if line["type"] == "result"]
    assert Path(done["model"]).is_file()
    assert (done["steps"], done["score"]) == (2, None)


def test_a_config_file_gives_options_and_the_command_line_wins(data: Path, tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text("steps: 1\nlearning-rate: 0.5\ndecimations: [2, 1]\nval_share: 0\n")
    arguments = [*QUICK[4:], "--init", "random", "--config", tmp_path / "run.yaml", "--learning-rate", 0.001]
    result = train(data, tmp_path / "run", *arguments)
    assert result.exit_code == 0, result.output
    settings = json.loads(read_checkpoint_file(tmp_path / "run" / "last.pt").config["settings"])
    assert (settings["steps"], settings["learning_rate"], settings["decimations"]) == (1, 0.001, [2, 1])


def test_a_config_with_an_unknown_option_is_refused(data: Path, tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text("stepps: 1\n")
    result = train(data, tmp_path / "run", "--config", tmp_path / "run.yaml")
    assert_refused(result, match="run.yaml sets 'stepps', which is no option of this command")


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["--learning-rate", "-1"], "-1.0 is not in the range"),
        (["--scale-range", "2,1"], "--scale-range needs a smaller and a greater value"),
        (["--decimations", "4,3"], "each must be a multiple of the next"),
        (["--decimations", "a,b"], "'a,b' is no list of numbers; write it like 4,2,1"),
        (["--optimizer", "adam"], "'adam' is not one of 'sgd', 'adamw'"),
        (["--init", "imagenet", "--init-encoder", __file__], "either --init or --init-encoder"),
    ],
)
def test_wrong_settings_are_wrong_usage(data: Path, tmp_path: Path, arguments: list[str], match: str) -> None:
    assert_wrong_usage(train(data, tmp_path / "run", *arguments), match=match)
    assert not (tmp_path / "run").exists()


def test_labels_need_their_meaning(data: Path, tmp_path: Path) -> None:
    images = ("--scene", data / "scene.tif", "--truth", data / "labels.tif")
    assert_wrong_usage(run("train", "backbone", *images, "-o", tmp_path / "run"), match="what the labels mean")


def test_a_label_value_without_a_class_is_refused_before_the_first_step(data: Path, tmp_path: Path) -> None:
    (tmp_path / "two.yaml").write_text("classes: [clay, grass]\n")
    result = run(
        *("train", "backbone", "--scene", data / "scene.tif", "--truth", data / "labels.tif"),
        *("--classes", tmp_path / "two.yaml", "-o", tmp_path / "run"),
    )
    assert_refused(result, match="labels.tif.* 3")
    assert not (tmp_path / "run").exists()


def test_missing_labels_are_refused(data: Path, tmp_path: Path) -> None:
    result = run(
        *("train", "backbone", "--scene", data / "scene.tif", "--truth", data / "none.tif"),
        *("--classes", data / "classes.yaml", "-o", tmp_path / "run"),
    )
    assert_refused(result, match="none.tif' of 'scene.tif' do not exist")


def test_a_class_that_never_occurs_is_a_warning(data: Path, tmp_path: Path) -> None:
    (tmp_path / "four.yaml").write_text("classes: [clay, grass, water, snow]\n")
    result = run(
        *("train", "backbone", "--scene", data / "scene.tif", "--truth", data / "labels.tif", "--check"),
        *("--classes", tmp_path / "four.yaml", "-o", tmp_path / "run", "--progress", "none", "--init", "random"),
    )
    assert result.exit_code == 0, result.output
    assert "Warning: The class 'snow' occurs nowhere in the labels" in result.stderr
    assert names(tmp_path / "run") == ["samples.png"]


def test_a_check_needs_no_stage(data: Path, tmp_path: Path) -> None:
    looked_at = ("--scene", data / "scene.tif", "--truth", data / "labels.tif", "--classes", data / "classes.yaml")
    others = ("--init", "random", "--progress", "none")
    named = run("train", "backbone", *looked_at, "--check", "-o", tmp_path / "named", *others)
    result = run("train", "--check", *looked_at, "-o", tmp_path / "run", *others)
    assert result.exit_code == 0, result.output
    assert names(tmp_path / "run") == ["samples.png"]
    assert result.output.replace("run", "named") == named.output


@pytest.mark.parametrize(
    ("weights", "match"),
    [
        (("--init", "gone.safetensors"), "'gone.safetensors' is no file and no bundled model"),
        (("--init", "{junk}"), "junk.pth is no checkpoint or is damaged"),
        (("--init-encoder", "{junk}"), "junk.pth is no checkpoint or is damaged"),
        (("--init", "{tiny_model}", "--backbone", "fpn"), "has the backbone light-fpn, not fpn"),
        (("--init", "imagenet", "--backbone", "fpn"), "no ImageNet weights for fpn"),
        (("--init", "random", "--val-scene", "{scene}", "--val-truth", "gone.tif"), "'gone.tif' of .* do not exist"),
    ],
)
def test_a_check_finds_what_would_stop_the_training(
    data: Path, tiny_model: Path, tmp_path: Path, weights: tuple[str, ...], match: str
) -> None:
    (tmp_path / "junk.pth").write_bytes(b"junk")
    places = {"junk": tmp_path / "junk.pth", "tiny_model": tiny_model, "scene": data / "scene.tif"}
    given = [text.format(**places) for text in weights]
    result = train(data, tmp_path / "run", "--check", *given, "--progress", "none")
    assert result.exit_code == 1
    assert re.search(f"^Error: .*{match}", result.stderr, re.MULTILINE), result.output
    assert not (tmp_path / "run").exists()


def test_a_check_of_a_refinement_finds_a_backbone_that_does_not_fit(
    data: Path, tiny_model: Path, tmp_path: Path
) -> None:
    preset = ("--preset", "deepglobe", "--check", "--progress", "none", "--backbone")
    result = train(data, tmp_path / "run", *preset, tiny_model, stage="refinement")
    assert_refused(
        result,
        match="has a backbone light-fpn for 3 classes and 3 bands, but the preset 'deepglobe' needs fpn for 7 classes",
    )
    (tmp_path / "junk.pth").write_bytes(b"junk")
    result = train(data, tmp_path / "run", *preset, tmp_path / "junk.pth", stage="refinement")
    assert_refused(result, match="junk.pth is no checkpoint or is damaged")
    result = train(
        data, tmp_path / "run", "--model", "gone.safetensors", "--check", "--progress", "none", stage="refinement"
    )
    assert_refused(result, match="'gone.safetensors' is neither a bundled model nor a file")


def test_overlapping_polygons_are_warned_of_before_a_training_and_for_its_validation(
    data: Path, tmp_path: Path
) -> None:
    squares = [pixel_polygon((0, 90), (0, 90)), pixel_polygon((80, 180), (80, 180)), pixel_polygon((0, 50), (150, 200))]
    kinds = ["clay", "grass", "water"]
    truth = write_polygons(tmp_path / "fields.gpkg", squares, kinds)
    judged = write_polygons(tmp_path / "judged.gpkg", squares, kinds)
    result = run(
        *("train", "backbone", "--scene", data / "scene.tif", "--truth", truth, "--class-column", "kind"),
        *("--val-scene", data / "scene.tif", "--val-truth", judged),
        *("--classes", data / "classes.yaml", "-o", tmp_path / "run", *QUICK),
    )
    assert result.exit_code == 0, result.output
    for name in ("fields", "judged"):
        assert f"Polygons of different classes overlap in '{name}.gpkg': 1 pair, on about 100 pixels" in result.stderr


@pytest.mark.slow
def test_a_training_goes_on_from_any_folder_and_after_a_move(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    shutil.copytree(data, project / "data")
    (project / "options.yaml").write_text("val-share: 0\n")
    monkeypatch.chdir(project)
    begun = run(
        *("train", "backbone", "--scene", "data/scene.tif", "--truth", "data/labels.tif"),
        *("--classes", "data/classes.yaml", "--config", "options.yaml", "-o", "run", *QUICK),
    )
    assert begun.exit_code == 0, begun.output
    (project / "options.yaml").unlink()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert run("train", "backbone", "-o", project / "run", "--resume", "--steps", 3).exit_code == 0
    project.rename(tmp_path / "moved")
    result = run("train", "backbone", "-o", "../moved/run", "--resume", "--steps", 4)
    assert result.exit_code == 0, result.output
    assert [record["step"] for record in read_history(tmp_path / "moved/run/history.jsonl").steps] == [1, 2, 3, 4]
    assert names(elsewhere) == []
    (tmp_path / "moved" / "data" / "scene.tif").unlink()
    gone = run("train", "backbone", "-o", "../moved/run", "--resume", "--steps", 5)
    assert_refused(gone, match="data/scene.tif' does not exist")


def test_a_folder_with_a_training_is_not_overwritten_by_a_slip(data: Path, tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").write_text('{"step": 1}\n')
    assert_refused(train(data, tmp_path, *QUICK), match="holds a training; add --resume")


def test_a_step_that_memory_cannot_hold_is_refused_and_leaves_the_folder_free(data: Path, tmp_path: Path) -> None:
    result = train(data, tmp_path / "run", *QUICK, "--batch-size", 2**24)
    assert result.exit_code == 1
    assert re.search(
        r"Error: A step of 16777216 samples needs about .* set --batch-size \d+ --accumulation \d+", result.stderr
    )
    again = train(data, tmp_path / "run", *QUICK, "--batch-size", 2**24)
    assert "A step of 16777216 samples" in again.stderr


def test_an_absent_device_is_refused_before_anything_is_written(data: Path, tmp_path: Path) -> None:
    result = train(data, tmp_path / "run", *QUICK, "--device", "cuda:99")
    assert_refused(result, match="PyTorch finds . CUDA devices")
    assert not (tmp_path / "run").exists()


def test_resuming_nothing_is_refused(tmp_path: Path) -> None:
    result = run("train", "backbone", "-o", tmp_path, "--resume")
    assert_refused(result, match="no checkpoint .* to go on from; train without --resume first")


def test_a_model_of_other_classes_is_refused(data: Path, tiny_model: Path, tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("classes: [sand, grass, water]\n")
    result = train(
        *(data, tmp_path / "run", "--model", tiny_model, "--classes", tmp_path / "other.yaml"), stage="refinement"
    )
    assert_refused(result, match="The labels' classes are sand, grass, water, the model's clay, grass, water")


def test_refinement_needs_a_model(data: Path, tmp_path: Path) -> None:
    assert_wrong_usage(train(data, tmp_path / "run", stage="refinement"), match="--model FILE, or --preset")


def test_help_shows_defaults_under_headings() -> None:
    text = run("train", "refinement", "--help").stdout
    for heading in ("Data:", "Optimizer and pace:", "Loss:", "Samples and augmentation:", "Machine:"):
        assert heading in text
    assert "[default: 0.003" in " ".join(text.split())


def test_checkpoints_of_another_program_are_not_overwritten(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    for name in ("last.pt", "best.pt"):
        (folder / name).write_text("another program's")
    assert_refused(train(data, folder, *QUICK, "--overwrite"), match=r"may be another program's, and were not touched")
    assert (folder / "best.pt").read_text() == (folder / "last.pt").read_text() == "another program's"
