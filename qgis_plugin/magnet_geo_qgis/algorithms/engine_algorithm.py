"""What all algorithms share: an engine to run, progress and cancel through the feedback, failures as one sentence."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Optional

from qgis.core import QgsProcessingAlgorithm, QgsProcessingException, QgsProcessingFeedback
from qgis.PyQt.QtGui import QIcon

from ..core.engine import Call, Engine
from ..core.outcome import Outcome, Status
from ..core.protocol import Hello, Log, Message, Progress
from ..core.sentences import goes_on_text, is_unreadable, no_engine_text
from ..core.text import tr
from ..engine.finding import find_engine
from ..engine.leftovers import remove_unfinished, unfinished_work
from ..engine.runner import run_call
from ..engine.surroundings import WINDOWS

HELP_PAGE = Path(__file__).parents[1] / "help" / "index.html"
SECONDS_BETWEEN_TEXTS = 0.2


class UnreadableSceneError(QgsProcessingException):
    """The engine's GDAL cannot open the scene, though QGIS's can."""


class EngineAlgorithm(QgsProcessingAlgorithm):
    """An algorithm whose work is done by the engine."""

    def createInstance(self):  # noqa: D102
        return type(self)()

    def group(self) -> str:  # noqa: D102
        return ""

    def groupId(self) -> str:  # noqa: D102
        return ""

    def helpUrl(self) -> str:  # noqa: D102
        return HELP_PAGE.as_uri()

    def icon(self) -> QIcon:  # noqa: D102
        from .provider import ICON

        return QIcon(ICON)

    def svgIconPath(self) -> str:  # noqa: D102
        from .provider import ICON

        return ICON

    def canExecute(self) -> tuple[bool, str]:  # noqa: D102
        return (True, "") if find_engine() else (False, str(no_engine_text()))

    def engine(self) -> Engine:
        """Gives the engine.

        Raises:
            QgsProcessingException: None is set up.
        """
        engine = find_engine()
        if engine is None:
            raise QgsProcessingException(str(no_engine_text()))
        return engine

    def run_engine(
        self,
        arguments: list[str],
        feedback: QgsProcessingFeedback,
        *,
        speaks_protocol: bool = False,
        share: tuple[float, float] = (0.0, 1.0),
        outputs: tuple[str, ...] = (),
    ) -> Optional[dict[str, Any]]:
        """Runs one command of the engine.

        Args:
            arguments: The command and its arguments.
            feedback: Takes progress, log and command line; cancels.
            speaks_protocol: Whether the command writes messages.
            share: Where this command's progress lies in the algorithm's, 0-1.
            outputs: Files it writes, to be tidied up where it is killed.

        Returns:
            The result object, empty where the command gives none; None when the user cancelled.

        Raises:
            UnreadableSceneError: It cannot open the scene.
            QgsProcessingException: It failed.
        """
        call = Call(self.engine(), tuple(arguments), speaks_protocol=speaks_protocol)
        feedback.pushCommandInfo(call.shown(windows=WINDOWS))
        listener = _FeedbackListener(feedback, share)
        outcome = run_call(
            call, on_message=listener.message, on_log=feedback.pushDebugInfo, is_cancelled=feedback.isCanceled
        )
        if outcome.status is not Status.DONE:
            remove_unfinished(outputs)
            if any(map(unfinished_work, outputs)):
                feedback.pushInfo(goes_on_text())
        return _result(outcome, feedback)


def _result(outcome: Outcome, feedback: QgsProcessingFeedback) -> Optional[dict[str, Any]]:
    if outcome.status is Status.CANCELLED:
        if not feedback.isCanceled():
            raise QgsProcessingException(tr("The engine was told to stop from outside QGIS."))
        feedback.pushInfo(tr("Cancelled."))
        return None
    if outcome.status is Status.FAILED:
        kind = UnreadableSceneError if is_unreadable(outcome.text.message) else QgsProcessingException
        raise kind(str(outcome.text))
    return outcome.results[0] if outcome.results else {}


class _FeedbackListener:
    def __init__(self, feedback: QgsProcessingFeedback, share: tuple[float, float]) -> None:
        self._feedback = feedback
        self._begin, self._end = share
        self._last_text, self._last_time = "", 0.0

    def message(self, message: Message) -> None:
        if isinstance(message, Progress):
            fraction = self._begin + message.fraction * (self._end - self._begin)
            self._feedback.setProgress(100.0 * fraction)
            self._tell_stage(message.message)
        elif isinstance(message, Log):
            tell = self._feedback.pushWarning if message.level == "warning" else self._feedback.pushInfo
            tell(message.message)
        elif isinstance(message, Hello):
            self._feedback.pushDebugInfo(tr("magnet-geo {version}").format(version=message.version))

    def _tell_stage(self, text: str) -> None:
        # One text for each stage, not for each tile: the log would grow without end.
        now = time.monotonic()
        if text != self._last_text and now - self._last_time > SECONDS_BETWEEN_TEXTS:
            self._last_text, self._last_time = text, now
            self._feedback.setProgressText(text)
