"""The backbone's predictions of whole windows, kept, so that chains over them cost the refinement module only.

P patches of a level, C classes, S the side of a patch in pixels, W the side of a window.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from tiles import DECIMATIONS, IGNORE_INDEX, NORMALIZATION, PATCH_PX
from torch import Tensor
from torch.nn import functional as F

from magnet_geo.grid import MagnificationPyramid
from magnet_geo.progressive import build_image_pyramid

PYRAMID = MagnificationPyramid.from_decimations(PATCH_PX, DECIMATIONS)
WINDOW_PX = PYRAMID.window.height
LEAST_LOG = -7.0
ALL = slice(None)


@dataclass(frozen=True, slots=True, eq=False)
class CachedWindow:
    """One window as the refinement module meets it.

    Attributes:
        levels: Per level from the coarsest on: (P, C, S, S) uint8 logarithms of the probabilities, 255 for 1 and
            0 for `LEAST_LOG` and less.
        classes: (W, W) uint8 class index, `IGNORE_INDEX` where nothing is to be learned.
    """

    levels: tuple[Tensor, ...]
    classes: NDArray[np.uint8]

    def probabilities(self, level: int, patch: int, rows: slice = ALL, cols: slice = ALL) -> Tensor:
        """Gives the (C, S, S) float32 probabilities of a patch, or of a part of it."""
        logs = (self.levels[level][patch][:, rows, cols].float() / 255 - 1) * -LEAST_LOG
        return logs.softmax(dim=0)

    def labels(self, level: int, patch: int) -> Tensor:
        """Gives the (S, S) int64 classes of a patch, those at the centers of its pixels' blocks."""
        factor = DECIMATIONS[level]
        rect = PYRAMID.patches(level)[patch]
        rows, cols = (slice(s.start * factor + factor // 2, s.stop * factor, factor) for s in rect.slices)
        return torch.from_numpy(np.ascontiguousarray(self.classes[rows, cols])).long()


def cache_window(
    pixels: NDArray[np.uint8], classes: NDArray[np.uint8], predict: Callable[[Tensor], Tensor]
) -> CachedWindow:
    """Gives a window's predictions at every level.

    Args:
        pixels: (W, W, B) uint8; 0 in every band outside the image.
        classes: (W, W) uint8.
        predict: (N, B, S, S) float32 inputs to (N, C, S, S) probabilities.
    """
    values = np.ascontiguousarray(np.moveaxis(pixels, 2, 0))
    valid = values.any(axis=0)
    image = build_image_pyramid(values, valid, pyramid=PYRAMID, normalization=NORMALIZATION, device=torch.device("cpu"))
    levels = []
    for level in range(len(DECIMATIONS)):
        inputs = [image.inputs(level, [patch]) for patch in PYRAMID.patches(level)]
        empty = torch.full((1, 1, 1, 1), LEAST_LOG)
        logs = [predict(one).log() if one.any() else empty for one in inputs]
        shape = next((one.shape for one in logs if one.numel() > 1), (1, 1, PATCH_PX, PATCH_PX))
        stacked = torch.cat([one.expand(shape) for one in logs])
        levels.append(((stacked / -LEAST_LOG + 1).clamp(0, 1) * 255).round().to(torch.uint8))
    return CachedWindow(tuple(levels), np.where(valid, classes, IGNORE_INDEX).astype(np.uint8))


def crop_coarser(cumulative: Tensor, level: int, patch: int) -> Tensor:
    """Gives the part of the coarser level's map that a patch covers, at the patch's size.

    Args:
        cumulative: (C, h, w) of the whole coarser level.
        level: Of the patch.
        patch: Its place in the level's list.
    """
    rect = PYRAMID.patches(level)[patch]
    zoom = DECIMATIONS[level - 1] // DECIMATIONS[level]
    # One coarse pixel more on each side, where there is one, keeps the interpolation of the whole map.
    height, width = cumulative.shape[-2:]
    top, left = max(rect.row // zoom - 1, 0), max(rect.col // zoom - 1, 0)
    bottom = min((rect.row + rect.height) // zoom + 1, height)
    right = min((rect.col + rect.width) // zoom + 1, width)
    finer = F.interpolate(
        cumulative[None, :, top:bottom, left:right], scale_factor=zoom, mode="bilinear", align_corners=False
    )[0]
    row, col = rect.row - top * zoom, rect.col - left * zoom
    return finer[:, row : row + rect.height, col : col + rect.width]


def assemble(patches: Sequence[Tensor], level: int) -> Tensor:
    """Gives the (C, h, w) map of a whole level from its patches, in their order."""
    size = PYRAMID.levels[level]
    whole = torch.zeros(patches[0].shape[0], size.height, size.width)
    for rect, patch in zip(PYRAMID.patches(level), patches, strict=True):
        whole[(slice(None), *rect.slices)] = patch
    return whole
