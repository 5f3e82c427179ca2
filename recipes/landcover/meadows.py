"""Painted meadows: bare land of a crop turned green and called vegetation, where the training ground has no field.

H and W the size of a crop.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray


def painted_green(pixels: NDArray[np.uint8], ground: NDArray[np.bool_], generator: Generator) -> NDArray[np.uint8]:
    """Gives the pixels with some ground in one green, light or dark, that keeps part of the ground's texture.

    Args:
        pixels: (H, W, 3).
        ground: (H, W) True where to paint.
        generator: Draws the green and how much of the texture stays.
    """
    if not ground.any():
        return pixels
    light = pixels[ground].mean(axis=1)
    texture = generator.uniform(0.2, 1.0) * (light / max(float(light.mean()), 1.0) - 1)
    green = generator.uniform(40, 140) * generator.uniform((0.65, 1.05, 0.5), (1.0, 1.35, 0.9))
    painted = pixels.copy()
    painted[ground] = np.clip(green * (1 + texture[:, None]), 1, 255)
    return painted
