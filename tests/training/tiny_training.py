"""A training of seconds on made images, also as a program of its own: `python -m tests.training.tiny_training`."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from magnet_geo.classes import ClassScheme, LandClass
from magnet_geo.datasets import IGNORE_INDEX, LabeledImage, MemorySource
from magnet_geo.model import Manifest
from magnet_geo.normalization import Normalization
from magnet_geo.training.backbone_training import RunOptions, TrainingData, train_backbone
from magnet_geo.training.finishing import TrainedModel
from magnet_geo.training.initialization import Start, begin_backbone
from magnet_geo.training.settings import BackboneSettings
from magnet_geo.training.target import band_names, new_manifest

CLASSES = 3
SCHEME = ClassScheme(
    tuple(
        LandClass(value, name, color)
        for value, name, color in ((1, "clay", "#c08040"), (2, "grass", "#40a040"), (3, "water", "#4060c0"))
    )
)
SETTINGS = BackboneSettings(
    steps=8,
    batch_size=2,
    crop_px=32,
    patch_px=32,
    decimations=(2, 1),
    warmup_steps=2,
    validate_every=100,
    checkpoint_every=100,
    validation_windows=2,
    device="cpu",
    precision="fp32",
    threads=1,
)


def fields_source(seed: int, *, blocks: int = 8, block_px: int = 12, bands: int = 3) -> MemorySource:
    """Gives an image of square fields whose color tells their class, a strip of it unlabelled."""
    generator = np.random.default_rng(seed)
    classes = generator.integers(0, CLASSES, (blocks, blocks)).repeat(block_px, 0).repeat(block_px, 1)
    levels = 50 + 70 * classes[..., None] + generator.integers(0, 60, (*classes.shape, bands))
    labels = classes.astype(np.uint8)
    labels[: 5 + 20 * seed % 30] = IGNORE_INDEX
    return MemorySource(
        f"fields{seed}", LabeledImage(levels.astype(np.uint8), np.ones(labels.shape, bool), labels), 1.0
    )


def tiny_data(*, validation: bool = True) -> TrainingData:
    return TrainingData([fields_source(0), fields_source(1)], [fields_source(2)] if validation else [])


def tiny_target(start: Start, settings: BackboneSettings = SETTINGS, **changes: Any) -> Manifest:
    bands = start.backbone.in_channels
    manifest = new_manifest(
        name="tiny fields",
        backbone=start.backbone.name,
        scheme=SCHEME,
        uncounted=[],
        bands=band_names(bands),
        scaling={"dtype": "uint8", "low": (0.0,) * bands, "high": (255.0,) * bands},
        normalization=start.normalization or Normalization((0.5,) * bands, (0.25,) * bands),
        gsd_m=1.0,
        settings=settings,
        texts={},
    )
    return manifest.changed(**changes)


def train_tiny(
    folder: Path, settings: BackboneSettings = SETTINGS, *, data: TrainingData | None = None, **options: Any
) -> TrainedModel | None:
    folder.mkdir(exist_ok=True)
    start = begin_backbone(None, num_classes=CLASSES, bands=3, init="random", seed=settings.seed)
    run = RunOptions(folder, **options)
    return train_backbone(data or tiny_data(), start, tiny_target(start, settings), settings, run)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--settings", type=json.loads, default={})
    parser.add_argument("--resume", action="store_true")
    options = parser.parse_args()
    changes = {name: tuple(value) if isinstance(value, list) else value for name, value in options.settings.items()}
    train_tiny(options.folder, replace(SETTINGS, **changes), data=tiny_data(validation=False), resume=options.resume)


if __name__ == "__main__":
    main()
