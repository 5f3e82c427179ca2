"""A real QGIS as a judge of our files: the system's Python sees PyQGIS, ours does not."""

from __future__ import annotations

import json
import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pytest

_PYTHON = "/usr/bin/python3"
_READER = Path(__file__).with_name("qgis_reader.py")
# Nothing of this environment may reach the system's GDAL.
_ENVIRONMENT = {"PATH": os.environ.get("PATH", ""), "QT_QPA_PLATFORM": "offscreen", "LC_ALL": "C.UTF-8"}


@cache
def has_qgis() -> bool:
    """Whether PyQGIS can be imported; takes a fraction of a second."""
    try:
        done = subprocess.run([_PYTHON, "-c", "import qgis.core"], capture_output=True, env=_ENVIRONMENT, check=False)
    except OSError:
        return False
    return done.returncode == 0


needs_qgis = pytest.mark.skipif("not __import__('tests.real_qgis', fromlist=['x']).has_qgis()", reason="no QGIS here")


def read_in_qgis(kind: Literal["raster", "vector", "answered"], path: Path | str) -> Any:
    """Loads a layer as a user would and gives its renderer and classes.

    Args:
        kind: Of the layer; `answered` a sample of points, whose first one it answers.
        path: As QGIS names it; for a layer of a GeoPackage with ``|layername=``.
    """
    home = str(Path(str(path).split("|")[0]).parent)
    done = subprocess.run(
        [_PYTHON, str(_READER), kind, str(path)],
        capture_output=True,
        text=True,
        timeout=120,
        env=_ENVIRONMENT | {"HOME": home, "XDG_RUNTIME_DIR": home},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
