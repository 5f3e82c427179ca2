"""Resampling of probability maps by positions along each axis.

Shapes: (..., H, W); rows are axis -2, columns axis -1.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from magnet_geo.grid import Size
from magnet_geo.networks.cpu.planes import resize_planes

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
    """Return the mean of blocks of ``side`` x ``side`` pixels.

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
    """Sample maps at rows, with all columns: (..., R, W)."""
    return _lerp(maps, rows, -2)


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
