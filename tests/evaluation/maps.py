"""Small class maps and what is true on their ground."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from magnet_geo.classes import ClassScheme, LandClass
from magnet_geo.grid import PixelRect
from magnet_geo.raster import GeoTiffDraft, MapLayout, SceneSource, describe_scene
from tests.raster.rasters import write_raster

SCHEME = ClassScheme(
    (LandClass(1, "water", "#0000ff"), LandClass(4, "bare land", "#c0a000"), LandClass(7, "forest", "#00a000"))
)


def write_map(path: Path, values: NDArray[np.uint8], *, georeferenced: bool = True) -> SceneSource:
    """Write class values on a grid of half-metre pixels, with the class table of `SCHEME`."""
    blank = np.ones((1, *values.shape), np.uint8)
    scene = write_raster(path.with_name(f"{path.stem}_scene.tif"), blank, georeferenced=georeferenced)
    layout = MapLayout.of_classes(describe_scene(SceneSource(scene)), SCHEME)
    with GeoTiffDraft(path, layout) as draft:
        draft.write(PixelRect(0, 0, *values.shape), values)
        draft.finish()
    return SceneSource(str(path))


def patchy(height: int, width: int, *, seed: int = 0) -> NDArray[np.uint8]:
    """Gives class values in squares of 5 pixels: little water, some bare land, much forest, some nodata."""
    generator = np.random.default_rng(seed)
    shape = -(-height // 5), -(-width // 5)
    squares = generator.choice(np.array([1, 4, 7, 255], np.uint8), shape, p=[0.1, 0.3, 0.5, 0.1])
    return squares.repeat(5, axis=0).repeat(5, axis=1)[:height, :width]
