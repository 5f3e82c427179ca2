"""A short training of the published networks (fpn and refinement), so that measures run on trained weights.

    python recipes/deepglobe/train_fpn.py DATA_FOLDER OUT_FOLDER [--backbone-minutes 6] [--refinement-minutes 2]

Not a good model: a few minutes on CPU from random weights. DATA_FOLDER holds `tileN_rgb.jpg` and `tileN_mask.png`;
tiles 4, 6, 7 and 8 train. OUT_FOLDER receives `fpn.pth` and `magnet.pth`, plain state dicts of seven classes, five of
which occur in the data, and the folders of both trainings.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from torch import nn

from magnet_geo.classes import ClassScheme, LandClass
from magnet_geo.datasets import ClassTable, DatasetDescription, LabeledPair, open_dataset
from magnet_geo.model import Manifest, load_bundle
from magnet_geo.model.exchange import export_model
from magnet_geo.progress import ProgressEvent
from magnet_geo.training.backbone_training import RunOptions, TrainingData, train_backbone
from magnet_geo.training.initialization import RGB_NORMALIZATION, begin_backbone
from magnet_geo.training.refinement_training import begin_refinements, train_refinement
from magnet_geo.training.settings import BackboneSettings, RefinementSettings
from magnet_geo.training.target import new_manifest

CLASSES = ("water", "land", "road", "building", "vegetation", "none", "none either")
SCHEME = ClassScheme(tuple(LandClass(value, name, f"#0000{value:02x}") for value, name in enumerate(CLASSES, start=1)))
TRAIN_TILES = (4, 6, 7, 8)
SHORT = {"warmup_steps": 10, "averaging": 0.9, "lovasz": 0.0, "label_smoothing": 0.0, "checkpoint_every": 20}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--backbone-minutes", type=float, default=6, help="0 takes the backbone that is there")
    parser.add_argument("--refinement-minutes", type=float, default=2)
    options = parser.parse_args()
    data = read_tiles(options.data)
    first, second = options.out / "backbone", options.out / "refinement"
    for folder in (first, second):
        folder.mkdir(parents=True, exist_ok=True)
    if options.backbone_minutes > 0:
        settings = BackboneSettings(
            minutes=options.backbone_minutes, batch_size=4, crop_px=256, patch_px=256, learning_rate=1e-3, **SHORT
        )
        start = begin_backbone("fpn", num_classes=len(CLASSES), bands=3, init="random")
        train_backbone(data, start, target(settings), settings, RunOptions(first, progress=tell))
    bundle = load_bundle(first / "model.safetensors")
    modules = begin_refinements(bundle.manifest)
    for module in (part for refinement in modules for part in refinement.modules()):
        if isinstance(module, nn.BatchNorm2d):
            # The published 0.01 needs far more steps than there are here.
            module.momentum = 0.1
    settings = RefinementSettings(minutes=options.refinement_minutes, batch_size=2, learning_rate=1e-3, **SHORT)
    train_refinement(data, bundle.backbone, modules, bundle.manifest, settings, RunOptions(second, progress=tell))
    exported = export_model(second / "model.safetensors", options.out / "trained", format="pth")
    for path, name in zip(exported, ("fpn.pth", "magnet.pth"), strict=True):
        os.replace(path, options.out / name)


def read_tiles(folder: Path) -> TrainingData:
    pairs = tuple(
        LabeledPair(str(folder / f"tile{number}_rgb.jpg"), str(folder / f"tile{number}_mask.png"))
        for number in TRAIN_TILES
    )
    table = ClassTable.of_scheme(SCHEME, ignored_values=(0,))
    return TrainingData(open_dataset(DatasetDescription(pairs, table)).sources)


def target(settings: BackboneSettings) -> Manifest:
    manifest = new_manifest(
        name="short-fpn",
        backbone="fpn",
        scheme=SCHEME,
        uncounted=[],
        bands=("red", "green", "blue"),
        scaling={"dtype": "uint8", "low": (0.0,) * 3, "high": (255.0,) * 3},
        normalization=RGB_NORMALIZATION,
        gsd_m=None,
        settings=settings,
        texts={},
    )
    return manifest.changed(architecture=manifest.architecture.model_dump() | {"refinement": "magnet"})


def tell(event: object) -> None:
    if isinstance(event, ProgressEvent):
        print(event.message, flush=True)


if __name__ == "__main__":
    main()
