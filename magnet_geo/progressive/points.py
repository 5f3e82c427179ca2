"""From the error score to the points that are replaced (paper, section 3.3)."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

_ROWS_AT_ONCE = 32
# OpenCV has medians of float32 up to this side.
_LARGEST_QUICK_MEDIAN = 5


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
    if kernel <= _LARGEST_QUICK_MEDIAN:
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


def choose_smoothed_cells(
    score: NDArray[np.float32], kernel: int, pixels: NDArray[np.int64], count: int
) -> NDArray[np.bool_]:
    """Return what `choose_cells` chooses of the median-filtered score, mostly without computing the medians.

    A median exceeds a value where more than half of its cells do. So the lowest median that is still chosen is found by
    halving the range of scores, each time counting cells above a value in all windows at once.

    Args:
        score: (H, W) float32.
        kernel: Odd side of the median's window, see `median_filter`.
        pixels: As for `choose_cells`.
        count: Pixels to choose.
    """
    if kernel <= _LARGEST_QUICK_MEDIAN:
        return choose_cells(median_filter(score, kernel), pixels, count)
    padded = np.pad(score, kernel // 2)
    values = np.sort(padded, axis=None)
    # Medians are among the values: none lies above the last one.
    low, high = 0, len(values) - 1
    while low < high:
        middle = (low + high) // 2
        if pixels[_medians_above(padded, kernel, values[middle])].sum() <= count:
            high = middle
        else:
            low = middle + 1
    chosen = _medians_above(padded, kernel, values[low])
    chosen[pixels == 0] = False
    at_least = _medians_above(padded, kernel, np.nextafter(values[low], np.float32(-np.inf)))
    tied = np.flatnonzero(at_least & ~chosen & (pixels > 0))
    reached = pixels[chosen].sum() + np.cumsum(pixels.ravel()[tied])
    chosen.ravel()[tied[: np.searchsorted(reached, count, side="right")]] = True
    return chosen


def _medians_above(padded: NDArray[np.float32], kernel: int, value: np.float32) -> NDArray[np.bool_]:
    above = (padded > value).astype(np.uint8)
    counts = cv2.boxFilter(above, cv2.CV_32F, (kernel, kernel), normalize=False)
    radius = kernel // 2
    return np.asarray(counts[radius:-radius, radius:-radius] > kernel * kernel // 2)


def nearest_cells(cells: int, length: int) -> NDArray[np.int64]:
    """Return the cell of each pixel along an axis, by the nearest rule: (length,) int64."""
    return np.arange(length) * cells // length


def nearest_pixels(cells: int, length: int) -> NDArray[np.int64]:
    """Return the pixel each cell looks at along an axis, by the nearest rule: (cells,) int64."""
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
