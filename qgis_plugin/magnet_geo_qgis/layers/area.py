"""Polygons of any layer, written to a file that the engine reads as its area."""

from __future__ import annotations

from collections.abc import Iterable

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsFields,
    QgsProcessingException,
    QgsVectorFileWriter,
    QgsVectorLayer,
    QgsWkbTypes,
)

from ..core.text import tr


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
