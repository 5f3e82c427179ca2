"""`segment --workers`: several scenes on several processes at once, told one after the other."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.runs import names, run

pytest.importorskip("distributed", reason="the extra 'dask' is not installed")


def test_scenes_on_workers_have_the_bytes_of_scenes_alone(scene: Path, tiny_model: Path, tmp_path: Path) -> None:
    scenes = [Path(shutil.copy(scene, tmp_path / f"{name}.tif")) for name in ("north", "south")]
    common = [*scenes, "--model", tiny_model, "--threads", "1", "--json"]
    alone = run("segment", *common, "--output-dir", tmp_path / "alone")
    shared = run("segment", *common, "--output-dir", tmp_path / "shared", "--workers", "local:2")
    assert (alone.exit_code, shared.exit_code) == (0, 0), shared.stderr
    assert [Path(json.loads(line)["raster"]).name for line in shared.stdout.splitlines()] == [
        "north_classes.tif",
        "south_classes.tif",
    ]
    assert names(tmp_path / "alone") == names(tmp_path / "shared")
    for name in names(tmp_path / "alone"):
        assert (tmp_path / "alone" / name).read_bytes() == (tmp_path / "shared" / name).read_bytes()


def test_a_scene_that_fails_on_workers_stops_no_other(scene: Path, tiny_model: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.tif").write_bytes(b"no raster")
    arguments = [tmp_path / "broken.tif", scene, "--output-dir", tmp_path / "maps", "--model", tiny_model]
    result = run("segment", *arguments, "--threads", "1", "--workers", "local:1")
    assert result.exit_code == 1
    assert "broken.tif" in result.stderr
    assert [name for name in names(tmp_path / "maps") if name.endswith("_classes.tif")] == [f"{scene.stem}_classes.tif"]


def test_what_names_no_workers_is_wrong_usage(scene: Path) -> None:
    result = run("segment", scene, "--workers", "many")
    assert result.exit_code == 2
    assert "names no workers; give local:N" in " ".join(result.stderr.split())


@pytest.mark.skipif(os.name != "posix", reason="process groups are a matter of POSIX")
def test_ctrl_c_of_a_terminal_ends_all_processes_with_one_sentence(
    wide_scene: Path, tiny_model: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "magnet_geo", "segment", wide_scene, "-o", tmp_path / "map.tif"]
    command += ["--model", tiny_model, "--workers", "local:1", "--threads", "1", "--progress", "jsonl"]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, start_new_session=True, **pipes) as process:
        assert process.stdout is not None
        # The first tells of a window; the last worker is up then.
        next(line for line in process.stdout if '"segment"' in line)
        os.killpg(process.pid, signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert told.splitlines()[-1].startswith("Cancelled")
    assert "Traceback" not in told
