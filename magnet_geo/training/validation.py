"""Scores of the whole coarse-to-fine chain on labelled images.

H and W the side of a window, C classes, P patches of a level.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from typing_extensions import override

from magnet_geo.datasets import IGNORE_INDEX, LabeledImage
from magnet_geo.grid import MagnificationPyramid, PixelRect, Size, WindowPlan
from magnet_geo.normalization import Normalization
from magnet_geo.progressive import (
    PatchRule,
    PointRule,
    Predictor,
    SelectionRules,
    build_image_pyramid,
    full_size,
    segment_stages,
)
from magnet_geo.progressive.image_pyramid import ImagePyramid


@dataclass(frozen=True, slots=True, eq=False)
class ValidationWindow:
    """One window with the classes of its core.

    Attributes:
        image: The window at every level.
        classes: (H, W) uint8 class index, `IGNORE_INDEX` in the halo, outside the image and where unlabelled.
    """

    image: ImagePyramid
    classes: NDArray[np.uint8]


class RememberingPredictor(Predictor):
    """Keeps the backbone's predictions, so that other rules on the same windows cost no second pass.

    Args:
        predictor: The networks.
        remembered: Predictions of the same backbone kept by an earlier predictor, to be shared.
    """

    def __init__(self, predictor: Predictor, remembered: dict[bytes, Tensor] | None = None) -> None:
        self.num_classes, self.batch_size = predictor.num_classes, predictor.batch_size
        self.device, self.dtype = predictor.device, predictor.dtype
        self.remembered: dict[bytes, Tensor] = {} if remembered is None else remembered
        self._predictor = predictor

    @override
    def scale_specific(self, inputs: Tensor) -> Tensor:
        """Do as the protocol says; kept in half precision."""
        key = inputs[..., ::8, ::8].cpu().contiguous().numpy().tobytes()
        if key not in self.remembered:
            self.remembered[key] = self._predictor.scale_specific(inputs).half()
        return self.remembered[key].float()

    @override
    def refined(self, level: int, *, scale_specific: Tensor, cumulative: Tensor) -> Tensor:
        return self._predictor.refined(level, scale_specific=scale_specific, cumulative=cumulative)


def validation_window(
    image: LabeledImage,
    core: PixelRect,
    *,
    pyramid: MagnificationPyramid,
    normalization: Normalization,
    device: torch.device,
) -> ValidationWindow:
    """Make the levels of one window's image; only the classes of its core are kept.

    Args:
        image: The window at the model's pixel size.
        core: The part that is scored, in the window's pixels.
        pyramid: Levels of a window.
        normalization: Of pixels / 255.
        device: Where the levels are kept.
    """
    classes = np.full_like(image.classes, IGNORE_INDEX)
    classes[core.slices] = image.classes[core.slices]
    pixels = image.scene_pixels
    levels = build_image_pyramid(
        pixels.values, pixels.valid, pyramid=pyramid, normalization=normalization, device=device
    )
    return ValidationWindow(levels, classes)


def validation_windows(
    image: LabeledImage, pyramid: MagnificationPyramid, normalization: Normalization, *, halo_px: int
) -> Iterator[ValidationWindow]:
    """Yield the windows of the plan that a scene of this size gets.

    Args:
        image: The image at the model's pixel size.
        pyramid: Levels of a window.
        normalization: Of pixels / 255.
        halo_px: Pixels of a window dropped on each inner side, which are not scored.
    """
    height, width = image.classes.shape
    for step in WindowPlan(Size(height, width), pyramid.window, halo_px):
        window = image.window(row=step.read.row, col=step.read.col, side_px=pyramid.window.height)
        yield validation_window(
            window, step.core_in_read, pyramid=pyramid, normalization=normalization, device=torch.device("cpu")
        )


def confusion(probabilities: Tensor, classes: NDArray[np.uint8], num_classes: int) -> NDArray[np.int64]:
    """Return the (C, C) counts of truth (rows) against prediction (columns) over labelled pixels."""
    truth = torch.from_numpy(classes).to(probabilities.device)
    labeled = truth != IGNORE_INDEX
    pairs = truth[labeled].long() * num_classes + probabilities.argmax(dim=0)[labeled]
    counts = pairs.bincount(minlength=num_classes**2).reshape(num_classes, num_classes)
    return np.asarray(counts.cpu().numpy(), dtype=np.int64)


def class_iou(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the (C,) intersection over union of each class, NaN for classes that do not occur."""
    hits = np.diag(counts).astype(np.float64)
    union = counts.sum(axis=0) + counts.sum(axis=1) - np.diag(counts)
    iou: NDArray[np.float64] = np.where(union > 0, hits / np.maximum(union, 1), np.nan)
    return iou


def chain_confusion(
    windows: Iterable[ValidationWindow], predictor: Predictor, *, patch_rule: PatchRule, point_rule: PointRule
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return how the last stage scores, and how much was refined.

    Returns:
        (C, C) confusion counts, and per level from 1 on the share of all patches that were refined.
    """
    counts = np.zeros((predictor.num_classes, predictor.num_classes), dtype=np.int64)
    refined: list[list[NDArray[np.bool_]]] = []
    for window in windows:
        stages = list(segment_stages(window.image, predictor, SelectionRules(patch_rule, point_rule)))
        counts += confusion(stages[-1].probabilities, window.classes, predictor.num_classes)
        refined.append([stage.refined for stage in stages[1:]])
    shares = np.array([np.concatenate(level).mean() for level in zip(*refined, strict=True)])
    return counts, shares


def last_probabilities(
    window: ValidationWindow, predictor: Predictor, *, patch_rule: PatchRule, point_rule: PointRule
) -> Tensor:
    """Return the (C, H, W) float32 probabilities of the last stage at full size."""
    *_, last = segment_stages(window.image, predictor, SelectionRules(patch_rule, point_rule))
    return full_size(last, window.image.pyramid.window)
