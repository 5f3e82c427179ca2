"""Brings pixels and classes to another size; padding never bleeds into valid pixels.

h and w the size given, H and W the size wanted, B bands.
"""

from __future__ import annotations

from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from magnet_geo.grid import Size

_LEAST_COVER = 1e-6
# OpenCV averages at most four channels at once.
_CHANNELS_AT_ONCE = 4

_Number = TypeVar("_Number", np.uint8, np.float32)


def resample_pixels(pixels: NDArray[np.uint8], shape: Size) -> NDArray[np.uint8]:
    """Gives pixels at another size: averaged over area along an axis that shrinks, bilinear along one that grows.

    Args:
        pixels: (h, w, B) uint8, 0 in every band where not valid.
        shape: H and W.

    Returns:
        (H, W, B) uint8, each the mean of valid pixels; 0 where there are none.
    """
    valid = np.asarray(pixels.any(axis=2))
    if valid.all():
        return _resized(pixels, shape)
    if not valid.any():
        return np.zeros((shape.height, shape.width, pixels.shape[2]), np.uint8)
    sums = _resized(pixels.astype(np.float32), shape)
    cover = _resized(valid[..., None].astype(np.float32), shape)
    covered = cover > _LEAST_COVER
    means = np.rint(sums / np.where(covered, cover, 1))
    return np.where(covered, np.clip(means, 1, 255), 0).astype(np.uint8)


def nearest_classes(classes: NDArray[np.uint8], shape: Size) -> NDArray[np.uint8]:
    """Gives (h, w) classes as (H, W): each the one in which the new pixel's center lies."""
    rows, cols = (
        (2 * np.arange(new) + 1) * old // (2 * new)
        for old, new in zip(classes.shape, (shape.height, shape.width), strict=True)
    )
    return np.asarray(classes[rows[:, None], cols[None, :]])


def _resized(values: NDArray[_Number], shape: Size) -> NDArray[_Number]:
    height, width, count = values.shape
    groups = [values[..., first : first + _CHANNELS_AT_ONCE] for first in range(0, count, _CHANNELS_AT_ONCE)]
    less = Size(min(height, shape.height), min(width, shape.width))
    if less != Size(height, width):
        groups = [_cv_resize(group, less, cv2.INTER_AREA) for group in groups]
    if less != shape:
        groups = [_cv_resize(group, shape, cv2.INTER_LINEAR) for group in groups]
    return np.concatenate(groups, axis=2) if len(groups) > 1 else groups[0]


def _cv_resize(values: NDArray[_Number], shape: Size, interpolation: int) -> NDArray[_Number]:
    resized = cv2.resize(np.ascontiguousarray(values), (shape.width, shape.height), interpolation=interpolation)
    return np.asarray(resized, values.dtype).reshape(shape.height, shape.width, -1)
