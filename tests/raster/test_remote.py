"""Scenes behind a network that stalls, breaks off and fails: the same pixels, few bytes, one sentence at the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray

from magnet_geo.addresses import is_remote, public_address
from magnet_geo.errors import SceneError
from magnet_geo.grid import PixelRect, Size
from magnet_geo.raster import SceneReader, SceneSource, describe_scene, scene_fingerprint
from magnet_geo.raster.gdal_environment import gdal_environment, opening
from magnet_geo.raster.picture import read_picture
from tests.range_server import FAILURES, STALLS, Faults, RangeServer, serving
from tests.raster.rasters import write_raster

SIDE, BLOCK, NAME = 512, 128, "scene.tif"


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stall is told after one second, and tries follow each other quickly."""
    monkeypatch.setenv("GDAL_HTTP_TIMEOUT", "1")
    monkeypatch.setenv("GDAL_HTTP_RETRY_DELAY", "0.02")


@pytest.fixture(scope="module")
def noise() -> NDArray[np.uint8]:
    return np.random.default_rng(3).integers(1, 255, (3, SIDE, SIDE), dtype=np.uint8)


@pytest.fixture
def server(tmp_path: Path, noise: NDArray[np.uint8]) -> Iterator[RangeServer]:
    path = write_raster(
        tmp_path / NAME,
        noise,
        nodata=0,
        tiled=True,
        blockxsize=BLOCK,
        blockysize=BLOCK,
        compress="deflate",
        interleave="pixel",
    )
    with serving({NAME: Path(path).read_bytes()}) as state:
        yield state


def reader(server: RangeServer) -> SceneReader:
    return SceneReader(SceneSource(f"{server.url}/{NAME}"), (1, 2, 3))


@pytest.mark.parametrize("kind", [*FAILURES, *STALLS])
def test_whatever_befalls_a_request_the_pixels_are_the_file_s(
    kind: str, server: RangeServer, noise: NDArray[np.uint8]
) -> None:
    with reader(server) as scene:
        server.misbehave(Faults(first=(kind,)))
        pixels = scene.read(PixelRect(0, 0, BLOCK, 2 * BLOCK))
    assert server.kinds[kind] == 1
    np.testing.assert_array_equal(pixels.values, noise[:, :BLOCK, : 2 * BLOCK])


def test_faults_at_random_change_no_pixel_and_cost_few_bytes(server: RangeServer, noise: NDArray[np.uint8]) -> None:
    with reader(server) as scene:
        server.misbehave(Faults(first=("503", "", "truncate", "stall"), failing=0.3, seed=5))
        for row in range(0, SIDE, 192):
            rect = PixelRect(row, 0, min(256, SIDE - row), SIDE)
            np.testing.assert_array_equal(scene.read(rect).values, noise[(slice(None), *rect.slices)])
    # A lane remembers the blocks that two windows share.
    assert server.sent < 1.5 * len(server.files[NAME])


def test_a_window_costs_its_own_blocks(server: RangeServer) -> None:
    with reader(server) as scene:
        server.misbehave(Faults())
        scene.read(PixelRect(BLOCK, BLOCK, BLOCK, 2 * BLOCK))
    # GDAL asks for whole pieces of 16 kB.
    assert server.sent <= len(server.files[NAME]) * 2 / 16 + 2 * 2**14


def test_a_failing_server_at_the_start_is_asked_again(server: RangeServer) -> None:
    server.misbehave(Faults(first=("503", "truncate", "reset")))
    assert describe_scene(SceneSource(f"{server.url}/{NAME}")).band_count == 3


@pytest.mark.parametrize(
    ("refusal", "sentence"),
    [(404, "does not exist on its server"), (403, "is refused by its server"), (503, "is not served at the moment")],
)
def test_a_refusal_is_told_in_one_sentence(refusal: int, sentence: str, server: RangeServer) -> None:
    server.refusal = refusal
    with pytest.raises(SceneError, match=rf"{NAME}' {sentence}"):
        describe_scene(SceneSource(f"{server.url}/{NAME}?key=secret"))


def test_a_missing_scene_is_told_at_the_first_try(server: RangeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: pytest.fail("waits for what cannot come"))
    with pytest.raises(SceneError, match="does not exist"):
        describe_scene(SceneSource(f"{server.url}/absent.tif"))


def test_a_server_that_stalls_for_good_is_told(server: RangeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GDAL_HTTP_MAX_RETRY", "0")
    with reader(server) as scene:
        server.misbehave(Faults(first=("stall",) * 40))
        with pytest.raises(SceneError, match=r"stalls|breaks off") as failure:
            scene.read(PixelRect(0, 0, BLOCK, BLOCK))
    assert "\n" not in str(failure.value)


def test_a_scene_that_lies_on_its_server_in_part_is_told(server: RangeServer) -> None:
    server.files[NAME] = server.files[NAME][: len(server.files[NAME]) // 2]
    with reader(server) as scene, pytest.raises(SceneError, match=r"damaged|breaks off"):
        scene.read(PixelRect(SIDE - BLOCK, 0, BLOCK, BLOCK))


def test_statistics_of_a_scene_without_overviews_read_little_of_it(tmp_path: Path) -> None:
    tall = np.random.default_rng(1).integers(1, 255, (1, 2600, 512), dtype=np.uint8)
    path = Path(write_raster(tmp_path / NAME, tall, tiled=True, blockxsize=BLOCK, blockysize=BLOCK))
    with serving({NAME: path.read_bytes()}) as server, SceneReader(SceneSource(f"{server.url}/{NAME}"), (1,)) as scene:
        server.misbehave(Faults())
        sample = scene.read_decimated(256).values
    assert sample.shape == (1, 256, 256)
    assert abs(float(sample.mean()) - float(tall.mean())) < 3
    assert server.sent < len(server.files[NAME]) * 0.8


def test_statistics_come_from_overviews(tmp_path: Path) -> None:
    values = np.random.default_rng(1).integers(1, 255, (1, 2048, 2048), dtype=np.uint8)
    path = tmp_path / NAME
    profile = {"driver": "COG", "blocksize": 256, "count": 1, "height": 2048, "width": 2048, "dtype": "uint8"}
    place = {"crs": "EPSG:32633", "transform": rasterio.Affine.scale(1, -1)}
    with rasterio.open(path, "w", **profile, **place, overviews="auto") as dataset:
        dataset.write(values)
    with serving({NAME: path.read_bytes()}) as server:
        with SceneReader(SceneSource(f"{server.url}/{NAME}"), (1,)) as scene:
            server.misbehave(Faults())
            remote = scene.read_decimated(256).values
        assert server.sent < 0.1 * len(server.files[NAME])
    with SceneReader(SceneSource(str(path)), (1,)) as scene:
        np.testing.assert_array_equal(remote, scene.read_decimated(256).values)


def test_a_picture_of_a_remote_scene_is_the_file_s(server: RangeServer, noise: NDArray[np.uint8]) -> None:
    server.misbehave(Faults(first=("", "", "truncate", "500", "reset")))
    picture = read_picture(SceneSource(f"{server.url}/{NAME}"), (1, 2, 3), Size(SIDE, SIDE))
    np.testing.assert_array_equal(picture.values, noise)


def test_the_user_s_environment_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GDAL_HTTP_MAX_RETRY", "7")
    monkeypatch.setenv("GDAL_DISABLE_READDIR_ON_OPEN", "FALSE")
    with opening(remote=True):
        settings = rasterio.env.getenv()
    assert not {"GDAL_HTTP_MAX_RETRY", "GDAL_DISABLE_READDIR_ON_OPEN"} & settings.keys()
    assert settings["GDAL_HTTP_LOW_SPEED_TIME"] == 10
    with rasterio.Env(GDAL_HTTP_LOW_SPEED_TIME=3), gdal_environment():
        assert rasterio.env.getenv()["GDAL_HTTP_LOW_SPEED_TIME"] == 3


def test_local_files_are_opened_with_their_neighbors() -> None:
    with opening():
        assert "GDAL_DISABLE_READDIR_ON_OPEN" not in rasterio.env.getenv()


def test_remote_paths_are_told_from_local_ones() -> None:
    remote = [
        "https://a/b.tif",
        "s3://b/k.tif",
        "/vsicurl/http://a/b",
        "/vsizip//vsis3/b/k.zip/x.tif",
        "zip+https://a/b.zip",
    ]
    local = ["b.tif", "/data/https/b.tif", "C:\\data\\b.tif", "NETCDF:b.nc:x", "s3/b.tif"]
    assert [path for path in [*remote, *local] if is_remote(path)] == remote


def test_keys_in_an_address_are_told_to_nobody() -> None:
    assert public_address("https://a/b.tif?sig=secret") == "https://a/b.tif"
    assert SceneSource("https://a/b.tif?sig=secret").name == "b.tif"
    assert public_address("what?.tif") == "what?.tif"


def test_a_scene_that_was_replaced_on_its_server_is_another_one(
    tmp_path: Path, server: RangeServer, noise: NDArray[np.uint8]
) -> None:
    def fingerprint(key: str) -> str:
        # With another key GDAL asks anew; the address without it is the same.
        return scene_fingerprint(SceneSource(f"{server.url}/{NAME}?{key}"))

    first = fingerprint("a")
    assert fingerprint("b") == first
    assert len(server.requests) == 2
    layout = {"tiled": True, "blockxsize": BLOCK, "blockysize": BLOCK, "compress": "deflate", "interleave": "pixel"}
    changed = write_raster(tmp_path / "changed.tif", noise // 2, nodata=0, **layout)
    server.files[NAME] = Path(changed).read_bytes()
    assert fingerprint("c") != first
