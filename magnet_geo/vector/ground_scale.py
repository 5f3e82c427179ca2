"""`GroundScale`: how large pixels and steps between corners are on the ground, for any CRS."""

from __future__ import annotations

import numpy as np
import pyproj
from numpy.typing import NDArray

from magnet_geo.grid import RasterGrid
from magnet_geo.grid.geographic import ToDegrees

Floats = NDArray[np.float64]

_NODE_ROWS, _NODE_COLUMNS = 513, 129
_STEP_M = 20.0


class GroundScale:
    """Sizes measured on the ellipsoid at the nodes of a lattice over the raster, and interpolated between them.

    At each node the two sides of a pixel are measured as geodesics. With half a thousand rows of nodes the error of
    the interpolation is below 1e-5, also for a raster of the whole Earth in degrees.
    """

    def __init__(self, grid: RasterGrid) -> None:
        """Measure the lattice.

        Args:
            grid: A grid with a CRS.

        Raises:
            ValueError: The grid has no CRS.
        """
        if grid.crs is None:
            raise ValueError("Sizes on the ground need a coordinate reference system.")
        self._rows = _nodes(grid.height, _NODE_ROWS)
        self._cols = _nodes(grid.width, _NODE_COLUMNS)
        rows, cols = np.meshgrid(self._rows, self._cols, indexing="ij")
        along_row = _ground_steps(grid, rows, cols, d_row=0.0, d_col=0.5)
        along_col = _ground_steps(grid, rows, cols, d_row=0.5, d_col=0.0)
        self._areas = _filled(np.abs(along_row[0] * along_col[1] - along_row[1] * along_col[0]))
        # The metric tensor: squared length of a step of (dc, dr) pixels is E dc^2 + 2 F dc dr + G dr^2.
        self._metric = [
            _filled(first[0] * second[0] + first[1] * second[1])
            for first, second in ((along_row, along_row), (along_row, along_col), (along_col, along_col))
        ]

    def pixel_areas_m2(self, *, rows: Floats, cols: Floats) -> Floats:
        """Area of a pixel at each position, in square metres."""
        return self._interpolate([self._areas], rows, cols)[0]

    def step_lengths_m(self, *, rows: Floats, cols: Floats, d_rows: Floats, d_cols: Floats) -> Floats:
        """Length of straight steps around each position, in metres.

        Args:
            rows: Middle of each step.
            cols: Likewise.
            d_rows: Rows of each step.
            d_cols: Columns of each step.
        """
        e, f, g = self._interpolate(self._metric, rows, cols)
        return np.sqrt(np.maximum(e * d_cols**2 + 2 * f * d_cols * d_rows + g * d_rows**2, 0.0))

    def metres_per_pixel(self, *, row: float, col: float) -> tuple[float, float]:
        """Height and width of a pixel at a position."""
        e, _, g = self._interpolate(self._metric, np.array([row]), np.array([col]))
        return float(np.sqrt(g[0])), float(np.sqrt(e[0]))

    def _interpolate(self, fields: list[Floats], rows: Floats, cols: Floats) -> list[Floats]:
        row, down = _cell(self._rows, rows)
        col, right = _cell(self._cols, cols)
        place, width = row * self._cols.size + col, self._cols.size
        found = []
        for field in fields:
            flat = field.ravel()
            upper = flat[place] * (1 - right) + flat[place + 1] * right
            lower = flat[place + width] * (1 - right) + flat[place + width + 1] * right
            found.append(upper * (1 - down) + lower * down)
        return found


def _nodes(pixels: int, most: int) -> Floats:
    """Positions of nodes, from the middle of the first pixel to that of the last; at least two."""
    if pixels == 1:
        return np.array([0.5, 1.5])
    return np.linspace(0.5, pixels - 0.5, min(pixels, most))


def _cell(nodes: Floats, positions: Floats) -> tuple[NDArray[np.int64], Floats]:
    """The node before each position and the share of the way to the next one."""
    steps = (positions - nodes[0]) / (nodes[1] - nodes[0])
    cell = np.clip(steps.astype(np.int64), 0, nodes.size - 2)
    return cell, steps - cell


def _ground_steps(grid: RasterGrid, rows: Floats, cols: Floats, *, d_row: float, d_col: float) -> tuple[Floats, Floats]:
    """East and north parts, in metres, of a step of one pixel around each node."""
    # Long enough that rounding does not matter where pixels are small; never beyond the raster where they are large.
    reach = max(1.0, min(_STEP_M / (grid.ground_sample_distance_m or _STEP_M), 64.0))
    x0, y0 = grid.world(rows=rows - d_row * reach, cols=cols - d_col * reach)
    x1, y1 = grid.world(rows=rows + d_row * reach, cols=cols + d_col * reach)
    try:
        to_degrees = ToDegrees(grid.crs)
    except ValueError:
        axes = pyproj.CRS.from_user_input(grid.crs).axis_info
        metres = axes[0].unit_conversion_factor if axes else 1.0
        return (x1 - x0) * metres / reach, (y1 - y0) * metres / reach
    lon0, lat0 = to_degrees(x0, y0)
    lon1, lat1 = to_degrees(x1, y1)
    lost = ~(np.isfinite(lon0) & np.isfinite(lon1))
    lon0, lat0, lon1, lat1 = (np.where(lost, 0.0, values) for values in (lon0, lat0, lon1, lat1))
    azimuth, _, length = to_degrees.geod.inv(lon0, lat0, lon1, lat1)
    length, angle = np.where(lost, np.nan, length) / reach, np.radians(azimuth)
    return length * np.sin(angle), length * np.cos(angle)


def _filled(field: Floats) -> Floats:
    """Nodes beyond the reach of the projection take a middling value; no valid pixel should lie there."""
    lost = ~np.isfinite(field)
    if not lost.any():
        return field
    return np.where(lost, 0.0 if lost.all() else np.nanmedian(np.where(lost, np.nan, field)), field)
