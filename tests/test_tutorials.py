"""The commands of a tutorial, run as they are written; deselected unless asked for: pytest -m tutorial."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

from magnet_geo.model.graph_manifest import GraphManifestDraft
from magnet_geo.sensors import sensor_names

ROOT = Path(__file__).parents[1]
TUTORIALS = ROOT / "docs" / "tutorials"
MINUTES_ALLOWED = 10


def commands_of(page: Path) -> list[str]:
    """Gives the commands in a page's blocks marked ``sh``, continued lines joined."""
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [line for line in lines if line.strip()]


def test_the_commands_of_the_tutorial_are_found() -> None:
    commands = commands_of(TUTORIALS / "train-your-own.md")
    assert all(command.startswith("magnet-geo ") for command in commands)
    assert {shlex.split(command)[1] for command in commands} >= {"train", "segment", "evaluate"}


def test_the_manifest_of_a_foreign_model_is_complete(tmp_path: Path) -> None:
    page = (TUTORIALS / "sensors-and-onnx.md").read_text(encoding="utf-8")
    (tmp_path / "clouds.yaml").write_text(re.findall(r"```yaml\n(.*?)```", page, flags=re.DOTALL)[0], encoding="utf-8")
    manifest = GraphManifestDraft.read(tmp_path / "clouds.yaml").complete(size=(256, 256))
    assert manifest.bands == ("blue", "green", "red", "nir")


def test_the_table_of_sensors_is_the_package_s() -> None:
    page = (TUTORIALS / "sensors-and-onnx.md").read_text(encoding="utf-8")
    table = page.partition("\n## 2.")[0]
    assert re.findall(r"^\| `([a-z][a-z0-9-]*)` \|", table, flags=re.MULTILINE) == list(sensor_names())


@pytest.mark.tutorial
def test_training_your_own_model_works_as_written(tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    start = time.monotonic()
    outputs = {}
    for command in commands_of(TUTORIALS / "train-your-own.md"):
        arguments = shlex.split(command)[1:]
        done = subprocess.run(
            [sys.executable, "-m", "magnet_geo", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        outputs[" ".join(arguments[:2])] = done.stdout
    assert time.monotonic() - start < 60 * MINUTES_ALLOWED
    found = re.search(
        r"overall accuracy\D*(0\.\d+|1\.0+)", next(t for c, t in outputs.items() if "evaluate" in c), re.I
    )
    assert found, outputs
    assert float(found[1]) > 0.7
    assert (tmp_path / "village.tif").exists()
