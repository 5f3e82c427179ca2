"""`RasterGrid`: where the pixels of a raster lie on the Earth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyproj
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS

from magnet_geo.grid.geographic import ToDegrees
from magnet_geo.grid.pixel_rect import PixelRect, Size


@dataclass(frozen=True)
class RasterGrid:
    """Georeference of a raster; rotated and sheared transforms are allowed.

    Attributes:
        crs: Coordinate reference system, or None for plain pixel coordinates.
        transform: Pixel (col, row) to world (x, y), as in GDAL.
        width: Columns.
        height: Rows.
    """

    crs: CRS | None
    transform: Affine
    width: int
    height: int

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise ValueError(f"A grid needs at least one pixel, not {self.width} x {self.height}.")
        if self.transform.is_degenerate:
            raise ValueError(f"The transform {tuple(self.transform)[:6]} maps pixels onto a line.")

    @property
    def size(self) -> Size:
        """Height and width."""
        return Size(self.height, self.width)

    @property
    def rect(self) -> PixelRect:
        """The whole raster as a rectangle of pixels."""
        return PixelRect(0, 0, self.height, self.width)

    def window_transform(self, rect: PixelRect) -> Affine:
        """Return the transform of a raster that begins at the corner of ``rect``."""
        return self.transform @ Affine.translation(rect.col, rect.row)

    def world(self, *, rows: NDArray[np.float64], cols: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
        """World coordinates of pixel positions; whole numbers are pixel corners.

        Returns:
            x and y, float64, shaped as the input.
        """
        t = self.transform
        return t.a * cols + t.b * rows + t.c, t.d * cols + t.e * rows + t.f

    @cached_property
    def ground_sample_distance_m(self) -> float | None:
        """Side of a pixel on the ground at the middle of the raster, in metres.

        Geometric mean of the two pixel sides, measured on the ellipsoid, so that degrees and
        the stretch of a projection (Web Mercator) do not count. None without a CRS.
        """
        if self.crs is None:
            return None
        try:
            to_degrees = ToDegrees(self.crs)
        except ValueError:
            return self.nominal_pixel_m
        rows = self.height / 2 + np.array([-0.5, 0.5, 0.0, 0.0])
        cols = self.width / 2 + np.array([0.0, 0.0, -0.5, 0.5])
        lon, lat = to_degrees(*self.world(rows=rows, cols=cols))
        if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
            return self.nominal_pixel_m
        _, _, sides = to_degrees.geod.inv(lon[[0, 2]], lat[[0, 2]], lon[[1, 3]], lat[[1, 3]])
        return float(np.sqrt(sides[0] * sides[1]))

    @property
    def nominal_pixel_m(self) -> float:
        """Side of a pixel as the CRS counts it, in metres; pixels themselves where there is no CRS."""
        axes = pyproj.CRS.from_user_input(self.crs).axis_info if self.crs is not None else []
        metres_per_unit = axes[0].unit_conversion_factor if axes else 1.0
        return float(np.sqrt(abs(self.transform.determinant)) * metres_per_unit)
