"""What a polygon layer holds, as a record."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class ClassPolygons(_Record):
    """The polygons of one class.

    Attributes:
        value: Class value.
        name: Class name.
        color: ``#rrggbb``.
        features: How many.
        area_m2: Their area on the ellipsoid; null without a CRS.
    """

    value: int
    name: str
    color: str
    features: int
    area_m2: float | None


class PolygonsResult(_Record):
    """The outcome of ``magnet-geo polygonize``.

    Attributes:
        polygons: Absolute path of the layer.
        layer: Name of the layer.
        style: Absolute path of the QGIS style beside it, or null.
        features: How many features it has.
        vertices: How many corners they have together, those on shared borders twice.
        merged_patches: Patches that took another class because of the minimum mapping unit.
        classes: Classes with features, by value.
        seconds: Wall time.
        warnings: Sentences for the user.
    """

    polygons: str
    layer: str
    style: str | None
    features: int
    vertices: int
    merged_patches: int
    classes: tuple[ClassPolygons, ...]
    seconds: float
    warnings: tuple[str, ...]
