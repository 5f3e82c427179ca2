"""MagNet as the paper says it, one patch at a time in plain torch: what the pipeline is measured against.

Everything is float32 and whole: every level's image, the cumulative map, the refined map. N = 1, C classes, H and W
pixels of a level.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import ceil

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from magnet_geo.grid import PixelRect, Size
from magnet_geo.model.bundle import ModelBundle
from magnet_geo.progressive.points import median_filter
from magnet_geo.progressive.upsampled_map import roi_align


@torch.inference_mode()
def plain_pipeline(
    bundle: ModelBundle, image: NDArray[np.uint8], *, share: float = 0.75, smooth_kernel: int = 11
) -> Tensor:
    """Gives the (C, H, W) float32 probabilities of an (H, W, 3) image of the finest level's size.

    Args:
        bundle: Networks and levels of a published preset.
        image: RGB.
        share: Points of a level that take the refined prediction.
        smooth_kernel: Side of the median filter over the error score.
    """
    pyramid, normalization = bundle.manifest.pyramid, bundle.manifest.normalization
    mean, std = torch.tensor(normalization.mean)[:, None, None], torch.tensor(normalization.std)[:, None, None]
    cumulative = torch.empty(0)
    for level, size in enumerate(pyramid.levels):
        resized = cv2.resize(image, (size.width, size.height), interpolation=cv2.INTER_LINEAR)
        pixels = (torch.from_numpy(resized).permute(2, 0, 1).float() / 255 - mean) / std
        if level == 0:
            cumulative = bundle.backbone(_resize(pixels[None], pyramid.network_input)).softmax(1)
            continue
        cumulative = _resize(cumulative, size)
        refined = _refined(bundle, level, pixels, cumulative, size)
        score = _certainty(refined) * (1 - _certainty(cumulative))
        cells = F.interpolate(score[None], tuple(_sides(pyramid.network_input)), mode="nearest")
        smooth = torch.from_numpy(median_filter(cells[0, 0].numpy(), smooth_kernel))
        score = F.interpolate(smooth[None, None], tuple(_sides(size)), mode="nearest")[0, 0]
        chosen = torch.topk(score.flatten(), int(share * score.numel())).indices
        cumulative.flatten(2)[:, :, chosen] = refined.flatten(2)[:, :, chosen]
    return cumulative[0]


def _refined(bundle: ModelBundle, level: int, pixels: Tensor, cumulative: Tensor, size: Size) -> Tensor:
    """Every patch through both networks, overlaps averaged: (1, C, H, W)."""
    pyramid = bundle.manifest.pyramid
    total, times = torch.zeros_like(cumulative), torch.zeros(_sides(size))
    for patch in _patches(size, pyramid.patch):
        rows, cols = patch.slices
        crop = _resize(pixels[None, :, rows, cols], pyramid.network_input)
        own = bundle.backbone(crop).softmax(1)
        coarser = roi_align(cumulative[0], patch, pyramid.network_input)[None]
        merged = bundle.refinements[level - 1](scale_specific=own, cumulative=coarser).softmax(1)
        total[:, :, rows, cols] += _resize(merged, pyramid.patch)
        times[rows, cols] += 1
    return total / times


def _patches(size: Size, patch: Size) -> Iterator[PixelRect]:
    steps = [range(ceil(whole / part)) for whole, part in zip(_sides(size), _sides(patch), strict=True)]
    for row, col in product(*steps):
        top, left = (
            min(row * patch.height, size.height - patch.height),
            min(col * patch.width, size.width - patch.width),
        )
        yield PixelRect(row=top, col=left, height=patch.height, width=patch.width)


def _certainty(probabilities: Tensor) -> Tensor:
    highest = probabilities.topk(2, dim=1).values
    return highest[:, 0] - highest[:, 1]


def _resize(maps: Tensor, size: Size) -> Tensor:
    return F.interpolate(maps, tuple(_sides(size)), mode="bilinear", align_corners=False)


def _sides(size: Size) -> tuple[int, int]:
    return size.height, size.width
