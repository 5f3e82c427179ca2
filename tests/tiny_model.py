"""A complete model of random weights, small enough to run in a blink."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import torch
from torch import Tensor, nn

from magnet_geo.model import Manifest
from magnet_geo.model.model_file import ModelWeights, write_model
from magnet_geo.networks import create_backbone, create_refinement
from tests.model.conftest import small_values

PATCH_PX, WINDOW_PX, HALO_PX = 64, 256, 16
VALUES = (1, 2, 3)


def tiny_manifest(**changes: object) -> Manifest:
    """Gives the manifest of a three-class RGB model of any pixel size, with fields replaced."""
    colors = ("#ff0000", "#00ff00", "#0000ff")
    classes = [
        {"value": value, "name": name, "color": color}
        for value, name, color in zip(VALUES, ("clay", "grass", "water"), colors, strict=True)
    ]
    values = small_values() | {
        "name": "tiny",
        "title": "A tiny model",
        "classes": classes,
        "uncounted_values": (),
        "gsd_m": None,
        "halo_px": HALO_PX,
        "pyramid": {
            "levels": [[PATCH_PX, PATCH_PX], [2 * PATCH_PX, 2 * PATCH_PX], [WINDOW_PX, WINDOW_PX]],
            "patch": [PATCH_PX, PATCH_PX],
            "network_input": [PATCH_PX, PATCH_PX],
            "manner": "decimation",
        },
    }
    return Manifest.from_values(values | changes)


def write_tiny_model(path: Path, **changes: object) -> Path:
    """Writes the tiny model's file, with fields of its manifest replaced, and gives its path."""
    manifest = tiny_manifest(**changes)
    write_model(path, manifest, ModelWeights(*tiny_weights()).tensors(manifest))
    return path


@cache
def tiny_weights() -> tuple[dict[str, Tensor], tuple[dict[str, Tensor]]]:
    """Gives the state dicts of the backbone and of the refinement module that all levels share."""
    with torch.random.fork_rng():
        torch.manual_seed(7)
        backbone = create_backbone("light-fpn", num_classes=len(VALUES))
        refinement = create_refinement(len(VALUES), name="light")
        spread_logits(backbone)
    return dict(backbone.state_dict()), (dict(refinement.state_dict()),)


@torch.no_grad()
def spread_logits(backbone: nn.Module) -> None:
    """Makes an untrained backbone tell classes apart: measures its normalizations and centers its logits."""
    for module in backbone.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None
    noise = torch.randn(4, 3, 16, 16).repeat_interleave(8, dim=2).repeat_interleave(8, dim=3)
    backbone.train()(noise)
    logits = backbone.eval()(noise)
    classifier = backbone.get_submodule("classifier")
    gain = 2 / logits.std()
    classifier.weight.mul_(gain)
    classifier.bias.sub_(logits.mean(dim=(0, 2, 3))).mul_(gain)
