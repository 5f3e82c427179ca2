"""`segment --workers`: several scenes on several processes at once, told one after the other."""

from __future__ import annotations

import json
import shutil
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
