"""Resampling of probability maps by positions along each axis.

Shapes: (..., H, W); rows are axis -2, columns axis -1.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from magnet_geo.grid import PixelRect, Size

_BINS_PER_BLOCK = 32
_STRIP_ROWS = 128


def resize_bilinear(maps: Tensor, size: Size, into: Tensor | None = None) -> Tensor:
    """Resize by bilinear interpolation between pixel centers (align_corners=False).

    Args:
        maps: (N, C, H, W) float; given back where it has the size already.
        size: Wanted size.
        into: (N, C, size) float32 on the CPU for the result of maps that lie there, contiguous.
    """
    if maps.shape[-2:] == (size.height, size.width):
        return maps
    if maps.device.type == "cpu" and maps.dtype == torch.float32:
        return _resized_planes(maps, size, cv2.INTER_LINEAR, into)
    return F.interpolate(maps, size=(size.height, size.width), mode="bilinear", align_corners=False)


def block_mean(planes: Tensor, side: int) -> Tensor:
    """Mean of blocks of ``side`` x ``side`` pixels.

    Args:
        planes: (B, H, W), any number or boolean; both sides multiples of ``side``.
        side: Of a block.

    Returns:
        (B, H / side, W / side) float32.
    """
    return _block_means(planes, side) if planes.device.type == "cpu" else F.avg_pool2d(planes.float(), side)


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
    rows = _bin_blocks(rect.row, rect.height, output.height, maps.shape[-2])
    cols = _bin_blocks(rect.col, rect.width, output.width, maps.shape[-1])
    left, right = cols[0].pixels.start, cols[-1].pixels.stop
    narrow = torch.cat([block.weights.to(maps) @ maps[:, block.pixels, left:right] for block in rows], dim=-2)
    parts = [
        narrow[..., block.pixels.start - left : block.pixels.stop - left] @ block.weights.to(maps).T for block in cols
    ]
    return torch.cat(parts, dim=-1)


@dataclass(frozen=True, slots=True, eq=False)
class _BinBlock:
    """Neighboring bins along an axis: the pixels that go into them and (bins, pixels) float64 weights."""

    pixels: slice
    weights: Tensor


def _bin_blocks(start: int, length: int, bins: int, size: int) -> list[_BinBlock]:
    """What each pixel along an axis gives to each bin, in blocks: all in one would be nearly all zeros."""
    samples = ceil(length / bins)
    steps = torch.arange(bins * samples, dtype=torch.float64)
    positions = (start + (steps + 0.5) * (length / (bins * samples))).clamp(0, size - 1)
    step = _BINS_PER_BLOCK * samples
    return [_bin_block(positions[first : first + step], samples, size) for first in range(0, len(positions), step)]


def _bin_block(positions: Tensor, samples: int, size: int) -> _BinBlock:
    low = positions.floor().to(torch.int64)
    high = (low + 1).clamp(max=size - 1)
    first, stop = int(low[0]), int(high[-1]) + 1
    of_bin = torch.arange(len(positions)) // samples
    share = (positions - low) / samples
    weights = torch.zeros((len(positions) // samples, stop - first), dtype=torch.float64)
    weights.index_put_((of_bin, low - first), 1 / samples - share, accumulate=True)
    weights.index_put_((of_bin, high - first), share, accumulate=True)
    return _BinBlock(slice(first, stop), weights)


def _resized_planes(maps: Tensor, size: Size, interpolation: int, into: Tensor | None = None) -> Tensor:
    """(..., H, W) resized by OpenCV, plane by plane: on a CPU, several times as fast as torch; float32."""
    resized = torch.empty((*maps.shape[:-2], size.height, size.width)) if into is None else into
    planes = maps.numpy().reshape(-1, *maps.shape[-2:])
    for plane, target in zip(planes, resized.view(-1, size.height, size.width).numpy(), strict=True):
        cv2.resize(plane.astype(np.float32, copy=False), (size.width, size.height), target, interpolation=interpolation)
    return resized


def _block_means(planes: Tensor, side: int) -> Tensor:
    """`block_mean` by OpenCV, in strips: as float32 a whole plane would not stay in the processor's cache."""
    bands, height, width = planes.shape
    means = torch.empty((bands, height // side, width // side))
    rows = max(1, _STRIP_ROWS // side)
    for plane, target in zip(planes.numpy(), means.numpy(), strict=True):
        for row in range(0, height // side, rows):
            strip = plane[row * side : (row + rows) * side].astype(np.float32, copy=False)
            into = target[row : row + rows]
            cv2.resize(strip, into.shape[::-1], into, interpolation=cv2.INTER_AREA)
    return means


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
