"""Overviews are used where they are known to be averages, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from numpy.typing import NDArray
from rasterio.enums import Resampling

from magnet_geo.raster import SceneSource, averaged_overviews
from tests.raster.rasters import write_raster

TILED = {"tiled": True, "blockxsize": 64, "blockysize": 64}


def _noise(height: int = 512, width: int = 640, dtype: str = "uint8") -> NDArray[np.generic]:
    return np.random.default_rng(1).integers(1, 250, (3, height, width)).astype(dtype)


def _with_overviews(folder: Path, values: NDArray[np.generic], how: str, *, told: bool = True) -> SceneSource:
    path = write_raster(folder / "scene.tif", values, **TILED)
    with rasterio.open(path, "r+") as dataset:
        dataset.build_overviews([2, 4, 8], Resampling[how])
    if told:
        return SceneSource(path)
    # GDAL's COG driver copies overviews and drops what they say of their making.
    silent = folder / "silent.tif"
    rasterio.shutil.copy(path, silent, driver="COG", BLOCKSIZE=64, OVERVIEWS="FORCE_USE_EXISTING")
    return SceneSource(str(silent))


def _found(source: SceneSource, largest: int = 8) -> list[tuple[int, int, bool]]:
    return [(o.level, o.decimation, o.exact) for o in averaged_overviews(source, (1, 2, 3), largest=largest)]


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
    flat = np.full((3, 512, 640), 9, np.uint8)
    assert _found(_with_overviews(tmp_path, flat, "average", told=False)) == []


def test_stretched_overviews_are_not_exact(tmp_path: Path) -> None:
    source = _with_overviews(tmp_path, _noise(511, 640), "average")
    assert [(level, exact) for level, _, exact in _found(source)] == [(0, False), (1, False), (2, False)]


def test_a_scene_without_overviews_has_none(tmp_path: Path) -> None:
    assert _found(SceneSource(write_raster(tmp_path / "scene.tif", _noise()))) == []


def test_an_overview_the_user_chose_is_the_scene(tmp_path: Path) -> None:
    source = _with_overviews(tmp_path, _noise(), "average")
    assert _found(SceneSource(source.path, (("OVERVIEW_LEVEL", "0"),))) == []


def test_damaged_overviews_are_left_alone(tmp_path: Path) -> None:
    source = _with_overviews(tmp_path, _noise(), "average", told=False)
    with rasterio.open(source.path) as dataset:
        places = [
            int(dataset.get_tag_item(f"BLOCK_OFFSET_{x}_{y}", "TIFF", bidx=1, ovr=0)) for x, y in ((0, 0), (2, 2))
        ]
    with Path(source.path).open("r+b") as file:
        for place in places:
            file.seek(place)
            file.write(b"\xa5" * 400)
    assert [level for level, _, _ in _found(source)] == [1, 2]
