"""The layers of a run: a group with the coarse map first, refined in place, then polygons and certainty, unchecked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from qgis.core import QgsLayerTreeGroup, QgsLayerTreeNode, QgsMapLayer, QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtCore import QTimer

from ..core.model_card import MapClass
from ..core.text import tr
from ..layers.legend import style_map, style_polygons

LEGEND_DELAY_MS = 800


class ResultLayers:
    """The group of one run. The user may rename, move or remove any of it meanwhile."""

    def __init__(self, title: str, classes: Sequence[MapClass]) -> None:
        self._title = title
        self._classes = tuple(classes)
        self._group: Optional[QgsLayerTreeGroup] = None
        self._map_id = ""

    def show_preview(self, path: str) -> None:
        """Adds the coarse map on top."""
        layer = QgsRasterLayer(path, tr("{title} (coarse, being refined)").format(title=self._title))
        if layer.isValid():
            # Where the model's card is not known yet, the file's own legend is what there is.
            if self._classes:
                style_map(layer, self._classes)
            self._map_id = self._add(layer)
            self._open_legend()

    def show_map(self, path: str, classes: Sequence[MapClass]) -> Optional[QgsRasterLayer]:
        """Puts the finished map in the coarse one's place; gives its layer, or None where it cannot be read."""
        self._classes = tuple(classes) or self._classes
        layer = QgsProject.instance().mapLayer(self._map_id) if self._map_id else None
        if layer is None:
            layer = QgsRasterLayer(path, self._title)
            if not layer.isValid():
                return None
            self._map_id = self._add(layer)
        else:
            layer.setDataSource(path, self._title, "gdal")
            layer.setName(self._title)
        style_map(layer, self._classes)
        self._open_legend()
        return layer

    def add_polygons(self, path: str) -> None:
        """Adds the polygons below the map's legend, unchecked: they would hide the map."""
        layer = QgsVectorLayer(path, tr("Polygons"), "ogr")
        if layer.isValid():
            style_polygons(layer, self._classes)
            self._add(layer, visible=False)

    def add_certainty(self, path: str) -> None:
        """Adds the certainty, unchecked."""
        layer = QgsRasterLayer(path, tr("Certainty (0-254)"))
        if layer.isValid():
            self._add(layer, visible=False)

    def remove_preview(self) -> None:
        """Takes the coarse map away, and the group where nothing else is in it."""
        if self._map_id and QgsProject.instance().mapLayer(self._map_id) is not None:
            QgsProject.instance().removeMapLayer(self._map_id)
        self._map_id = ""
        if self._group_lives() and not self._group.children():
            self._group.parent().removeChildNode(self._group)
            self._group = None

    def _add(self, layer: QgsMapLayer, *, visible: bool = True) -> str:
        project = QgsProject.instance()
        if not self._group_lives():
            self._group = project.layerTreeRoot().insertGroup(0, self._title)
        project.addMapLayer(layer, False)
        node = self._group.addLayer(layer)
        node.setItemVisibilityChecked(visible)
        return layer.id()

    def _open_legend(self) -> None:
        # The tree makes a legend's entries when it comes to it, and closed; then they can be opened.
        # A bound method would be held weakly, and this object is gone by then.
        QTimer.singleShot(LEGEND_DELAY_MS, lambda: self._open_legend_now())

    def _open_legend_now(self) -> None:
        if not self._group_lives():
            return
        _show_expanded(self._group, True)
        for node in self._group.findLayers():
            _show_expanded(node, node.layerId() == self._map_id)

    def _group_lives(self) -> bool:
        if self._group is None:
            return False
        try:
            return self._group.parent() is not None
        except RuntimeError:
            return False


def _show_expanded(node: QgsLayerTreeNode, expanded: bool) -> None:
    # The tree listens to changes only.
    node.setExpanded(not expanded)
    node.setExpanded(expanded)
