"""From a scene's own pixels to the values a model takes: scaled, and brought to another size.

Mapping, scoring and training read through this one module, so that they see the same numbers.

Shapes: B bands, h and w rows and columns of the scene's pixels, H and W of the size wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import gcd

import cv2
import numpy as np
from numpy.typing import NDArray

from magnet_geo.grid import PixelRect, Size
from magnet_geo.normalization import Scaling
from magnet_geo.raster.validity import ScenePixels

_STRIP_ROWS = 512
_STRIP_PIXELS = 4 * 2**20
_LEAST_COVER = 1e-6

#: Reads a rectangle, which may reach beyond the scene, as model values at the scene's own pixel size.
ReadPixels = Callable[[PixelRect], ScenePixels]


@dataclass(frozen=True, slots=True, eq=False)
class ModelPixels:
    """A rectangle of a scene at the size wanted.

    Attributes:
        values: (B, H, W) model values in 0-255, uint8 or float32; 0 where not valid.
        valid: (H, W) boolean: at least one valid scene pixel lies in it.
        scene_valid: (h, w) boolean validity of the scene pixels themselves.
    """

    values: NDArray[np.generic]
    valid: NDArray[np.bool_]
    scene_valid: NDArray[np.bool_]


def scale_pixels(pixels: ScenePixels, scaling: Scaling | None) -> ScenePixels:
    """Scale native values to model values.

    Args:
        pixels: In the scene's dtype.
        scaling: Native values to 0-255; None for 8-bit values taken as they are.

    Returns:
        (B, h, w) float32 in 0-255, or the uint8 values as they are; 0 where not valid.
    """
    if scaling is None:
        return pixels
    values = scaling.apply(pixels.values)
    values[:, ~pixels.valid] = 0
    return ScenePixels(values, pixels.valid)


def read_model_pixels(read: ReadPixels, rect: PixelRect, size: Size) -> ModelPixels:
    """Read a rectangle and bring it to a size; where it shrinks, strip by strip.

    Args:
        read: Where pixels come from.
        rect: In scene pixels.
        size: H and W. Pixels stay as they are where it is the rectangle's own.
    """
    if size == rect.size:
        pixels = read(rect)
        return ModelPixels(pixels.values, pixels.valid, pixels.valid)
    values: NDArray[np.float32] | None = None
    valid = np.zeros((size.height, size.width), np.bool_)
    scene_valid = np.zeros((rect.height, rect.width), np.bool_)
    for strip, rows in _strips(rect, size):
        pixels = read(strip)
        scene_valid[strip.row - rect.row : strip.row_stop - rect.row] = pixels.valid
        part, valid[rows] = resample_valid(pixels.values, pixels.valid, Size(rows.stop - rows.start, size.width))
        if values is None:
            values = np.empty((part.shape[0], size.height, size.width), np.float32)
        values[:, rows] = part
    if values is None:
        raise AssertionError("a rectangle has at least one strip")
    return ModelPixels(values, valid, scene_valid)


def resample_valid(
    values: NDArray[np.generic], valid: NDArray[np.bool_], size: Size
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Resample pixels: means over area along an axis that shrinks, bilinear along one that grows.

    Args:
        values: (B, h, w), 0 where not valid.
        valid: (h, w) boolean.
        size: H and W.

    Returns:
        (B, H, W) float32, each a mean of valid pixels alone, 0 where there are none, and the (H, W) boolean validity.
    """
    resized = np.stack([_resized(band, size) for band in values])
    if valid.all():
        return resized, np.ones((size.height, size.width), np.bool_)
    weight = _resized(valid, size)
    covered = weight > _LEAST_COVER
    resized /= np.where(covered, weight, 1)
    resized[:, ~covered] = 0
    return resized, covered


def _resized(band: NDArray[np.generic], size: Size) -> NDArray[np.float32]:
    height, width = band.shape
    resized = band.astype(np.float32)
    less = Size(min(height, size.height), min(width, size.width))
    if less != Size(height, width):
        resized = np.asarray(cv2.resize(resized, (less.width, less.height), interpolation=cv2.INTER_AREA))
    if less != size:
        resized = np.asarray(cv2.resize(resized, (size.width, size.height), interpolation=cv2.INTER_LINEAR))
    return resized


def _strips(rect: PixelRect, size: Size) -> Iterator[tuple[PixelRect, slice]]:
    """Scene rows that make whole rows of the size by themselves; one strip where rows are interpolated."""
    parts = 1 if size.height > rect.height else gcd(rect.height, size.height)
    unit, new_unit = rect.height // parts, size.height // parts
    units = max(1, min(_STRIP_ROWS // unit, _STRIP_PIXELS // (unit * rect.width)))
    for first in range(0, parts, units):
        count = min(units, parts - first)
        strip = PixelRect(rect.row + first * unit, rect.col, count * unit, rect.width)
        yield strip, slice(first * new_unit, (first + count) * new_unit)
