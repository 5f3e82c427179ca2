"""Brings classes to another size: each new pixel has the class in which its center lies."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from magnet_geo.grid import Size

_Number = TypeVar("_Number", bound=np.generic)


def nearest_lines(old: int, new: int) -> NDArray[np.int64]:
    """Return which of ``old`` rows or columns holds the center of each of ``new`` ones over the same length."""
    return (2 * np.arange(new) + 1) * old // (2 * new)


def nearest_classes(classes: NDArray[_Number], shape: Size) -> NDArray[_Number]:
    """Resample (h, w) classes, or validity, to (H, W)."""
    rows, cols = nearest_lines(classes.shape[0], shape.height), nearest_lines(classes.shape[1], shape.width)
    return np.asarray(classes[rows[:, None], cols[None, :]])
