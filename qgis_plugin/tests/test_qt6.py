"""Every Qt name that the plugin uses exists in Qt 6, which QGIS 4 is built on."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest


def test_pyqt6_knows_every_name():
    if importlib.util.find_spec("PyQt6") is None:
        pytest.skip("no PyQt6 here")
    program = Path(__file__).with_name("qt6_names.py")
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
