"""Overviews are used where they are known to be averages, and nowhere else; finding out costs next to nothing."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from rasterio.enums import Resampling

from magnet_geo.grid import PixelRect
from magnet_geo.raster import ScenePixels, SceneReader, SceneSource, averaged_overviews
from magnet_geo.raster.averaged_overviews import PROBED_SHARE
from tests.raster.rasters import write_raster

HEIGHT, WIDTH, BLOCK = 1280, 1536, 64
TILED = {"tiled": True, "blockxsize": BLOCK, "blockysize": BLOCK}


def _noise(height: int = HEIGHT, width: int = WIDTH, dtype: str = "uint8") -> NDArray[np.generic]:
    return np.random.default_rng(1).integers(1, 250, (3, height, width)).astype(dtype)


def _with_overviews(folder: Path, values: NDArray[np.generic], how: str, *, told: bool = True) -> SceneSource:
    path = write_raster(folder / "scene.tif", values, **TILED)
    with rasterio.open(path, "r+") as dataset:
        dataset.build_overviews([2, 4, 8], Resampling[how])
    if not told:
        file = Path(path)
        written = file.read_bytes()
        assert b'"RESAMPLING"' in written
        # Under a name that nobody reads, the files of other programs being silent.
        file.write_bytes(written.replace(b'"RESAMPLING"', b'"WAS_MADE_B"'))
    return SceneSource(path)


def _found(source: SceneSource, largest: int = 8, area: PixelRect | None = None) -> list[tuple[int, int, bool]]:
    whole = area or PixelRect(0, 0, HEIGHT, WIDTH)
    found = averaged_overviews(source, (1, 2, 3), largest=largest, area=whole)
    return [(overview.level, overview.decimation, overview.exact) for overview in found]


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_averages_are_found(tmp_path: Path, told: bool, dtype: str) -> None:
    source = _with_overviews(tmp_path, _noise(dtype=dtype), "average", told=told)
    assert _found(source) == [(0, 2, True), (1, 4, True), (2, 8, True)]
    assert _found(source, largest=4) == [(0, 2, True), (1, 4, True)]


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("how", ["nearest", "bilinear", "cubic", "gauss", "mode"])
def test_others_are_not_taken_for_averages(tmp_path: Path, how: str, told: bool) -> None:
    assert _found(_with_overviews(tmp_path, _noise(), how, told=told)) == []


def test_a_scene_that_tells_nothing_is_not_taken_for_an_average(tmp_path: Path) -> None:
    flat = np.full((3, HEIGHT, WIDTH), 9, np.uint8)
    assert _found(_with_overviews(tmp_path, flat, "average", told=False)) == []


@pytest.mark.parametrize("how", ["average", "nearest"])
def test_overviews_copied_into_a_cog_are_judged_alike_by_every_gdal(tmp_path: Path, how: str) -> None:
    """GDAL 3.10's COG driver drops what copied overviews say of their making, GDAL from 3.12 on keeps it."""
    source = _with_overviews(tmp_path, _noise(), how)
    copied = tmp_path / "cog.tif"
    rasterio.shutil.copy(source.path, copied, driver="COG", BLOCKSIZE=BLOCK, OVERVIEWS="FORCE_USE_EXISTING")
    assert len(_found(SceneSource(str(copied)))) == (3 if how == "average" else 0)


def test_stretched_overviews_are_not_exact(tmp_path: Path) -> None:
    source = _with_overviews(tmp_path, _noise(HEIGHT - 1), "average")
    assert [(level, exact) for level, _, exact in _found(source)] == [(0, False), (1, False), (2, False)]


def test_a_scene_without_overviews_has_none(tmp_path: Path) -> None:
    assert _found(SceneSource(write_raster(tmp_path / "scene.tif", _noise()))) == []


def test_an_overview_the_user_chose_is_the_scene(tmp_path: Path) -> None:
    source = _with_overviews(tmp_path, _noise(), "average")
    assert _found(SceneSource(source.path, (("OVERVIEW_LEVEL", "0"),))) == []


def test_damaged_overviews_are_left_alone(tmp_path: Path) -> None:
    source = _with_overviews(tmp_path, _noise(), "average", told=False)
    with rasterio.open(source.path) as dataset:
        across, down = WIDTH // 2 // BLOCK, HEIGHT // 2 // BLOCK
        places = [
            int(dataset.get_tag_item(f"BLOCK_OFFSET_{x}_{y}", "TIFF", bidx=1, ovr=0))
            for x, y in product(range(across), range(down))
        ]
    with Path(source.path).open("r+b") as file:
        for place in places:
            file.seek(place)
            file.write(b"\xa5" * 400)
    assert [level for level, _, _ in _found(source)] == [1, 2]


@pytest.fixture(scope="module", params=["average", "nearest"])
def silent(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> SceneSource:
    return _with_overviews(tmp_path_factory.mktemp(request.param), _noise(), request.param, told=False)


@st.composite
def areas(draw: st.DrawFn) -> PixelRect:
    height, width = draw(st.integers(1, HEIGHT)), draw(st.integers(1, WIDTH))
    return PixelRect(draw(st.integers(0, HEIGHT - height)), draw(st.integers(0, WIDTH - width)), height, width)


@pytest.fixture
def blocks_read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts the pixels of all blocks that are touched."""
    counts: list[int] = []
    original: Callable[[SceneReader, PixelRect], ScenePixels] = SceneReader.read

    def counting(reader: SceneReader, rect: PixelRect) -> ScenePixels:
        height, width = reader.dataset.block_shapes[0]
        rows, cols = rect.row_stop - 1, rect.col_stop - 1
        blocks = (rows // height - rect.row // height + 1) * (cols // width - rect.col // width + 1)
        counts.append(blocks * height * width)
        return original(reader, rect)

    monkeypatch.setattr(SceneReader, "read", counting)
    return counts


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(area=areas())
@example(area=PixelRect(0, 0, HEIGHT, WIDTH))
@example(area=PixelRect(HEIGHT - 1, WIDTH - 1, 1, 1))
def test_comparing_takes_a_fiftieth_of_what_is_read_at_most(
    silent: SceneSource, blocks_read: list[int], area: PixelRect
) -> None:
    blocks_read.clear()
    _found(silent, area=area)
    assert sum(blocks_read) <= PROBED_SHARE * area.height * area.width


def test_what_is_told_is_believed_however_little_is_read(tmp_path: Path) -> None:
    corner = PixelRect(0, 0, BLOCK, BLOCK)
    assert len(_found(_with_overviews(tmp_path, _noise(), "average"), area=corner)) == 3
    assert _found(_with_overviews(tmp_path, _noise(), "average", told=False), area=corner) == []
