"""From an outline in pixels to a footprint as GeoJSON wants it: longitude and latitude on WGS 84."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from shapely.geometry import box, mapping
from shapely.geometry.base import BaseGeometry

from magnet_geo.grid import RasterGrid, follow_pixels, lattice_px, to_wgs84

_DECIMALS = 7
# What a footprint may reach beyond the pixels, so that nothing of them lies outside: chords, and rounded degrees.
_MARGIN_PX = 0.2
_TURN = 360.0


def footprint(outline: BaseGeometry, grid: RasterGrid) -> tuple[dict[str, Any], list[float]] | None:
    """Return geometry and bounding box.

    Args:
        outline: Polygons in pixel coordinates.
        grid: Where the pixels lie.

    Returns:
        A GeoJSON geometry that holds the whole outline, within longitudes of +-180 and cut at the antimeridian as
        RFC 7946 wants it, and west, south, east, north, where west is larger than east across the antimeridian; None
        without a CRS, or where the CRS has no way to WGS 84.
    """
    to_degrees = to_wgs84(grid)
    if to_degrees is None:
        return None
    wide = shapely.buffer(outline, _MARGIN_PX, join_style="mitre", mitre_limit=5.0)
    lines = follow_pixels(wide, lattice_px(grid, to_degrees, tolerance_px=_MARGIN_PX / 2))
    degrees = shapely.transform(lines, lambda pixels: _to_degrees(pixels, grid, to_degrees))
    if not np.isfinite(shapely.get_coordinates(degrees)).all():
        return None
    whole = _around_pole(degrees, wide, grid, to_degrees)
    if whole is None:
        whole = _unwrapped(degrees)
    return _cut(whole)


def _to_degrees(pixels: NDArray[np.float64], grid: RasterGrid, to_degrees: pyproj.Transformer) -> NDArray[np.float64]:
    x, y = grid.world(rows=pixels[:, 1], cols=pixels[:, 0])
    lon, lat = to_degrees.transform(x, y)
    return np.column_stack([lon, lat])


def _around_pole(
    degrees: BaseGeometry, outline: BaseGeometry, grid: RasterGrid, to_degrees: pyproj.Transformer
) -> BaseGeometry | None:
    """Around a pole, the band of latitudes that holds all of it; None elsewhere."""
    _, south, _, north = degrees.bounds
    if pyproj.CRS.from_user_input(grid.crs).is_geographic:
        return None
    for pole in (90.0, -90.0):
        x, y = to_degrees.transform(0.0, pole, direction="INVERSE")
        col, row = ~grid.transform @ (x, y) if np.isfinite([x, y]).all() else (np.nan, np.nan)
        if np.isfinite(col) and outline.intersects(shapely.Point(col, row)):
            return box(-180, min(south, pole), 180, max(north, pole))
    return None


def _unwrapped(degrees: BaseGeometry) -> BaseGeometry:
    """The same ground with longitudes that never jump: rings may reach beyond +-180."""

    def ring(line: shapely.LinearRing, near: float | None) -> NDArray[np.float64]:
        found: NDArray[np.float64] = shapely.get_coordinates(line)
        found[:, 0] = np.unwrap(found[:, 0], period=_TURN)
        if near is not None:
            found[:, 0] += _TURN * np.round((near - found[:, 0].mean()) / _TURN)
        return found

    def polygon(part: shapely.Polygon) -> BaseGeometry:
        exterior = ring(part.exterior, None)
        if abs(exterior[-1, 0] - exterior[0, 0]) > _TURN / 2:
            # It goes once around: the ground of a pole that the outline does not touch.
            return box(-180, exterior[:, 1].min(), 180, exterior[:, 1].max())
        middle = float(exterior[:, 0].mean())
        return shapely.make_valid(shapely.Polygon(exterior, [ring(hole, middle) for hole in part.interiors]))

    return shapely.union_all([polygon(part) for part in shapely.get_parts(degrees)])


def _cut(unwrapped: BaseGeometry) -> tuple[dict[str, Any], list[float]]:
    """Bring longitudes into +-180; cuts follow the meridian."""
    west, south, east, north = unwrapped.bounds
    south, north = max(south, -90.0), min(north, 90.0)
    first, last = (int(np.floor((edge + 180) / _TURN)) for edge in (west, np.nextafter(east, -np.inf)))
    parts = []
    for turn in range(first, last + 1):
        part = shapely.intersection(unwrapped, box(_TURN * turn - 180, -90, _TURN * turn + 180, 90))
        parts.append(shapely.transform(part, lambda at, by=_TURN * turn: at - [by, 0]))
    whole = shapely.union_all(parts)
    if east - west >= _TURN:
        west, east = -180.0, 180.0
    elif first == last:
        west, east = west - _TURN * first, east - _TURN * first
    elif len([part for part in parts if not part.is_empty]) > 1:
        west, east = west - _TURN * first, east - _TURN * last
    simple = shapely.make_valid(shapely.set_precision(whole, 10.0**-_DECIMALS))
    polygons = [part for part in shapely.get_parts(simple) if part.geom_type in ("Polygon", "MultiPolygon")]
    simple = shapely.union_all(polygons)
    bounds = [round(float(edge), _DECIMALS) for edge in (west, south, east, north)]
    return _plain(mapping(shapely.orient_polygons(simple))), bounds


def _plain(geometry: dict[str, Any]) -> dict[str, Any]:
    return {"type": geometry["type"], "coordinates": _rounded(geometry["coordinates"])}


def _rounded(coordinates: Any) -> Any:
    if isinstance(coordinates, float):
        return round(coordinates, _DECIMALS)
    return [_rounded(part) for part in coordinates]
