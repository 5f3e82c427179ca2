from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from magnet_geo.errors import ModelError
from magnet_geo.model import Manifest, bundle_from_checkpoints, load_bundle, model_hash
from magnet_geo.model.bundle import build_networks
from magnet_geo.model.model_file import ModelWeights, write_model
from tests.model.conftest import light_state, refinement_state


def saved(path: Path, state: object) -> Path:
    torch.save(state, path)
    return path


@pytest.fixture
def checkpoints(tmp_path: Path) -> tuple[Path, Path, Path]:
    return (
        saved(tmp_path / "backbone.pth", light_state(0)),
        saved(tmp_path / "refinement_1.pth", refinement_state(1)),
        saved(tmp_path / "refinement_2.pth", refinement_state(2)),
    )


def assert_holds(module: nn.Module, state: dict[str, torch.Tensor]) -> None:
    found = module.state_dict()
    assert found.keys() == state.keys()
    assert all(torch.equal(found[key], tensor) for key, tensor in state.items())


def test_a_loaded_model_is_ready_to_run(model_path: Path, manifest: Manifest) -> None:
    bundle = load_bundle(model_path)
    assert bundle.manifest == manifest
    assert (bundle.path, bundle.sha256) == (model_path, model_hash(model_path))
    assert_holds(bundle.backbone, light_state(0))
    assert not bundle.backbone.training
    assert len(bundle.refinements) == 2
    assert bundle.refinements[0] is bundle.refinements[1]
    assert bundle.backbone(torch.zeros(1, 3, 32, 32)).shape == (1, 3, 32, 32)


def test_saving_and_loading_gives_equal_logits(model_path: Path, checkpoints: tuple[Path, Path, Path]) -> None:
    images = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    before = bundle_from_checkpoints(load_bundle(model_path).manifest, checkpoints[0], checkpoints[1:2])
    with torch.inference_mode():
        assert torch.equal(load_bundle(model_path).backbone(images), before.backbone(images))


def test_half_weights_are_loaded_as_float32(tmp_path: Path, manifest: Manifest, weights: ModelWeights) -> None:
    half = {
        name: tensor.bfloat16() if tensor.is_floating_point() else tensor
        for name, tensor in weights.tensors(manifest).items()
    }
    write_model(tmp_path / "half.safetensors", manifest, half)
    bundle = load_bundle(tmp_path / "half.safetensors")
    assert {parameter.dtype for parameter in bundle.backbone.parameters()} == {torch.float32}


def test_one_checkpoint_serves_every_level(manifest: Manifest, checkpoints: tuple[Path, Path, Path]) -> None:
    bundle = bundle_from_checkpoints(manifest, checkpoints[0], [checkpoints[1]])
    assert bundle.refinements[0] is bundle.refinements[1]
    assert not bundle.manifest.architecture.refinement_per_level
    assert bundle.path is None


def test_one_checkpoint_per_level_serves_its_level(manifest: Manifest, checkpoints: tuple[Path, Path, Path]) -> None:
    bundle = bundle_from_checkpoints(manifest, checkpoints[0], checkpoints[1:])
    assert bundle.manifest.architecture.refinement_per_level
    assert_holds(bundle.refinements[0], refinement_state(1))
    assert_holds(bundle.refinements[1], refinement_state(2))


def test_checkpoints_give_a_hash_of_their_own(manifest: Manifest, checkpoints: tuple[Path, Path, Path]) -> None:
    backbone, first, second = checkpoints
    hashes = {
        bundle_from_checkpoints(manifest, backbone, refinements).sha256
        for refinements in ([first], [second], [first, second])
    }
    changed = manifest.changed(temperature=2.0)
    hashes.add(bundle_from_checkpoints(changed, backbone, [first]).sha256)
    assert len(hashes) == 4
    assert {len(digest) for digest in hashes} == {64}


def test_a_coarse_only_manifest_needs_no_refinement(manifest: Manifest, checkpoints: tuple[Path, Path, Path]) -> None:
    coarse = manifest.without_refinement()
    assert bundle_from_checkpoints(coarse, checkpoints[0], []).refinements == ()
    with pytest.raises(ModelError, match="needs 0 refinement checkpoints, but 1 were given"):
        bundle_from_checkpoints(coarse, checkpoints[0], checkpoints[1:2])


@pytest.mark.parametrize("count", [0, 3])
def test_a_wrong_number_of_refinements_is_an_error(
    manifest: Manifest, checkpoints: tuple[Path, Path, Path], count: int
) -> None:
    with pytest.raises(ModelError, match=f"1 for all levels or 2, one per level, .* but {count} were given"):
        bundle_from_checkpoints(manifest, checkpoints[0], [checkpoints[1]] * count)


def test_weights_that_do_not_fit_are_an_error(
    tmp_path: Path, manifest: Manifest, checkpoints: tuple[Path, Path, Path]
) -> None:
    with pytest.raises(ModelError, match="The backbone of small: the weights do not fit"):
        bundle_from_checkpoints(manifest, checkpoints[1], checkpoints[1:2])
    state = {key: tensor for key, tensor in light_state(0).items() if key != "classifier.bias"}
    write_model(tmp_path / "m.safetensors", manifest, ModelWeights(state, (refinement_state(1),)).tensors(manifest))
    with pytest.raises(ModelError, match=r"m\.safetensors: .*missing \(classifier\.bias\)"):
        load_bundle(tmp_path / "m.safetensors")


def test_an_unknown_network_is_an_error(tmp_path: Path, manifest: Manifest, weights: ModelWeights) -> None:
    unknown = manifest.changed(architecture=manifest.architecture.model_dump() | {"backbone": "brain"})
    write_model(tmp_path / "m.safetensors", unknown, weights.tensors(unknown))
    with pytest.raises(ModelError, match="no backbone named 'brain'"):
        load_bundle(tmp_path / "m.safetensors")


def test_networks_that_no_machine_holds_are_refused_without_being_built(model_path: Path, manifest: Manifest) -> None:
    weights = load_bundle(model_path)
    parts = ModelWeights(weights.backbone.state_dict(), (weights.refinements[0].state_dict(),))
    architecture = {**manifest.architecture.model_dump(), "in_channels": 2 * 10**9}
    vast = manifest.model_copy(update={"architecture": type(manifest.architecture).model_construct(**architecture)})
    with pytest.raises(ModelError, match="the weights do not fit the network"):
        build_networks(vast, parts, source="vast.safetensors")
