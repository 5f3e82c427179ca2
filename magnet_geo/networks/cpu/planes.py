"""Planes of maps resized by OpenCV: on a CPU, several times as fast as torch, without gradients."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor


def resize_planes(maps: Tensor, height: int, width: int, into: Tensor | None = None) -> Tensor:
    """Resize by bilinear interpolation between pixel centers (align_corners=False), plane by plane.

    Args:
        maps: (..., H, W) float32 on the CPU.
        height: Wanted rows.
        width: Wanted columns.
        into: (..., height, width) for the result, likewise; its rows may lie apart, as in a larger map.
    """
    resized = torch.empty((*maps.shape[:-2], height, width)) if into is None else into
    planes, targets = maps.numpy(), resized.numpy()
    for one in np.ndindex(maps.shape[:-2]):
        cv2.resize(planes[one], (width, height), targets[one], interpolation=cv2.INTER_LINEAR)
    return resized
