"""Segment scene: a raster layer to a land-cover map."""

from __future__ import annotations

import os
from typing import Any, Optional

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBand,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
    QgsProcessingParameterVectorDestination,
    QgsProcessingUtils,
    QgsRasterBlockFeedback,
    QgsRectangle,
)

from ..core.model_card import MapClass, read_classes
from ..core.segment_request import DEFAULT_MODEL, SceneSource, SegmentRequest, refine_argument
from ..core.text import tr
from ..layers.area import no_polygons_text, write_area_polygons
from ..layers.export import DEFAULT_LIMIT_MPX, ExportError, export_layer
from ..layers.legend import ClassStyler
from ..layers.source import RasterInput, box_of, describe_layer
from ..settings import EXPORT_LIMIT, MAX_MEMORY, read_setting
from .engine_algorithm import EngineAlgorithm, UnreadableSceneError

REFINEMENTS = ("model", "full", "fast", "share", "off")
DEVICES = ("auto", "cpu", "cuda", "mps")


class SegmentScene(EngineAlgorithm):
    """Maps the land cover of a raster layer."""

    def __init__(self) -> None:
        super().__init__()
        self._source: Optional[RasterInput] = None
        self._extent: Optional[QgsRectangle] = None

    def name(self) -> str:  # noqa: D102
        return "segment"

    def displayName(self) -> str:  # noqa: D102
        return tr("Segment scene")

    def tags(self) -> list[str]:  # noqa: D102
        return tr("land cover,classification,segmentation,deep learning,magnet,aerial,satellite").split(",")

    def shortDescription(self) -> str:  # noqa: D102
        return tr("Maps the land cover of an aerial photo or a satellite scene of any size.")

    def shortHelpString(self) -> str:  # noqa: D102
        return tr(
            "Maps the land cover of an aerial photo or a satellite scene of any size, coarse to fine.\n\n"
            "The map lies on the scene's own pixels and brings its legend along. "
            "Bands: choose as many as the model wants, in its order; none lets the engine find them by name. "
            "Refinement: 'full' looks closely everywhere, 'fast' where the coarse map is unsure, 'share' spends the "
            "share below on the least sure places, 'off' gives the coarse map in seconds. "
            "Area: a rectangle, or the polygons of a layer; inside, each pixel gets the class of a run over the whole "
            "scene. Map services and layers without a file are exported first, for the area only.\n\n"
            "The work is done by the program magnet-geo in its own environment: Settings > Options > MagNet Geo."
        )

    def initAlgorithm(self, config=None):  # noqa: D102
        self.addParameter(QgsProcessingParameterRasterLayer("INPUT", tr("Scene")))
        self.addParameter(
            QgsProcessingParameterString("MODEL", tr("Model (bundled name, or model file)"), DEFAULT_MODEL)
        )
        self.addParameter(
            QgsProcessingParameterBand(
                "BANDS", tr("Bands, in the model's order"), None, "INPUT", optional=True, allowMultiple=True
            )
        )
        self.addParameter(QgsProcessingParameterExtent("EXTENT", tr("Area"), optional=True))
        self.addParameter(
            QgsProcessingParameterFeatureSource(
                "AREA_POLYGONS", tr("Area: polygons"), [QgsProcessing.SourceType.TypeVectorPolygon], optional=True
            )
        )
        choices = [
            tr("As the model says"),
            tr("Full: everywhere"),
            tr("Fast: where the coarse map is unsure"),
            tr("A share of the scene, least sure first"),
            tr("Off: the coarse map"),
        ]
        self.addParameter(QgsProcessingParameterEnum("REFINE", tr("Refinement"), choices, defaultValue=0))
        self.addParameter(self._number("SHARE", tr("Share to refine (0-1)"), 0.25, 1.0))
        self.addParameter(self._number("MIN_AREA", tr("Smallest polygon, in square metres (0 keeps all)"), 0.0, 1e12))
        self._add_advanced()
        self._add_outputs()

    def _add_advanced(self) -> None:
        devices = [tr("Automatic"), "CPU", "CUDA", "MPS"]
        advanced = [
            self._number("MIN_CONFIDENCE", tr("Certainty below which a pixel is unclassified (0-1)"), 0.0, 1.0),
            QgsProcessingParameterString(
                "SCALING", tr("Values to the model's: auto, none, or MIN,MAX"), "auto", optional=True
            ),
            QgsProcessingParameterString("GSD", tr("Pixel size in metres, or 'native'"), "", optional=True),
            QgsProcessingParameterString("MAX_MEMORY", tr("Memory limit, such as 4GB"), "", optional=True),
            QgsProcessingParameterEnum("DEVICE", tr("Compute on"), devices, defaultValue=0),
            self._number("EXPORT_PIXEL", tr("Pixel size in metres for map services (0: 1 m)"), 0.0, 1e5),
            QgsProcessingParameterBoolean("RESUME", tr("Go on where an interrupted run of the same map stopped"), True),
        ]
        for parameter in advanced:
            parameter.setFlags(parameter.flags() | QgsProcessingParameterDefinition.Flag.FlagAdvanced)
            self.addParameter(parameter)

    def _add_outputs(self) -> None:
        self.addParameter(QgsProcessingParameterRasterDestination("OUTPUT", tr("Map")))
        optional = [
            QgsProcessingParameterVectorDestination(
                "POLYGONS", tr("Polygons"), QgsProcessing.SourceType.TypeVectorPolygon, None, True, False
            ),
            QgsProcessingParameterRasterDestination("CONFIDENCE", tr("Certainty"), None, True, False),
            QgsProcessingParameterRasterDestination("PROBABILITIES", tr("Class probabilities"), None, True, False),
            QgsProcessingParameterFileDestination("REPORT", tr("Report"), "HTML (*.html)", None, True, False),
        ]
        for parameter in optional:
            self.addParameter(parameter)
        self.addOutput(QgsProcessingOutputNumber("REFINED_SHARE", tr("Share that was refined")))
        self.addOutput(QgsProcessingOutputNumber("SECONDS", tr("Seconds of the run")))

    @staticmethod
    def _number(name: str, text: str, default: float, most: float) -> QgsProcessingParameterNumber:
        kind = QgsProcessingParameterNumber.Type.Double
        return QgsProcessingParameterNumber(name, text, kind, default, minValue=0.0, maxValue=most)

    def prepareAlgorithm(self, parameters, context, feedback):  # noqa: D102
        layer = self.parameterAsRasterLayer(parameters, "INPUT", context)
        if layer is None or not layer.isValid():
            raise QgsProcessingException(tr("The scene is no raster layer that QGIS can read; choose another one."))
        self._source = describe_layer(layer)
        extent = self.parameterAsExtent(parameters, "EXTENT", context, layer.crs())
        if parameters.get("AREA_POLYGONS"):
            if not extent.isNull():
                feedback.pushWarning(tr("The polygons are the area; the rectangle is not used."))
            extent = self._polygons_extent(layer.crs(), parameters, context)
        self._extent = None if extent.isNull() or extent.isEmpty() else extent
        return True

    def _polygons_extent(
        self, crs: QgsCoordinateReferenceSystem, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> QgsRectangle:
        polygons = self.parameterAsSource(parameters, "AREA_POLYGONS", context)
        if polygons is None or polygons.sourceExtent().isEmpty():
            return QgsRectangle()
        transform = QgsCoordinateTransform(polygons.sourceCrs(), crs, context.transformContext())
        return transform.transformBoundingBox(polygons.sourceExtent())

    def processAlgorithm(self, parameters, context, feedback):  # noqa: D102
        wanted = [name for name in ("POLYGONS", "REPORT") if parameters.get(name)]
        share = (0.0, 1.0 - 0.1 * len(wanted))
        direct = self._source.scene if self._source else None
        try:
            found = self._segment(direct, share, parameters, context, feedback)
        except UnreadableSceneError:
            if direct is None:
                raise
            found = self._segment(None, share, parameters, context, feedback)
        if found is None:
            return {}
        request, facts = found
        classes = read_classes(facts.get("classes", []))
        results = {
            "OUTPUT": request.output,
            "REFINED_SHARE": facts.get("refined_share"),
            "SECONDS": facts.get("seconds"),
            **{name: getattr(request, name.lower()) for name in ("CONFIDENCE", "PROBABILITIES")},
        }
        results.update(self._further(request, wanted, parameters, context, feedback))
        self._tell_areas(classes, feedback)
        self._style([request.output, results.get("POLYGONS")], classes, context)
        return (
            {} if feedback.isCanceled() else {name: value for name, value in results.items() if value not in ("", None)}
        )

    def _segment(
        self,
        scene: Optional[SceneSource],
        share: tuple[float, float],
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> Optional[tuple[SegmentRequest, dict[str, Any]]]:
        exported = scene is None
        scene = self._export(parameters, context, feedback) if scene is None else scene
        if scene is None:
            return None
        request = self._request(scene, exported, parameters, context)
        outputs = (request.output, request.confidence, request.probabilities)
        facts = self.run_engine(request.arguments(), feedback, speaks_protocol=True, share=share, outputs=outputs)
        return None if facts is None else (request, facts)

    def _export(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> Optional[SceneSource]:
        source = self._source
        if source is None:
            return None
        feedback.pushInfo(source.export_reason or source.unreadable_text)
        block_feedback = QgsRasterBlockFeedback()
        feedback.canceled.connect(block_feedback.cancel)
        path = QgsProcessingUtils.generateTempFilename("scene.tif")
        try:
            scene = export_layer(
                source,
                path,
                extent=self._extent,
                context=context.transformContext(),
                feedback=block_feedback,
                pixel_m=self.parameterAsDouble(parameters, "EXPORT_PIXEL", context),
                limit_mpx=read_setting(EXPORT_LIMIT, DEFAULT_LIMIT_MPX),
            )
        except ExportError as error:
            raise QgsProcessingException(str(error)) from error
        return None if feedback.isCanceled() else scene

    def _request(
        self, scene: SceneSource, exported: bool, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> SegmentRequest:
        text, path = self.parameterAsString, self.parameterAsOutputLayer
        choice = REFINEMENTS[self.parameterAsEnum(parameters, "REFINE", context)]
        device = DEVICES[self.parameterAsEnum(parameters, "DEVICE", context)]
        try:
            box = None if exported or self._source is None else box_of(self._extent, self._source)
        except ValueError as error:
            raise QgsProcessingException(str(error)) from error
        return SegmentRequest(
            scene,
            path(parameters, "OUTPUT", context),
            model=text(parameters, "MODEL", context).strip() or DEFAULT_MODEL,
            bands=tuple(self.parameterAsInts(parameters, "BANDS", context)) if parameters.get("BANDS") else (),
            box=box,
            polygons_area=self._area_file(parameters, context),
            refine=refine_argument(choice, self.parameterAsDouble(parameters, "SHARE", context)),
            min_confidence=self.parameterAsDouble(parameters, "MIN_CONFIDENCE", context),
            gsd=text(parameters, "GSD", context).strip(),
            scaling=""
            if text(parameters, "SCALING", context).strip() in ("", "auto")
            else text(parameters, "SCALING", context),
            device="" if device == "auto" else device,
            resume=self.parameterAsBoolean(parameters, "RESUME", context),
            max_memory=text(parameters, "MAX_MEMORY", context).strip() or read_setting(MAX_MEMORY),
            confidence=path(parameters, "CONFIDENCE", context) if parameters.get("CONFIDENCE") else "",
            probabilities=path(parameters, "PROBABILITIES", context) if parameters.get("PROBABILITIES") else "",
        )

    def _area_file(self, parameters: dict[str, Any], context: QgsProcessingContext) -> str:
        source = (
            self.parameterAsSource(parameters, "AREA_POLYGONS", context) if parameters.get("AREA_POLYGONS") else None
        )
        if source is None:
            return ""
        if source.featureCount() == 0:
            raise QgsProcessingException(no_polygons_text())
        path = QgsProcessingUtils.generateTempFilename("area.gpkg")
        write_area_polygons(source.getFeatures(), source.sourceCrs(), path, context.transformContext())
        return path

    def _further(
        self,
        request: SegmentRequest,
        wanted: list[str],
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> dict[str, Any]:
        from .polygonize import polygonize_arguments
        from .report import report_arguments

        made: dict[str, Any] = {}
        for position, name in enumerate(wanted):
            begin = 1.0 - 0.1 * (len(wanted) - position)
            if name == "POLYGONS":
                target = self.parameterAsOutputLayer(parameters, name, context)
                arguments = polygonize_arguments(
                    request.output, target, min_area_m2=self.parameterAsDouble(parameters, "MIN_AREA", context)
                )
            else:
                target = self.parameterAsFileOutput(parameters, name, context)
                arguments = report_arguments(
                    request.output, target, scene=request.scene.path, confidence=request.confidence
                )
            feedback.setProgressText(tr("Making polygons") if name == "POLYGONS" else tr("Writing the report"))
            os.makedirs(os.path.dirname(target) or ".", exist_ok=True)
            if self.run_engine(arguments, feedback, share=(begin, begin + 0.1), outputs=(target,)) is None:
                return made
            made[name] = target
        return made

    @staticmethod
    def _tell_areas(classes: tuple[MapClass, ...], feedback: QgsProcessingFeedback) -> None:
        for found in classes:
            area = "" if found.area_m2 is None else f"{found.area_m2 / 1e4:12.2f} ha"
            feedback.pushInfo(f"{found.value:3d}  {found.name:<20} {100 * (found.share or 0):6.2f} % {area}")

    @staticmethod
    def _style(paths: list[Optional[str]], classes: tuple[MapClass, ...], context: QgsProcessingContext) -> None:
        for path in paths:
            if path and classes and context.willLoadLayerOnCompletion(path):
                context.layerToLoadOnCompletionDetails(path).setPostProcessor(ClassStyler.create(classes))
