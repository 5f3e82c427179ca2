"""Resampling of probability maps by positions along each axis.

Shapes: (..., H, W); rows are axis -2, columns axis -1.
"""

from __future__ import annotations

from math import ceil

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from magnet_geo.grid import PixelRect, Size
from magnet_geo.networks.cpu.planes import resize_planes
from magnet_geo.progressive.axis_weights import sampling_weights, weighted

_STRIP_ROWS = 128


def resize_bilinear(maps: Tensor, size: Size, into: Tensor | None = None) -> Tensor:
    """Resize by bilinear interpolation between pixel centers (align_corners=False).

    Args:
        maps: (N, C, H, W) float; without ``into`` given back where it has the size already.
        size: Wanted size.
        into: (N, C, size) for the result, of the maps' type and device; its rows may lie apart, as in a larger map.
    """
    if maps.shape[-2:] == (size.height, size.width):
        return maps if into is None else into.copy_(maps)
    if maps.device.type == "cpu" and maps.dtype == torch.float32:
        return resize_planes(maps, size.height, size.width, into)
    if into is None:
        return _interpolated(maps, size)
    for one in np.ndindex(maps.shape[:2]):
        # Plane by plane, so that no second result lies in memory.
        into[one].copy_(_interpolated(maps[one][None, None], size)[0, 0])
    return into


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
    return _lerp(bilinear_rows(maps, rows), cols, -1)


def bilinear_rows(maps: Tensor, rows: Tensor) -> Tensor:
    """The same with all columns: (..., R, W)."""
    return _lerp(maps, rows, -2)


def roi_align(maps: Tensor, rect: PixelRect, output: Size, within: Size | None = None) -> Tensor:
    """Crop by RoI-align without the half-pixel shift (``aligned=False``), as the published weights expect.

    Each output bin is the mean of ``ceil(rect / output)`` bilinear samples per axis.

    Args:
        maps: (C, H, W) float.
        rect: Region to crop.
        output: Size of the result.
        within: Size that the maps are enlarged to before, bilinearly, without that being done; ``rect`` lies in it.
            None for the maps as they are.

    Returns:
        (C, output.height, output.width).
    """
    height, width = maps.shape[-2:]
    within = within or Size(height, width)
    rows = sampling_weights(_bins(rect.row, rect.height, output.height), size=within.height, given=height)
    cols = sampling_weights(_bins(rect.col, rect.width, output.width), size=within.width, given=width)
    return weighted(maps, rows=rows, cols=cols)


def _bins(start: int, length: int, bins: int) -> Tensor:
    """(bins, samples) float64 positions of RoI-align's samples along an axis."""
    samples = ceil(length / bins)
    steps = torch.arange(bins * samples, dtype=torch.float64)
    return (start + (steps + 0.5) * (length / (bins * samples))).view(bins, samples)


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


def _interpolated(maps: Tensor, size: Size) -> Tensor:
    return F.interpolate(maps, size=(size.height, size.width), mode="bilinear", align_corners=False)


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
