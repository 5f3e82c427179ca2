"""A layer without a file, written to one for the engine: the chosen area only, up to a limit."""

from __future__ import annotations

import math
from typing import Optional

from qgis.core import (
    QgsCoordinateTransformContext,
    QgsDistanceArea,
    QgsPointXY,
    QgsRasterBlockFeedback,
    QgsRasterFileWriter,
    QgsRasterPipe,
    QgsRectangle,
)

from ..core.segment_request import SceneSource
from ..core.text import tr
from .source import RasterInput

DEFAULT_PIXEL_M = 1.0
DEFAULT_LIMIT_MPX = 64.0


class ExportError(Exception):
    """The layer cannot be exported as wished; the text is for the user."""


def export_layer(
    source: RasterInput,
    path: str,
    *,
    extent: Optional[QgsRectangle],
    context: QgsCoordinateTransformContext,
    feedback: QgsRasterBlockFeedback,
    pixel_m: float = 0.0,
    limit_mpx: float = DEFAULT_LIMIT_MPX,
) -> SceneSource:
    """Writes a part of a layer as GeoTIFF; works in any thread.

    Args:
        source: The layer's facts, with its provider.
        path: File to write.
        extent: Area in the layer's CRS; None for the whole layer, which a map service does not allow.
        context: Of the project.
        feedback: Takes progress, and cancels.
        pixel_m: Pixel size in metres; 0 for the layer's own, or 1 m where it has none.
        limit_mpx: Largest size in million pixels.

    Raises:
        ExportError: No area for a map service, an area off the layer, too large, or not readable.
    """
    if extent is None and source.is_web:
        raise ExportError(no_area_text(source))
    area = source.extent if extent is None else extent.intersect(source.extent)
    if area.isEmpty():
        raise ExportError(tr("The area does not meet the layer '{name}'; choose another one.").format(name=source.name))
    size = _pixel_size(source, area, pixel_m)
    columns, rows = max(math.ceil(area.width() / size), 1), max(math.ceil(area.height() / size), 1)
    if columns * rows > limit_mpx * 1e6:
        raise ExportError(
            tr(
                "The area has {found} million pixels, but at most {most} are exported; choose a smaller area, or set "
                "larger pixels."
            ).format(found=f"{columns * rows / 1e6:.0f}", most=f"{limit_mpx:g}")
        )
    _write(source, path, area, columns, rows, context, feedback)
    return SceneSource(path)


def no_area_text(source: RasterInput) -> str:
    """What is said of a map service without an area."""
    return tr("'{name}' is a map service; choose an area.").format(name=source.name)


def metres_per_unit(source: RasterInput, area: QgsRectangle) -> float:
    """Gives the length in metres of one map unit, eastwards at the middle of an area."""
    if not source.crs.isValid():
        return 1.0
    measure = QgsDistanceArea()
    measure.setSourceCrs(source.crs, QgsCoordinateTransformContext())
    measure.setEllipsoid(source.crs.ellipsoidAcronym() or "EPSG:7030")
    middle, step = area.center(), min(area.width(), 1e-3 if source.crs.isGeographic() else 1.0)
    length = measure.measureLine(middle, QgsPointXY(middle.x() + step, middle.y()))
    return length / step if length > 0 else 1.0


def _pixel_size(source: RasterInput, area: QgsRectangle, pixel_m: float) -> float:
    if pixel_m <= 0 and source.columns > 0:
        return source.extent.width() / source.columns
    return (pixel_m or DEFAULT_PIXEL_M) / metres_per_unit(source, area)


def _write(
    source: RasterInput,
    path: str,
    area: QgsRectangle,
    columns: int,
    rows: int,
    context: QgsCoordinateTransformContext,
    feedback: QgsRasterBlockFeedback,
) -> None:
    pipe = QgsRasterPipe()
    if source.provider is None or not pipe.set(source.provider.clone()):
        raise ExportError(tr("The layer '{name}' cannot be read.").format(name=source.name))
    writer = QgsRasterFileWriter(path)
    writer.setOutputFormat("GTiff")
    writer.setCreateOptions(["COMPRESS=DEFLATE", "TILED=YES", "BIGTIFF=IF_SAFER"])
    failed = writer.writeRaster(pipe, columns, rows, area, source.crs, context, feedback)
    if feedback.isCanceled():
        return
    errors = list(feedback.errors())
    if failed != QgsRasterFileWriter.WriterError.NoError or errors:
        raise ExportError(
            tr("The layer '{name}' could not be exported: {reason}").format(
                name=source.name, reason=" ".join(errors) or tr("the disk or the service refused.")
            )
        )
