"""Foreign models and sensors on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from magnet_geo.model import model_hash, read_manifest
from tests.cli.runs import assert_refused, assert_wrong_usage, run, segment_json
from tests.raster.rasters import write_raster
from tests.tiny_graph import MANIFEST, write_graph

pytest.importorskip("onnxruntime", reason="the onnx extra is not installed")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """The model file of a tiny graph, imported by the command."""
    write_graph(tmp_path / "tiny.onnx", size=64)
    (tmp_path / "tiny.yaml").write_text(MANIFEST)
    target = tmp_path / "tiny.safetensors"
    done = run("model", "import", tmp_path / "tiny.onnx", "--manifest", tmp_path / "tiny.yaml", "-o", target)
    assert done.exit_code == 0, done.output
    return target


@pytest.fixture
def scene(tmp_path: Path) -> str:
    values = np.random.default_rng(4).integers(1, 4000, (4, 150, 170), dtype=np.uint16)
    return write_raster(tmp_path / "scene.tif", values)


def test_a_foreign_model_is_shown_and_exported_as_it_came(model: Path, tmp_path: Path) -> None:
    shown = run("model", "show", model)
    for text in ("A tiny graph", "reflectance, 0 to 2", "foreign ONNX graph, one level, nchw, gives logits"):
        assert text in shown.output
    assert run("model", "export", model, tmp_path / "back.onnx", "--format", "onnx").exit_code == 0
    assert (tmp_path / "back.onnx").read_bytes() == (tmp_path / "tiny.onnx").read_bytes()
    assert_refused(run("model", "export", model, tmp_path / "back", "--format", "pth"), match="is a foreign ONNX graph")


def test_a_manifest_that_was_shown_imports_the_same_foreign_model(model: Path, tmp_path: Path) -> None:
    (tmp_path / "shown.json").write_text(run("model", "show", model, "--json").stdout)
    assert run("model", "export", model, tmp_path / "back.onnx", "--format", "onnx").exit_code == 0
    again = tmp_path / "again.safetensors"
    done = run("model", "import", tmp_path / "back.onnx", "--manifest", tmp_path / "shown.json", "-o", again)
    assert done.exit_code == 0, done.output
    assert read_manifest(again) == read_manifest(model)
    assert model_hash(again) == model_hash(model)


def test_a_foreign_model_is_catalogued_as_one(model: Path, tmp_path: Path) -> None:
    done = run("model", "export", model, tmp_path / "copy.safetensors", "--stac", tmp_path / "item.json")
    assert done.exit_code == 0, done.output
    assert json.loads((tmp_path / "item.json").read_text())["properties"]["mlm:framework"] == "ONNX"


def test_a_graph_needs_its_manifest_and_nothing_else(tmp_path: Path) -> None:
    write_graph(tmp_path / "tiny.onnx")
    assert_wrong_usage(run("model", "import", tmp_path / "tiny.onnx"), match="--manifest FILE.yaml")
    assert_wrong_usage(
        run("model", "import", tmp_path / "m.safetensors", "--preset", "deepglobe"), match="--backbone FILE"
    )


def test_a_sensor_makes_an_undescribed_scene_readable(model: Path, scene: str, tmp_path: Path) -> None:
    output = tmp_path / "map.tif"
    assert_refused(run("segment", scene, "--model", model, "-o", output), match="--sensor sentinel2")
    result = segment_json(scene, "--model", model, "-o", output, "--sensor", "sentinel2")
    assert result.valid_pixels == 150 * 170
    assert (result.device, result.precision) == ("cpu", "fp32")
    assert not any("eflectance" in warning for warning in result.warnings)
    fit = json.loads(run("info", scene, "--model", model, "--sensor", "sentinel2", "--json").stdout)["fit"]
    assert fit["bands"] == [3, 4]


def test_counts_of_an_unnamed_sensor_are_no_reflectance(model: Path, scene: str, tmp_path: Path) -> None:
    done = run("segment", scene, "--model", model, "--bands", "3,4", "-o", tmp_path / "map.tif")
    assert_refused(done, match="name what took it with --sensor")


def test_the_sensor_s_nodata_value_counts_where_the_file_names_none(model: Path, tmp_path: Path) -> None:
    values = np.full((4, 90, 90), 900, np.uint16)
    values[:, :30] = 0
    scene = write_raster(tmp_path / "scene.tif", values)
    result = segment_json(scene, "--model", model, "-o", tmp_path / "map.tif", "--sensor", "sentinel2")
    assert result.valid_pixels == 60 * 90


def test_a_foreign_model_runs_in_its_own_precision_and_cannot_be_trained(
    model: Path, scene: str, tmp_path: Path
) -> None:
    arguments = ("segment", scene, "--model", model, "--sensor", "sentinel2", "-o", tmp_path / "map.tif")
    assert_refused(run(*arguments, "--precision", "bf16"), match="brings its own precision")
    assert_refused(run(*arguments, "--refine", "full"), match="has no refinement module")
