"""Scores and calibrates the networks of the bundled model `landcover` on the validation tiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from magnet_geo.grid import MagnificationPyramid
from magnet_geo.networks.refinement import Refinement
from magnet_geo.normalization import Normalization
from magnet_geo.progressive import (
    AllPatches,
    NetworkPredictor,
    NoPatches,
    PatchesAbove,
    PatchRule,
    PointRule,
    PointScope,
    Predictor,
)
from magnet_geo.training.calibration import best_temperature, patch_thresholds, point_share_scores
from magnet_geo.training.samples import LabeledImage
from magnet_geo.training.validation import (
    RememberingPredictor,
    ValidationWindow,
    chain_confusion,
    class_iou,
    validation_windows,
)

PATCH_PX = 512
HALO_PX = 128
FAST_SHARE = 0.25
CELL_PX = 1
FADE_PX = 48
WORTH_MIOU = 0.001
POINT_SHARES = (0.5, 0.75, 0.9, 1.0)
TEMPERATURES = tuple(round(0.6 + 0.1 * step, 1) for step in range(20))
PERCENTILES = (1, 5, 50, 95, 99)


class SlidPredictor:
    """Takes the backbone's own prediction of every patch for the refined one: a plain sliding window."""

    def __init__(self, predictor: Predictor) -> None:
        self.num_classes, self.batch_size = predictor.num_classes, predictor.batch_size
        self.device = predictor.device
        self._predictor = predictor

    def scale_specific(self, inputs: Tensor) -> Tensor:
        """See `Predictor.scale_specific`."""
        return self._predictor.scale_specific(inputs)

    def refined(self, level: int, *, scale_specific: Tensor, cumulative: Tensor) -> Tensor:
        """See `Predictor.refined`."""
        return scale_specific


class MeanPredictor(SlidPredictor):
    """Takes the mean of both predictions for the refined one: what an untrained refinement gives."""

    def refined(self, level: int, *, scale_specific: Tensor, cumulative: Tensor) -> Tensor:
        """See `Predictor.refined`."""
        return (scale_specific + cumulative) / 2


def landcover_figures(
    backbone: nn.Module,
    refinement: Refinement,
    images: Sequence[LabeledImage],
    *,
    decimations: tuple[int, ...],
    normalization: Normalization,
    remembered: dict[bytes, Tensor] | None = None,
) -> dict[str, Any]:
    """Gives IoU figures, thresholds, point share and temperature as plain values for JSON."""
    pyramid = MagnificationPyramid.from_decimations(PATCH_PX, decimations)
    windows = [
        window for image in images for window in validation_windows(image, pyramid, normalization, halo_px=HALO_PX)
    ]
    predictor = RememberingPredictor(
        NetworkPredictor(
            backbone,
            [refinement] * (len(decimations) - 1),
            num_classes=5,
            device=torch.device("cpu"),
            dtype=torch.bfloat16,
            batch_size=4,
        ),
        remembered,
    )
    whole = PointRule(n_points=1.0, smooth_kernel=5, scope=PointScope.PATCH, cell_px=CELL_PX, fade_px=FADE_PX)
    shares = point_share_scores(windows, predictor, point_rule=whole, shares=POINT_SHARES)
    # Replacing every point needs no score: a smaller share has to be worth its time.
    share = max(share for share in shares if shares[share] >= max(shares.values()) - WORTH_MIOU)
    rule = replace(whole, n_points=share)
    thresholds = patch_thresholds(windows, predictor, point_rule=rule, levels=len(decimations), share=FAST_SHARE)
    temperature, likelihoods = best_temperature(windows, predictor, point_rule=rule, temperatures=TEMPERATURES)
    return {
        "coarse": _scores(windows, predictor, NoPatches(), rule),
        "fast": _scores(windows, predictor, PatchesAbove(thresholds), rule),
        "full": _scores(windows, predictor, AllPatches(), rule),
        "slid": _scores(windows, SlidPredictor(predictor), AllPatches(), whole),
        "mean": _scores(windows, MeanPredictor(predictor), AllPatches(), whole),
        "n_points": share,
        "miou_per_n_points": shares,
        "patch_thresholds": thresholds,
        "temperature": temperature,
        "nll_per_temperature": likelihoods,
        "smooth_kernel": rule.smooth_kernel,
        "cell_px": rule.cell_px,
        "fade_px": rule.fade_px,
        "halo_px": HALO_PX,
        "patch_px": PATCH_PX,
        "decimations": decimations,
    }


def color_statistics(images: Sequence[LabeledImage]) -> dict[str, list[Any]]:
    """Gives mean, standard deviation and percentiles of each band over all pixels, 0-255."""
    pixels = np.concatenate([image.pixels[::4, ::4].reshape(-1, image.pixels.shape[2]) for image in images])
    percentiles = np.percentile(pixels, PERCENTILES, axis=0)
    return {
        "mean": np.round(pixels.mean(axis=0), 2).tolist(),
        "std": np.round(pixels.std(axis=0), 2).tolist(),
        **{f"p{percent}": row.tolist() for percent, row in zip(PERCENTILES, percentiles, strict=True)},
    }


def _scores(
    windows: Sequence[ValidationWindow], predictor: Predictor, patch_rule: PatchRule, point_rule: PointRule
) -> dict[str, Any]:
    counts, refined = chain_confusion(windows, predictor, patch_rule=patch_rule, point_rule=point_rule)
    iou = class_iou(counts)
    return {
        "miou": round(float(np.nanmean(iou)), 4),
        "iou": np.round(iou, 4).tolist(),
        "accuracy": round(float(np.trace(counts) / counts.sum()), 4),
        "refined_shares": np.round(refined, 3).tolist(),
    }
