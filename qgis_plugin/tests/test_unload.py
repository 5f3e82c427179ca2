"""The plugin is unloaded, or updated, while dialogs of its algorithms are open: QGIS lives on, others' dialogs stay."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import FAKE, VILLAGE

PROGRAM = Path(__file__).with_name("unload_with_dialogs.py")


@pytest.mark.parametrize(
    ("mode", "opened"),
    [
        ("idle", "AlgorithmDialog AlgorithmDialog"),
        ("batch", "AlgorithmDialog AlgorithmDialog BatchAlgorithmDialog"),
        ("running", "AlgorithmDialog AlgorithmDialog"),
    ],
)
def test_open_dialogs_of_our_algorithms_go_with_the_plugin(mode, opened, tmp_path):
    scene = shutil.copy(VILLAGE, tmp_path / "scene.tif")
    variables = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "QGIS_CUSTOM_CONFIG_PATH": str(tmp_path / "profile"),
        "XDG_RUNTIME_DIR": str(tmp_path),
        "FAKE_ENGINE": "slow",
    }
    command = [sys.executable, str(PROGRAM), mode, str(scene), str(FAKE)]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=120)
    lines = done.stdout.splitlines()
    assert done.returncode == 0, (done.returncode, lines, done.stderr[-2000:])
    assert f"open: {opened}" in lines
    # the dialog of QGIS's own algorithm
    assert "left: AlgorithmDialog" in lines
    assert lines[-1] == "alive"
    if mode == "running":
        assert "runs: True" in lines
        assert "Traceback" not in done.stderr
        assert not (tmp_path / "map.tif").exists()
