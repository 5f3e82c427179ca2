"""The classes of a result as a legend: exactly the map's values, names and colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsFillSymbol,
    QgsPalettedRasterRenderer,
    QgsProcessingLayerPostProcessorInterface,
    QgsRasterLayer,
    QgsRendererCategory,
    QgsVectorLayer,
)
from qgis.PyQt.QtGui import QColor

from ..core.model_card import MapClass

CLASS_FIELDS = ("class_value", "class_name", "value", "name")


def style_map(layer: QgsRasterLayer, classes: Sequence[MapClass]) -> None:
    """Gives a class raster its legend."""
    entries = [QgsPalettedRasterRenderer.Class(c.value, QColor(c.color), c.name) for c in classes]
    layer.setRenderer(QgsPalettedRasterRenderer(layer.dataProvider(), 1, entries))
    layer.triggerRepaint()


def style_polygons(layer: QgsVectorLayer, classes: Sequence[MapClass]) -> None:
    """Gives polygons the colours of their classes, without outlines."""
    field = next((name for name in CLASS_FIELDS if layer.fields().indexOf(name) >= 0), "")
    if not field:
        return
    by_name = field in ("class_name", "name")
    categories = []
    for found in classes:
        symbol = QgsFillSymbol.createSimple({"color": found.color, "outline_style": "no"})
        categories.append(QgsRendererCategory(found.name if by_name else found.value, symbol, found.name))
    layer.setRenderer(QgsCategorizedSymbolRenderer(field, categories))
    layer.triggerRepaint()


class ClassStyler(QgsProcessingLayerPostProcessorInterface):
    """Styles a result when Processing loads it. Processing keeps no reference: `kept` does."""

    kept: ClassVar[list[ClassStyler]] = []

    def __init__(self, classes: Sequence[MapClass]) -> None:
        super().__init__()
        self._classes = tuple(classes)

    @classmethod
    def create(cls, classes: Sequence[MapClass]) -> ClassStyler:
        """Gives a styler that lives until it has done its work."""
        styler = cls(classes)
        cls.kept.append(styler)
        return styler

    def postProcessLayer(self, layer, context, feedback):  # noqa: D102
        if isinstance(layer, QgsRasterLayer):
            style_map(layer, self._classes)
        elif isinstance(layer, QgsVectorLayer):
            style_polygons(layer, self._classes)
        if self in ClassStyler.kept:
            ClassStyler.kept.remove(self)
