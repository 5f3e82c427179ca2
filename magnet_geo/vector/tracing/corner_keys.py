"""A corner as one number, so that walks of corners are plain arrays: half pixels, for borders that cut corners."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_LINE_BITS = 32
_COLUMN_MASK = (1 << (_LINE_BITS - 1)) - 1


def corner_keys(
    lines: NDArray[np.float64] | NDArray[np.int64],
    columns: NDArray[np.float64] | NDArray[np.int64],
    *,
    touching: NDArray[np.bool_] | None = None,
) -> NDArray[np.int64]:
    """Packs positions.

    Args:
        lines: Pixel rows, whole or half.
        columns: Pixel columns, whole or half.
        touching: Corners where pixels of one region may meet without sharing a side.
    """
    key = ((2 * lines).astype(np.int64) << _LINE_BITS) | ((2 * columns).astype(np.int64) << 1)
    return key if touching is None else key | touching


def positions(keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Lines and columns in half pixels."""
    return keys >> _LINE_BITS, (keys >> 1) & _COLUMN_MASK


def is_touching(keys: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which corners were marked as touching."""
    return (keys & 1).astype(np.bool_)
