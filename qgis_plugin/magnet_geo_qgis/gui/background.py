"""Work beside the map: a task for any function, with its answer back in the main thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

from qgis.core import QgsApplication, QgsTask
from qgis.PyQt.QtCore import pyqtSignal

# QGIS keeps no Python reference to a task.
_running: list[QgsTask] = []


def silent_flags() -> Any:
    """Gives the flags of a task that can be cancelled and reports its failures itself, where QGIS knows that."""
    silent = getattr(QgsTask.Flag, "Silent", None)
    return QgsTask.Flag.CanCancel if silent is None else QgsTask.Flag.CanCancel | silent


def start_task(task: QgsTask) -> None:
    """Starts a task and keeps it until it has ended."""
    _running.append(task)
    for signal in (task.taskCompleted, task.taskTerminated):
        signal.connect(lambda: _running.remove(task) if task in _running else None)
    QgsApplication.taskManager().addTask(task)


def cancel_all_tasks(wait_ms: int) -> None:
    """Cancels every task of the plugin and waits for their ends."""
    for task in list(_running):
        task.cancel()
    for task in list(_running):
        task.waitForFinished(wait_ms)


class BackgroundTask(QgsTask):
    """Runs ``work(task)`` in a thread, then ``done(answer, error)`` in the main thread.

    Attributes:
        line: Emitted for each line that the work wants to show.
        step: Emitted with the text of each step.
    """

    line = pyqtSignal(str)
    step = pyqtSignal(str)

    def __init__(
        self, title: str, work: Callable[[BackgroundTask], Any], done: Callable[[Any, Optional[Exception]], None]
    ) -> None:
        super().__init__(title, silent_flags())
        self._work, self._done = work, done
        self._answer: Any = None
        self._error: Optional[Exception] = None

    def run(self) -> bool:
        """Works; an error is handed on, never raised into QGIS."""
        try:
            self._answer = self._work(self)
        except Exception as error:
            self._error = error
        return True

    def finished(self, result: bool) -> None:
        """Hands the answer on, unless nobody waits for it any more."""
        if not self.isCanceled() or self._error is not None:
            self._done(self._answer, self._error)
