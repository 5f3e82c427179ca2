"""One run of the dialog: export if need be, segment, polygons, report; in a thread, with its cancel."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from typing import Any, Optional

from qgis.core import (
    QgsCoordinateTransformContext,
    QgsProcessingException,
    QgsRasterBlockFeedback,
    QgsRectangle,
    QgsTask,
)
from qgis.PyQt.QtCore import pyqtSignal

from ..algorithms.polygonize import polygonize_arguments
from ..algorithms.report import report_arguments
from ..core.engine import Call, Engine
from ..core.outcome import Outcome, Status
from ..core.protocol import Log, Message, Preview, Progress
from ..core.segment_request import SegmentRequest
from ..core.sentences import FailureText, is_unreadable
from ..core.text import tr
from ..engine.leftovers import remove_unfinished, unfinished_work
from ..engine.runner import run_call
from ..engine.surroundings import WINDOWS
from ..layers.area import AreaPolygons
from ..layers.export import ExportError, export_layer
from ..layers.source import RasterInput
from .background import silent_flags
from .log import log_info, log_warning


@dataclass
class SegmentPlan:
    """What the dialog asks for.

    Attributes:
        engine: Who computes.
        source: The layer's facts.
        request: The run; its scene is filled in after an export.
        extent: Area in the layer's CRS; None for the whole layer.
        area: Polygons of the area; None for a rectangle or the whole layer.
        context: Of the project.
        export_pixel_m: Pixel size of an export; 0 for the layer's own.
        export_limit_mpx: Largest export.
        polygons: Vector file, or empty.
        min_area_m2: Smallest polygon.
        report: HTML file, or empty.
    """

    engine: Engine
    source: RasterInput
    request: SegmentRequest
    extent: Optional[QgsRectangle]
    context: QgsCoordinateTransformContext
    area: Optional[AreaPolygons] = None
    export_pixel_m: float = 0.0
    export_limit_mpx: float = 64.0
    polygons: str = ""
    min_area_m2: float = 0.0
    report: str = ""


@dataclass
class SegmentEnd:
    """How a run ended.

    Attributes:
        status: Done, cancelled or failed.
        facts: The result object; empty without one.
        failure: The sentence of a failure; of a later step where the map itself is there.
        can_go_on: Whether the same run would go on where this one stopped.
        files: What was written: polygons, report.
    """

    status: Status
    facts: dict[str, Any] = field(default_factory=dict)
    failure: Optional[FailureText] = None
    can_go_on: bool = False
    files: dict[str, str] = field(default_factory=dict)


class SegmentTask(QgsTask):
    """Runs a plan. Signals reach the main thread.

    Attributes:
        preview_ready: The coarse map's file.
        ended: The `SegmentEnd`, also of a cancelled run.
    """

    preview_ready = pyqtSignal(str)
    ended = pyqtSignal(object)

    def __init__(self, plan: SegmentPlan) -> None:
        super().__init__(tr("MagNet Geo: {name}").format(name=plan.source.name), silent_flags())
        self.plan = plan
        self._end = SegmentEnd(Status.CANCELLED)
        self._folder = ""

    def run(self) -> bool:
        """Works in a thread; nothing is raised into QGIS."""
        self._folder = tempfile.mkdtemp(prefix="magnet-geo-")
        try:
            self._end = self._work()
        except (ExportError, QgsProcessingException) as error:
            self._end = SegmentEnd(Status.FAILED, failure=FailureText(str(error), ""))
        except Exception as error:
            text = FailureText(tr("Unexpected error: {error}").format(error=repr(error)), tr("Please report it."))
            self._end = SegmentEnd(Status.FAILED, failure=text)
        return self._end.status is Status.DONE

    def finished(self, result: bool) -> None:
        """Tells the end in the main thread."""
        self.ended.emit(self._end)

    def clean_up(self) -> None:
        """Removes the coarse map's file and the export, once no layer shows them."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _work(self) -> SegmentEnd:
        plan = self.plan
        request = replace(plan.request, preview=os.path.join(self._folder, "coarse.tif"))
        if plan.area is not None:
            request = replace(request, polygons_area=os.path.join(self._folder, "area.gpkg"))
            plan.area.write(request.polygons_area, plan.context)
        outcome = None if plan.source.scene is None else self._segment(request)
        if outcome is None or is_unreadable(outcome.text.message):
            log_warning(plan.source.export_reason or plan.source.unreadable_text)
            request = replace(request, scene=self._export(), box=None)
            outcome = self._segment(request)
        end = SegmentEnd(outcome.status, failure=outcome.text if outcome.status is Status.FAILED else None)
        if outcome.status is not Status.DONE:
            remove_unfinished([request.output, request.confidence])
            end.can_go_on = unfinished_work(request.output)
            return end
        end.facts = outcome.results[0]
        self._add_further(request, end)
        return end

    def _segment(self, request: SegmentRequest) -> Outcome:
        if self.isCanceled():
            return Outcome(Status.CANCELLED)
        has_more = self.plan.polygons or self.plan.report
        return self._call(request.arguments(), speaks_protocol=True, end=0.9 if has_more else 1.0)

    def _export(self) -> Any:
        feedback = QgsRasterBlockFeedback()
        # The writer asks the feedback; the task's cancel comes from another thread.
        feedback.isCanceled = self.isCanceled
        path = os.path.join(self._folder, "scene.tif")
        plan = self.plan
        return export_layer(
            plan.source,
            path,
            extent=plan.extent,
            context=plan.context,
            feedback=feedback,
            pixel_m=plan.export_pixel_m,
            limit_mpx=plan.export_limit_mpx,
        )

    def _add_further(self, request: SegmentRequest, end: SegmentEnd) -> None:
        plan = self.plan
        steps = []
        if plan.polygons:
            arguments = polygonize_arguments(request.output, plan.polygons, min_area_m2=plan.min_area_m2)
            steps.append(("polygons", plan.polygons, arguments))
        if plan.report:
            arguments = report_arguments(
                request.output, plan.report, scene=request.scene.path, confidence=request.confidence
            )
            steps.append(("report", plan.report, arguments))
        for name, path, arguments in steps:
            outcome = self._call(arguments, speaks_protocol=False, begin=0.9, end=1.0)
            if outcome.status is Status.DONE:
                end.files[name] = path
                continue
            remove_unfinished([path])
            if outcome.status is Status.FAILED:
                end.failure = outcome.text

    def _call(self, arguments: list[str], *, speaks_protocol: bool, begin: float = 0.0, end: float = 1.0) -> Outcome:
        call = Call(self.plan.engine, tuple(arguments), speaks_protocol=speaks_protocol)
        log_info(call.shown(windows=WINDOWS))

        def hear(message: Message) -> None:
            if isinstance(message, Progress):
                self.setProgress(100.0 * (begin + message.fraction * (end - begin)))
            elif isinstance(message, Preview):
                self.preview_ready.emit(message.raster)
            elif isinstance(message, Log) and message.level == "warning":
                log_warning(message.message)

        outcome = run_call(call, on_message=hear, is_cancelled=self.isCanceled)
        if outcome.status is Status.FAILED and outcome.details:
            log_warning(outcome.details)
        return outcome
