"""From the error score to the points that are replaced (paper, section 3.3)."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

_ROWS_AT_ONCE = 32


def median_filter(score: NDArray[np.float32], kernel: int) -> NDArray[np.float32]:
    """Median over ``kernel`` x ``kernel`` cells, zeros outside.

    Args:
        score: (H, W) float32.
        kernel: Odd side.
    """
    if kernel == 1:
        return score
    radius = kernel // 2
    padded = np.pad(score, radius)
    if kernel <= 5:
        blurred: NDArray[np.float32] = np.asarray(cv2.medianBlur(padded, kernel), dtype=np.float32)
        return blurred[radius:-radius, radius:-radius]
    height, width = score.shape
    smooth = np.empty_like(score)
    for row in range(0, height, _ROWS_AT_ONCE):
        stop = min(row + _ROWS_AT_ONCE, height)
        cells = sliding_window_view(padded[row : stop + 2 * radius], (kernel, kernel))
        cells = cells.reshape(stop - row, width, kernel * kernel)
        smooth[row:stop] = np.partition(cells, kernel * kernel // 2, axis=-1)[..., kernel * kernel // 2]
    return smooth


def choose_cells(score: NDArray[np.float32], pixels: NDArray[np.int64], count: int) -> NDArray[np.bool_]:
    """Choose whole cells of the highest score until ``count`` pixels are reached.

    Ties go to the cell that comes first row by row; the first cell that would exceed the count, and all
    after it, are left.

    Args:
        score: (H, W) float32.
        pixels: (H, W) how many competing pixels each cell stands for; cells with none are never chosen.
        count: Pixels to choose.

    Returns:
        (H, W) True where the cell is chosen.
    """
    each = int(pixels.flat[0])
    if each > 0 and (pixels == each).all():
        return _choose_highest(score, count // each)
    order = np.argsort(-score.ravel(), kind="stable")
    order = order[pixels.ravel()[order] > 0]
    reached = np.cumsum(pixels.ravel()[order])
    chosen = np.zeros(score.size, dtype=np.bool_)
    chosen[order[: np.searchsorted(reached, count, side="right")]] = True
    return chosen.reshape(score.shape)


def nearest_cells(cells: int, length: int) -> NDArray[np.int64]:
    """The cell of each pixel along an axis, by the nearest rule: (length,) int64."""
    return np.arange(length) * cells // length


def nearest_pixels(cells: int, length: int) -> NDArray[np.int64]:
    """The pixel each cell looks at along an axis, by the nearest rule: (cells,) int64."""
    return np.arange(cells) * length // cells


def _choose_highest(score: NDArray[np.float32], count: int) -> NDArray[np.bool_]:
    """The same for cells of one size, without sorting them all."""
    flat = score.ravel()
    if count >= flat.size:
        return np.ones(score.shape, np.bool_)
    chosen = np.zeros(flat.size, np.bool_)
    if count > 0:
        lowest = np.partition(flat, flat.size - count)[flat.size - count]
        chosen = flat > lowest
        tied = np.flatnonzero(flat == lowest)
        chosen[tied[: count - int(np.count_nonzero(chosen))]] = True
    return chosen.reshape(score.shape)
