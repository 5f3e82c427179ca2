"""Makes the private environment: a Python of its own, PyTorch, magnet-geo; cancellable, and whole or not at all."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Optional

from qgis.PyQt.QtCore import QLockFile, QProcess

from ..core.outcome import MIN_ENGINE_VERSION
from ..core.requirement import PROBE_CODE, EngineRequirement, Probe, folder_name, parse_probe, pip_reason
from ..core.sentences import version_text
from ..core.text import tr
from ..core.version import is_at_least
from ..settings import PRIVATE_ENGINE, write_setting
from .finding import PYTHON_PLACES, private_folder, python_in
from .surroundings import WINDOWS, engine_environment

STAMP = "magnet-geo.json"
KEPT_LINES = 200
POLL_MS = 100
KILL_AFTER_S = 5.0
PROBE_S = 30.0


class InstallError(Exception):
    """The environment could not be made; the text is for the user."""


class InstallCancelledError(Exception):
    """The user cancelled."""


def candidate_pythons(chosen: str = "") -> list[str]:
    """Gives programs that may be a Python, best first. sys.executable is not asked: in a bundle it is QGIS."""
    names = ["python3.13", "python3.12", "python3.11", "python3", "python"]
    prefixes = {sys.exec_prefix, sys.base_exec_prefix}
    inside = [str(Path(prefix) / place) for prefix in prefixes for place in PYTHON_PLACES]
    found = [chosen, *(path for path in inside if os.path.isfile(path)), *(shutil.which(name) for name in names)]
    return list(dict.fromkeys(path for path in found if path))


def probe_python(program: str) -> Optional[Probe]:
    """Gives what a Python says about itself; None where the program is no Python that runs."""
    try:
        code, lines = run_program(program, ["-I", "-c", PROBE_CODE], limit_s=PROBE_S)
    except InstallError:
        return None
    return parse_probe("\n".join(lines)) if code == 0 else None


def find_base_python(chosen: str = "") -> Probe:
    """Gives a Python that can make the environment.

    Raises:
        InstallError: None can; says why.
    """
    objections = []
    for program in [chosen] if chosen else candidate_pythons():
        probe = probe_python(program)
        objection = tr("it does not run.") if probe is None else probe.objection()
        if probe is not None and not objection:
            return probe
        objections.append(f"{program}: {objection}")
    raise InstallError(
        tr("No Python here can make the environment; install Python 3.11 or newer from python.org.")
        + "\n"
        + "\n".join(objections)
    )


def create_environment(
    requirement: EngineRequirement,
    *,
    base_python: str = "",
    on_line: Callable[[str], None] = lambda line: None,
    on_step: Callable[[float, str], None] = lambda fraction, text: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Path:
    """Makes the private environment and remembers it; blocks for minutes.

    Args:
        requirement: What is installed.
        base_python: Python to make it with; empty for the best one here.
        on_line: Takes each line that pip says.
        on_step: Takes how far it is (0-1) and what it does.
        is_cancelled: Asked ten times a second.

    Returns:
        The environment's folder.

    Raises:
        InstallError: It failed; nothing is left of it.
        InstallCancelledError: The user cancelled; nothing is left of it.
    """
    on_step(0.0, tr("Looking for a Python"))
    probe = find_base_python(base_python)
    home = private_folder()
    home.mkdir(parents=True, exist_ok=True)
    lock = QLockFile(str(home / "install.lock"))
    lock.setStaleLockTime(0)
    if not lock.tryLock(100):
        raise InstallError(tr("Another QGIS is creating the environment; wait until it is done."))
    folder = home / folder_name(probe, requirement)
    try:
        _fill(folder, probe, requirement, on_line, on_step, is_cancelled)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        lock.unlock()
    write_setting(PRIVATE_ENGINE, str(folder))
    _remove_others(home, folder)
    return folder


def run_program(
    program: str,
    arguments: list[str],
    *,
    on_line: Callable[[str], None] = lambda line: None,
    is_cancelled: Callable[[], bool] = lambda: False,
    limit_s: Optional[float] = None,
) -> tuple[int, list[str]]:
    """Runs a program in the engine's environment variables; gives its exit code and its last lines.

    Raises:
        InstallError: It does not start, crashes, or takes longer than its limit.
        InstallCancelledError: The user cancelled; it is gone.
    """
    process = QProcess()
    process.setProcessEnvironment(engine_environment())
    process.setProcessChannelMode(QProcess.ProcessChannelMode.MergedChannels)
    process.start(program, arguments)
    if not process.waitForStarted(10_000):
        raise InstallError(
            tr("{program} does not start: {reason}").format(program=program, reason=process.errorString())
        )
    process.closeWriteChannel()
    lines: deque[str] = deque(maxlen=KEPT_LINES)
    began, rest = time.monotonic(), b""
    while process.state() != QProcess.ProcessState.NotRunning:
        if not process.waitForReadyRead(POLL_MS):
            process.waitForFinished(POLL_MS // 2)
        rest = _take_lines(rest + bytes(process.readAll()), lines, on_line)
        if is_cancelled():
            _end(process)
            raise InstallCancelledError
        if limit_s is not None and time.monotonic() - began > limit_s:
            _end(process)
            raise InstallError(tr("{program} does not answer.").format(program=program))
    _take_lines(rest + bytes(process.readAll()) + b"\n", lines, on_line)
    if process.exitStatus() == QProcess.ExitStatus.CrashExit:
        raise InstallError(tr("{program} crashed.").format(program=program))
    return process.exitCode(), list(lines)


def _fill(
    folder: Path,
    probe: Probe,
    requirement: EngineRequirement,
    on_line: Callable[[str], None],
    on_step: Callable[[float, str], None],
    is_cancelled: Callable[[], bool],
) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    on_step(0.05, tr("Creating the environment with Python {v}").format(v=".".join(map(str, probe.python))))
    _step(probe.executable, ["-I", "-m", "venv", str(folder)], on_line, is_cancelled)
    python = python_in(folder)
    if python is None:
        raise InstallError(tr("The environment was made without a Python; choose another one to make it with."))
    steps = requirement.pip_steps()
    for number, (text, arguments) in enumerate(steps):
        on_step(0.1 + 0.8 * number / len(steps), text)
        _step(str(python), ["-I", "-m", "pip", *arguments], on_line, is_cancelled)
    on_step(0.95, tr("Testing the engine"))
    made = probe_python(str(python))
    version = (made.packages.get("magnet-geo") or "") if made else ""
    if not version:
        raise InstallError(tr("The installation ended, but the engine is not there; see the log."))
    if not is_at_least(version, MIN_ENGINE_VERSION):
        raise InstallError(str(version_text(version, MIN_ENGINE_VERSION)))
    (folder / STAMP).write_text(requirement.stamp(version), encoding="utf-8")


def _step(program: str, arguments: list[str], on_line: Callable[[str], None], is_cancelled: Callable[[], bool]) -> None:
    on_line(f"$ {program} {' '.join(arguments)}")
    code, lines = run_program(program, arguments, on_line=on_line, is_cancelled=is_cancelled)
    if code != 0:
        raise InstallError(
            tr("The installation failed: {reason}").format(reason=pip_reason(lines) or tr("see the log."))
        )


def _take_lines(text: bytes, lines: deque[str], on_line: Callable[[str], None]) -> bytes:
    *whole, rest = text.split(b"\n")
    for line in whole:
        shown = line.decode("utf-8", errors="replace").rstrip()
        if shown:
            lines.append(shown)
            on_line(shown)
    return rest


def _end(process: QProcess) -> None:
    if not WINDOWS:
        process.terminate()
    if WINDOWS or not process.waitForFinished(int(KILL_AFTER_S * 1000)):
        process.kill()
        process.waitForFinished(-1)


def _remove_others(home: Path, kept: Path) -> None:
    for folder in home.iterdir():
        if folder.is_dir() and folder != kept and (folder / "pyvenv.cfg").is_file():
            shutil.rmtree(folder, ignore_errors=True)
