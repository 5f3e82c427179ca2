"""Which program is the engine: the one chosen, else the private environment, else magnet-geo on the PATH."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Optional

from qgis.core import QgsApplication

from ..core.engine import PACKAGE, Engine
from ..settings import ENGINE_PROGRAM, PRIVATE_ENGINE, read_setting
from .surroundings import WINDOWS

PYTHON_PLACES = ("Scripts/python.exe", "python.exe") if WINDOWS else ("bin/python", "bin/python3")


def find_engine() -> Optional[Engine]:
    """Gives the engine that the settings lead to; None where there is none. Looks at files, starts nothing."""
    chosen = read_setting(ENGINE_PROGRAM).strip()
    if chosen:
        return engine_at(chosen)
    private = private_engine()
    return private or _on_path()


def private_engine() -> Optional[Engine]:
    """Gives the engine of the private environment; None where there is none, or its folder is gone."""
    folder = read_setting(PRIVATE_ENGINE).strip()
    python = python_in(Path(folder)) if folder else None
    return Engine(str(python)) if python else None


def engine_at(place: str) -> Engine:
    """Gives the engine of a Python, of the folder of an environment, or of the command itself."""
    path = Path(os.path.expanduser(place))
    if path.is_dir():
        python = python_in(path)
        return Engine(str(python)) if python else Engine(str(path / PYTHON_PLACES[0]))
    if path.name.lower().startswith("python"):
        return Engine(str(path))
    beside = _python_beside(path)
    return Engine(str(beside)) if beside else Engine(str(path), is_python=False)


def python_in(folder: Path) -> Optional[Path]:
    """Gives the Python of an environment's folder; None without one."""
    return next((folder / place for place in PYTHON_PLACES if (folder / place).is_file()), None)


def private_folder() -> Path:
    """Where private environments are made: in the user's profile, since an update empties the plugin's folder."""
    return Path(QgsApplication.qgisSettingsDirPath()) / "magnet_geo" / "engine"


def _on_path() -> Optional[Engine]:
    found = shutil.which(PACKAGE)
    return engine_at(found) if found else None


def _python_beside(program: Path) -> Optional[Path]:
    # pip writes the command beside the environment's Python, which can be watched and isolated.
    if not program.name.lower().startswith(PACKAGE) or not (program.parent.parent / "pyvenv.cfg").is_file():
        return None
    return python_in(program.parent.parent)
