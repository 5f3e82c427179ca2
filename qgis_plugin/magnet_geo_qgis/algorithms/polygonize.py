"""Polygonise classes: a class raster to polygons that share their borders."""

from __future__ import annotations

from qgis.core import (
    QgsProcessing,
    QgsProcessingException,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterEnum,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterVectorDestination,
)

from ..core.text import tr
from ..layers.source import describe_layer
from .engine_algorithm import EngineAlgorithm

CONNECTIVITIES = ("4", "8")


def polygonize_arguments(
    classes: str,
    output: str,
    *,
    min_area_m2: float = 0.0,
    simplify_m: float = 0.0,
    smooth: bool = False,
    connectivity: str = "",
    confidence: str = "",
) -> list[str]:
    """Gives the arguments of `magnet-geo polygonize`; zero and empty leave a choice to the engine."""
    arguments = ["polygonize", classes, output, "--overwrite"]
    if min_area_m2 > 0:
        arguments += ["--min-area", f"{min_area_m2:.10g}m2"]
    if simplify_m > 0:
        arguments += ["--simplify", f"{simplify_m:.10g}m"]
    if smooth:
        arguments.append("--smooth")
    named = {"--connectivity": connectivity, "--confidence": confidence}
    return arguments + [part for name, value in named.items() if value for part in (name, value)]


class PolygonizeClasses(EngineAlgorithm):
    """Turns a class raster into polygons."""

    def __init__(self) -> None:
        super().__init__()
        self._classes = ""
        self._confidence = ""

    def name(self) -> str:  # noqa: D102
        return "polygonize"

    def displayName(self) -> str:  # noqa: D102
        return tr("Polygonise classes")

    def tags(self) -> list[str]:  # noqa: D102
        return tr("vectorize,polygons,land cover,coverage,minimum mapping unit").split(",")

    def shortDescription(self) -> str:  # noqa: D102
        return tr("Turns a class map into polygons without gaps or overlaps.")

    def shortHelpString(self) -> str:  # noqa: D102
        return tr(
            "Turns a class map into polygons without gaps or overlaps, with class, colour and true area.\n\n"
            "Smallest polygon: smaller ones join the neighbour with the longest common border. "
            "Simplify: borders are simplified once for both sides, so that no gaps open."
        )

    def initAlgorithm(self, config=None):  # noqa: D102
        number = QgsProcessingParameterNumber.Type.Double
        self.addParameter(QgsProcessingParameterRasterLayer("INPUT", tr("Class map")))
        self.addParameter(
            QgsProcessingParameterNumber("MIN_AREA", tr("Smallest polygon, in square metres"), number, 0.0, minValue=0)
        )
        self.addParameter(
            QgsProcessingParameterNumber("SIMPLIFY", tr("Simplify borders by, in metres"), number, 0.0, minValue=0)
        )
        self.addParameter(QgsProcessingParameterBoolean("SMOOTH", tr("Smooth: stairs become slopes"), False))
        joined = [tr("Pixels join at sides (4)"), tr("Pixels join at corners too (8)")]
        self.addParameter(QgsProcessingParameterEnum("CONNECTIVITY", tr("Connectivity"), joined, defaultValue=0))
        self.addParameter(QgsProcessingParameterRasterLayer("CONFIDENCE", tr("Certainty of the map"), optional=True))
        self.addParameter(
            QgsProcessingParameterVectorDestination(
                "OUTPUT", tr("Polygons"), QgsProcessing.SourceType.TypeVectorPolygon
            )
        )

    def prepareAlgorithm(self, parameters, context, feedback):  # noqa: D102
        self._classes = file_of(self, "INPUT", parameters, context)
        self._confidence = file_of(self, "CONFIDENCE", parameters, context) if parameters.get("CONFIDENCE") else ""
        return True

    def processAlgorithm(self, parameters, context, feedback):  # noqa: D102
        output = self.parameterAsOutputLayer(parameters, "OUTPUT", context)
        arguments = polygonize_arguments(
            self._classes,
            output,
            min_area_m2=self.parameterAsDouble(parameters, "MIN_AREA", context),
            simplify_m=self.parameterAsDouble(parameters, "SIMPLIFY", context),
            smooth=self.parameterAsBoolean(parameters, "SMOOTH", context),
            connectivity=CONNECTIVITIES[self.parameterAsEnum(parameters, "CONNECTIVITY", context)],
            confidence=self._confidence,
        )
        return {} if self.run_engine(arguments, feedback, outputs=(output,)) is None else {"OUTPUT": output}


def file_of(algorithm: EngineAlgorithm, name: str, parameters, context) -> str:
    """Gives the file behind a raster parameter.

    Raises:
        QgsProcessingException: It has none that the engine can open.
    """
    layer = algorithm.parameterAsRasterLayer(parameters, name, context)
    scene = describe_layer(layer).scene if layer is not None and layer.isValid() else None
    if scene is not None:
        return scene.path
    raise QgsProcessingException(tr("This raster has no file that the engine can open; save it as GeoTIFF first."))
