"""Resampling of probability maps by positions along each axis.

Shapes: (..., H, W); rows are axis -2, columns axis -1.
"""

from __future__ import annotations

from math import ceil

import torch
import torch.nn.functional as F
from torch import Tensor

from magnet_geo.grid import PixelRect, Size


def resize_bilinear(maps: Tensor, size: Size) -> Tensor:
    """Resize by bilinear interpolation between pixel centers (align_corners=False).

    Args:
        maps: (N, C, H, W) float.
        size: Wanted size.
    """
    if maps.shape[-2:] == (size.height, size.width):
        return maps
    return F.interpolate(maps, size=(size.height, size.width), mode="bilinear", align_corners=False)


def bilinear_at(maps: Tensor, *, rows: Tensor, cols: Tensor) -> Tensor:
    """Sample maps on a lattice of positions, clamped to the outermost pixel centers.

    Args:
        maps: (..., H, W) float.
        rows: (R,) float64 positions in pixels, on the CPU, 0 the center of the first row.
        cols: (S,) likewise for columns.

    Returns:
        (..., R, S).
    """
    return _lerp(_lerp(maps, rows, -2), cols, -1)


def roi_align(maps: Tensor, rect: PixelRect, output: Size) -> Tensor:
    """Crop by RoI-align without the half-pixel shift (``aligned=False``), as the published weights expect.

    Each output bin is the mean of ``ceil(rect / output)`` bilinear samples per axis.

    Args:
        maps: (C, H, W) float.
        rect: Region inside it.
        output: Size of the result.

    Returns:
        (C, output.height, output.width).
    """
    top, rows = _bin_weights(rect.row, rect.height, output.height, maps.shape[-2])
    left, cols = _bin_weights(rect.col, rect.width, output.width, maps.shape[-1])
    crop = maps[:, top : top + rows.shape[1], left : left + cols.shape[1]]
    return rows.to(maps) @ crop @ cols.to(maps).T


def _bin_weights(start: int, length: int, bins: int, size: int) -> tuple[int, Tensor]:
    """What each pixel along an axis gives to each bin: the first pixel, and (bins, pixels) float64 weights."""
    samples = ceil(length / bins)
    steps = torch.arange(bins * samples, dtype=torch.float64)
    positions = (start + (steps + 0.5) * (length / (bins * samples))).clamp(0, size - 1)
    low = positions.floor().to(torch.int64)
    high = (low + 1).clamp(max=size - 1)
    first = int(low[0])
    weights = torch.zeros((bins, int(high[-1]) - first + 1), dtype=torch.float64)
    of_bin = (steps / samples).to(torch.int64)
    share = (positions - low) / samples
    weights.index_put_((of_bin, low - first), 1 / samples - share, accumulate=True)
    weights.index_put_((of_bin, high - first), share, accumulate=True)
    return first, weights


def _lerp(maps: Tensor, positions: Tensor, axis: int) -> Tensor:
    last = maps.shape[axis] - 1
    positions = positions.clamp(0, last)
    low = positions.floor().to(torch.int64)
    weight = (positions - low).to(maps.dtype).to(maps.device)
    if axis == -2:
        weight = weight[:, None]
    lower = maps.index_select(axis, low.to(maps.device))
    upper = maps.index_select(axis, (low + 1).clamp(max=last).to(maps.device))
    return torch.lerp(lower, upper, weight)
