"""Makes the private environment: a Python of its own, PyTorch, magnet-geo; cancellable, and whole or not at all."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from itertools import chain, count
from pathlib import Path
from typing import Optional

from qgis.PyQt.QtCore import QLockFile

from ..core.outcome import MIN_ENGINE_VERSION
from ..core.requirement import PROBE_CODE, EngineRequirement, Probe, folder_name, parse_probe, pip_reason
from ..core.sentences import version_text
from ..core.text import tr
from ..core.version import is_at_least
from ..core.watching import watched_module
from ..settings import PRIVATE_ENGINE, read_setting, write_setting
from .finding import PYTHON_PLACES, private_folder, python_in
from .program import ProgramError, run_program

STAMP = "magnet-geo.json"
LOCK = "install.lock"
PROBE_S = 30.0


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
    except ProgramError:
        return None
    return parse_probe("\n".join(lines)) if code == 0 else None


def find_base_python(chosen: str = "") -> Probe:
    """Gives a Python that can make the environment.

    Raises:
        ProgramError: None can; says why.
    """
    objections = []
    for program in [chosen] if chosen else candidate_pythons():
        probe = probe_python(program)
        objection = tr("it does not run.") if probe is None else probe.objection()
        if probe is not None and not objection:
            return probe
        objections.append(f"{program}: {objection}")
    raise ProgramError(
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
        ProgramError: It failed; nothing is left of it.
        ProgramCancelledError: The user cancelled; nothing is left of it.
    """
    on_step(0.0, tr("Looking for a Python"))
    probe = find_base_python(base_python)
    home = private_folder()
    home.mkdir(parents=True, exist_ok=True)
    lock = _lock(home)
    if not lock.tryLock(100):
        raise ProgramError(tr("Another QGIS is creating the environment; wait until it is done."))
    folder = _new_folder(home, folder_name(probe, requirement))
    try:
        _fill(folder, probe, requirement, on_line, on_step, is_cancelled)
        write_setting(PRIVATE_ENGINE, str(folder))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        lock.unlock()
    return folder


def old_environments() -> list[Path]:
    """Gives the environments that a newer one has replaced."""
    home, kept = private_folder(), read_setting(PRIVATE_ENGINE).strip()
    found = home.iterdir() if kept and home.is_dir() else ()
    return [folder for folder in found if folder != Path(kept) and _is_ours(folder)]


def remove_old_environments() -> None:
    """Removes them, unless one is being made. Not right after that: another QGIS may still compute in one of them."""
    lock = _lock(private_folder())
    if not lock.tryLock(0):
        return
    try:
        for folder in old_environments():
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        lock.unlock()


def _is_ours(folder: Path) -> bool:
    """Whether an environment bears our stamp, and is no link to somewhere else."""
    return not folder.is_symlink() and (folder / "pyvenv.cfg").is_file() and (folder / STAMP).is_file()


def _fill(
    folder: Path,
    probe: Probe,
    requirement: EngineRequirement,
    on_line: Callable[[str], None],
    on_step: Callable[[float, str], None],
    is_cancelled: Callable[[], bool],
) -> None:
    on_step(0.05, tr("Creating the environment with Python {v}").format(v=".".join(map(str, probe.python))))
    _step(probe.executable, "venv", [str(folder)], on_line, is_cancelled)
    python = python_in(folder)
    if python is None:
        raise ProgramError(tr("The environment was made without a Python; choose another one to make it with."))
    steps = requirement.pip_steps()
    for number, (text, arguments) in enumerate(steps):
        on_step(0.1 + 0.8 * number / len(steps), text)
        _step(str(python), "pip", arguments, on_line, is_cancelled)
    on_step(0.95, tr("Testing the engine"))
    made = probe_python(str(python))
    version = (made.packages.get("magnet-geo") or "") if made else ""
    if not version:
        raise ProgramError(tr("The installation ended, but the engine is not there; see the log."))
    if not is_at_least(version, MIN_ENGINE_VERSION):
        raise ProgramError(str(version_text(version, MIN_ENGINE_VERSION)))
    (folder / STAMP).write_text(requirement.stamp(version), encoding="utf-8")


def _step(
    python: str,
    module: str,
    arguments: list[str],
    on_line: Callable[[str], None],
    is_cancelled: Callable[[], bool],
) -> None:
    on_line(f"$ {python} -m {module} {' '.join(arguments)}")
    code, lines = run_program(python, watched_module(module, arguments), on_line=on_line, is_cancelled=is_cancelled)
    if code != 0:
        raise ProgramError(
            tr("The installation failed: {reason}").format(reason=pip_reason(lines) or tr("see the log."))
        )


def _new_folder(home: Path, name: str) -> Path:
    # The environment in use stays until the new one works.
    folders = chain([home / name], (home / f"{name}-{number}" for number in count(2)))
    return next(folder for folder in folders if not folder.exists())


def _lock(home: Path) -> QLockFile:
    lock = QLockFile(str(home / LOCK))
    lock.setStaleLockTime(0)
    return lock
