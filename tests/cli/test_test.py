"""`magnet-geo test`: a model on labelled images, its modes side by side."""

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path

import numpy as np
import pytest
import rasterio
import torch
from numpy.typing import NDArray
from rasterio.transform import Affine

from magnet_geo.evaluation.dataset_records import DatasetScores
from magnet_geo.evaluation.map_evaluation import EvaluationResult
from tests.cli.conftest import HEIGHT, WIDTH, fields
from tests.cli.runs import assert_refused, assert_wrong_usage, names, run, segment_json
from tests.datasets.scenes import pixel_polygon, write_polygons
from tests.raster.rasters import write_raster
from tests.reference_weights import reference_state
from tests.tiny_model import VALUES

RGBA = ("red", "green", "blue", "alpha")
EXACT = ("--precision", "fp32", "--device", "cpu")
REFINE = {"coarse": "off", "fast": "fast", "0.3": "0.3", "full": "full"}
needs_matplotlib = pytest.mark.skipif(importlib.util.find_spec("matplotlib") is None, reason="matplotlib is absent")


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random labels of the tiny model's classes, in part unlabelled (9)."""
    squares = np.random.default_rng(5).choice([*VALUES, 9], (1, -(-HEIGHT // 15), -(-WIDTH // 15)))
    values = squares.repeat(15, axis=1).repeat(15, axis=2)[:, :HEIGHT, :WIDTH].astype(np.uint8)
    return Path(write_raster(tmp_path_factory.mktemp("labels") / "labels.tif", values))


def scores(*arguments: object) -> DatasetScores:
    """Runs `test --json`, which must succeed."""
    result = run("test", *arguments, *EXACT, "--json")
    assert result.exit_code == 0, result.output
    return DatasetScores.model_validate_json(result.stdout)


@pytest.mark.parametrize("model", ["tiny_model", "metre_model"])
def test_each_mode_scores_as_the_map_that_segment_writes(
    model: str, scene: Path, labels: Path, maps: Path, request: pytest.FixtureRequest
) -> None:
    path = request.getfixturevalue(model)
    found = scores("--model", path, "--scene", scene, "--truth", labels, "--ignore-value", 9)
    assert [mode.mode for mode in found.modes] == ["coarse", "fast", "full"]
    for mode in found.modes:
        output = maps / f"{mode.mode}.tif"
        mapped = segment_json(scene, "-o", output, "--model", path, "--refine", REFINE[mode.mode], *EXACT)
        evaluated = run("evaluate", output, labels, "--ignore-value", 9, "--json")
        assert EvaluationResult.model_validate_json(evaluated.stdout).scores == mode.scores
        assert mode.refined_share == mapped.refined_share


def holed() -> NDArray[np.bool_]:
    """Where the test scenes have data."""
    valid = np.ones((HEIGHT, WIDTH), bool)
    valid[20:70, 90:160] = valid[:, :7] = False
    return valid


def with_zeros() -> NDArray[np.uint8]:
    """Values of which some are 0, in one band or in all."""
    values = fields(HEIGHT, WIDTH)
    values[values < 60] = 0
    values[:, 100:140, 20:80] = 0
    return values


def wide() -> NDArray[np.uint16]:
    """Values that no whole number of 0-255 stands for."""
    return with_zeros().astype(np.uint16) * 37 + np.random.default_rng(3).integers(0, 37, (3, HEIGHT, WIDTH), np.uint16)


def floating() -> NDArray[np.float32]:
    """Values with NaN where there is no data."""
    values = wide().astype(np.float32) / 10_000
    values[:, ~holed()] = np.nan
    return values


SCALING = ("--scaling", "0,9472")
MASKED = {"dataset_mask": holed()}
# Values, how they are stored, options.
OWN_MAPS = {
    "zeros": (with_zeros, {}, ()),
    "wide": (wide, {}, SCALING),
    "nodata": (with_zeros, {"nodata": 0}, ()),
    "mask": (with_zeros, MASKED, ()),
    "alpha": (lambda: np.concatenate([with_zeros(), holed()[None] * np.uint8(255)]), {"colors": RGBA}, ()),
    "floating": (floating, {}, ("--scaling", "0,0.95")),
    "finer": (with_zeros, MASKED | {"transform": Affine(0.3, 0, 400_000, 0, -0.3, 5_000_000)}, ()),
    "coarser": (with_zeros, MASKED | {"transform": Affine(1.7, 0, 400_000, 0, -1.7, 5_000_000)}, ()),
    "rotated": (wide, {"transform": Affine.translation(400_000, 5_000_000) @ Affine.rotation(31)}, SCALING),
}


@pytest.mark.parametrize("kind", OWN_MAPS)
def test_a_model_scores_one_against_its_own_map(kind: str, metre_model: Path, tmp_path: Path) -> None:
    values, layout, options = OWN_MAPS[kind]
    scene = write_raster(tmp_path / "scene.tif", values(), **layout)
    for mode, refine in REFINE.items():
        output = tmp_path / f"{mode}.tif"
        segment_json(scene, "-o", output, "--model", metre_model, "--refine", refine, *options, *EXACT)
        data = ("--scene", scene, "--truth", output)
        found = scores("--model", metre_model, *data, *options, "--modes", ",".join(REFINE))
        perfect = [each for each in found.modes if each.scores.overall_accuracy == 1]
        assert [each.mode for each in perfect] == [mode]
        assert perfect[0].scores.mean_iou == perfect[0].scores.mean_boundary_f1 == 1
        with rasterio.open(output) as written:
            assert perfect[0].scores.compared_pixels == np.count_nonzero(written.read(1) != written.nodata)


def test_slid_runs_the_backbone_on_overlapping_patches(tiny_model: Path, scene: Path, labels: Path) -> None:
    found = scores("--model", tiny_model, "--scene", scene, "--truth", labels, "--ignore-value", 9, "--modes", "slid")
    (slid,) = found.modes
    # Patches of 64 px that overlap by 16: 3 down and 5 across.
    assert (slid.passes, slid.refined_share) == (15, 0)


def test_images_are_scored_one_by_one_and_together(tiny_model: Path, tmp_path: Path) -> None:
    for folder in ("images", "labels"):
        (tmp_path / folder).mkdir()
    for number in range(2):
        write_raster(tmp_path / "images" / f"{number}.tif", fields(90, 70, seed=number))
        truth = np.full((1, 90, 70), VALUES[number], np.uint8)
        write_raster(tmp_path / "labels" / f"{number}.tif", truth)
    found = scores("--model", tiny_model, "--images", tmp_path / "images", "--labels", tmp_path / "labels")
    full = found.modes[-1]
    assert [Path(image.name).name for image in full.by_image] == ["0.tif", "1.tif"]
    assert sum(image.compared_pixels for image in full.by_image) == full.scores.compared_pixels == 2 * 90 * 70
    right = sum(image.overall_accuracy * image.compared_pixels for image in full.by_image)
    assert full.scores.overall_accuracy == pytest.approx(right / (2 * 90 * 70))


def test_a_preset_is_tested_on_a_published_list(tmp_path: Path) -> None:
    torch.save(reference_state("fpn/7"), tmp_path / "B.pth")
    torch.save({"state_dict": reference_state("refinement/7")}, tmp_path / "R.pth")
    write_raster(tmp_path / "image.tif", fields(128, 128))
    colors = np.array([[0, 0, 0], [0, 255, 255], [255, 255, 0], [255, 0, 255]], np.uint8)
    squares = np.random.default_rng(1).integers(0, 4, (8, 8)).repeat(16, axis=0).repeat(16, axis=1)
    with rasterio.open(tmp_path / "mask.png", "w", driver="PNG", width=128, height=128, count=3, dtype="uint8") as mask:
        mask.write(np.moveaxis(colors[squares], -1, 0))
    (tmp_path / "val.txt").write_text("image.tif\tmask.png\n")
    knobs = ("--scales", "32-32,64-64,128-128", "--crop-size", "32", "32", "--input-size", "32", "32")
    found = scores(
        "--preset", "deepglobe-fast", "--backbone", tmp_path / "B.pth", "--refinement", tmp_path / "R.pth", *knobs,
        "--root", tmp_path, "--datalist", tmp_path / "val.txt", "--modes", "coarse,fast,full,slid",
    )  # fmt: skip
    assert [mode.mode for mode in found.modes] == ["coarse", "fast", "full", "slid"]
    assert [mode.refined_share for mode in found.modes] == pytest.approx([0, 6 / 20, 1, 0])
    unknown = found.modes[0].scores.classes[0]
    assert (unknown.name, unknown.counted, unknown.truth_pixels) == ("unknown", False, int((squares == 0).sum()))


def test_the_tables_show_modes_side_by_side(tiny_model: Path, scene: Path, labels: Path, tmp_path: Path) -> None:
    table = tmp_path / "scores.csv"
    result = run(
        "test", "--model", tiny_model, "--scene", scene, "--truth", labels, "--ignore-value", 9, "--csv", table, *EXACT
    )
    assert result.exit_code == 0, result.output
    assert result.stdout.split()[:3] == ["coarse", "fast", "full"]
    assert "IoU grass" in result.stdout
    assert "boundary F1 (3 px)" in result.stdout
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["mode"], row["class"]) for row in rows[:4]] == [
        ("coarse", "clay"),
        ("coarse", "grass"),
        ("coarse", "water"),
        ("fast", "clay"),
    ]


def test_sparse_overlapping_polygons_are_warned_of_and_have_no_boundary_score(
    tiny_model: Path, scene: Path, tmp_path: Path
) -> None:
    squares = [pixel_polygon((5, 40), (5, 40)), pixel_polygon((20, 30), (20, 60))]
    truth = write_polygons(tmp_path / "truth.gpkg", squares, ["clay", "water"])
    data = ("--scene", scene, "--truth", truth, "--class-column", "kind", "--modes", "coarse")
    result = run("test", "--model", tiny_model, *data, *EXACT)
    assert result.exit_code == 0, result.output
    assert "Warning: Polygons of different classes overlap in 'truth.gpkg': 1 pair, on about 200" in result.stderr
    assert "boundary F1" not in result.stdout
    assert "Boundary F1 is not measured: " in result.stdout


@needs_matplotlib
def test_a_picture_is_drawn_for_each_image(tiny_model: Path, scene: Path, labels: Path, tmp_path: Path) -> None:
    arguments = ("test", "--model", tiny_model, "--scene", scene, "--truth", labels, "--ignore-value", 9, *EXACT)
    folder = tmp_path / "pictures"
    assert run(*arguments, "--modes", "coarse", "--save-predictions", folder).exit_code == 0
    assert names(folder) == ["scene.png"]
    with rasterio.open(folder / "scene.png") as picture:
        shown = {tuple(color) for color in np.moveaxis(picture.read()[:3], 0, -1).reshape(-1, 3).tolist()}
    assert {(255, 0, 0), (0, 255, 0), (0, 0, 255), (235, 235, 235)} <= shown
    again = run(*arguments, "--modes", "coarse", "--save-predictions", folder)
    assert_refused(again, match=r"scene\.png' exists already")


def test_what_cannot_be_tested_is_refused(tiny_model: Path, scene: Path, labels: Path, tmp_path: Path) -> None:
    data = ("--scene", scene, "--truth", labels)
    assert_refused(run("test", "--model", tiny_model, *data), match="holds the label value 9 .*--ignore-value 9")
    classes = tmp_path / "classes.yaml"
    classes.write_text("classes: {1: clay, 2: grass, 3: lake}\nignore: [9]")
    other = run("test", "--model", tiny_model, *data, "--classes", classes)
    assert_refused(other, match="classes are clay, grass, lake, the model's clay, grass, water")
    missing = run("test", "--model", tiny_model, "--scene", scene, "--truth", tmp_path / "no.tif")
    assert_refused(missing, match="do not exist")


def test_wrong_modes_and_missing_images_are_wrong_usage(tiny_model: Path, scene: Path, labels: Path) -> None:
    data = ("--scene", scene, "--truth", labels)
    assert_wrong_usage(run("test", *data, "--modes", "fine"), match="'fine' is no mode; choose from coarse, fast")
    assert_wrong_usage(run("test", *data, "--modes", "full,full"), match="names a mode twice")
    assert_wrong_usage(run("test", "--model", tiny_model), match="Name images")
