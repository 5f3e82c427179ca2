"""Small models for the tests of model files."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
import torch
from torch import Tensor

from magnet_geo.model import Manifest, create_preset
from magnet_geo.model.model_file import ModelWeights, write_model
from magnet_geo.networks import create_backbone, create_refinement

CLASSES = 3


def small_values() -> dict[str, object]:
    """Plain values of the manifest of a light model with three levels."""
    preset = create_preset("deepglobe").model_dump(mode="json")
    architecture = {"backbone": "light-fpn", "refinement": "light", "num_classes": CLASSES, "in_channels": 3}
    fast = {"n_points": 0.5, "smooth_kernel": 3, "points_per": "patch", "patch_thresholds": [0.2, 0.3]}
    return preset | {
        "name": "small",
        "title": "A small model",
        "architecture": architecture,
        "classes": preset["classes"][:CLASSES],
        "pyramid": {
            "levels": [[32, 32], [64, 64], [128, 128]],
            "patch": [32, 32],
            "network_input": [32, 32],
            "manner": "decimation",
        },
        "halo_px": 8,
        "selection": {"full": {"n_points": 1, "smooth_kernel": 1, "points_per": "patch"}, "fast": fast},
    }


@pytest.fixture
def manifest() -> Manifest:
    return Manifest.from_values(small_values())


@pytest.fixture
def weights() -> ModelWeights:
    return ModelWeights(light_state(0), (refinement_state(1),))


@pytest.fixture
def model_path(tmp_path: Path, manifest: Manifest, weights: ModelWeights) -> Path:
    path = tmp_path / "small.safetensors"
    write_model(path, manifest, weights.tensors(manifest))
    return path


@cache
def light_state(seed: int) -> dict[str, Tensor]:
    torch.manual_seed(seed)
    return dict(create_backbone("light-fpn", num_classes=CLASSES).state_dict())


@cache
def refinement_state(seed: int) -> dict[str, Tensor]:
    torch.manual_seed(seed)
    return dict(create_refinement(CLASSES, name="light").state_dict())
