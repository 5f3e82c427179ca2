"""A grid as plain numbers, for records that leave the program."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from magnet_geo.grid import RasterGrid


class GridRecord(BaseModel):
    """Georeference of the result.

    Attributes:
        crs: As ``AUTHORITY:CODE`` or WKT; null for pixel coordinates.
        transform: The six numbers of the affine transform, in rasterio's order.
        width: Columns.
        height: Rows.
    """

    model_config = ConfigDict(frozen=True)

    crs: str | None
    transform: tuple[float, float, float, float, float, float]
    width: int
    height: int


def grid_record(grid: RasterGrid) -> GridRecord:
    """Return a grid in plain numbers."""
    crs = None
    if grid.crs is not None:
        authority = grid.crs.to_authority()
        crs = ":".join(authority) if authority else grid.crs.to_wkt()
    t = grid.transform
    return GridRecord(crs=crs, transform=(t.a, t.b, t.c, t.d, t.e, t.f), width=grid.width, height=grid.height)
