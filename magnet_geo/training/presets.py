"""The published trainings as values of options, for both stages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PLAIN: Mapping[str, Any] = {"averaging": 0.0, "lovasz": 0.0, "label_smoothing": 0.0, "clip_gradient": 0.0}
_SGD: Mapping[str, Any] = {"optimizer": "sgd", "momentum": 0.9, "weight_decay": 5e-4, "warmup_steps": 0, **PLAIN}

# The learning rate and the length of the published backbone trainings are not part of the paper; these are usual ones.
_BACKBONE: Mapping[str, Any] = {
    **_SGD,
    "schedule": "poly",
    "learning_rate": 0.01,
    "encoder_rate": 0.01,
    "batch_size": 8,
    "epochs": 200.0,
    "color": 0.0,
}
_REFINEMENT: Mapping[str, Any] = {
    **_SGD,
    "schedule": "multistep",
    "milestones": (0.2, 0.4, 0.6, 0.8, 0.9),
    "learning_rate": 1e-3,
    "batch_size": 8,
    "epochs": 50.0,
    "loss": "ohem",
    "ohem_threshold": 0.7,
    "ohem_min_kept": 100_000,
    "color": 0.0,
    "sharpness_range": (1.0, 1.0),
}
BACKBONE_PRESETS: Mapping[str, Mapping[str, Any]] = {
    "cityscapes": {**_BACKBONE, "scale_range": (0.5, 2.0), "rotations": False},
    "deepglobe": {**_BACKBONE, "scale_range": (1.0, 1.0)},
}
REFINEMENT_PRESETS: Mapping[str, Mapping[str, Any]] = {
    "cityscapes": {**_REFINEMENT, "per_level": True, "rotations": False},
    "deepglobe": {**_REFINEMENT, "per_level": False},
}
