"""Report: a map, its areas and how it was made, in one HTML file."""

from __future__ import annotations

from qgis.core import (
    QgsProcessingException,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
)

from ..core.text import tr
from .engine_algorithm import EngineAlgorithm
from .polygonize import file_of


def report_arguments(
    classes: str,
    output: str,
    *,
    scene: str = "",
    confidence: str = "",
    evaluation: str = "",
    accuracy: str = "",
    title: str = "",
) -> list[str]:
    """Gives the arguments of `magnet-geo report`; what is empty is left out."""
    named = {
        "--scene": scene,
        "--confidence": confidence,
        "--evaluation": evaluation,
        "--accuracy": accuracy,
        "--title": title,
    }
    given = [part for name, value in named.items() if value for part in (name, value)]
    return ["report", *given, "--progress", "none", "--overwrite", "--", classes, output]


class MakeReport(EngineAlgorithm):
    """Writes the report of a map."""

    def __init__(self) -> None:
        super().__init__()
        self._files: dict[str, str] = {}

    def name(self) -> str:  # noqa: D102
        return "report"

    def displayName(self) -> str:  # noqa: D102
        return tr("Report")

    def tags(self) -> list[str]:  # noqa: D102
        return tr("report,html,areas,statistics,land cover").split(",")

    def shortDescription(self) -> str:  # noqa: D102
        return tr("Puts a map, its areas and how it was made into one HTML file.")

    def shortHelpString(self) -> str:  # noqa: D102
        return tr(
            "Puts a map into one HTML file to hand on: scene and map side by side, areas, certainty, how it was made. "
            "The file needs no network and prints well.\n\nA map that was not made here works too, and tells less."
        )

    def initAlgorithm(self, config=None):  # noqa: D102
        self.addParameter(QgsProcessingParameterRasterLayer("INPUT", tr("Class map")))
        self.addParameter(QgsProcessingParameterRasterLayer("SCENE", tr("Scene"), optional=True))
        self.addParameter(QgsProcessingParameterRasterLayer("CONFIDENCE", tr("Certainty"), optional=True))
        for name, text in (
            ("EVALUATION", tr("Record of Evaluate map")),
            ("ACCURACY", tr("Record of Accuracy estimate")),
        ):
            self.addParameter(QgsProcessingParameterFile(name, text, extension="json", optional=True))
        self.addParameter(QgsProcessingParameterString("TITLE", tr("Headline"), "", optional=True))
        self.addParameter(QgsProcessingParameterFileDestination("OUTPUT", tr("Report"), "HTML (*.html)"))

    def prepareAlgorithm(self, parameters, context, feedback):  # noqa: D102
        names = [name for name in ("INPUT", "SCENE", "CONFIDENCE") if parameters.get(name)]
        self._files = {}
        for name in names:
            try:
                self._files[name] = file_of(self, name, parameters, context)
            except QgsProcessingException:
                if name != "SCENE":
                    raise
                feedback.pushWarning(tr("The scene has no file; the report goes without it."))
        return True

    def processAlgorithm(self, parameters, context, feedback):  # noqa: D102
        output = self.parameterAsFileOutput(parameters, "OUTPUT", context)
        arguments = report_arguments(
            self._files["INPUT"],
            output,
            scene=self._files.get("SCENE", ""),
            confidence=self._files.get("CONFIDENCE", ""),
            evaluation=self.parameterAsFile(parameters, "EVALUATION", context),
            accuracy=self.parameterAsFile(parameters, "ACCURACY", context),
            title=self.parameterAsString(parameters, "TITLE", context),
        )
        return {} if self.run_engine(arguments, feedback, outputs=(output,)) is None else {"OUTPUT": output}
