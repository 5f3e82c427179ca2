"""`AreaOfInterest`: which pixels of a scene are mapped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pyproj
import shapely
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.features import geometry_mask
from shapely.geometry.base import BaseGeometry

from magnet_geo.errors import AreaOfInterestError
from magnet_geo.grid import PixelRect, RasterGrid, lines_on_grid
from magnet_geo.raster.gdal_environment import opening
from magnet_geo.scene.options import Area

_NAMED_LAYERS = 5


@dataclass(frozen=True, slots=True, eq=False)
class AreaOfInterest:
    """Polygons over a scene; a pixel is inside where its center is.

    Attributes:
        grid: The scene's grid.
        geometry: Polygons in the grid's CRS; None for the whole scene.
        rect: Pixels that may be inside.
    """

    grid: RasterGrid
    geometry: BaseGeometry | None
    rect: PixelRect

    @classmethod
    def whole(cls, grid: RasterGrid) -> AreaOfInterest:
        """Everything."""
        return cls(grid, None, grid.rect)

    @classmethod
    def of(cls, area: Area | None, grid: RasterGrid) -> AreaOfInterest:
        """Return the pixels an option asks for.

        Raises:
            AreaOfInterestError: It cannot be read, is empty, or misses the scene.
        """
        if area is None:
            return cls.whole(grid)
        geometry = _box(area, grid) if area.bounds is not None else _polygons(area.vector or Path(), grid)
        rect = _covering_rect(geometry, grid)
        if rect is None:
            what = f"'{area.vector}'" if area.vector else "given as a box"
            raise AreaOfInterestError(
                f"The area of interest {what} (bounds {_bounds_text(geometry)}) misses the scene (bounds "
                f"{_bounds_text(_outline(grid, grid.rect))}); check its coordinates and its CRS."
            )
        shapely.prepare(geometry)
        return cls(grid, geometry, rect)

    def inside(self, rect: PixelRect) -> NDArray[np.bool_]:
        """Return which pixels of a rectangle are inside: (h, w) boolean."""
        if self.geometry is None:
            return np.ones((rect.height, rect.width), np.bool_)
        # Most windows of a long or scattered area see nothing of it.
        if not self.geometry.intersects(_outline(self.grid, rect)):
            return np.zeros((rect.height, rect.width), np.bool_)
        # Rasterizing opens a raster in memory, with a warning where pixel coordinates are the grid's.
        with opening():
            inside: NDArray[np.bool_] = geometry_mask(
                [self.geometry],
                out_shape=(rect.height, rect.width),
                transform=self.grid.window_transform(rect),
                invert=True,
            )
        return inside


def _box(area: Area, grid: RasterGrid) -> BaseGeometry:
    left, bottom, right, top = area.bounds or (0, 0, 0, 0)
    if not (left < right and bottom < top) and not (grid.crs is None and left < right and bottom != top):
        raise AreaOfInterestError(
            f"The box {left:g},{bottom:g},{right:g},{top:g} is empty; give left, bottom, right, top in this order."
        )
    box = shapely.box(left, min(bottom, top), right, max(bottom, top))
    if area.bounds_crs is None or area.bounds_crs == grid.crs:
        return box
    return _to_grid(gpd.GeoSeries([box], crs=area.bounds_crs), grid, "the box")


def _polygons(path: Path, grid: RasterGrid) -> BaseGeometry:
    # A GeoPackage may hold styles and other tables beside its layer.
    with _vector_errors(path):
        layers = [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None]
    if len(layers) > 1:
        named = ", ".join(layers[:_NAMED_LAYERS]) + (", ..." if len(layers) > _NAMED_LAYERS else "")
        raise AreaOfInterestError(
            f"The area of interest '{path}' has {len(layers)} layers ({named}); export the one you mean to a file of "
            "its own."
        )
    with _vector_errors(path):
        geometries = gpd.read_file(path, layer=layers[0]).geometry.dropna() if layers else gpd.GeoSeries([])
    polygons = geometries[geometries.geom_type.isin(["Polygon", "MultiPolygon"])]
    if not np.isfinite(shapely.get_coordinates(polygons.array)).all():
        raise AreaOfInterestError(
            f"A polygon of the area of interest '{path}' has a corner that is no number or infinite; repair the layer."
        )
    if polygons.empty:
        raise AreaOfInterestError(f"'{path}' holds no polygons; the area of interest needs at least one.")
    return _to_grid(polygons, grid, f"'{path}'")


@contextmanager
def _vector_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, RuntimeError, shapely.errors.ShapelyError) as error:
        # pyogrio adds a hint for programmers after a semicolon.
        detail = str(error).split(";")[0].strip().rstrip(".")
        raise AreaOfInterestError(
            f"The area of interest '{path}' cannot be read as a vector file ({detail}); give a GeoPackage, GeoJSON or "
            "Shapefile."
        ) from error


def _to_grid(polygons: gpd.GeoSeries, grid: RasterGrid, what: str) -> BaseGeometry:
    if polygons.crs is not None and grid.crs is None and grid.transform.is_identity:
        raise AreaOfInterestError(
            f"The area of interest {what} has a CRS but the scene is in pixel coordinates; give a box in pixels, or "
            "georeference the scene first."
        )
    if polygons.crs is not None and grid.crs is None:
        raise AreaOfInterestError(
            f"The area of interest {what} has a CRS but the scene has none; name the scene's with `crs`."
        )
    if polygons.crs is not None and polygons.crs != grid.crs:
        wanted = CRS.from_user_input(grid.crs).to_wkt()
        to_grid = pyproj.Transformer.from_crs(polygons.crs, wanted, always_xy=True)
        polygons = gpd.GeoSeries(lines_on_grid(np.asarray(polygons.array), grid, to_grid), crs=wanted)
        if not np.isfinite(shapely.get_coordinates(polygons.array)).all():
            raise AreaOfInterestError(
                f"The area of interest {what} lies where the scene's CRS shows nothing; check its coordinates and its "
                "CRS."
            )
    union = polygons.make_valid().union_all()
    if union.is_empty or not np.isfinite(union.bounds).all():
        raise AreaOfInterestError(f"The area of interest {what} cannot be brought to the scene's CRS.")
    return union


def _covering_rect(geometry: BaseGeometry, grid: RasterGrid) -> PixelRect | None:
    common = shapely.intersection(geometry, _outline(grid, grid.rect))
    if common.is_empty or common.area == 0:
        return None
    to_pixels = ~grid.transform
    corners = shapely.get_coordinates(common)
    cols = to_pixels.a * corners[:, 0] + to_pixels.b * corners[:, 1] + to_pixels.c
    rows = to_pixels.d * corners[:, 0] + to_pixels.e * corners[:, 1] + to_pixels.f
    row, col = max(0, int(np.floor(rows.min()))), max(0, int(np.floor(cols.min())))
    row_stop, col_stop = min(grid.height, int(np.ceil(rows.max()))), min(grid.width, int(np.ceil(cols.max())))
    return PixelRect(row, col, max(1, row_stop - row), max(1, col_stop - col))


def _outline(grid: RasterGrid, rect: PixelRect) -> BaseGeometry:
    rows = np.array([rect.row, rect.row, rect.row_stop, rect.row_stop], dtype=np.float64)
    cols = np.array([rect.col, rect.col_stop, rect.col_stop, rect.col], dtype=np.float64)
    return shapely.Polygon(np.column_stack(grid.world(rows=rows, cols=cols)))


def _bounds_text(geometry: BaseGeometry) -> str:
    return ", ".join(f"{value:.9g}" for value in geometry.bounds)
