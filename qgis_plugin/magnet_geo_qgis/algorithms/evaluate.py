"""Evaluate map: a class map against labels."""

from __future__ import annotations

import json
from csv import reader
from typing import Any

from qgis.core import (
    QgsMapLayer,
    QgsProcessing,
    QgsProcessingException,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterMapLayer,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
    QgsProcessingUtils,
    QgsRasterLayer,
    QgsVectorLayer,
)

from ..core.text import tr
from ..layers.area import write_layer_copy
from ..layers.source import describe_layer
from .engine_algorithm import EngineAlgorithm
from .polygonize import file_of


class EvaluateMap(EngineAlgorithm):
    """Scores a class map against a label raster or polygons."""

    def __init__(self) -> None:
        super().__init__()
        self._map, self._truth = "", ""

    def name(self) -> str:  # noqa: D102
        return "evaluate"

    def displayName(self) -> str:  # noqa: D102
        return tr("Evaluate map")

    def tags(self) -> list[str]:  # noqa: D102
        return tr("accuracy,confusion matrix,IoU,kappa,validation").split(",")

    def shortDescription(self) -> str:  # noqa: D102
        return tr("Scores a class map against labels: confusion, IoU, F1, accuracy.")

    def shortHelpString(self) -> str:  # noqa: D102
        return tr(
            "Scores a class map against labels: a label raster or polygons, in any CRS and resolution.\n\n"
            "The figures count labelled pixels. They are no estimate of areas: for those draw a random sample "
            "(Accuracy sample) and estimate from it (Accuracy estimate)."
        )

    def initAlgorithm(self, config=None):  # noqa: D102
        kinds = [QgsProcessing.SourceType.TypeRaster, QgsProcessing.SourceType.TypeVectorPolygon]
        self.addParameter(QgsProcessingParameterRasterLayer("INPUT", tr("Class map")))
        self.addParameter(QgsProcessingParameterMapLayer("TRUTH", tr("Labels: raster or polygons"), types=kinds))
        texts = {
            "CLASS_COLUMN": tr("Column of the class, for polygons"),
            "MAPPING": tr("Labels and their classes, such as 2=3, meadow=grass"),
            "IGNORE": tr("Labels of ground not to be compared, such as 0"),
        }
        for name, text in texts.items():
            self.addParameter(QgsProcessingParameterString(name, text, "", optional=True))
        self.addParameter(
            QgsProcessingParameterFileDestination("CSV", tr("Table of classes"), "CSV (*.csv)", None, True, False)
        )
        self.addParameter(
            QgsProcessingParameterFileDestination("OUTPUT", tr("Score record, for the report"), "JSON (*.json)")
        )
        self.addOutput(QgsProcessingOutputNumber("OVERALL_ACCURACY", tr("Overall accuracy")))
        self.addOutput(QgsProcessingOutputNumber("MEAN_IOU", tr("Mean IoU")))

    def prepareAlgorithm(self, parameters, context, feedback):  # noqa: D102
        self._map = file_of(self, "INPUT", parameters, context)
        self._truth = self._truth_file(self.parameterAsLayer(parameters, "TRUTH", context), context)
        return True

    def processAlgorithm(self, parameters, context, feedback):  # noqa: D102
        csv = self.parameterAsFileOutput(parameters, "CSV", context) if parameters.get("CSV") else ""
        arguments = ["evaluate", "--json", "--progress", "none", "--overwrite", *(["--csv", csv] if csv else [])]
        column = self.parameterAsString(parameters, "CLASS_COLUMN", context).strip()
        arguments += ["--class-column", column] if column else []
        for name, option in (("MAPPING", "--map"), ("IGNORE", "--ignore-value")):
            arguments += [p for text in self._listed(parameters, name, context) for p in (option, text)]
        record = self.run_engine([*arguments, "--", self._map, self._truth], feedback, outputs=(csv,))
        if record is None:
            return {}
        output = self.parameterAsFileOutput(parameters, "OUTPUT", context)
        save_record(record, output)
        figures = find_figures(record)
        for name, value in figures.items():
            feedback.pushInfo(f"{name}: {value:.4f}")
        return {"OUTPUT": output, **({"CSV": csv} if csv else {}), **figures}

    def _listed(self, parameters: dict[str, Any], name: str, context) -> list[str]:
        text = self.parameterAsString(parameters, name, context)
        # Quotes as in CSV: names may hold commas.
        return [part.strip() for part in next(reader([text], skipinitialspace=True), []) if part.strip()]

    @staticmethod
    def _truth_file(layer: QgsMapLayer, context) -> str:
        if isinstance(layer, QgsRasterLayer):
            scene = describe_layer(layer).scene
            if scene is not None:
                return scene.path
        elif isinstance(layer, QgsVectorLayer):
            path = QgsProcessingUtils.generateTempFilename("labels.gpkg")
            write_layer_copy(layer, path, context.transformContext())
            return path
        raise QgsProcessingException(tr("These labels have no file that the engine can open; save them first."))


def save_record(record: dict[str, Any], path: str) -> None:
    """Writes a result object as JSON.

    Raises:
        QgsProcessingException: The file cannot be written.
    """
    try:
        with open(path, "w", encoding="utf-8") as file:
            json.dump(record, file, ensure_ascii=False, indent=1)
    except OSError as error:
        raise QgsProcessingException(
            tr("{path} cannot be written ({reason}); choose another place.").format(path=path, reason=error.strerror)
        ) from error


def find_figures(record: dict[str, Any]) -> dict[str, float]:
    """Gives the figures of a score record, or of an accuracy estimate, that the log shows."""
    scores = record.get("scores", record)
    overall = scores.get("overall_accuracy")
    figures = {
        "OVERALL_ACCURACY": overall.get("value") if isinstance(overall, dict) else overall,
        "MEAN_IOU": scores.get("mean_iou"),
    }
    return {name: float(value) for name, value in figures.items() if isinstance(value, (int, float))}
