"""The plugin on the desktop: its action, dialog, options page, and the runs in the background."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any, Optional

from qgis.core import Qgis, QgsMapLayer, QgsProcessingUtils, QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import QTimer, QUrl
from qgis.PyQt.QtGui import QDesktopServices, QIcon
from qgis.PyQt.QtWidgets import QPushButton

from ..algorithms.provider import ICON
from ..core.model_card import area_text, read_classes
from ..core.outcome import Status
from ..core.sentences import FailureText, goes_on_text, no_engine_text
from ..core.text import tr
from ..engine.finding import find_engine
from ..engine.installing import old_environments, remove_old_environments
from ..layers.export import DEFAULT_LIMIT_MPX
from ..layers.source import box_of, describe_layer
from ..settings import EXPORT_LIMIT, read_setting
from .background import BackgroundTask, cancel_all_tasks, start_task
from .log import TAB, log_info, log_warning
from .options_page import OptionsFactory
from .qt_names import QAction
from .result_layers import ResultLayers
from .segment_dialog import SegmentDialog
from .segment_job import SegmentEnd, SegmentPlan, SegmentTask

UNLOAD_WAIT_MS = 8000
MESSAGE_DELAY_MS = 300


class Desktop:
    """Adds the plugin's parts to the desktop and takes them away again."""

    def __init__(self, iface: Any) -> None:
        self._iface = iface
        self._dialog: Optional[SegmentDialog] = None
        self._options: Optional[OptionsFactory] = None
        self._tasks: list[SegmentTask] = []
        self.action: Optional[QAction] = None
        self.layer_action: Optional[QAction] = None

    def add(self) -> None:
        """Adds toolbar button, menu entries and options page."""
        self.action = QAction(QIcon(ICON), tr("Map the land cover..."), self._iface.mainWindow())
        self.action.setObjectName("magnetGeoAction")
        self.action.setToolTip(tr("MagNet Geo: map the land cover of a raster layer"))
        self.action.triggered.connect(lambda: self.open_dialog(self._iface.activeLayer()))
        self._iface.addToolBarIcon(self.action)
        self._iface.addPluginToRasterMenu("MagNet Geo", self.action)
        self.layer_action = QAction(QIcon(ICON), tr("Map the land cover..."), self._iface.mainWindow())
        self.layer_action.triggered.connect(lambda: self.open_dialog(self._iface.activeLayer()))
        self._iface.addCustomActionForLayerType(self.layer_action, "", QgsMapLayer.LayerType.RasterLayer, True)
        self._options = OptionsFactory()
        self._iface.registerOptionsWidgetFactory(self._options)
        if old_environments():
            text = tr("MagNet Geo: removing a replaced engine")
            start_task(BackgroundTask(text, lambda task: remove_old_environments(), lambda answer, error: None))

    def remove(self) -> None:
        """Ends every run and takes everything away."""
        if self._dialog is not None:
            self._dialog.stop()
            self._dialog.remember()
            self._dialog.deleteLater()
            self._dialog = None
        cancel_all_tasks(UNLOAD_WAIT_MS)
        if self._options is not None:
            self._iface.unregisterOptionsWidgetFactory(self._options)
            self._options = None
        if self.layer_action is not None:
            self._iface.removeCustomActionForLayerType(self.layer_action)
            self.layer_action = None
        if self.action is not None:
            self._iface.removeToolBarIcon(self.action)
            self._iface.removePluginRasterMenu("MagNet Geo", self.action)
            self.action.deleteLater()
            self.action = None

    def open_dialog(self, layer: Any = None) -> SegmentDialog:
        """Shows the dialog, on the active layer."""
        if self._dialog is None:
            self._dialog = SegmentDialog(self._iface.mapCanvas(), self._iface.mainWindow())
            self._dialog.run_wanted.connect(self.run)
            self._dialog.options_wanted.connect(self.open_options)
        self._dialog.choose_layer(layer)
        self._dialog.show()
        self._dialog.raise_()
        self._dialog.ask_soon()
        return self._dialog

    def open_options(self) -> None:
        """Shows the plugin's page of the options."""
        self._iface.showOptionsDialog(self._iface.mainWindow(), "magnetGeoOptions")

    def run(self) -> Optional[SegmentTask]:
        """Starts what the dialog describes; gives the task, or None where it says why not."""
        dialog = self._dialog
        engine = find_engine()
        if dialog is None or engine is None:
            self._tell_failure(no_engine_text())
            return None
        layer = dialog.layer.currentLayer()
        if layer is None:
            return None
        dialog.remember()
        try:
            plan = self._plan(dialog, engine, layer)
        except ValueError as error:
            self._tell_failure(FailureText(str(error), ""))
            return None
        task = SegmentTask(plan)
        result = ResultLayers(
            tr("{name}: land cover").format(name=layer.name()), dialog.facts.card.classes if dialog.facts.card else ()
        )
        task.preview_ready.connect(result.show_preview)
        # QGIS's own "Task complete" comes right after the end; what matters shall lie on top of it.
        task.ended.connect(lambda end: QTimer.singleShot(MESSAGE_DELAY_MS, lambda: self._end(task, end, result)))
        self._tasks.append(task)
        start_task(task)
        self._iface.messageBar().pushMessage(
            "MagNet Geo", tr("Mapping '{name}' in the background.").format(name=layer.name()), Qgis.MessageLevel.Info, 4
        )
        return task

    def _plan(self, dialog: SegmentDialog, engine: Any, layer: QgsRasterLayer) -> SegmentPlan:
        source = describe_layer(layer)
        output = dialog.output.filePath() or QgsProcessingUtils.generateTempFilename("land_cover.tif")
        base = os.path.splitext(output)[0]
        extent = dialog.area.extent(layer)
        request = replace(
            dialog.request(source.scene, output),
            box=None if source.scene is None else box_of(extent, source),
            confidence=f"{base}_certainty.tif" if dialog.certainty.isChecked() else "",
        )
        return SegmentPlan(
            engine,
            source,
            request,
            extent,
            QgsProject.instance().transformContext(),
            dialog.area.area_polygons(),
            export_pixel_m=(dialog.facts.card.gsd_m or 0.0) if dialog.facts.card and source.is_web else 0.0,
            export_limit_mpx=read_setting(EXPORT_LIMIT, DEFAULT_LIMIT_MPX),
            polygons=f"{base}_polygons.gpkg" if dialog.polygons.isChecked() else "",
            min_area_m2=dialog.min_area.value(),
            report=f"{base}_report.html" if dialog.report.isChecked() else "",
        )

    def _end(self, task: SegmentTask, end: SegmentEnd, result: ResultLayers) -> None:
        if task in self._tasks:
            self._tasks.remove(task)
        if end.status is Status.DONE:
            self._show_result(task, end, result)
        else:
            result.remove_preview()
            # QGIS does not draw again what lay below a layer that leaves with its group.
            self._iface.mapCanvas().refresh()
        task.clean_up()
        if end.status is Status.CANCELLED:
            text = (
                tr("Cancelled; the same run would go on from here.")
                if end.can_go_on
                else tr("Cancelled; nothing was written.")
            )
            self._iface.messageBar().pushMessage("MagNet Geo", text, Qgis.MessageLevel.Info, 6)
        if end.failure is not None and end.can_go_on:
            self._tell_failure(replace(end.failure, hint=f"{end.failure.hint} {goes_on_text()}".strip()))
        elif end.failure is not None:
            self._tell_failure(end.failure)

    def _show_result(self, task: SegmentTask, end: SegmentEnd, result: ResultLayers) -> None:
        classes = read_classes(end.facts.get("classes", []))
        if result.show_map(end.facts["raster"], classes) is None:
            text = tr("The map {path} is written, but QGIS cannot read it.").format(path=end.facts["raster"])
            self._tell_failure(FailureText(text, ""))
            return
        if end.facts.get("confidence"):
            result.add_certainty(end.facts["confidence"])
        if "polygons" in end.files:
            result.add_polygons(end.files["polygons"])
        seconds = float(end.facts.get("seconds") or 0)
        log_info(tr("Done in {n} s: {areas}").format(n=f"{seconds:.0f}", areas=area_text(classes, most=99)))
        self._tell_result(area_text(classes), end)

    def _tell_result(self, areas: str, end: SegmentEnd) -> None:
        bar = self._iface.messageBar()
        item = bar.createMessage("MagNet Geo", tr("The map is ready: {areas}.").format(areas=areas))
        self._add_button(item, tr("Open folder"), os.path.dirname(end.facts["raster"]))
        if "report" in end.files:
            self._add_button(item, tr("Open report"), end.files["report"])
        bar.pushWidget(item, Qgis.MessageLevel.Success, 0)

    @staticmethod
    def _add_button(item: Any, text: str, path: str) -> None:
        button = QPushButton(text)
        button.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(path)))
        item.layout().addWidget(button)

    def _tell_failure(self, failure: FailureText) -> None:
        log_warning(str(failure))
        bar = self._iface.messageBar()
        item = bar.createMessage("MagNet Geo", str(failure))
        for text, action in ((tr("Options"), self.open_options), (tr("Log"), self._open_log)):
            button = QPushButton(text)
            button.clicked.connect(action)
            item.layout().addWidget(button)
        bar.pushWidget(item, Qgis.MessageLevel.Warning, 0)

    def _open_log(self) -> None:
        self._iface.openMessageLog(TAB)
