from __future__ import annotations

import json
import pickle
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from magnet_geo.model.model_file import METADATA_KEY
from tests.cli.runs import assert_refused, names, run
from tests.tiny_model import tiny_manifest


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self.target,)


class Refusal:
    """Segments with a model that must be refused, and looks at what is left."""

    def __init__(self, scene: Path, maps: Path) -> None:
        self.scene, self.maps = scene, maps

    def __call__(self, model: object, *options: object, match: str) -> None:
        assert_refused(run("segment", self.scene, "-o", self.maps / "map.tif", "--model", model, *options), match=match)
        assert names(self.maps) == []


@pytest.fixture
def refusal(scene: Path, maps: Path) -> Refusal:
    return Refusal(scene, maps)


def test_a_missing_model(refusal: Refusal, tmp_path: Path) -> None:
    match = r"none\.safetensors' is neither a bundled model nor a file; give .*the path of a \.safetensors file"
    refusal(tmp_path / "none.safetensors", match=match)


def test_a_folder(refusal: Refusal, tmp_path: Path) -> None:
    refusal(tmp_path, match="is a folder; give")


def test_a_text_file(refusal: Refusal, tmp_path: Path) -> None:
    path = tmp_path / "readme.txt"
    path.write_text("This is not a model, whatever its length.")
    refusal(path, match=r"readme\.txt is not a model file \(safetensors with a manifest\); check the path")


def test_an_empty_file(refusal: Refusal, tmp_path: Path) -> None:
    path = tmp_path / "empty.safetensors"
    path.touch()
    refusal(path, match="is not a model file")


def test_the_scene_given_as_the_model(refusal: Refusal, scene: Path) -> None:
    refusal(scene, match=r"scene\.tif is not a model file")


def test_weights_without_a_manifest(refusal: Refusal, tmp_path: Path) -> None:
    path = tmp_path / "foreign.safetensors"
    save_file({"weight": torch.zeros(3)}, path)
    refusal(path, match="without a magnet-geo manifest; run 'magnet-geo model import' on its weights")


def test_a_pickle_in_disguise_is_not_opened(refusal: Refusal, tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    path = tmp_path / "model.safetensors"
    path.write_bytes(pickle.dumps({"weight": Trap(sprung)}))
    refusal(path, match="is a PyTorch checkpoint, not a model file; run 'magnet-geo model import' on it first")
    torch.save({"weight": Trap(sprung)}, path)
    refusal(path, match="is a PyTorch checkpoint, not a model file")
    assert not sprung.exists()


@pytest.mark.parametrize("zipped", [True, False])
def test_importing_a_malicious_pickle_runs_nothing(tmp_path: Path, maps: Path, zipped: bool) -> None:
    sprung, path = tmp_path / "sprung", tmp_path / "evil.pth"
    torch.save({"weight": Trap(sprung)}, path, _use_new_zipfile_serialization=zipped)
    target = maps / "model.safetensors"
    arguments = ("--preset", "deepglobe", "--backbone", path, "--refinement", path)
    match = r"evil\.pth holds more than weights, .* not opened for safety; save the state dict alone"
    assert_refused(run("model", "import", target, *arguments), match=match)
    assert_refused(run("segment", path, "-o", maps / "map.tif", *arguments), match=match)
    assert names(maps) == []
    assert not sprung.exists()


def test_a_manifest_of_a_newer_version(refusal: Refusal, tmp_path: Path, tiny_model: Path) -> None:
    values = json.loads(tiny_manifest().to_json()) | {"format_version": 2, "wizardry": True}
    path = tmp_path / "newer.safetensors"
    save_file(load_file(tiny_model), path, metadata={METADATA_KEY: json.dumps(values)})
    refusal(path, match=r"is a manifest of a newer version \(2; this package reads up to 1\); update magnet-geo")


def test_a_manifest_with_a_wrong_field(refusal: Refusal, tmp_path: Path, tiny_model: Path) -> None:
    values = json.loads(tiny_manifest().to_json()) | {"halo_px": -1}
    path = tmp_path / "wrong.safetensors"
    save_file(load_file(tiny_model), path, metadata={METADATA_KEY: json.dumps(values)})
    refusal(path, match=r"The manifest of .*wrong\.safetensors is not valid: .*halo_px")


def test_weights_that_do_not_fit(refusal: Refusal, tmp_path: Path, tiny_model: Path) -> None:
    tensors = load_file(tiny_model)
    metadata = {METADATA_KEY: tiny_manifest().to_json()}
    path = tmp_path / "misfit.safetensors"
    del tensors["backbone.classifier.bias"]
    save_file(tensors, path, metadata=metadata)
    refusal(path, match=r"The backbone of .*misfit\.safetensors: .* do not fit .*classifier\.bias")
    save_file(tensors | {"backbone.classifier.bias": torch.zeros(7)}, path, metadata=metadata)
    refusal(path, match=r"misfit\.safetensors: .*classifier\.bias.*7")
    save_file(tensors | {"head.bias": torch.zeros(3)}, path, metadata=metadata)
    refusal(path, match=r"head\.bias")


@pytest.mark.parametrize("share", [0.0001, 0.5, 0.999])
def test_a_truncated_model(refusal: Refusal, tmp_path: Path, tiny_model: Path, share: float) -> None:
    content = tiny_model.read_bytes()
    path = tmp_path / "cut.safetensors"
    path.write_bytes(content[: round(share * len(content))])
    refusal(path, match=r"cut\.safetensors is damaged or incomplete .*; copy or download it again")


def test_a_refinement_the_model_does_not_offer(refusal: Refusal, tmp_path: Path, tiny_model: Path) -> None:
    tensors = {name: tensor for name, tensor in load_file(tiny_model).items() if name.startswith("backbone.")}
    path = tmp_path / "coarse.safetensors"
    save_file(tensors, path, metadata={METADATA_KEY: tiny_manifest().without_refinement().to_json()})
    refusal(path, "--refine", "full", match="'tiny' has no refinement module; use --refine off")


def test_unclassified_where_the_value_is_taken(refusal: Refusal, tmp_path: Path, tiny_model: Path) -> None:
    classes = [asdict(entry) | {"value": index} for index, entry in enumerate(tiny_manifest().classes)]
    path = tmp_path / "zero.safetensors"
    metadata = {METADATA_KEY: tiny_manifest(classes=classes).to_json()}
    save_file(load_file(tiny_model), path, metadata=metadata)
    refusal(path, "--min-confidence", 0.5, match="uses the value 0 for a class.* write --confidence instead")


def test_cuda_where_there_is_none(refusal: Refusal, tiny_model: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device")
    match = "The device 'cuda' was asked for, but PyTorch finds 0 CUDA devices; check the driver .* or use --device cpu"
    refusal(tiny_model, "--device", "cuda", match=match)
    refusal(tiny_model, "--device", "cuda:3", match="The device 'cuda:3' was asked for")


@pytest.mark.parametrize("device", ["abacus", "cuda:x", ""])
def test_a_device_that_means_nothing(refusal: Refusal, tiny_model: Path, device: str) -> None:
    match = f"'{device}' is no device; choose auto, cpu, cuda, cuda:N or mps"
    refusal(tiny_model, "--device", device, match=match)


def test_a_precision_the_device_does_not_run(refusal: Refusal, tiny_model: Path) -> None:
    match = "fp16 runs on GPUs only; use --precision bf16 or fp32 on the CPU"
    refusal(tiny_model, "--device", "cpu", "--precision", "fp16", match=match)
