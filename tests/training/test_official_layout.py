"""What we train with the published networks is laid out as published: in and out again without a changed value."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from magnet_geo.model import create_preset, load_bundle
from magnet_geo.model.exchange import export_model, import_model
from magnet_geo.training.backbone_training import RunOptions, TrainingData, train_backbone
from magnet_geo.training.history import read_history
from magnet_geo.training.initialization import begin_backbone
from magnet_geo.training.refinement_training import begin_refinements, preset_backbone, train_refinement
from magnet_geo.training.settings import BackboneSettings, RefinementSettings
from magnet_geo.training.trainer import HISTORY
from tests.training.tiny_training import fields_source

DATA = TrainingData([fields_source(0, blocks=12), fields_source(1, blocks=12)], [fields_source(2, blocks=11)])
SMALL = {
    "levels": ((48, 48), (96, 96)),
    "patch": (48, 48),
    "network_input": (40, 40),
    "manner": "published",
}
PLAIN = {"steps": 2, "batch_size": 2, "optimizer": "sgd", "warmup_steps": 0, "device": "cpu", "precision": "fp32"}


@pytest.mark.slow
def test_a_trained_fpn_leaves_and_enters_as_a_published_checkpoint(tmp_path: Path) -> None:
    preset = create_preset("deepglobe")
    small = preset.changed(pyramid=SMALL, halo_px=0)
    start = begin_backbone("fpn", num_classes=7, bands=3, init="random")
    before = {key: tensor.clone() for key, tensor in start.backbone.state_dict().items()}
    first = tmp_path / "backbone"
    first.mkdir()
    trained = train_backbone(
        DATA, start, small.without_refinement(), BackboneSettings(**PLAIN, learning_rate=0.01), RunOptions(first)
    )
    assert trained is not None
    (backbone,) = export_model(trained.model, first / "fpn", format="pth")
    state = torch.load(backbone, weights_only=True)
    assert not torch.equal(state["classify.weight"], before["classify.weight"])

    second = tmp_path / "refinement"
    second.mkdir()
    modules = begin_refinements(small)
    settings = RefinementSettings(
        **PLAIN, validate_every=2, loss="ohem", learning_rate=1e-3, sharpness_range=(1.0, 1.0)
    )
    refined = train_refinement(DATA, preset_backbone(small, backbone), modules, small, settings, RunOptions(second))
    assert refined is not None
    (scores,) = read_history(second / HISTORY).validations
    assert 0 < scores["mIoU aggregate"] <= 1
    exported = export_model(refined.model, second / "magnet", format="pth")
    assert [path.name for path in exported] == ["magnet_backbone.pth", "magnet_refinement.pth"]

    imported = import_model(exported[0], exported[1:], preset, tmp_path / "imported.safetensors")
    assert imported.architecture == preset.architecture
    again = export_model(tmp_path / "imported.safetensors", tmp_path / "again", format="pth")
    for old, new in zip(exported, again, strict=True):
        there, back = torch.load(old, weights_only=True), torch.load(new, weights_only=True)
        assert there.keys() == back.keys()
        assert all(torch.equal(tensor, back[key]) for key, tensor in there.items())
    bundle = load_bundle(tmp_path / "imported.safetensors")
    assert torch.equal(bundle.backbone.state_dict()["classify.weight"], state["classify.weight"])


@pytest.mark.slow
def test_each_level_may_learn_weights_of_its_own(tmp_path: Path) -> None:
    three = SMALL | {"levels": ((48, 48), (72, 72), (96, 96))}
    architecture = create_preset("deepglobe").architecture.model_dump() | {
        "backbone": "light-fpn",
        "refinement_per_level": True,
    }
    target = create_preset("deepglobe").changed(pyramid=three, halo_px=0, architecture=architecture)
    backbone = begin_backbone("light-fpn", num_classes=7, bands=3, init="random").backbone
    settings = replace(RefinementSettings(**PLAIN), per_level=True, steps=6)
    trained = train_refinement(DATA, backbone, begin_refinements(target), target, settings, RunOptions(tmp_path))
    assert trained is not None
    one, two = load_bundle(trained.model).refinements
    assert not torch.equal(one.state_dict()["seg_conv.weight"], two.state_dict()["seg_conv.weight"])
