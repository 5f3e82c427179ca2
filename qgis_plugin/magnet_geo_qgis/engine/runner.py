"""Runs one call of the engine, in whatever thread it is made in, and ends it when it must."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Optional

from qgis.PyQt.QtCore import QProcess

from ..core.engine import Call
from ..core.outcome import Ending, Outcome, Transcript
from ..core.protocol import Message, cancel_line
from .surroundings import engine_environment

POLL_MS = 100
START_MS = 20_000
TERMINATE_AFTER_S = 5.0
KILL_AFTER_S = 10.0
UNBEGUN_KILL_S = 1.0
HURRIED_KILL_S = 2.0

_running: set[_Run] = set()
_closing = threading.Event()


def run_call(
    call: Call,
    *,
    on_message: Callable[[Message], None] = lambda message: None,
    on_log: Callable[[str], None] = lambda line: None,
    is_cancelled: Callable[[], bool] = lambda: False,
    limit_s: Optional[float] = None,
) -> Outcome:
    """Runs a call to its end; blocks, without an event loop.

    Args:
        call: What to run.
        on_message: Takes each message, in this thread.
        on_log: Takes each line of stderr, in this thread.
        is_cancelled: Asked ten times a second. The engine is told first; after 5 s it is terminated, after 10 s
            killed. One that has not begun its work, but still loads, is killed after 1 s.
        limit_s: Time after which a short question is cancelled.
    """
    run = _Run(call, on_message, on_log, is_cancelled, limit_s)
    _running.add(run)
    try:
        return run.run()
    finally:
        _running.discard(run)


def allow_runs() -> None:
    """Lets runs begin; the plugin is loaded."""
    _closing.clear()


def end_all_runs() -> None:
    """Ends every run, whichever thread it is in, and lets none begin: the plugin is unloaded, or QGIS closes.

    An engine that does not stop at once is killed after 2 s.
    """
    _closing.set()
    ends = time.monotonic() + HURRIED_KILL_S + 4.0
    while _running and time.monotonic() < ends:
        time.sleep(POLL_MS / 1000)


class _Run:
    def __init__(
        self,
        call: Call,
        on_message: Callable[[Message], None],
        on_log: Callable[[str], None],
        is_cancelled: Callable[[], bool],
        limit_s: Optional[float],
    ) -> None:
        self._call = call
        self._on_message, self._on_log = on_message, on_log
        self._is_cancelled = is_cancelled
        self._ends = None if limit_s is None else time.monotonic() + limit_s
        self._transcript = Transcript(speaks_protocol=call.speaks_protocol)
        self._cancelled_at: Optional[float] = None
        self._user_cancelled = False
        self._terminated = False

    def run(self) -> Outcome:
        if _closing.is_set():
            return self._conclude(Ending(cancel_wanted=True))
        process = QProcess()
        process.setProcessEnvironment(engine_environment())
        process.start(self._call.engine.program, self._call.full_arguments())
        if not process.waitForStarted(START_MS):
            return self._conclude(Ending(started=False, reason=process.errorString()))
        try:
            self._attend(process)
        finally:
            if process.state() != QProcess.ProcessState.NotRunning:
                process.kill()
                process.waitForFinished(-1)
        crashed = process.exitStatus() == QProcess.ExitStatus.CrashExit
        return self._conclude(Ending(crashed=crashed, code=process.exitCode(), cancel_wanted=self._user_cancelled))

    def _attend(self, process: QProcess) -> None:
        while process.state() != QProcess.ProcessState.NotRunning:
            # A child that has closed its stdout makes waitForReadyRead return at once: wait for its end then.
            if not process.waitForReadyRead(POLL_MS):
                process.waitForFinished(POLL_MS // 2)
            self._drain(process)
            self._end_if_wanted(process)
        self._drain(process, at_end=True)

    def _drain(self, process: QProcess, *, at_end: bool = False) -> None:
        out, err = bytes(process.readAllStandardOutput()), bytes(process.readAllStandardError())
        for message in self._transcript.read_stdout(out, at_end=at_end):
            self._on_message(message)
        for line in self._transcript.read_stderr(err, at_end=at_end):
            self._on_log(line)

    def _end_if_wanted(self, process: QProcess) -> None:
        now = time.monotonic()
        if self._cancelled_at is None:
            self._user_cancelled = self._is_cancelled() or _closing.is_set()
            late = self._ends is not None and now > self._ends
            if not (self._user_cancelled or late or self._transcript.unfit):
                return
            self._cancelled_at = now
            process.write(cancel_line())
            process.closeWriteChannel()
            return
        waited = now - self._cancelled_at
        hurried = _closing.is_set()
        if waited > self._patience_s(hurried):
            process.kill()
        elif not self._terminated and (hurried or waited > TERMINATE_AFTER_S):
            self._terminated = True
            process.terminate()

    def _patience_s(self, hurried: bool) -> float:
        if self._call.speaks_protocol and not self._transcript.begun:
            return UNBEGUN_KILL_S
        return HURRIED_KILL_S if hurried else KILL_AFTER_S

    def _conclude(self, ending: Ending) -> Outcome:
        return self._transcript.conclude(ending, program=self._call.engine.program)
