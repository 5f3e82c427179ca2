"""True areas of pixels, on the ellipsoid, for any CRS."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pyproj
from numpy.typing import NDArray

from magnet_geo.grid.geographic import ToDegrees
from magnet_geo.grid.pixel_rect import PixelRect
from magnet_geo.grid.raster_grid import RasterGrid

_Numbers = NDArray[np.float64]

# Pixels are measured at knots this far apart and interpolated between them.
_CELL_M = 5000.0
# What the equal-area projections themselves are good for.
_PROJECTION_ERROR = 1e-8


class PixelAreas:
    """Area of pixels on the ground, measured in an equal-area projection of the CRS's own ellipsoid.

    Rows of a raster in degrees are measured one by one. Elsewhere pixels are measured at knots 5 km apart, which takes
    the projection's areal distortion into account, and interpolated between them; how good that is, is measured too.
    A CRS without an ellipsoid is a plane.

    Attributes:
        relative_error: Largest relative error of a pixel's area found so far.
        areal_scale: Smallest and largest ratio found so far of a pixel's area in the CRS to that on the ground; None
            for degrees and planes.
    """

    def __init__(self, grid: RasterGrid) -> None:
        """Prepare for a grid.

        Args:
            grid: A grid with a CRS.

        Raises:
            ValueError: The grid has no CRS.
        """
        gsd_m = grid.ground_sample_distance_m
        if grid.crs is None or gsd_m is None:
            raise ValueError("Areas on the ground need a coordinate reference system.")
        self._grid, self._plane_m2 = grid, gsd_m**2
        self._to_degrees = _to_degrees_or_none(grid)
        self._row_areas = _areas_by_row(grid, self._to_degrees)
        self._cell = max(1, round(_CELL_M / gsd_m))
        self.relative_error = 0.0 if self._to_degrees is None else _PROJECTION_ERROR
        self.areal_scale: tuple[float, float] | None = None

    @property
    def ellipsoid(self) -> str | None:
        """Name of the ellipsoid; None for a plane."""
        found = None if self._to_degrees is None else self._to_degrees.crs.ellipsoid
        return None if found is None else str(found.name)

    def areas_m2(self, rect: PixelRect) -> _Numbers:
        """Area of each pixel of a rectangle.

        Args:
            rect: A rectangle of the grid.

        Returns:
            (h, w) float64 square metres; NaN where the projection shows no part of the Earth.
        """
        if self._to_degrees is None:
            return np.full((rect.height, rect.width), self._plane_m2)
        if self._row_areas is not None:
            rows = self._row_areas[rect.row : rect.row_stop, None]
            return np.broadcast_to(rows, (rect.height, rect.width))
        return self._interpolated(rect)

    def class_areas_m2(self, values: NDArray[np.uint8], rect: PixelRect) -> _Numbers:
        """Area of each pixel value within a rectangle.

        Args:
            values: (h, w) uint8.
            rect: Where they lie in the grid.

        Returns:
            (256,) float64 square metres by pixel value.
        """
        sums = np.bincount(values.ravel(), weights=self.areas_m2(rect).ravel(), minlength=256)
        return sums.astype(np.float64, copy=False)

    def _interpolated(self, rect: PixelRect) -> _Numbers:
        rows, cols = self._knots(rect.row, rect.row_stop), self._knots(rect.col, rect.col_stop)
        with np.errstate(invalid="ignore"):
            knots = self._measured(rows, cols)
            self._note_error(knots, self._measured(_middles(rows), _middles(cols)))
        row_weights = _weights(rows, rect.row + 0.5 + np.arange(rect.height, dtype=np.float64))
        col_weights = _weights(cols, rect.col + 0.5 + np.arange(rect.width, dtype=np.float64))
        areas = np.asarray(row_weights @ knots @ col_weights.T)
        self._note_scale(areas)
        return areas

    def _knots(self, start: int, stop: int) -> _Numbers:
        """Knots of one axis from before ``start`` to behind ``stop``, the same ones for every rectangle."""
        first, last = start // self._cell, -(-stop // self._cell)
        return np.arange(first, last + 1, dtype=np.float64) * self._cell

    def _measured(self, rows: _Numbers, cols: _Numbers) -> _Numbers:
        """(R, C) pixel areas at positions: the Jacobian of grid to equal-area plane, by central differences."""
        if self._to_degrees is None:
            raise AssertionError("a plane has no distortion to measure")
        reach = self._cell / 2
        steps = np.array([[0.0, -reach], [0.0, reach], [-reach, 0.0], [reach, 0.0]])
        all_rows = rows[None, :, None] + steps[:, 0, None, None] + np.zeros((1, 1, len(cols)))
        all_cols = cols[None, None, :] + steps[:, 1, None, None] + np.zeros((1, len(rows), 1))
        lon, lat = self._to_degrees(*self._grid.world(rows=all_rows, cols=all_cols))
        x, y = self._equal_area(lon, lat)(lon, lat)
        left, right, above, below = np.stack([np.asarray(x), np.asarray(y)], axis=1)
        across, down = right - left, below - above
        areas = np.abs(across[0] * down[1] - across[1] * down[0]) / self._cell**2
        return np.where(np.isfinite(areas), areas, np.nan)

    def _equal_area(self, lon: _Numbers, lat: _Numbers) -> pyproj.Proj:
        """An equal-area projection of the ellipsoid that touches it near by."""
        finite = np.isfinite(lon) & np.isfinite(lat)
        if self._to_degrees is None or not finite.any():
            return _azimuthal(0, 0, 1.0, 1.0)
        geod = self._to_degrees.geod
        return _azimuthal(round(lon[finite].flat[0]), round(lat[finite].flat[0]), float(geod.a), float(geod.b))

    def _note_error(self, knots: _Numbers, middles: _Numbers) -> None:
        interpolated = (knots[:-1, :-1] + knots[1:, :-1] + knots[:-1, 1:] + knots[1:, 1:]) / 4
        found = float(np.fmax.reduce(np.abs(interpolated / middles - 1), axis=None))
        if np.isfinite(found):
            self.relative_error = max(self.relative_error, found)

    def _note_scale(self, areas: _Numbers) -> None:
        smallest, largest = float(np.fmin.reduce(areas, axis=None)), float(np.fmax.reduce(areas, axis=None))
        if np.isfinite(smallest) and smallest > 0:
            nominal = self._grid.nominal_pixel_m**2
            low, high = self.areal_scale or (np.inf, 0.0)
            self.areal_scale = min(low, nominal / largest), max(high, nominal / smallest)


def _to_degrees_or_none(grid: RasterGrid) -> ToDegrees | None:
    try:
        return None if grid.crs is None else ToDegrees(grid.crs)
    except ValueError:
        return None


def _areas_by_row(grid: RasterGrid, to_degrees: ToDegrees | None) -> _Numbers | None:
    """(height,) areas of the pixels of each row, where rows are parallels; None elsewhere."""
    t = grid.transform
    if to_degrees is None or not to_degrees.crs.is_geographic or t.b != 0 or t.d != 0:
        return None
    edges = np.arange(grid.height + 1, dtype=np.float64)
    lon, lat = to_degrees(*grid.world(rows=edges, cols=np.zeros_like(edges)))
    beside, _ = to_degrees(*grid.world(rows=edges[:1], cols=np.ones(1)))
    plane = pyproj.Proj(proj="cea", a=to_degrees.geod.a, b=to_degrees.geod.b)
    # A raster registered at pixel centers reaches half a pixel beyond the pole.
    _, y = plane(np.zeros_like(lat), np.clip(lat, -90, 90))
    metres_per_degree, _ = plane(1.0, 0.0)
    return np.asarray(np.abs(np.diff(y)) * metres_per_degree * abs(float(beside[0]) - float(lon[0])))


@lru_cache(maxsize=64)
def _azimuthal(lon: int, lat: int, a: float, b: float) -> pyproj.Proj:
    return pyproj.Proj(proj="laea", lon_0=lon, lat_0=lat, a=a, b=b)


def _middles(knots: _Numbers) -> _Numbers:
    return (knots[:-1] + knots[1:]) / 2


def _weights(knots: _Numbers, positions: _Numbers) -> _Numbers:
    """(n, K) weights that interpolate linearly from K equally spaced knots."""
    places = (positions - knots[0]) / (knots[1] - knots[0])
    return np.asarray(np.maximum(0, 1 - np.abs(places[:, None] - np.arange(len(knots))[None, :])))
