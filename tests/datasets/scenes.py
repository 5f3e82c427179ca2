"""Small labelled scenes made in code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from magnet_geo.classes import ClassScheme, LandClass
from magnet_geo.datasets import ClassTable, DatasetDescription, LabeledPair, LabeledSource, open_dataset
from tests.raster.rasters import TRANSFORM, write_raster

HEIGHT, WIDTH = 61, 83
SCHEME = ClassScheme(
    (LandClass(1, "water", "#0000ff"), LandClass(4, "field", "#c0a000"), LandClass(7, "road", "#404040"))
)
TABLE = ClassTable.of_scheme(SCHEME, ignored_values=(0,))


def pixels(height: int = HEIGHT, width: int = WIDTH, *, bands: int = 3, seed: int = 0) -> NDArray[np.uint8]:
    """Gives (B, H, W) noise that is never 0."""
    return np.random.default_rng(seed).integers(1, 256, (bands, height, width)).astype(np.uint8)


def label_values(height: int = HEIGHT, width: int = WIDTH, *, seed: int = 1) -> NDArray[np.uint8]:
    """Gives (H, W) values of the table, 0 (ignored) among them."""
    return np.random.default_rng(seed).choice(np.array([0, 1, 4, 7], np.uint8), (height, width))


def class_indexes(values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Gives the class index of values of the table."""
    return np.select([values == 1, values == 4, values == 7], [0, 1, 2], 255).astype(np.uint8)


def write_scene(folder: Path, values: NDArray[np.generic] | None = None, **layout: object) -> str:
    """Writes a scene as GeoTIFF."""
    return write_raster(folder / "scene.tif", pixels() if values is None else values, **layout)


def write_picture(path: Path, values: NDArray[np.uint8]) -> str:
    """Writes (H, W) or (H, W, 3) values as PNG or JPEG."""
    assert cv2.imwrite(str(path), values[..., ::-1] if values.ndim == 3 else values)
    return str(path)


def pixel_polygon(rows: tuple[float, float], cols: tuple[float, float]) -> shapely.Polygon:
    """Gives a rectangle of the scene's pixels in its CRS."""
    corners = [(cols[0], rows[0]), (cols[1], rows[0]), (cols[1], rows[1]), (cols[0], rows[1])]
    return shapely.Polygon([TRANSFORM @ corner for corner in corners])


def write_polygons(
    path: Path, polygons: Sequence[shapely.Geometry], kinds: Sequence[object], *, crs: str | None = None, **options: str
) -> str:
    """Writes polygons given in the scene's CRS with their classes in a column ``kind``, perhaps in another CRS."""
    frame = gpd.GeoDataFrame({"kind": list(kinds), "note": ""}, geometry=list(polygons), crs="EPSG:32633")
    (frame if crs is None else frame.to_crs(crs)).to_file(path, **options)
    return str(path)


def open_one(image: str, labels: str, **options: object) -> LabeledSource:
    """Opens a dataset of one pair."""
    options.setdefault("table", TABLE)
    return open_dataset(DatasetDescription((LabeledPair(image, labels),), **options)).sources[0]  # type: ignore[arg-type]
