"""A run over a bad network ends with the bytes of a run over the local file, and loads little more than it needs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import rasterio.shutil

from magnet_geo.scene import Area, RefineMode, SegmentOptions, plan_run, segment_scene
from tests.range_server import Faults, RangeServer, serving
from tests.scene.stub_model import TRANSFORM, hashes, stub_model, write_scene

SIDE, BLOCK, WINDOW, HALO = 1536, 256, 512, 32
PIECE = 2**14


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    noise = np.random.default_rng(8).integers(1, 255, (3, SIDE, SIDE), dtype=np.uint8)
    layout = {"tiled": True, "blockxsize": BLOCK, "blockysize": BLOCK, "interleave": "pixel", "nodata": 0}
    folder = tmp_path_factory.mktemp("scene")
    return Path(write_scene(folder / "scene.tif", noise, colors=("red", "green", "blue"), **layout))


@pytest.fixture
def server(scene: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RangeServer]:
    monkeypatch.setenv("GDAL_HTTP_TIMEOUT", "1")
    monkeypatch.setenv("GDAL_HTTP_RETRY_DELAY", "0.02")
    with serving({"scene.tif": scene.read_bytes()}) as state:
        yield state


def run(scene: str | Path, output: Path, options: SegmentOptions | None = None) -> None:
    model = stub_model(window=WINDOW, patch=128, halo=HALO)
    segment_scene(scene, output=output / "classes.tif", model=model, options=options or SegmentOptions())


def test_failing_and_stalling_requests_change_no_byte_of_the_map(
    scene: Path, server: RangeServer, tmp_path: Path
) -> None:
    (tmp_path / "local").mkdir()
    (tmp_path / "remote").mkdir()
    run(scene, tmp_path / "local")
    server.misbehave(Faults(failing=0.1, stalling=0.05, seed=11))
    run(f"{server.url}/scene.tif", tmp_path / "remote")
    assert sum(count for kind, count in server.kinds.items() if kind) >= 2
    assert hashes(tmp_path / "remote") == hashes(tmp_path / "local")
    # Windows overlap, and the lanes remember what they share.
    assert server.sent <= 1.1 * len(server.files["scene.tif"])


def test_an_area_loads_the_blocks_of_its_windows_and_no_others(server: RangeServer, tmp_path: Path) -> None:
    left, top = TRANSFORM @ (600, 600)
    right, bottom = TRANSFORM @ (700, 650)
    run(f"{server.url}/scene.tif", tmp_path, SegmentOptions(area=Area((left, bottom, right, top))))
    # One window touches the area: rows and columns 448-960, which are 3 x 3 blocks of 256; and the header.
    blocks = 9 * BLOCK * BLOCK * 3
    assert server.sent <= 1.05 * blocks + 2 * PIECE


@pytest.mark.parametrize("resampling", ["AVERAGE", "CUBIC"])
@pytest.mark.parametrize(("col", "row", "side"), [(600, 600, 50), (300, 700, 700), (0, 0, SIDE)])
def test_a_coarse_map_of_an_area_pays_little_for_overviews_that_say_nothing(
    scene: Path, tmp_path: Path, resampling: str, col: int, row: int, side: int
) -> None:
    cog = tmp_path / "cog.tif"
    rasterio.shutil.copy(scene, cog, driver="COG", BLOCKSIZE=BLOCK, OVERVIEW_RESAMPLING=resampling, COMPRESS="NONE")
    corners = TRANSFORM @ (col, row + side), TRANSFORM @ (col + side, row)
    area = Area((*corners[0], *corners[1]))
    options = SegmentOptions(area=area, refine=RefineMode("off"))
    with serving({"cog.tif": cog.read_bytes()}) as server:
        run(f"{server.url}/cog.tif", tmp_path, options)
        loaded = server.sent
    plan = plan_run(cog, stub_model(window=WINDOW, patch=128, halo=HALO), options)
    read = plan.windows.read_area(plan.area.rect)
    rows = -(-read.row_stop // BLOCK) - read.row // BLOCK
    cols = -(-read.col_stop // BLOCK) - read.col // BLOCK
    assert loaded <= 1.02 * rows * cols * BLOCK * BLOCK * 3 + 3 * PIECE


def test_a_run_that_the_network_broke_makes_no_map_and_goes_on_later(
    scene: Path, server: RangeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GDAL_HTTP_MAX_RETRY", "0")
    (tmp_path / "local").mkdir()
    (tmp_path / "remote").mkdir()
    server.misbehave(Faults(first=("",) * 6 + ("500",) * 100))
    with pytest.raises(ValueError, match=r"scene\.tif'"):
        run(f"{server.url}/scene.tif", tmp_path / "remote")
    assert not (tmp_path / "remote" / "classes.tif").exists()
    server.misbehave(Faults())
    run(f"{server.url}/scene.tif", tmp_path / "remote")
    run(scene, tmp_path / "local")
    assert hashes(tmp_path / "remote") == hashes(tmp_path / "local")
