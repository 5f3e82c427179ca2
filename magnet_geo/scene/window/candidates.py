"""Which patches of a window can matter to the map."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from magnet_geo.grid import MagnificationPyramid, PixelRect, ReadScale, Size, Window
from magnet_geo.scene.window.model_window import ModelWindow

_CONTEXT_PX = 16


def candidate_patches(
    window: ModelWindow, *, scale: ReadScale, pyramid: MagnificationPyramid
) -> tuple[NDArray[np.bool_], ...]:
    """Patches that hold a valid pixel and come within 16 model pixels of the support.

    Args:
        window: The window.
        scale: Scene pixels per model pixel.
        pyramid: The window's levels.

    Returns:
        Per level from 1 on, (P,) boolean.
    """
    near = _near(window.window, scale)
    return _per_level(pyramid, lambda patch: patch.intersection(near) is not None and _is_valid(patch, window))


def reachable_patches(
    window: Window, *, scale: ReadScale, pyramid: MagnificationPyramid
) -> tuple[NDArray[np.bool_], ...]:
    """`candidate_patches` of a window whose pixels are all valid, told without reading it."""
    near = _near(window, scale)
    return _per_level(pyramid, lambda patch: patch.intersection(near) is not None)


def _near(window: Window, scale: ReadScale) -> PixelRect:
    support = window.support.relative_to(window.read)
    return PixelRect(
        int(support.row / scale.ratio) - _CONTEXT_PX,
        int(support.col / scale.ratio) - _CONTEXT_PX,
        int(support.height / scale.ratio) + 2 * _CONTEXT_PX + 1,
        int(support.width / scale.ratio) + 2 * _CONTEXT_PX + 1,
    )


def _per_level(pyramid: MagnificationPyramid, wanted: Callable[[PixelRect], bool]) -> tuple[NDArray[np.bool_], ...]:
    return tuple(
        np.array([wanted(_finest(patch, size, pyramid.window)) for patch in pyramid.patches(level)], dtype=np.bool_)
        for level, size in enumerate(pyramid.levels[1:], 1)
    )


def _finest(patch: PixelRect, level: Size, window: Size) -> PixelRect:
    down, across = window.height / level.height, window.width / level.width
    row, col = int(patch.row * down), int(patch.col * across)
    return PixelRect(row, col, round(patch.row_stop * down) - row, round(patch.col_stop * across) - col)


def _is_valid(patch: PixelRect, window: ModelWindow) -> bool:
    shrunk = window.decimation
    rows = slice(patch.row // shrunk, -(-patch.row_stop // shrunk))
    cols = slice(patch.col // shrunk, -(-patch.col_stop // shrunk))
    return bool(window.valid[rows, cols].any())
