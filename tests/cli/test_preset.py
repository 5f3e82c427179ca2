"""The published configuration from its checkpoints, with the knobs turned down."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import rasterio
import torch

from magnet_geo.grid import Size
from magnet_geo.inference import load_model
from magnet_geo.model import Manifest, read_manifest
from magnet_geo.records.segment_result import SegmentResult
from tests.cli.conftest import fields
from tests.cli.runs import names, run, segment_json
from tests.raster.rasters import write_raster
from tests.reference_weights import reference_state

SIDE = 256
KNOBS = ("--scales", "64-64,128-128,256-256", "--crop-size", "64", "64", "--input-size", "48", "48")
EXACT = ("--precision", "fp32", "--device", "cpu")


@pytest.fixture(scope="module")
def square_scene(shared_folder: Path) -> Path:
    return Path(write_raster(shared_folder / "square.tif", fields(SIDE, SIDE, seed=3)))


@pytest.fixture(scope="module")
def checkpoints(shared_folder: Path) -> tuple[object, ...]:
    backbone, refinement = shared_folder / "B.pth", shared_folder / "R.pth"
    torch.save(reference_state("fpn/7"), backbone)
    torch.save({"state_dict": reference_state("refinement/7")}, refinement)
    return "--backbone", backbone, "--refinement", refinement


@pytest.fixture(scope="module")
def imported(shared_folder: Path, checkpoints: tuple[object, ...]) -> Path:
    path = shared_folder / "published.safetensors"
    result = run("model", "import", path, "--preset", "deepglobe", *checkpoints, *KNOBS)
    assert result.exit_code == 0, result.output
    return path


@pytest.fixture(scope="module")
def preset(checkpoints: tuple[object, ...]) -> tuple[object, ...]:
    """Options of a run of the preset."""
    return "--preset", "deepglobe", *checkpoints, *KNOBS, *EXACT


def read(path: Path) -> np.ndarray:
    with rasterio.open(path) as dataset:
        return dataset.read(1)


def class_values(manifest: Manifest, probabilities: np.ndarray) -> np.ndarray:
    return np.array([entry.value for entry in manifest.classes])[probabilities.argmax(axis=0)]


@dataclass(frozen=True)
class Mapped:
    """The output of a run of the preset with all its patches, the folder of its stages, and its result."""

    output: Path
    stages: Path
    result: SegmentResult


@pytest.fixture(scope="module")
def mapped(square_scene: Path, preset: tuple[object, ...], tmp_path_factory: pytest.TempPathFactory) -> Mapped:
    folder = tmp_path_factory.mktemp("preset")
    output, stages = folder / "map.tif", folder / "stages"
    return Mapped(output, stages, segment_json(square_scene, "-o", output, *preset, "--stages", stages))


def test_a_preset_maps_as_the_pipeline_does(square_scene: Path, imported: Path, mapped: Mapped) -> None:
    segmenter = load_model(imported, device="cpu", precision="fp32")
    with rasterio.open(square_scene) as dataset:
        image = np.moveaxis(dataset.read(), 0, -1)
    expected = class_values(segmenter.manifest, segmenter.segment_image(image))
    np.testing.assert_array_equal(read(mapped.output), expected)
    assert len(np.unique(expected)) > 1
    assert mapped.result.refined_share == 1
    assert (mapped.result.model.name, len(mapped.result.model.sha256)) == ("deepglobe", 64)


def test_every_stage_is_a_map_and_the_last_is_the_output(mapped: Mapped) -> None:
    written = [mapped.stages / f"stage_{level}.tif" for level in range(3)]
    assert [name for name in names(mapped.stages) if name.endswith(".tif")] == [path.name for path in written]
    first, second, last = (read(path) for path in written)
    assert np.any(first != second)
    assert np.any(second != last)
    np.testing.assert_array_equal(last, read(mapped.output))


def test_the_imported_model_maps_the_same(square_scene: Path, imported: Path, mapped: Mapped, maps: Path) -> None:
    segment_json(square_scene, "-o", maps / "model.tif", "--model", imported, *EXACT)
    np.testing.assert_array_equal(read(maps / "model.tif"), read(mapped.output))


def test_n_patches_refines_fewer(square_scene: Path, preset: tuple[object, ...], mapped: Mapped, maps: Path) -> None:
    few = segment_json(square_scene, "-o", maps / "few.tif", *preset, "--n-patches", 2)
    # Two of 4 patches, then two of 16.
    assert few.refined_share == pytest.approx(4 / 20)
    assert np.any(read(maps / "few.tif") != read(mapped.output))


def test_the_fast_preset_refines_three_patches_a_level(
    square_scene: Path, checkpoints: tuple[object, ...], maps: Path
) -> None:
    options = ("--preset", "deepglobe-fast", *checkpoints, *KNOBS, *EXACT)
    fast = segment_json(square_scene, "-o", maps / "fast.tif", *options)
    assert fast.refined_share == pytest.approx(6 / 20)


def test_without_a_refinement_a_preset_is_coarse_only(
    square_scene: Path, checkpoints: tuple[object, ...], maps: Path
) -> None:
    options = ("--preset", "deepglobe", *checkpoints[:2], *KNOBS, *EXACT)
    assert segment_json(square_scene, "-o", maps / "coarse.tif", *options).refined_share == 0


def test_the_knobs_are_kept_in_the_model_file(imported: Path) -> None:
    manifest = read_manifest(imported)
    assert manifest.pyramid.levels == (Size(64, 64), Size(128, 128), Size(256, 256))
    assert (manifest.pyramid.patch, manifest.pyramid.network_input) == (Size(64, 64), Size(48, 48))


def test_knobs_that_contradict_each_other_are_one_sentence(
    square_scene: Path, checkpoints: tuple[object, ...], maps: Path
) -> None:
    result = run(
        "segment", square_scene, "-o", maps / "m.tif", "--preset", "deepglobe", *checkpoints, "--scales", "9-9"
    )
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    assert result.stderr.startswith("Error: ")
    assert names(maps) == []
