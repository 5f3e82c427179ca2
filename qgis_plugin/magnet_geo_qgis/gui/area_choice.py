"""The widgets for the area: a rectangle of the map, or polygons."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import QgsCoordinateTransform, QgsMapLayerProxyModel, QgsProject, QgsRasterLayer, QgsRectangle
from qgis.gui import QgsExtentWidget, QgsMapLayerComboBox
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QCheckBox, QComboBox, QStackedWidget, QVBoxLayout, QWidget

from ..core.text import tr

WHOLE, CANVAS, RECTANGLE, POLYGONS = "whole", "canvas", "rectangle", "polygons"


class AreaChoice(QWidget):
    """Whole layer, what the map shows, a rectangle, or a layer's polygons.

    Attributes:
        changed: Emitted when the area may be another one.
        hiding: Emitted with False while the user draws, and with True when done.
    """

    changed = pyqtSignal()
    hiding = pyqtSignal(bool)

    def __init__(self, canvas: Any) -> None:
        super().__init__()
        self._canvas = canvas
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.kind = QComboBox()
        for text, data in (
            (tr("Whole layer"), WHOLE),
            (tr("What the map shows"), CANVAS),
            (tr("Rectangle"), RECTANGLE),
            (tr("Polygons of a layer"), POLYGONS),
        ):
            self.kind.addItem(text, data)
        self.rectangle = QgsExtentWidget(None, QgsExtentWidget.WidgetStyle.CondensedStyle)
        self.rectangle.setMapCanvas(canvas)
        self.rectangle.toggleDialogVisibility.connect(self.hiding)
        self.rectangle.extentChanged.connect(lambda _: self.changed.emit())
        self.polygons = QgsMapLayerComboBox()
        self.polygons.setFilters(QgsMapLayerProxyModel.Filter.PolygonLayer)
        self.selected_only = QCheckBox(tr("Selected features only"))
        self._pages = QStackedWidget()
        for page in (QWidget(), self.rectangle, self._polygon_page()):
            self._pages.addWidget(page)
        layout.addWidget(self.kind)
        layout.addWidget(self._pages)
        self.kind.currentIndexChanged.connect(self._show_page)
        self._show_page()

    def extent(self, layer: QgsRasterLayer) -> Optional[QgsRectangle]:
        """Gives the rectangle in the layer's CRS; None for the whole layer or for polygons."""
        kind = self.kind.currentData()
        if kind == CANVAS:
            crs = self._canvas.mapSettings().destinationCrs()
            return self._to_layer(self._canvas.extent(), crs, layer)
        if kind == RECTANGLE and self.rectangle.isValid():
            return self._to_layer(self.rectangle.outputExtent(), self.rectangle.outputCrs(), layer)
        return None

    def polygon_layer(self) -> Any:
        """Gives the layer of polygons; None where another kind of area is chosen."""
        return self.polygons.currentLayer() if self.kind.currentData() == POLYGONS else None

    def _polygon_page(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.polygons)
        layout.addWidget(self.selected_only)
        return page

    def _show_page(self) -> None:
        kind = self.kind.currentData()
        self._pages.setCurrentIndex({RECTANGLE: 1, POLYGONS: 2}.get(kind, 0))
        self._pages.setVisible(kind in (RECTANGLE, POLYGONS))
        self.changed.emit()

    @staticmethod
    def _to_layer(extent: QgsRectangle, crs: Any, layer: QgsRasterLayer) -> QgsRectangle:
        if not crs.isValid() or not layer.crs().isValid() or crs == layer.crs():
            return extent
        return QgsCoordinateTransform(crs, layer.crs(), QgsProject.instance()).transformBoundingBox(extent)
