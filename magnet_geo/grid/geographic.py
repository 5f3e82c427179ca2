"""`ToDegrees`: from the coordinates of any CRS to longitude and latitude on its own ellipsoid."""

from __future__ import annotations

import numpy as np
import pyproj
from numpy.typing import NDArray
from rasterio.crs import CRS

_Numbers = NDArray[np.float64]


class ToDegrees:
    """Turns world coordinates into degrees without leaving the datum, so that nothing is shifted.

    Attributes:
        crs: The projected or geographic CRS.
        geod: Its ellipsoid.
    """

    def __init__(self, crs: CRS) -> None:
        """Prepare for a CRS.

        Args:
            crs: Projected or geographic.

        Raises:
            ValueError: It has no ellipsoid, or no way to longitude and latitude.
        """
        self.crs = pyproj.CRS.from_user_input(crs)
        geod, geographic = self.crs.get_geod(), self.crs.geodetic_crs
        if geod is None or geographic is None or not geographic.is_geographic:
            raise ValueError(f"'{self.crs.name}' has no ellipsoid to measure on.")
        self.geod = geod
        self._transformer = pyproj.Transformer.from_crs(self.crs, geographic, always_xy=True)
        # Some systems count in grads, such as the older French ones.
        self._degrees_per_unit = float(np.degrees(geographic.axis_info[0].unit_conversion_factor))

    def __call__(self, x: _Numbers, y: _Numbers) -> tuple[_Numbers, _Numbers]:
        """Longitude and latitude.

        Args:
            x: World x, any shape.
            y: World y, likewise.

        Returns:
            Longitude, counted from the CRS's own prime meridian, and latitude, in degrees; infinite where the
            projection has no inverse.
        """
        lon, lat = self._transformer.transform(x, y)
        return np.asarray(lon) * self._degrees_per_unit, np.asarray(lat) * self._degrees_per_unit
