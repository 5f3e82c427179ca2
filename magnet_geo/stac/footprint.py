"""From an outline in pixels to a footprint as GeoJSON wants it: longitude and latitude on WGS 84."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from shapely.geometry import box, mapping
from shapely.geometry.base import BaseGeometry

from magnet_geo.grid import RasterGrid

# Straight edges of a projection are curves in degrees: so many steps along the outline's longer side follow them.
_STEPS = 64
_DECIMALS = 7


def footprint(outline: BaseGeometry, grid: RasterGrid) -> tuple[dict[str, Any], list[float]] | None:
    """Gives geometry and bounding box.

    Args:
        outline: Polygons in pixel coordinates.
        grid: Where the pixels lie.

    Returns:
        A GeoJSON geometry, cut at the antimeridian as RFC 7946 wants it, and west, south, east, north, where west is
        larger than east across the antimeridian; None without a CRS, or where the CRS has no way to WGS 84.
    """
    if grid.crs is None:
        return None
    try:
        to_degrees = pyproj.Transformer.from_crs(pyproj.CRS.from_user_input(grid.crs), "EPSG:4326", always_xy=True)
    except pyproj.exceptions.ProjError:
        return None
    left, top, right, bottom = outline.bounds
    fine = shapely.segmentize(outline, max(right - left, bottom - top) / _STEPS)
    degrees = shapely.transform(fine, lambda pixels: _to_degrees(pixels, grid, to_degrees))
    if not np.isfinite(shapely.get_coordinates(degrees)).all():
        return None
    # Vertices that lie on a line to a hundredth of a step are not needed.
    extent = max(degrees.bounds[2] - degrees.bounds[0], degrees.bounds[3] - degrees.bounds[1])
    return _cut(_around_pole(degrees, outline, grid, to_degrees), tolerance=extent / _STEPS / 100)


def _to_degrees(pixels: NDArray[np.float64], grid: RasterGrid, to_degrees: pyproj.Transformer) -> NDArray[np.float64]:
    x, y = grid.world(rows=pixels[:, 1], cols=pixels[:, 0])
    lon, lat = to_degrees.transform(x, y)
    return np.column_stack([lon, lat])


def _around_pole(
    degrees: BaseGeometry, outline: BaseGeometry, grid: RasterGrid, to_degrees: pyproj.Transformer
) -> BaseGeometry:
    """Around a pole, the band of latitudes that holds all of it; elsewhere the footprint itself."""
    _, south, _, north = degrees.bounds
    if pyproj.CRS.from_user_input(grid.crs).is_geographic:
        return degrees
    for pole in (90.0, -90.0):
        x, y = to_degrees.transform(0.0, pole, direction="INVERSE")
        col, row = ~grid.transform @ (x, y) if np.isfinite([x, y]).all() else (np.nan, np.nan)
        if np.isfinite(col) and outline.contains(shapely.Point(col, row)):
            return box(-180, min(south, pole), 180, max(north, pole))
    return degrees


def _cut(degrees: BaseGeometry, *, tolerance: float) -> tuple[dict[str, Any], list[float]]:
    west, south, east, north = degrees.bounds
    if east - west > 180 and (west, east) != (-180, 180):
        shifted = shapely.transform(degrees, lambda at: np.where([True, False], np.where(at < 0, at + 360, at), at))
        halves = [
            shapely.intersection(shapely.make_valid(shifted), box(edge, -90, edge + 180, 90)) for edge in (0, 180)
        ]
        back = shapely.transform(halves[1], lambda at: at - [360, 0])
        degrees = shapely.union_all([halves[0], back])
        west, east = shifted.bounds[0], shifted.bounds[2] - 360
    simple = shapely.make_valid(shapely.set_precision(shapely.simplify(degrees, tolerance), 10.0**-_DECIMALS))
    bounds = [round(float(edge), _DECIMALS) for edge in (west, south, east, north)]
    return _plain(mapping(shapely.orient_polygons(simple))), bounds


def _plain(geometry: dict[str, Any]) -> dict[str, Any]:
    return {"type": geometry["type"], "coordinates": _rounded(geometry["coordinates"])}


def _rounded(coordinates: Any) -> Any:
    if isinstance(coordinates, float):
        return round(coordinates, _DECIMALS)
    return [_rounded(part) for part in coordinates]
