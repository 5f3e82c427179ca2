"""Accuracy estimate: accuracies and areas with their uncertainty, from a filled-in sample."""

from __future__ import annotations

from qgis.core import (
    QgsProcessing,
    QgsProcessingException,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterVectorLayer,
)

from ..core.text import tr
from .engine_algorithm import EngineAlgorithm
from .evaluate import find_figures, save_record
from .polygonize import file_of


class AccuracyEstimate(EngineAlgorithm):
    """Estimates accuracy and area from the answers of a sample."""

    def __init__(self) -> None:
        super().__init__()
        self._points, self._map = "", ""

    def name(self) -> str:  # noqa: D102
        return "accuracyestimate"

    def displayName(self) -> str:  # noqa: D102
        return tr("Accuracy estimate")

    def tags(self) -> list[str]:  # noqa: D102
        return tr("accuracy,area estimate,Olofsson,confidence interval,validation").split(",")

    def shortDescription(self) -> str:  # noqa: D102
        return tr("Estimates accuracies and areas, with intervals, from a filled-in sample.")

    def shortHelpString(self) -> str:  # noqa: D102
        return tr(
            "Estimates overall, user's and producer's accuracy and the areas of the classes, with confidence "
            "intervals, from the points of Accuracy sample whose column 'reference' is filled in "
            "(Olofsson and others, 2014).\n\nSave the points' edits first. With the map, it is compared with the one "
            "that was sampled."
        )

    def initAlgorithm(self, config=None):  # noqa: D102
        points = [QgsProcessing.SourceType.TypeVectorPoint]
        self.addParameter(QgsProcessingParameterVectorLayer("INPUT", tr("Points, filled in"), types=points))
        self.addParameter(QgsProcessingParameterRasterLayer("MAP", tr("The map that was sampled"), optional=True))
        kind = QgsProcessingParameterNumber.Type.Double
        self.addParameter(
            QgsProcessingParameterNumber(
                "LEVEL", tr("Confidence level of the intervals"), kind, 0.95, minValue=0.5, maxValue=0.999
            )
        )
        self.addParameter(
            QgsProcessingParameterBoolean("DROP", tr("Leave out points without an answer, as missing at random"), False)
        )
        self.addParameter(
            QgsProcessingParameterFileDestination("CSV", tr("Table of classes"), "CSV (*.csv)", None, True, False)
        )
        self.addParameter(
            QgsProcessingParameterFileDestination("OUTPUT", tr("Record, for the report"), "JSON (*.json)")
        )
        self.addOutput(QgsProcessingOutputNumber("OVERALL_ACCURACY", tr("Overall accuracy")))

    def prepareAlgorithm(self, parameters, context, feedback):  # noqa: D102
        layer = self.parameterAsVectorLayer(parameters, "INPUT", context)
        if layer is None or layer.providerType() != "ogr":
            raise QgsProcessingException(tr("The points must be the GeoPackage that Accuracy sample wrote."))
        if layer.isEditable() and layer.isModified():
            raise QgsProcessingException(
                tr("The points have edits that are not saved; save them, then estimate again.")
            )
        self._points = layer.source().partition("|")[0]
        self._map = file_of(self, "MAP", parameters, context) if parameters.get("MAP") else ""
        return True

    def processAlgorithm(self, parameters, context, feedback):  # noqa: D102
        csv = self.parameterAsFileOutput(parameters, "CSV", context) if parameters.get("CSV") else ""
        level = self.parameterAsDouble(parameters, "LEVEL", context)
        arguments = ["accuracy", "estimate", "--json", "--progress", "none", "--overwrite"]
        arguments += ["--confidence-level", f"{level:.6g}", *(["--csv", csv] if csv else [])]
        if self.parameterAsBoolean(parameters, "DROP", context):
            arguments.append("--drop-unanswered")
        files = [self._points, *([self._map] if self._map else [])]
        record = self.run_engine([*arguments, "--", *files], feedback, outputs=(csv,))
        if record is None:
            return {}
        output = self.parameterAsFileOutput(parameters, "OUTPUT", context)
        save_record(record, output)
        return {"OUTPUT": output, **({"CSV": csv} if csv else {}), **find_figures(record)}
