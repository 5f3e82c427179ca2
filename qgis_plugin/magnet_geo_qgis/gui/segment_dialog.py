"""The dialog of the toolbar button: layer, area, model, bands, refinement, outputs."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any, Optional

from qgis.core import QgsMapLayerProxyModel, QgsProject, QgsRasterLayer
from qgis.gui import QgsFileWidget, QgsMapLayerComboBox, QgsRasterBandComboBox
from qgis.PyQt.QtCore import Qt, QTimer, QUrl, pyqtSignal
from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from ..algorithms.engine_algorithm import HELP_PAGE
from ..core.engine import Engine
from ..core.estimate import duration_text
from ..core.segment_request import DEFAULT_MODEL, SceneSource, SegmentRequest, slider_refinement
from ..core.sentences import no_engine_text
from ..core.text import tr
from ..engine.finding import find_engine
from ..engine.leftovers import unfinished_work
from ..layers.export import no_area_text
from ..layers.source import RasterInput, box_of, describe_layer
from ..settings import LAST_CHOICES, MAX_MEMORY, read_setting, write_setting
from .area_choice import AreaChoice
from .background import BackgroundTask, start_task
from .facts_task import SceneFacts, SceneQuestion, ask_facts

SLIDER_STEPS = 20
ASK_AFTER_MS = 400
CARD_WIDTH = 400


class SegmentDialog(QDialog):
    """Asks for a run; stays open beside the map.

    Attributes:
        run_wanted: Emitted when the user presses Run.
        options_wanted: Emitted when the engine must be set up.
    """

    run_wanted = pyqtSignal()
    options_wanted = pyqtSignal()

    def __init__(self, canvas: Any, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("MagNet Geo: map the land cover"))
        self.setObjectName("magnetGeoDialog")
        self.facts = SceneFacts()
        self._source: Optional[RasterInput] = None
        self.band_choices: list[QgsRasterBandComboBox] = []
        self._question: Optional[BackgroundTask] = None
        self._waiting = QTimer(self)
        self._waiting.setSingleShot(True)
        self._waiting.timeout.connect(self._ask)
        self._build(canvas)
        self._recall()
        self.layer.layerChanged.connect(self._scene_changed)
        self.area.changed.connect(self.ask_soon)
        self._scene_changed()

    def request(self, source: Optional[SceneSource], output: str = "") -> SegmentRequest:
        """Gives the run that the widgets describe, without area and further outputs."""
        position = self.refinement.value()
        bands = tuple(choice.currentBand() for choice in self.band_choices)
        return SegmentRequest(
            source or SceneSource(""),
            output,
            model=self.model_name(),
            bands=bands if bands and all(band > 0 for band in bands) else (),
            refine="fast" if self.fast.isChecked() else slider_refinement(position, SLIDER_STEPS),
            max_memory=read_setting(MAX_MEMORY),
            resume=not self.start_over.isChecked(),
        )

    def model_name(self) -> str:
        """Gives the bundled name or the file."""
        return self.model.currentData() or self.model_file.filePath() or DEFAULT_MODEL

    def remember(self) -> None:
        """Keeps the choices for the next time."""
        for name, value in (
            ("refinement", self.refinement.value()),
            ("fast", self.fast.isChecked()),
            ("polygons", self.polygons.isChecked()),
            ("certainty", self.certainty.isChecked()),
            ("report", self.report.isChecked()),
            ("min_area", self.min_area.value()),
            ("model_file", self.model_file.filePath()),
            ("own_model", not self.model.currentData()),
        ):
            write_setting(LAST_CHOICES + name, value)
        if self.output.filePath():
            write_setting(LAST_CHOICES + "folder", os.path.dirname(self.output.filePath()))

    def choose_layer(self, layer: Any) -> None:
        """Selects a layer, where it is a raster."""
        if isinstance(layer, QgsRasterLayer):
            self.layer.setLayer(layer)

    def ask_soon(self) -> None:
        """Asks the engine about the choice when the user pauses."""
        self._waiting.start(ASK_AFTER_MS)

    def stop(self) -> None:
        """Ends what runs for the dialog."""
        self._waiting.stop()
        if self._question is not None:
            self._question.cancel()
            self._question = None

    def _build(self, canvas: Any) -> None:
        form = QFormLayout()
        self.layer = QgsMapLayerComboBox()
        self.layer.setFilters(QgsMapLayerProxyModel.Filter.RasterLayer)
        self.area = AreaChoice(canvas)
        self.area.hiding.connect(self.setVisible)
        form.addRow(tr("Scene"), self.layer)
        form.addRow(tr("Area"), self.area)
        self._build_model(form)
        self._build_refinement(form)
        self._build_outputs(form)
        self.notes = QLabel()
        self.notes.setWordWrap(True)
        self.notes.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.notes.linkActivated.connect(lambda _: self.options_wanted.emit())
        self.buttons = self._build_buttons()
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.notes)
        layout.addStretch(1)
        layout.addWidget(self.buttons)
        self.resize(520, 640)

    def _build_model(self, form: QFormLayout) -> None:
        self.model = QComboBox()
        self.model.addItem(tr("Bundled: land cover"), DEFAULT_MODEL)
        self.model.addItem(tr("Model file:"), "")
        self.model_file = QgsFileWidget()
        self.model_file.setFilter(tr("Model files") + " (*.safetensors)")
        self.card = QLabel()
        self.card.setWordWrap(True)
        self.card.setTextFormat(Qt.TextFormat.RichText)
        self.card.setMinimumWidth(CARD_WIDTH)
        self._bands = QWidget()
        self._band_row = QHBoxLayout(self._bands)
        self._band_row.setContentsMargins(0, 0, 0, 0)
        self.model.currentIndexChanged.connect(self._model_changed)
        self.model_file.fileChanged.connect(lambda _: self.ask_soon())
        form.addRow(tr("Model"), self.model)
        form.addRow("", self.model_file)
        form.addRow("", self.card)
        form.addRow(tr("Bands"), self._bands)

    def _build_refinement(self, form: QFormLayout) -> None:
        self.refinement = QSlider(Qt.Orientation.Horizontal)
        self.refinement.setRange(0, SLIDER_STEPS)
        self.refinement.setPageStep(SLIDER_STEPS // 4)
        self.refinement.setTickInterval(SLIDER_STEPS // 4)
        self.refinement.setTickPosition(QSlider.TickPosition.TicksBelow)
        self.refinement_text = QLabel()
        self.fast = QCheckBox(tr("Only where the coarse map is unsure (fast)"))
        self.refinement.valueChanged.connect(lambda _: self._show_time())
        self.fast.toggled.connect(lambda on: (self.refinement.setEnabled(not on), self._show_time()))
        form.addRow(tr("Refinement"), self.refinement)
        form.addRow("", self.refinement_text)
        form.addRow("", self.fast)

    def _build_outputs(self, form: QFormLayout) -> None:
        self.output = QgsFileWidget()
        self.output.setStorageMode(QgsFileWidget.StorageMode.SaveFile)
        self.output.setFilter("GeoTIFF (*.tif)")
        self.output.lineEdit().setPlaceholderText(tr("temporary file"))
        self.output.fileChanged.connect(lambda _: self._show_notes())
        self.polygons = QCheckBox(tr("Polygons, of at least"))
        self.min_area = QDoubleSpinBox()
        self.min_area.setRange(0, 1e9)
        self.min_area.setSuffix(" m²")
        row = QHBoxLayout()
        row.addWidget(self.polygons)
        row.addWidget(self.min_area)
        row.addStretch(1)
        self.start_over = QCheckBox(tr("Start over, without what an interrupted run left"))
        self.start_over.setVisible(False)
        self.certainty = QCheckBox(tr("Certainty"))
        self.report = QCheckBox(tr("Report (HTML)"))
        form.addRow(tr("Map"), self.output)
        form.addRow("", self.start_over)
        form.addRow(tr("Also"), row)
        form.addRow("", self.certainty)
        form.addRow("", self.report)

    def _build_buttons(self) -> QDialogButtonBox:
        kinds = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(kinds.Ok | kinds.Close | kinds.Help)
        self.run_button = buttons.button(kinds.Ok)
        self.run_button.setText(tr("Run"))
        buttons.accepted.connect(self.run_wanted)
        buttons.rejected.connect(self.close)
        buttons.helpRequested.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(HELP_PAGE))))
        return buttons

    def _recall(self) -> None:
        self.refinement.setValue(read_setting(LAST_CHOICES + "refinement", SLIDER_STEPS))
        self.fast.setChecked(read_setting(LAST_CHOICES + "fast", False))
        self.polygons.setChecked(read_setting(LAST_CHOICES + "polygons", False))
        self.certainty.setChecked(read_setting(LAST_CHOICES + "certainty", False))
        self.report.setChecked(read_setting(LAST_CHOICES + "report", False))
        self.min_area.setValue(read_setting(LAST_CHOICES + "min_area", 0.0))
        self.model_file.setFilePath(read_setting(LAST_CHOICES + "model_file"))
        self.model.setCurrentIndex(int(read_setting(LAST_CHOICES + "own_model", False)))
        self.output.setDefaultRoot(read_setting(LAST_CHOICES + "folder"))
        self._model_changed()
        self._show_time()

    def _scene_changed(self) -> None:
        self._clear_bands()
        self.ask_soon()

    def _model_changed(self) -> None:
        self.model_file.setVisible(not self.model.currentData())
        self._clear_bands()
        self.ask_soon()

    def _ask(self) -> None:
        self.stop()
        # Hidden while the user draws, or closed: it asks again when it is shown.
        if not self.isVisible():
            return
        layer, engine = self.layer.currentLayer(), find_engine()
        self.run_button.setEnabled(engine is not None and layer is not None)
        if engine is None:
            self.notes.setText(f"<b>{no_engine_text()}</b> <a href='options'>{tr('Open the options')}</a>")
            return
        self._source = describe_layer(layer) if layer is not None and layer.isValid() else None
        try:
            question = self._question_about(layer, engine)
        except ValueError as error:
            self.notes.setText(f"<b>✘ {error}</b>")
            self.run_button.setEnabled(False)
            return
        self.notes.setText(tr("Reading the scene..."))
        self._question = BackgroundTask(
            tr("MagNet Geo: reading the scene"), lambda task: ask_facts(question, task), self._show_facts
        )
        start_task(self._question)

    def _question_about(self, layer: Optional[QgsRasterLayer], engine: Engine) -> SceneQuestion:
        source, context = self._source, QgsProject.instance().transformContext()
        if source is None or layer is None:
            return SceneQuestion(engine, self.request(None), None, context)
        extent, area = self.area.extent(layer), self.area.area_polygons()
        box = box_of(extent, source)
        if source.is_web and extent is None:
            raise ValueError(no_area_text(source))
        request = replace(self.request(source.scene), box=None if source.scene is None else box)
        return SceneQuestion(engine, request, area, context)

    def _show_facts(self, facts: Optional[SceneFacts], error: Optional[Exception]) -> None:
        try:
            self._question = None
            self.facts = facts or SceneFacts(failure=str(error))
            self._show_card()
            self._show_notes()
            self._show_time()
        except RuntimeError:
            # the dialog was closed for good while the engine answered
            return

    def _show_card(self) -> None:
        card = self.facts.card
        self.card.setText(card.html() if card else "")
        if card is None or [choice.toolTip() for choice in self.band_choices] == list(card.bands):
            return
        self._clear_bands()
        guessed = self.facts.fit.bands if self.facts.fit and self.facts.fit.bands else ()
        for position, name in enumerate(card.bands):
            choice = QgsRasterBandComboBox()
            choice.setShowNotSetOption(True, tr("{name}: found by name").format(name=name))
            choice.setLayer(self.layer.currentLayer())
            choice.setToolTip(name)
            choice.setBand(guessed[position] if position < len(guessed) else -1)
            choice.bandChanged.connect(lambda _: self.ask_soon())
            self._band_row.addWidget(choice)
            self.band_choices.append(choice)

    def _clear_bands(self) -> None:
        for choice in self.band_choices:
            self._band_row.removeWidget(choice)
            choice.deleteLater()
        self.band_choices = []

    def _show_notes(self) -> None:
        fit, source, output = self.facts.fit, self._source, self.output.filePath()
        problems = [*(fit.problems if fit else ()), *([self.facts.failure] if self.facts.failure else [])]
        # the plan repeats some of what the fit says
        warnings = list(dict.fromkeys([*(fit.warnings if fit else ()), *self.facts.warnings]))
        if source is None:
            problems.append(tr("Choose a raster layer."))
        elif source.scene is None or self.facts.unreadable:
            warnings.append(source.export_reason or source.unreadable_text)
        self.start_over.setVisible(unfinished_work(output))
        if self.start_over.isHidden():
            self.start_over.setChecked(False)
        if output and os.path.exists(output):
            warnings.append(tr("{path} exists; a run replaces it.").format(path=output))
        lines = [f"<b>✘ {text}</b>" for text in problems] + [f"⚠ {text}" for text in warnings]
        self.notes.setText("<br>".join(lines) or tr("✔ The scene fits the model."))
        self.run_button.setEnabled(not problems)

    def _show_time(self) -> None:
        share, run_time = self.refinement.value() / SLIDER_STEPS, self.facts.run_time
        name = tr("coarse map only") if share <= 0 else tr("everywhere")
        if 0 < share < 1:
            name = tr("{percent} % of the scene, least sure first").format(percent=round(100 * share))
        if self.fast.isChecked():
            name = tr("where the coarse map is unsure")
            share = run_time.fast_share if run_time is not None else 1.0
        if run_time is not None:
            name = tr("{name}; {time}").format(name=name, time=duration_text(run_time.seconds(share)))
        self.refinement_text.setText(name)

    def showEvent(self, event: Any) -> None:
        """Looks again: layers and files may be others now."""
        super().showEvent(event)
        self.ask_soon()

    def closeEvent(self, event: Any) -> None:
        """Keeps the choices."""
        self.remember()
        self.stop()
        super().closeEvent(event)
