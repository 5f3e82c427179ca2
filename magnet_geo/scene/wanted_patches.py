"""Which patches of a window can matter to the map."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from magnet_geo.grid import MagnificationPyramid, PixelRect, ReadScale, Size
from magnet_geo.scene.model_window import ModelWindow

_CONTEXT_PX = 16


def wanted_patches(
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
    support = window.window.support.relative_to(window.window.read)
    near = PixelRect(
        int(support.row / scale.ratio) - _CONTEXT_PX,
        int(support.col / scale.ratio) - _CONTEXT_PX,
        int(support.height / scale.ratio) + 2 * _CONTEXT_PX + 1,
        int(support.width / scale.ratio) + 2 * _CONTEXT_PX + 1,
    )
    levels = range(1, len(pyramid.levels))
    return tuple(
        np.array(
            [
                _matters(_finest(patch, pyramid.levels[level], pyramid.window), near, window)
                for patch in pyramid.patches(level)
            ],
            dtype=np.bool_,
        )
        for level in levels
    )


def _finest(patch: PixelRect, level: Size, window: Size) -> PixelRect:
    down, across = window.height / level.height, window.width / level.width
    row, col = int(patch.row * down), int(patch.col * across)
    return PixelRect(row, col, round(patch.row_stop * down) - row, round(patch.col_stop * across) - col)


def _matters(patch: PixelRect, near: PixelRect, window: ModelWindow) -> bool:
    shrunk = window.decimation
    rows = slice(patch.row // shrunk, -(-patch.row_stop // shrunk))
    cols = slice(patch.col // shrunk, -(-patch.col_stop // shrunk))
    return patch.intersection(near) is not None and bool(window.valid[rows, cols].any())
