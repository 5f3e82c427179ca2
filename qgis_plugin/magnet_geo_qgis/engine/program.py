"""Runs a program that is no engine yet: a Python that is asked, venv, pip; ends all that it started when it must."""

from __future__ import annotations

import os
import signal
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Optional

from qgis.PyQt.QtCore import QProcess

from ..core.text import tr
from .surroundings import WINDOWS, engine_environment

KEPT_LINES = 200
START_MS = 10_000
POLL_MS = 100
KILL_AFTER_S = 5.0


class ProgramError(Exception):
    """A program did not do its work; the text is for the user."""


class ProgramCancelledError(Exception):
    """The user cancelled."""


def run_program(
    program: str,
    arguments: list[str],
    *,
    on_line: Callable[[str], None] = lambda line: None,
    is_cancelled: Callable[[], bool] = lambda: False,
    limit_s: Optional[float] = None,
) -> tuple[int, list[str]]:
    """Runs a program in the engine's environment variables; gives its exit code and its last lines.

    Its stdin stays open until it is cancelled: that is how a watched program learns of it, and of QGIS's end.

    Raises:
        ProgramError: It does not start, crashes, or takes longer than its limit.
        ProgramCancelledError: The user cancelled; it is gone, with all that it started.
    """
    process = QProcess()
    process.setProcessEnvironment(engine_environment())
    process.setProcessChannelMode(QProcess.ProcessChannelMode.MergedChannels)
    process.start(program, arguments)
    if not process.waitForStarted(START_MS):
        raise ProgramError(
            tr("{program} does not start: {reason}").format(program=program, reason=process.errorString())
        )
    lines: deque[str] = deque(maxlen=KEPT_LINES)
    began, rest = time.monotonic(), b""
    while process.state() != QProcess.ProcessState.NotRunning:
        if not process.waitForReadyRead(POLL_MS):
            process.waitForFinished(POLL_MS // 2)
        rest = _take_lines(rest + bytes(process.readAll()), lines, on_line)
        if is_cancelled():
            _end(process)
            raise ProgramCancelledError
        if limit_s is not None and time.monotonic() - began > limit_s:
            _end(process)
            raise ProgramError(tr("{program} does not answer.").format(program=program))
    _take_lines(rest + bytes(process.readAll()) + b"\n", lines, on_line)
    if process.exitStatus() == QProcess.ExitStatus.CrashExit:
        raise ProgramError(tr("{program} crashed.").format(program=program))
    return process.exitCode(), list(lines)


def _take_lines(text: bytes, lines: deque[str], on_line: Callable[[str], None]) -> bytes:
    *whole, rest = text.split(b"\n")
    for line in whole:
        shown = line.decode("utf-8", errors="replace").rstrip()
        if shown:
            lines.append(shown)
            on_line(shown)
    return rest


def _end(process: QProcess) -> None:
    leader = process.processId()
    process.closeWriteChannel()
    if not process.waitForFinished(int(KILL_AFTER_S * 1000)):
        _end_children_on_windows(leader)
        process.kill()
        process.waitForFinished(-1)
    _end_group(leader)


def _end_group(leader: int) -> None:
    # What the program started outlives it for a moment; only a group that it leads is ours to end.
    if WINDOWS:
        return
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return


def _end_children_on_windows(leader: int) -> None:
    if WINDOWS:
        taskkill = Path(os.environ.get("SYSTEMROOT", "C:\\Windows")) / "System32" / "taskkill.exe"
        QProcess.execute(str(taskkill), ["/T", "/F", "/PID", str(leader)])
