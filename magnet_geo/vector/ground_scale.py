"""`GroundScale`: how large pixels and steps between corners are on the ground, for any CRS."""

from __future__ import annotations

import numpy as np
import pyproj
from numpy.typing import NDArray

from magnet_geo.grid import RasterGrid

Floats = NDArray[np.float64]

_NODE_ROWS, _NODE_COLUMNS = 513, 129


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
    """East and north parts, in metres, of the step from (-d_row, -d_col) to (d_row, d_col) around each node."""
    crs = pyproj.CRS.from_user_input(grid.crs)
    x0, y0 = grid.world(rows=rows - d_row, cols=cols - d_col)
    x1, y1 = grid.world(rows=rows + d_row, cols=cols + d_col)
    geod = crs.get_geod()
    if geod is None or crs.geodetic_crs is None:
        metres = crs.axis_info[0].unit_conversion_factor if crs.axis_info else 1.0
        return (x1 - x0) * metres, (y1 - y0) * metres
    to_degrees = pyproj.Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    lon0, lat0 = to_degrees.transform(x0, y0)
    lon1, lat1 = to_degrees.transform(x1, y1)
    lost = ~(np.isfinite(lon0) & np.isfinite(lon1))
    lon0, lat0, lon1, lat1 = (np.where(lost, 0.0, values) for values in (lon0, lat0, lon1, lat1))
    azimuth, _, length = geod.inv(lon0, lat0, lon1, lat1)
    length = np.where(lost, np.nan, length)
    angle = np.radians(azimuth)
    return length * np.sin(angle), length * np.cos(angle)


def _filled(field: Floats) -> Floats:
    """Nodes beyond the reach of the projection take a middling value; no valid pixel should lie there."""
    lost = ~np.isfinite(field)
    if not lost.any():
        return field
    return np.where(lost, 0.0 if lost.all() else np.nanmedian(np.where(lost, np.nan, field)), field)
