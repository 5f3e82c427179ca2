"""A raster layer as the engine's input: its file where it has one, an export of it where it has none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsProviderRegistry,
    QgsRasterDataProvider,
    QgsRasterLayer,
    QgsRectangle,
)

from ..core.segment_request import Box, SceneSource
from ..core.text import tr


@dataclass
class RasterInput:
    """Facts of a layer, taken in the main thread and used in another.

    Attributes:
        name: Of the layer.
        scene: What the engine opens; None where the layer must be exported.
        provider: Copy of its provider, for the export alone; None where it has none.
        crs: Of the layer, as the user set it.
        extent: Of the layer, in its CRS.
        columns: Its width in pixels; 0 where it has none of its own.
        is_web: Whether it comes from a map service.
    """

    name: str
    scene: Optional[SceneSource]
    provider: Optional[QgsRasterDataProvider]
    crs: QgsCoordinateReferenceSystem
    extent: QgsRectangle
    columns: int
    is_web: bool

    @property
    def export_reason(self) -> str:
        """Why it is exported, for the log; empty where it is not."""
        if self.scene is not None:
            return ""
        if self.is_web:
            return tr("'{name}' is a map service: its pictures are read for the area. Mind its terms of use.").format(
                name=self.name
            )
        return self.unreadable_text

    @property
    def unreadable_text(self) -> str:
        """What is said of a layer that only QGIS can read."""
        return tr("'{name}' is not a file that the engine can open: it is exported first.").format(name=self.name)


WEB_PROVIDERS = frozenset({"wms", "wcs", "arcgismapserver", "vectortile"})


def describe_layer(layer: QgsRasterLayer) -> RasterInput:
    """Gives the facts of a layer. Call it in the main thread: it touches the layer."""
    provider = layer.dataProvider()
    return RasterInput(
        name=layer.name(),
        scene=_direct_source(layer),
        provider=None if provider is None else provider.clone(),
        crs=layer.crs(),
        extent=layer.extent(),
        columns=layer.width(),
        is_web=layer.providerType() in WEB_PROVIDERS,
    )


def crs_text(crs: QgsCoordinateReferenceSystem) -> str:
    """Gives a CRS as the engine reads it: a code, else WKT; empty for none."""
    if not crs.isValid():
        return ""
    code = crs.authid()
    return (
        code if code and not code.startswith("USER:") else crs.toWkt(QgsCoordinateReferenceSystem.WktVariant.WKT2_2019)
    )


def box_of(extent: Optional[QgsRectangle], source: RasterInput) -> Optional[Box]:
    """Gives a rectangle in the layer's CRS for the engine; None for the whole layer.

    Raises:
        ValueError: The rectangle does not meet the layer.
    """
    if extent is None or extent.isNull() or extent.isEmpty() or extent.contains(source.extent):
        return None
    if not extent.intersects(source.extent):
        raise ValueError(tr("The area does not meet the layer '{name}'; choose another one.").format(name=source.name))
    inside = extent.intersect(source.extent)
    return Box(inside.xMinimum(), inside.yMinimum(), inside.xMaximum(), inside.yMaximum(), crs_text(source.crs))


def _direct_source(layer: QgsRasterLayer) -> Optional[SceneSource]:
    if layer.providerType() != "gdal":
        return None
    source = layer.source()
    parts = QgsProviderRegistry.instance().decodeUri("gdal", source)
    path = source.split("|option:")[0]
    # The engine knows neither QGIS's memory nor its password store.
    if path.startswith("/vsimem/") or parts.get("authcfg") or "|authcfg=" in source:
        return None
    options = tuple(str(option) for option in parts.get("openOptions") or ())
    own = layer.dataProvider().crs()
    assigned = crs_text(layer.crs()) if layer.crs().isValid() and layer.crs() != own else ""
    return SceneSource(path, options, assigned)
