"""The end of a training: the model file that maps scenes, calibrated, with its card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import Any

from magnet_geo.model import Manifest
from magnet_geo.model.model_file import ModelWeights, write_model
from magnet_geo.networks import Backbone, Refinement
from magnet_geo.progressive import NetworkPredictor
from magnet_geo.training.calibration import best_temperature, patch_thresholds
from magnet_geo.training.curves import draw_curves
from magnet_geo.training.history import HistoryRecords, read_history
from magnet_geo.training.target import is_published, point_rule_of
from magnet_geo.training.trainer import HISTORY, TrainingOutcome
from magnet_geo.training.validation_set import ValidationSet
from magnet_geo.training.workplace import Workplace

MODEL_FILE, CURVES_FILE = "model.safetensors", "curves.png"
FAST_SHARE = 0.25
TEMPERATURES = tuple(round(0.6 + 0.1 * step, 1) for step in range(20))


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """What a training leaves behind.

    Attributes:
        model: The model file.
        curves: Picture of loss and scores.
        manifest: What the model says about itself.
        outcome: How the training ended.
    """

    model: Path
    curves: Path
    manifest: Manifest
    outcome: TrainingOutcome


def finish(
    manifest: Manifest,
    backbone: Backbone,
    refinements: Sequence[Refinement],
    *,
    stage: str,
    outcome: TrainingOutcome,
    windows: ValidationSet | None,
    workplace: Workplace,
    folder: Path,
) -> TrainedModel:
    """Calibrates a trained model, writes its file and draws the curves of its training.

    Args:
        manifest: What the model will say about itself, less figures and calibration.
        backbone: Trained, on the CPU.
        refinements: None, one for all levels, or one per level.
        stage: What was trained.
        outcome: How that went.
        windows: Where to calibrate; None leaves thresholds and temperature out.
        workplace: Where to run.
        folder: Takes the files.

    Raises:
        OutputError: A file cannot be written.
    """
    if windows is not None:
        manifest = calibrated(manifest, backbone, refinements, windows, workplace)
    records = read_history(folder / HISTORY)
    manifest = manifest.changed(card=[*manifest.card, *_card(stage, outcome, records)])
    weights = ModelWeights(backbone.state_dict(), tuple(module.state_dict() for module in refinements))
    model, curves = folder / MODEL_FILE, folder / CURVES_FILE
    write_model(model, manifest, weights.tensors(manifest))
    draw_curves(records, curves, title=f"{manifest.name}: {stage}")
    return TrainedModel(model, curves, manifest, outcome)


def calibrated(
    manifest: Manifest,
    backbone: Backbone,
    refinements: Sequence[Refinement],
    windows: ValidationSet,
    workplace: Workplace,
) -> Manifest:
    """Return the manifest with the fast mode's thresholds and the temperature; published rules stay as they are."""
    pyramid = manifest.pyramid
    if is_published(pyramid) or manifest.selection is None or next(iter(windows), None) is None:
        return manifest
    predictor = create_predictor(manifest, backbone, refinements, workplace)
    rule = point_rule_of(manifest)
    levels = len(pyramid.levels)
    thresholds = patch_thresholds(windows, predictor, point_rule=rule, levels=levels, share=FAST_SHARE)
    temperature, _ = best_temperature(windows, predictor, point_rule=rule, temperatures=TEMPERATURES)
    full = manifest.selection.full.model_dump()
    fast = full | {"patch_thresholds": [min(max(value, 0.0), 1.0) for value in thresholds]}
    selection = {"default": manifest.selection.default, "full": full, "fast": fast}
    return manifest.changed(selection=selection, temperature=temperature)


def create_predictor(
    manifest: Manifest, backbone: Backbone, refinements: Sequence[Refinement], workplace: Workplace
) -> NetworkPredictor:
    """Return the networks ready to run; one refinement serves every level."""
    shared = list(refinements) * (len(manifest.refined_levels) if len(refinements) == 1 else 1)
    return NetworkPredictor(
        backbone,
        shared,
        num_classes=len(manifest.classes),
        device=workplace.device,
        dtype=workplace.dtype,
        batch_size=4,
    )


def _card(stage: str, outcome: TrainingOutcome, records: HistoryRecords) -> list[dict[str, Any]]:
    state = outcome.state
    training = {
        "title": f"Training of the {stage}",
        "columns": ("steps", "minutes", "loss at the end", "best at step"),
        "rows": [
            (
                state.step,
                round(state.seconds / 60, 1),
                None if isnan(state.loss) else round(state.loss, 4),
                state.best_step or None,
            )
        ],
    }
    best = next((record for record in records.validations if record["step"] == state.best_step), None)
    if best is None:
        return [training]
    scores = {
        "title": f"Validation after the training of the {stage}",
        "columns": ("measure", "value"),
        "rows": [(name, round(value, 4)) for name, value in best.items() if name not in ("step", "score")],
        "note": "On the validation data given to the training, which also chose the state that was kept.",
    }
    return [scores, training]
