"""From scene pixels to the pixels of the model: scaled values at the model's ground sample distance.

Shapes: B bands, h and w rows and columns of the scene's window, H and W of the model's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from magnet_geo.grid import PixelRect, ReadScale, Size, Window
from magnet_geo.normalization import Scaling
from magnet_geo.raster import ScenePixels

_STRIP_ROWS = 512


class PixelSource(Protocol):
    """What windows are read from."""

    def read(self, rect: PixelRect) -> ScenePixels:
        """Pixels of a rectangle that may reach beyond the scene."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class ModelWindow:
    """A window as the model sees it, and as the map needs it.

    Attributes:
        window: The step of the plan.
        values: (B, H, W) model values in 0-255, uint8 or float32; 0 where not valid.
        valid: (H, W) boolean.
        support_valid: Validity of the support's own scene pixels, boolean.
        decimation: Model pixels per pixel of ``values`` and ``valid``, along each axis.
    """

    window: Window
    values: NDArray[np.generic]
    valid: NDArray[np.bool_]
    support_valid: NDArray[np.bool_]
    decimation: int = 1

    @property
    def final_valid(self) -> NDArray[np.bool_]:
        """Validity of the final part's scene pixels, boolean."""
        return self.support_valid[self.window.final_in_support.slices]


def read_model_window(
    source: PixelSource, window: Window, *, scaling: Scaling | None, scale: ReadScale, model_size: Size
) -> ModelWindow:
    """Read a window, scale its values and bring it to the model's pixel size.

    Coarser model pixels are means of the valid scene pixels they cover; finer ones are bilinear.

    Args:
        source: Where pixels come from.
        window: Step of the plan, in scene pixels.
        scaling: Native values to 0-255; None for 8-bit values taken as they are.
        scale: Scene pixels per model pixel.
        model_size: The window in model pixels.
    """
    if scale.is_native:
        pixels = source.read(window.read)
        values = _scaled(pixels, scaling)
        return ModelWindow(window, values, pixels.valid, pixels.valid[window.support.relative_to(window.read).slices])
    return _resampled(source, window, scaling, scale, model_size)


def read_reduced_window(
    source: PixelSource, window: Window, *, scaling: Scaling | None, shrunk: int, model_size: Size, decimation: int
) -> ModelWindow:
    """Read a window from an averaged overview; of its support, all counts as valid or nothing.

    Args:
        source: The overview.
        window: Step of the plan, in scene pixels.
        scaling: Native values to 0-255; None for 8-bit values taken as they are.
        shrunk: Scene pixels per pixel of the overview.
        model_size: The window in model pixels.
        decimation: Model pixels per pixel wanted.
    """
    read, support = window.read, window.support
    pixels = source.read(PixelRect(read.row // shrunk, read.col // shrunk, read.height // shrunk, read.width // shrunk))
    values, valid = _scaled(pixels, scaling), pixels.valid
    wanted = Size(model_size.height // decimation, model_size.width // decimation)
    if Size(*valid.shape) != wanted:
        values, valid = _resample_valid(values, valid, wanted)
    support_valid = np.full((support.height, support.width), valid.any(), np.bool_)
    return ModelWindow(window, values, valid, support_valid, decimation)


def _scaled(pixels: ScenePixels, scaling: Scaling | None) -> NDArray[np.generic]:
    if scaling is None:
        return pixels.values
    values = scaling.apply(pixels.values)
    values[:, ~pixels.valid] = 0
    return values


def _resampled(
    source: PixelSource, window: Window, scaling: Scaling | None, scale: ReadScale, model_size: Size
) -> ModelWindow:
    values: NDArray[np.float32] | None = None
    valid = np.zeros((model_size.height, model_size.width), np.bool_)
    window_valid = np.zeros((window.read.height, window.read.width), np.bool_)
    for strip, model_rows in _strips(window.read, scale):
        pixels = source.read(strip)
        rows = slice(strip.row - window.read.row, strip.row_stop - window.read.row)
        window_valid[rows] = pixels.valid
        size = Size(model_rows.stop - model_rows.start, model_size.width)
        part, part_valid = _resample_valid(_scaled(pixels, scaling), pixels.valid, size)
        if values is None:
            values = np.empty((part.shape[0], model_size.height, model_size.width), np.float32)
        values[:, model_rows], valid[model_rows] = part, part_valid
    if values is None:
        raise AssertionError("a window has at least one strip")
    return ModelWindow(window, values, valid, window_valid[window.support.relative_to(window.read).slices])


def _strips(read: PixelRect, scale: ReadScale) -> Iterator[tuple[PixelRect, slice]]:
    """Scene rows that make whole model rows by themselves; one strip where pixels are interpolated."""
    if scale.ratio < 1:
        yield read, slice(0, read.height * scale.denominator // scale.numerator)
        return
    units = max(1, _STRIP_ROWS // scale.numerator)
    for row in range(0, read.height, units * scale.numerator):
        height = min(units * scale.numerator, read.height - row)
        first = row * scale.denominator // scale.numerator
        last = (row + height) * scale.denominator // scale.numerator
        yield PixelRect(read.row + row, read.col, height, read.width), slice(first, last)


def _resample_valid(
    values: NDArray[np.generic], valid: NDArray[np.bool_], size: Size
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    interpolation = cv2.INTER_AREA if size.height < values.shape[-2] else cv2.INTER_LINEAR
    shape = (size.width, size.height)
    resized = np.stack([cv2.resize(band.astype(np.float32), shape, interpolation=interpolation) for band in values])
    if valid.all():
        return resized, np.ones((size.height, size.width), np.bool_)
    weight = cv2.resize(valid.astype(np.float32), shape, interpolation=interpolation)
    covered = weight > 1e-6
    resized /= np.where(covered, weight, 1)
    resized[:, ~covered] = 0
    return resized, covered
