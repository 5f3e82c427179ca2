"""Accuracy sample: random points of a map, to be filled in by hand."""

from __future__ import annotations

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterEnum,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterVectorDestination,
)

from ..core.text import tr
from .engine_algorithm import EngineAlgorithm
from .polygonize import file_of

ALLOCATIONS = ("proportional", "equal", "neyman", "power")


class AccuracySample(EngineAlgorithm):
    """Draws a stratified random sample of a map."""

    def __init__(self) -> None:
        super().__init__()
        self._map = ""

    def name(self) -> str:  # noqa: D102
        return "accuracysample"

    def displayName(self) -> str:  # noqa: D102
        return tr("Accuracy sample")

    def tags(self) -> list[str]:  # noqa: D102
        return tr("accuracy,random points,stratified,sampling,validation").split(",")

    def shortDescription(self) -> str:  # noqa: D102
        return tr("Draws random points of a map, to be checked by eye.")

    def shortHelpString(self) -> str:  # noqa: D102
        return tr(
            "Draws a stratified random sample of the pixels of a map: points to fill in by hand.\n\n"
            "Look at the ground at each point, in imagery better than the map was made from, and choose what it truly "
            "is in the column 'reference'; the form offers the classes. Do not move, add or remove points. "
            "Then run Accuracy estimate."
        )

    def initAlgorithm(self, config=None):  # noqa: D102
        whole = QgsProcessingParameterNumber.Type.Integer
        names = [tr("Proportional to area"), tr("Equal"), tr("Neyman (optimal)"), tr("Power: favours small classes")]
        self.addParameter(QgsProcessingParameterRasterLayer("INPUT", tr("Class map")))
        self.addParameter(QgsProcessingParameterNumber("SIZE", tr("Points"), whole, 300, minValue=2))
        self.addParameter(QgsProcessingParameterEnum("ALLOCATION", tr("Shared by classes"), names, defaultValue=0))
        self.addParameter(
            QgsProcessingParameterNumber("MIN_PER_CLASS", tr("Points per class at least"), whole, 50, minValue=2)
        )
        self.addParameter(QgsProcessingParameterNumber("SEED", tr("Seed"), whole, 1, minValue=0))
        self.addParameter(QgsProcessingParameterBoolean("BLIND", tr("Hide the map's class in the points"), False))
        kind = QgsProcessing.SourceType.TypeVectorPoint
        self.addParameter(QgsProcessingParameterVectorDestination("OUTPUT", tr("Points (GeoPackage)"), kind))

    def checkParameterValues(self, parameters, context):  # noqa: D102
        output = self.parameterAsOutputLayer(parameters, "OUTPUT", context)
        if not output.lower().endswith(".gpkg"):
            return False, tr("The points need a GeoPackage: end the name in .gpkg.")
        return super().checkParameterValues(parameters, context)

    def prepareAlgorithm(self, parameters, context, feedback):  # noqa: D102
        self._map = file_of(self, "INPUT", parameters, context)
        return True

    def processAlgorithm(self, parameters, context, feedback):  # noqa: D102
        output = self.parameterAsOutputLayer(parameters, "OUTPUT", context)
        whole = self.parameterAsInt
        arguments = ["accuracy", "sample", "--json", "--progress", "none", "--overwrite"]
        arguments += ["--size", str(whole(parameters, "SIZE", context))]
        arguments += ["--allocation", ALLOCATIONS[self.parameterAsEnum(parameters, "ALLOCATION", context)]]
        arguments += ["--min-per-class", str(whole(parameters, "MIN_PER_CLASS", context))]
        arguments += ["--seed", str(whole(parameters, "SEED", context))]
        if self.parameterAsBoolean(parameters, "BLIND", context):
            arguments.append("--blind")
        done = self.run_engine([*arguments, "--", self._map, output], feedback, outputs=(output,))
        return {} if done is None else {"OUTPUT": output}
