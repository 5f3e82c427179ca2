"""The pictures of a report, as data that a page carries in itself."""

from __future__ import annotations

import base64
from collections.abc import Collection

import cv2
import numpy as np
from numpy.typing import NDArray

from magnet_geo.classes import LandClass
from magnet_geo.grid import Size
from magnet_geo.raster import ScenePixels, SceneSource
from magnet_geo.raster.picture import indexed_png, read_picture

LONGEST_SIDE = 1600
_WEBP_QUALITY = 84
# A scene whose light parts are darker than this is shown brighter.
_DARK = 128
_LIGHT_PERCENT, _BRIGHT = 99.0, 220
_STRETCH_PERCENT = 2.0, 98.0
# From unsure to sure; lightness rises all the way, so that it reads without color too.
_CERTAINTY_PLACES = 0, 90, 180, 254
_CERTAINTY_RGB = np.array([(16, 37, 66), (72, 110, 150), (160, 188, 212), (246, 249, 252)], np.float64)
_REFINED_RGB = 200, 100, 20
_NOTHING = 255


def unused_value(classes: Collection[LandClass]) -> int:
    """Return a value that no class has: the picture's value of what is not mapped."""
    return next(value for value in range(255, -1, -1) if value not in {entry.value for entry in classes})


def class_uri(source: SceneSource, size: Size, classes: Collection[LandClass]) -> str:
    """Return the map as a PNG whose pixels are class values, in the classes' colors.

    Raises:
        SceneError: A block cannot be decoded.
    """
    pixels = read_picture(source, (1,), size, categorical=True)
    values = np.where(pixels.valid, pixels.values[0].astype(np.uint8), np.uint8(unused_value(classes)))
    return _png_uri(indexed_png(values, {entry.value: (*entry.rgb, 255) for entry in classes}))


def certainty_uri(source: SceneSource, size: Size) -> str:
    """Return the certainty as a PNG, dark where the model is unsure.

    Raises:
        SceneError: A block cannot be decoded.
    """
    pixels = read_picture(source, (1,), size)
    values = np.where(pixels.valid, pixels.values[0].astype(np.uint8), np.uint8(_NOTHING))
    red, green, blue = (np.interp(np.arange(_NOTHING), _CERTAINTY_PLACES, part) for part in _CERTAINTY_RGB.T)
    palette = {
        step: (round(r), round(g), round(b), 255) for step, (r, g, b) in enumerate(zip(red, green, blue, strict=True))
    }
    return _png_uri(indexed_png(values, palette))


def scene_uri(source: SceneSource, bands: tuple[int, ...], size: Size) -> str:
    """Return the scene as people see it, transparent where it is not valid.

    Args:
        source: The scene.
        bands: Red, green and blue, or one band for gray.
        size: Of the picture.

    Raises:
        SceneError: A block cannot be decoded.
    """
    pixels = read_picture(source, bands, size)
    shown = _brightened([_eight_bit(band, pixels) for band in pixels.values], pixels)
    red, green, blue = shown if len(shown) == 3 else shown[:1] * 3
    alpha = np.where(pixels.valid, 255, 0).astype(np.uint8)
    _, encoded = cv2.imencode(".webp", np.dstack([blue, green, red, alpha]), [cv2.IMWRITE_WEBP_QUALITY, _WEBP_QUALITY])
    return f"data:image/webp;base64,{base64.b64encode(encoded.tobytes()).decode('ascii')}"


def refined_uri(percents: NDArray[np.uint8]) -> str:
    """Return where a level was refined: (H, W) percent of each cell, 255 where there was nothing to refine."""
    palette = {percent: (*_REFINED_RGB, round(2.55 * percent)) for percent in range(101)}
    return _png_uri(indexed_png(percents, palette))


def _eight_bit(band: NDArray[np.generic], pixels: ScenePixels) -> NDArray[np.uint8]:
    """A band as 0-255: bytes as they are, others spread between their 2nd and 98th percentile."""
    if band.dtype == np.uint8:
        return band.astype(np.uint8)
    values = band.astype(np.float64)
    low, high = np.percentile(values[pixels.valid], _STRETCH_PERCENT) if pixels.valid.any() else (0.0, 1.0)
    spread: NDArray[np.float64] = (values - low) * (255 / max(float(high - low), 1e-9))
    return spread.clip(0, 255).astype(np.uint8)


def _brightened(bands: list[NDArray[np.uint8]], pixels: ScenePixels) -> list[NDArray[np.uint8]]:
    """Dark bands, all by the same factor, so that colors stay as they are."""
    if not pixels.valid.any():
        return bands
    light = max(float(np.percentile(band[pixels.valid], _LIGHT_PERCENT)) for band in bands)
    if not 0 < light < _DARK:
        return bands
    return [(band * (_BRIGHT / light)).clip(0, 255).astype(np.uint8) for band in bands]


def _png_uri(content: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(content).decode('ascii')}"
