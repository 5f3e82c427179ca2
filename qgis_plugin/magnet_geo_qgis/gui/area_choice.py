"""The widgets for the area: a rectangle of the map, or polygons."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import (
    QgsCoordinateTransform,
    QgsMapLayerProxyModel,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.gui import QgsExtentWidget, QgsMapLayerComboBox
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QCheckBox, QComboBox, QStackedWidget, QVBoxLayout, QWidget

from ..core.text import tr
from ..layers.area import AreaPolygons, describe_polygons

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
        self._watched: set[str] = set()
        self.polygons.layerChanged.connect(self._watch_selection)
        self.selected_only.toggled.connect(lambda _: self.changed.emit())
        canvas.extentsChanged.connect(self._canvas_moved)
        self._pages = QStackedWidget()
        for page in (QWidget(), self.rectangle, self._polygon_page()):
            self._pages.addWidget(page)
        layout.addWidget(self.kind)
        layout.addWidget(self._pages)
        self.kind.currentIndexChanged.connect(self._show_page)
        self._watch_selection(self.polygons.currentLayer())
        self._show_page()

    def extent(self, layer: QgsRasterLayer) -> Optional[QgsRectangle]:
        """Gives the rectangle, or the one around the polygons, in the layer's CRS; None for the whole layer.

        Raises:
            ValueError: The area is not chosen yet.
        """
        kind = self.kind.currentData()
        if kind == CANVAS:
            crs = self._canvas.mapSettings().destinationCrs()
            return self._to_layer(self._canvas.extent(), crs, layer)
        if kind == RECTANGLE:
            if not self.rectangle.isValid():
                raise ValueError(tr("Draw the rectangle on the map, or give its borders."))
            return self._to_layer(self.rectangle.outputExtent(), self.rectangle.outputCrs(), layer)
        polygons = self.area_polygons()
        return None if polygons is None else self._to_layer(polygons.extent, polygons.crs, layer)

    def area_polygons(self) -> Optional[AreaPolygons]:
        """Gives the polygons; None where another kind of area is chosen.

        Raises:
            ValueError: There are none.
        """
        if self.kind.currentData() != POLYGONS:
            return None
        layer = self.polygons.currentLayer()
        if layer is None:
            raise ValueError(tr("Choose a layer with polygons."))
        return describe_polygons(layer, selected_only=self.selected_only.isChecked())

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

    def _canvas_moved(self) -> None:
        if self.kind.currentData() == CANVAS:
            self.changed.emit()

    def _watch_selection(self, layer: Optional[QgsVectorLayer]) -> None:
        if layer is not None and layer.id() not in self._watched:
            self._watched.add(layer.id())
            layer.selectionChanged.connect(self._polygons_changed)
        self._polygons_changed()

    def _polygons_changed(self, *_: Any) -> None:
        if self.kind.currentData() == POLYGONS:
            self.changed.emit()

    @staticmethod
    def _to_layer(extent: QgsRectangle, crs: Any, layer: QgsRasterLayer) -> QgsRectangle:
        if not crs.isValid() or not layer.crs().isValid() or crs == layer.crs():
            return extent
        return QgsCoordinateTransform(crs, layer.crs(), QgsProject.instance()).transformBoundingBox(extent)
