"""From scene pixels to the pixels of the model: scaled values at the model's ground sample distance.

Shapes: B bands, H and W rows and columns of the model's window.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from magnet_geo.grid import PixelRect, Size, Window
from magnet_geo.raster import ReadPixels, read_model_pixels, resample_valid


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
    def write_valid(self) -> NDArray[np.bool_]:
        """Validity of the final part's scene pixels, boolean."""
        return self.support_valid[self.window.write_in_support.slices]


def read_model_window(read: ReadPixels, window: Window, *, model_size: Size) -> ModelWindow:
    """Read a window at the model's pixel size.

    Coarser model pixels are means of the valid scene pixels they cover; finer ones are bilinear.

    Args:
        read: Where model values come from.
        window: Step of the plan, in scene pixels.
        model_size: The window in model pixels.
    """
    pixels = read_model_pixels(read, window.read, model_size)
    support = window.support.relative_to(window.read).slices
    return ModelWindow(window, pixels.values, pixels.valid, pixels.scene_valid[support])


def read_reduced_window(
    read: ReadPixels, window: Window, *, shrunk: int, model_size: Size, decimation: int
) -> ModelWindow:
    """Read a window from an averaged overview; of its support, all counts as valid or nothing.

    Args:
        read: Where model values of the overview come from.
        window: Step of the plan, in scene pixels.
        shrunk: Scene pixels per pixel of the overview.
        model_size: The window in model pixels.
        decimation: Model pixels per pixel wanted.
    """
    rect, support = window.read, window.support
    pixels = read(PixelRect(rect.row // shrunk, rect.col // shrunk, rect.height // shrunk, rect.width // shrunk))
    values, valid = pixels.values, pixels.valid
    wanted = Size(model_size.height // decimation, model_size.width // decimation)
    if Size(*valid.shape) != wanted:
        values, valid = resample_valid(values, valid, wanted)
    support_valid = np.full((support.height, support.width), valid.any(), np.bool_)
    return ModelWindow(window, values, valid, support_valid, decimation)
