"""Polygons as GeoJSON: in degrees, each pixel lies in the polygon of its class, also across the antimeridian."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyproj
import pytest
import shapely
from rasterio.transform import Affine

from magnet_geo.raster import SceneSource
from magnet_geo.vector.polygonizer import polygonize
from tests.raster.rasters import write_raster

SIDE = 500
PLACES = {
    "utm": (32633, Affine(220, 0, 300_000, 0, -220, 5_600_000)),
    "albers": (5070, Affine(2200, 0, -1_900_000, 0, -2200, 2_800_000)),
    "utm 60, across 180": (32660, Affine(880, 0, 600_000, 0, -880, 6_600_000)),
    "degrees over 180": (4326, Affine(0.002, 0, 179.6, 0, -0.002, 10)),
}


@pytest.mark.parametrize("place", PLACES)
def test_pixels_lie_in_the_polygons_of_their_class(place: str, tmp_path: Path) -> None:
    code, transform = PLACES[place]
    values = np.ones((1, SIDE, SIDE), np.uint8)
    values[:, :, SIDE // 3 :] = 2
    values[:, : SIDE // 2, 2 * SIDE // 3 :] = 3
    source = write_raster(tmp_path / "map.tif", values, crs=f"EPSG:{code}", transform=transform)
    polygonize(SceneSource(source), tmp_path / "map.geojson")
    features = json.loads((tmp_path / "map.geojson").read_text())["features"]
    rows, cols = np.mgrid[:SIDE:2, :SIDE:2] + 0.5
    to_degrees = pyproj.Transformer.from_crs(code, 4326, always_xy=True)
    lon, lat = to_degrees.transform(*(transform @ (cols.ravel(), rows.ravel())))
    lon = (np.asarray(lon) + 180) % 360 - 180
    right = np.zeros(lon.size, bool)
    for feature in features:
        geometry = shapely.geometry.shape(feature["geometry"])
        assert (min(-180, geometry.bounds[0]), max(180, geometry.bounds[2])) == (-180, 180)
        of_class = values[0, ::2, ::2].ravel() == feature["properties"]["class_value"]
        right |= shapely.contains_xy(geometry, lon, lat) & of_class
    assert right.all()
