"""The page in QGIS's options: which engine, how to make one, and whether it works."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import QgsApplication
from qgis.gui import QgsFileWidget, QgsOptionsPageWidget, QgsOptionsWidgetFactory
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from ..algorithms.provider import ICON
from ..core.engine import PACKAGE
from ..core.requirement import CPU, CUDA, EngineRequirement, tested_versions
from ..core.text import tr
from ..engine.diagnosis import Diagnosis, diagnose
from ..engine.install_size import size_text
from ..engine.installing import create_environment
from ..engine.program import ProgramCancelledError
from ..layers.export import DEFAULT_LIMIT_MPX
from ..settings import (
    BASE_PYTHON,
    ENGINE_PROGRAM,
    ENGINE_SOURCE,
    EXPORT_LIMIT,
    MAX_MEMORY,
    PRIVATE_ENGINE,
    TORCH_INDEX,
    TORCH_KIND,
    read_setting,
    write_setting,
)
from .background import BackgroundTask, start_task

KEPT_LOG_LINES = 2000


class OptionsFactory(QgsOptionsWidgetFactory):
    """Makes the page when the options are opened."""

    def __init__(self) -> None:
        super().__init__()
        self.setTitle("MagNet Geo")
        self.setIcon(QIcon(ICON))

    def createWidget(self, parent: QWidget) -> QgsOptionsPageWidget:
        """Gives a new page."""
        return OptionsPage(parent)


class OptionsPage(QgsOptionsPageWidget):
    """Choice of the engine, its installation, its test."""

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName("magnetGeoOptions")
        self._installation: Optional[BackgroundTask] = None
        layout = QVBoxLayout(self)
        layout.addWidget(self._make_choice())
        layout.addWidget(self._make_private())
        layout.addWidget(self._make_test())
        layout.addWidget(self._make_limits())
        layout.addStretch(1)
        self._show_size()

    def apply(self) -> None:
        """Remembers what the page says; QGIS calls it on OK."""
        write_setting(ENGINE_PROGRAM, self.program.filePath() if self.chosen.isChecked() else "")
        write_setting(ENGINE_SOURCE, self.source.text().strip() or PACKAGE)
        write_setting(TORCH_KIND, self.torch.currentData())
        write_setting(TORCH_INDEX, self.index.text().strip())
        write_setting(BASE_PYTHON, self.base.filePath())
        write_setting(EXPORT_LIMIT, self.export_limit.value())
        write_setting(MAX_MEMORY, self.memory.text().strip())

    def _make_choice(self) -> QGroupBox:
        box = QGroupBox(tr("Engine"))
        layout = QVBoxLayout(box)
        explanation = QLabel(
            tr(
                "Maps are computed by the program magnet-geo in a Python environment of its own, so that neither can "
                "harm QGIS."
            )
        )
        explanation.setWordWrap(True)
        self.automatic = QRadioButton(tr("The private environment below, else magnet-geo on the PATH"))
        self.chosen = QRadioButton(tr("This Python, environment folder or program:"))
        self.program = QgsFileWidget()
        self.program.setStorageMode(QgsFileWidget.StorageMode.GetFile)
        self.program.setDialogTitle(tr("Python of an environment that has magnet-geo"))
        program = read_setting(ENGINE_PROGRAM)
        self.program.setFilePath(program)
        (self.chosen if program else self.automatic).setChecked(True)
        self.program.fileChanged.connect(lambda path: self.chosen.setChecked(bool(path)))
        for widget in (explanation, self.automatic, self.chosen, self.program):
            layout.addWidget(widget)
        return box

    def _make_private(self) -> QGroupBox:
        box = QGroupBox(tr("Private environment"))
        form = QFormLayout(box)
        self.source = QLineEdit(read_setting(ENGINE_SOURCE, PACKAGE))
        self.source.setToolTip(tr("Name, or name==version, from the package index; or a wheel; or a source folder."))
        self.torch = QComboBox()
        self.torch.addItem(tr("CPU"), CPU)
        self.torch.addItem(tr("NVIDIA GPU (CUDA)"), CUDA)
        self.torch.setCurrentIndex(max(self.torch.findData(read_setting(TORCH_KIND, CPU)), 0))
        self.index = QLineEdit(read_setting(TORCH_INDEX))
        self.index.setPlaceholderText(tr("empty: the usual index; see 'Get started' on pytorch.org for others"))
        self.base = QgsFileWidget()
        self.base.setFilePath(read_setting(BASE_PYTHON))
        self.base.lineEdit().setPlaceholderText(tr("empty: the best Python here (3.11 or newer)"))
        self.size = QLabel()
        self.size.setWordWrap(True)
        self.torch.currentIndexChanged.connect(lambda _: self._show_size())
        self.index.textChanged.connect(lambda _: self._show_size())
        form.addRow(tr("Engine from"), self.source)
        form.addRow(tr("PyTorch for"), self.torch)
        form.addRow(tr("Index for PyTorch"), self.index)
        form.addRow(tr("Made with"), self.base)
        form.addRow(self.size)
        form.addRow(self._make_create_row())
        return box

    def _make_create_row(self) -> QWidget:
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        self.create = QPushButton(tr("Create") if not read_setting(PRIVATE_ENGINE) else tr("Create anew"))
        self.cancel = QPushButton(tr("Cancel"))
        self.cancel.setEnabled(False)
        self.bar = QProgressBar()
        self.bar.setRange(0, 100)
        self.create.clicked.connect(self.start_installation)
        self.cancel.clicked.connect(self._cancel_installation)
        for widget in (self.create, self.cancel):
            layout.addWidget(widget)
        layout.addWidget(self.bar, 1)
        return row

    def _make_test(self) -> QGroupBox:
        box = QGroupBox(tr("Does it work?"))
        layout = QVBoxLayout(box)
        row = QHBoxLayout()
        self.test = QPushButton(tr("Test"))
        self.copy = QPushButton(tr("Copy report"))
        self.state = QLabel()
        self.state.setWordWrap(True)
        self.test.clicked.connect(self.start_test)
        self.copy.clicked.connect(lambda: QgsApplication.clipboard().setText(self.log.toPlainText()))
        row.addWidget(self.test)
        row.addWidget(self.copy)
        row.addWidget(self.state, 1)
        self.log = QPlainTextEdit()
        self.log.setReadOnly(True)
        self.log.setMaximumBlockCount(KEPT_LOG_LINES)
        self.log.setMinimumHeight(120)
        layout.addLayout(row)
        layout.addWidget(self.log)
        return box

    def _make_limits(self) -> QGroupBox:
        box = QGroupBox(tr("Limits"))
        form = QFormLayout(box)
        self.memory = QLineEdit(read_setting(MAX_MEMORY))
        self.memory.setPlaceholderText(tr("none; such as 4GB"))
        self.export_limit = QDoubleSpinBox()
        self.export_limit.setRange(1, 10_000)
        self.export_limit.setDecimals(0)
        self.export_limit.setSuffix(tr(" million pixels"))
        self.export_limit.setValue(read_setting(EXPORT_LIMIT, DEFAULT_LIMIT_MPX))
        form.addRow(tr("Main memory of the engine"), self.memory)
        form.addRow(tr("Export of map services, at most"), self.export_limit)
        return box

    def _show_size(self) -> None:
        self.size.setText(size_text(self.torch.currentData(), bool(self.index.text().strip())))

    def start_test(self) -> None:
        """Asks the engine, with the page's choice."""
        self.apply()
        self.test.setEnabled(False)
        self.state.setText(tr("Asking the engine..."))
        start_task(BackgroundTask(tr("Test of the engine"), lambda task: diagnose(), self._show_diagnosis))

    def _show_diagnosis(self, diagnosis: Optional[Diagnosis], error: Optional[Exception]) -> None:
        if _is_gone(self):
            return
        self.test.setEnabled(True)
        if diagnosis is None:
            self.state.setText(str(error))
            return
        self.state.setText(("✔ " if diagnosis.fine else "✘ ") + diagnosis.sentence)
        self.log.setPlainText(diagnosis.report)

    def start_installation(self) -> None:
        """Makes the private environment, after the click that asked for it."""
        self.apply()
        requirement = EngineRequirement(
            self.source.text().strip() or PACKAGE,
            self.torch.currentData(),
            self.index.text().strip(),
            tested_versions(),
        )
        base = self.base.filePath()
        self.log.setPlainText("")

        def work(task: BackgroundTask) -> Any:
            def tell(fraction: float, text: str) -> None:
                task.setProgress(100 * fraction)
                task.step.emit(text)

            return create_environment(
                requirement, base_python=base, on_line=task.line.emit, on_step=tell, is_cancelled=task.isCanceled
            )

        task = BackgroundTask(tr("MagNet Geo: creating the engine"), work, self._installed)
        task.line.connect(self.log.appendPlainText)
        task.step.connect(self.state.setText)
        task.progressChanged.connect(lambda percent: self.bar.setValue(int(percent)))
        self._installation = task
        self._set_installing(True)
        start_task(task)

    def _cancel_installation(self) -> None:
        if self._installation is not None:
            self._installation.cancel()

    def _installed(self, folder: Any, error: Optional[Exception]) -> None:
        self._installation = None
        if _is_gone(self):
            return
        self._set_installing(False)
        self.bar.setValue(100 if error is None else 0)
        if isinstance(error, ProgramCancelledError):
            self.state.setText(tr("Cancelled; nothing was installed."))
        elif error is not None:
            self.state.setText("✘ " + str(error))
        else:
            self.automatic.setChecked(True)
            self.state.setText("✔ " + tr("The engine is ready in {folder}.").format(folder=folder))

    def _set_installing(self, installing: bool) -> None:
        self.create.setEnabled(not installing)
        self.test.setEnabled(not installing)
        self.cancel.setEnabled(installing)


def _is_gone(widget: QWidget) -> bool:
    # The options may be closed while a task runs; its answer then finds a widget that Qt has deleted.
    try:
        widget.isVisible()
    except RuntimeError:
        return True
    return False
