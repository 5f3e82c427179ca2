"""Scores of a network in training: the backbone at each level, the refinement as coarse, fine and aggregate.

C classes, H and W the size of a window's classes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor
from typing_extensions import override

from magnet_geo.evaluation.confusion import ConfusionMatrix
from magnet_geo.grid import Size
from magnet_geo.progressive import (
    AllPatches,
    PatchRule,
    PointRule,
    Predictor,
    SelectionRules,
    segment_stages,
)
from magnet_geo.progressive.image_pyramid import ImagePyramid
from magnet_geo.progressive.resampling import resize_bilinear
from magnet_geo.progressive.runner import ImageNetworks, choose_runner
from magnet_geo.training.trainer import Scores
from magnet_geo.training.validation import RememberingPredictor, ValidationWindow

_NAME_OF_FINEST = "1/1"


class SlidPredictor(Predictor):
    """Takes the backbone's own prediction of every patch for the refined one: a plain sliding window."""

    def __init__(self, predictor: Predictor) -> None:
        self.num_classes, self.batch_size = predictor.num_classes, predictor.batch_size
        self.device, self.dtype = predictor.device, predictor.dtype
        self._predictor = predictor

    @override
    def scale_specific(self, inputs: Tensor) -> Tensor:
        return self._predictor.scale_specific(inputs)

    @override
    def refined(self, level: int, *, scale_specific: Tensor, cumulative: Tensor) -> Tensor:
        return scale_specific


@torch.inference_mode()
def backbone_scores(
    windows: Iterable[ValidationWindow], predictor: Predictor, *, class_names: Sequence[str], uncounted: Collection[int]
) -> Scores:
    """Return the mean IoU of the backbone alone at each level; their mean is the score.

    Args:
        windows: Where to look.
        predictor: The backbone.
        class_names: Of the C classes.
        uncounted: Class indexes left out of the means.
    """
    matrices: dict[str, ConfusionMatrix] = {}
    for window in windows:
        for level in range(len(window.image.pyramid.levels)):
            name = _level_name(window.image, level)
            matrix = _counted(_slid_level(window.image, level, predictor), window)
            matrices[name] = matrices[name] + matrix if name in matrices else matrix
    return scores_of(matrices, class_names=class_names, uncounted=uncounted, decides=None)


@torch.inference_mode()
def refinement_scores(
    windows: Iterable[ValidationWindow],
    predictor: Predictor,
    *,
    patch_rule: PatchRule,
    point_rule: PointRule,
    class_names: Sequence[str],
    uncounted: Collection[int],
) -> Scores:
    """Return the mean IoU of the coarse map, of the fine one (slid) and of the aggregate, which decides.

    Args:
        windows: Where to look.
        predictor: Backbone and refinement.
        patch_rule: Of the aggregate.
        point_rule: Of the aggregate.
        class_names: Of the C classes.
        uncounted: Class indexes left out of the means.
    """
    matrices = dict.fromkeys(("coarse", "fine", "aggregate"), ConfusionMatrix.empty(predictor.num_classes))
    rules, whole = SelectionRules(patch_rule, point_rule), SelectionRules(AllPatches(), PointRule(1.0, 1))
    for window in windows:
        shared: dict[bytes, Tensor] = {}
        chain = RememberingPredictor(predictor, shared)
        stages = segment_stages(window.image, chain, rules)
        matrices["coarse"] += _counted(next(stages).probabilities, window)
        *_, last = stages
        matrices["aggregate"] += _counted(last.probabilities, window)
        slid = SlidPredictor(RememberingPredictor(predictor, shared))
        *_, last = segment_stages(window.image, slid, whole)
        matrices["fine"] += _counted(last.probabilities, window)
    return scores_of(matrices, class_names=class_names, uncounted=uncounted, decides="aggregate")


def scores_of(
    matrices: Mapping[str, ConfusionMatrix],
    *,
    class_names: Sequence[str],
    uncounted: Collection[int],
    decides: str | None,
) -> Scores:
    """Return mean IoUs by name, the per-class IoU of what decides, and a line for people.

    Args:
        matrices: Counts by name, coarse to fine.
        class_names: Of the C classes.
        uncounted: Class indexes left out of the means.
        decides: Name whose mean IoU is the score; None for the mean of all.
    """
    means = {name: _number(matrix.mean_iou(uncounted=uncounted)) for name, matrix in matrices.items()}
    score = means[decides] if decides else float(np.mean(list(means.values()))) if means else 0.0
    values = {f"mIoU {name}": value for name, value in means.items()}
    if matrices:
        shown = matrices[decides] if decides else list(matrices.values())[-1]
        values |= {f"IoU {name}": _number(iou) for name, iou in zip(class_names, shown.iou, strict=True)}
    summary = "mIoU " + ", ".join(f"{name} {value:.3f}" for name, value in means.items())
    return Scores(score, values, summary)


def _number(value: float) -> float:
    """A class that does not occur has no IoU; logs want a number."""
    return 0.0 if np.isnan(value) else round(float(value), 5)


def _counted(probabilities: Tensor, window: ValidationWindow) -> ConfusionMatrix:
    full = resize_bilinear(probabilities[None], Size(*window.classes.shape))[0]
    prediction = full.argmax(dim=0).to(torch.uint8).cpu().numpy()
    return ConfusionMatrix.of(truth=window.classes, prediction=prediction, num_classes=probabilities.shape[0])


def _slid_level(image: ImagePyramid, level: int, predictor: Predictor) -> Tensor:
    """Return the (C, h, w) prediction of a level, patch by patch."""
    networks = ImageNetworks(image, predictor, choose_runner(predictor), lambda patches: None)
    size = image.pyramid.levels[level]
    whole = torch.zeros((predictor.num_classes, size.height, size.width), device=predictor.device)
    predicted = networks.in_order(partial(networks.scale_specific, level), level, image.pyramid.patches(level))
    for patch, probabilities in predicted:
        whole[(slice(None), *patch.slices)] = resize_bilinear(probabilities[None], patch.size)[0]
    return whole


def _level_name(image: ImagePyramid, level: int) -> str:
    decimation = image.pyramid.decimation(level)
    return _NAME_OF_FINEST if decimation == 1 else f"1/{decimation:g}"
