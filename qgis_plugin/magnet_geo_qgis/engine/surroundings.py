"""The system around QGIS: variables and folders that its child must not inherit."""

from __future__ import annotations

import os
import sys

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QProcessEnvironment

from ..core.environment import clean_environment

WINDOWS = sys.platform == "win32"


def engine_environment() -> QProcessEnvironment:
    """Gives the variables for the engine, read now: QGIS may have changed its own since it started."""
    system = QProcessEnvironment.systemEnvironment()
    variables = {name: system.value(name) for name in system.keys()}  # noqa: SIM118
    cleaned = QProcessEnvironment()
    for name, value in clean_environment(variables, bundle_folders=bundle_folders(), windows=WINDOWS).items():
        cleaned.insert(name, value)
    return cleaned


def bundle_folders() -> list[str]:
    """Gives the folders of a QGIS that brings its own libraries; none for one that uses the system's."""
    folders = [os.environ.get("APPDIR", ""), os.environ.get("OSGEO4W_ROOT", "")]
    prefix = QgsApplication.prefixPath()
    if prefix not in ("/usr", "/usr/local", "/app"):
        folders.append(prefix)
    grass = os.environ.get("GISBASE", "")
    return [folder for folder in [*folders, grass, *_grass_folders()] if folder]


def _grass_folders() -> list[str]:
    # Debian's start script of QGIS puts GRASS's libraries first, with a GDAL of their own.
    entries = os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)
    return [entry for entry in entries if "grass" in os.path.basename(os.path.dirname(entry.rstrip("/"))).lower()]
