"""The provider "MagNet Geo" of the Processing toolbox."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from .accuracy_estimate import AccuracyEstimate
from .accuracy_sample import AccuracySample
from .evaluate import EvaluateMap
from .polygonize import PolygonizeClasses
from .report import MakeReport
from .segment import SegmentScene

ICON = str(Path(__file__).parents[1] / "icon.svg")


class MagnetGeoProvider(QgsProcessingProvider):
    """Six algorithms, none of which computes inside QGIS."""

    def id(self) -> str:  # noqa: D102
        return "magnetgeo"

    def name(self) -> str:  # noqa: D102
        return "MagNet Geo"

    def longName(self) -> str:  # noqa: D102
        return "MagNet Geo"

    def icon(self) -> QIcon:  # noqa: D102
        return QIcon(ICON)

    def svgIconPath(self) -> str:  # noqa: D102
        return ICON

    def supportsNonFileBasedOutput(self) -> bool:  # noqa: D102
        return False

    def supportedOutputRasterLayerExtensions(self) -> list[str]:  # noqa: D102
        return ["tif", "tiff"]

    def supportedOutputVectorLayerExtensions(self) -> list[str]:  # noqa: D102
        return ["gpkg", "fgb", "geojson", "shp", "parquet"]

    def defaultRasterFileExtension(self) -> str:  # noqa: D102
        return "tif"

    def defaultVectorFileExtension(self, hasGeometry: bool = True) -> str:  # noqa: D102
        return "gpkg"

    def loadAlgorithms(self) -> None:  # noqa: D102
        for algorithm in (
            SegmentScene,
            PolygonizeClasses,
            EvaluateMap,
            AccuracySample,
            AccuracyEstimate,
            MakeReport,
        ):
            self.addAlgorithm(algorithm())
