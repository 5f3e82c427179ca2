"""Polygons of any layer, written to a file that the engine reads as its area."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsFeatureRequest,
    QgsFields,
    QgsProcessingException,
    QgsRectangle,
    QgsVectorFileWriter,
    QgsVectorLayer,
    QgsVectorLayerFeatureSource,
    QgsWkbTypes,
)

from ..core.text import tr


@dataclass
class AreaPolygons:
    """Polygons of a layer, taken in the main thread and read in another.

    Attributes:
        source: The layer's features, its unsaved edits among them.
        request: Which of them.
        crs: Of the layer.
        extent: Rectangle around them, in that CRS.
    """

    source: QgsVectorLayerFeatureSource
    request: QgsFeatureRequest
    crs: QgsCoordinateReferenceSystem
    extent: QgsRectangle

    def write(self, path: str, context: QgsCoordinateTransformContext) -> None:
        """Writes them to a GeoPackage; see `write_area_polygons`."""
        write_area_polygons(self.source.getFeatures(self.request), self.crs, path, context)


def describe_polygons(layer: QgsVectorLayer, *, selected_only: bool) -> AreaPolygons:
    """Gives a layer's polygons. Call it in the main thread: it touches the layer.

    Raises:
        ValueError: There are none.
    """
    if (layer.selectedFeatureCount() if selected_only else layer.featureCount()) == 0:
        raise ValueError(no_polygons_text())
    request = QgsFeatureRequest()
    if selected_only:
        request.setFilterFids(layer.selectedFeatureIds())
    extent = layer.boundingBoxOfSelected() if selected_only else layer.extent()
    return AreaPolygons(QgsVectorLayerFeatureSource(layer), request, layer.crs(), extent)


def no_polygons_text() -> str:
    """What is said of a layer without polygons to use."""
    return tr("The layer of the area has no polygon to use; select some, or all.")


def write_area_polygons(
    features: Iterable[QgsFeature], crs: QgsCoordinateReferenceSystem, path: str, context: QgsCoordinateTransformContext
) -> None:
    """Writes the geometries of polygons, in their own CRS, to a GeoPackage.

    Raises:
        QgsProcessingException: The file cannot be written.
    """
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GPKG"
    writer = QgsVectorFileWriter.create(path, QgsFields(), QgsWkbTypes.Type.MultiPolygon, crs, context, options)
    if writer.hasError() != QgsVectorFileWriter.WriterError.NoError:
        raise QgsProcessingException(tr("The area could not be written: {reason}").format(reason=writer.errorMessage()))
    for feature in features:
        geometry = feature.geometry()
        if not geometry.isEmpty():
            geometry.convertToMultiType()
            plain = QgsFeature()
            plain.setGeometry(geometry)
            writer.addFeature(plain)
    del writer


def write_layer_copy(layer: QgsVectorLayer, path: str, context: QgsCoordinateTransformContext) -> None:
    """Writes a layer's features, the selected ones where some are, with their columns to a GeoPackage.

    Raises:
        QgsProcessingException: The file cannot be written.
    """
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GPKG"
    options.onlySelectedFeatures = layer.selectedFeatureCount() > 0
    error, reason, *_ = QgsVectorFileWriter.writeAsVectorFormatV3(layer, path, context, options)
    if error != QgsVectorFileWriter.WriterError.NoError:
        raise QgsProcessingException(
            tr("The layer '{name}' could not be copied: {reason}").format(name=layer.name(), reason=reason)
        )
