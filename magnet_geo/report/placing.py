"""Where a map lies, for people: scale bar, shape on the ground, corner coordinates, name of the CRS."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log10

import numpy as np
import pyproj

from magnet_geo.grid import RasterGrid
from magnet_geo.grid.geographic import ToDegrees
from magnet_geo.report.contents import ScaleBar
from magnet_geo.report.wording import length_text, nice_length

_BAR_SHARE = 0.25
_KNOTS = 33


@dataclass(frozen=True, slots=True)
class GroundSize:
    """Length of a raster's middle row and column on the ground, in metres."""

    across_m: float
    down_m: float


def ground_size(grid: RasterGrid) -> GroundSize | None:
    """Measures a raster on the ellipsoid; None where nothing is known of the ground."""
    if grid.crs is None:
        return None
    steps = np.linspace(0.0, 1.0, _KNOTS)
    middle = np.full(_KNOTS, 0.5)
    try:
        to_degrees = ToDegrees(grid.crs)
    except ValueError:
        return GroundSize(grid.width * grid.nominal_pixel_m, grid.height * grid.nominal_pixel_m)
    lengths = []
    for across, down in ((steps, middle), (middle, steps)):
        lon, lat = to_degrees(*grid.world(rows=down * grid.height, cols=across * grid.width))
        if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
            return None
        lengths.append(float(to_degrees.geod.line_length(lon, lat)))
    return GroundSize(*lengths) if min(lengths) > 0 else None


def scale_bar(size: GroundSize | None) -> ScaleBar | None:
    """Return a bar of at most a quarter of the picture."""
    if size is None:
        return None
    length = nice_length(_BAR_SHARE * size.across_m)
    return ScaleBar(size.across_m, length / size.across_m, length_text(length))


def crs_name(grid: RasterGrid) -> str:
    """Return the name of the CRS with its code."""
    if grid.crs is None:
        return "pixel coordinates, no CRS"
    authority = grid.crs.to_authority()
    name = pyproj.CRS.from_user_input(grid.crs).name
    return f"{name} ({':'.join(authority)})" if authority else name


def corner_text(grid: RasterGrid, *, row: int, col: int) -> str:
    """Return the coordinates of a pixel corner; empty without a CRS."""
    if grid.crs is None:
        return ""
    x, y = (float(part[0]) for part in grid.world(rows=np.array([float(row)]), cols=np.array([float(col)])))
    decimals = coordinate_decimals(grid)
    return f"{x:.{decimals}f}, {y:.{decimals}f}"


def coordinate_decimals(grid: RasterGrid) -> int:
    """Return the decimals that tell neighboring pixels apart, and no more."""
    t = grid.transform
    step = max(abs(t.a), abs(t.b), abs(t.d), abs(t.e))
    return max(0, min(9, ceil(-log10(step))))
