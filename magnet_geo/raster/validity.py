"""Which pixels of a scene are data: nodata, NaN, alpha and mask bands become one boolean array.

Shapes: B bands, H rows, W columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

_NEAR_ULPS = 4


@dataclass(frozen=True, slots=True)
class ScenePixels:
    """Pixels of a rectangle.

    Attributes:
        values: (B, H, W) in the scene's dtype; 0 where not valid, whatever the nodata value.
        valid: (H, W), True where the pixel is data.
    """

    values: NDArray[np.generic]
    valid: NDArray[np.bool_]


def valid_pixels(
    values: NDArray[np.generic],
    *,
    nodata: tuple[float | None, ...],
    alpha: NDArray[np.generic] | None = None,
    masks: Sequence[NDArray[np.uint8] | None] | None = None,
) -> NDArray[np.bool_]:
    """Find the usable pixels.

    Args:
        values: (B, H, W) native values of the model's bands.
        nodata: Nodata value per band; None where a band has none.
        alpha: (H, W), 0 where transparent.
        masks: (H, W) per band, 0 where masked; None for a band without a mask.

    Returns:
        (H, W), False where all bands are nodata or masked, any is NaN or infinite, or alpha is 0.
    """
    valid = ~_missing(values, nodata, [None] * len(values) if masks is None else masks)
    if values.dtype.kind == "f":
        valid &= np.isfinite(values).all(axis=0)
    if alpha is not None:
        valid &= alpha != 0
    return valid


def nodata_fits(nodata: float, dtype: np.dtype[np.generic]) -> bool:
    """True where a band of this dtype can hold the nodata value."""
    if dtype.kind not in "iu":
        return True
    limits = np.iinfo(dtype.name)
    return float(nodata).is_integer() and limits.min <= nodata <= limits.max


def _missing(
    values: NDArray[np.generic], nodata: tuple[float | None, ...], masks: Sequence[NDArray[np.uint8] | None]
) -> NDArray[np.bool_]:
    """Where each band is nodata or masked."""
    missing = np.ones(values.shape[1:], bool)
    for band, value, mask in zip(values, nodata, masks, strict=True):
        tagged = value is not None and nodata_fits(value, values.dtype)
        if not tagged and mask is None:
            return np.zeros(values.shape[1:], bool)
        of_band = np.zeros(values.shape[1:], bool) if mask is None else mask == 0
        if tagged and value is not None:
            of_band |= _equals(band, value)
        missing &= of_band
    return missing


def _equals(band: NDArray[np.generic], nodata: float) -> NDArray[np.bool_]:
    if band.dtype.kind != "f":
        equal: NDArray[np.bool_] = band == band.dtype.type(int(nodata))
        return equal
    floats = cast("NDArray[np.floating]", band)
    if np.isnan(nodata):
        missing: NDArray[np.bool_] = np.isnan(floats)
        return missing
    # Nodata is written as decimal text: float32 values come back a few units in the last place away.
    with np.errstate(over="ignore", invalid="ignore"):
        near = floats.dtype.type(nodata)
        # Inward, because outward of the largest finite value, a common nodata, the next one is infinite.
        unit = np.abs(near - np.nextafter(near, floats.dtype.type(0)))
        close: NDArray[np.bool_] = (floats == near) | (np.abs(floats - near) <= _NEAR_ULPS * unit) & np.isfinite(near)
    return close
