"""Areas of a map, block by block: the same as of the whole, and stopped when it is asked to stop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from magnet_geo.errors import CancelledError, OutputError
from magnet_geo.evaluation.area_csv import write_area_csv
from magnet_geo.evaluation.map_areas import measure_areas
from magnet_geo.grid import PixelAreas, PixelRect
from magnet_geo.progress import CancelToken, Event, ProgressEvent
from magnet_geo.raster import SceneSource, describe_scene
from tests.raster.rasters import write_raster


@pytest.fixture(scope="module")
def large_map(tmp_path_factory: pytest.TempPathFactory) -> tuple[SceneSource, NDArray[np.uint8]]:
    """More than one block in both directions, with holes."""
    values = np.random.default_rng(5).choice([0, 2, 9, 200], (1100, 1300)).astype(np.uint8)
    path = write_raster(tmp_path_factory.mktemp("map") / "map.tif", values[None], nodata=0, tiled=True)
    return SceneSource(path), values


def test_blocks_give_what_the_whole_gives(large_map: tuple[SceneSource, NDArray[np.uint8]]) -> None:
    source, values = large_map
    found = measure_areas(source)
    whole = PixelAreas(describe_scene(source).grid).areas_m2(PixelRect(0, 0, *values.shape))
    for entry in found.classes:
        here = values == entry.value
        assert entry.pixels == here.sum()
        assert entry.area_m2 == pytest.approx(whole[here].sum(), rel=1e-9)
        assert entry.area_share == pytest.approx(whole[here].sum() / whole[values > 0].sum(), rel=1e-9)
    assert [entry.value for entry in found.classes] == [2, 9, 200]


def test_progress_rises_to_one(large_map: tuple[SceneSource, NDArray[np.uint8]]) -> None:
    events: list[Event] = []
    measure_areas(large_map[0], progress=events.append)
    fractions = [event.fraction for event in events if isinstance(event, ProgressEvent)]
    assert fractions == [0.25, 0.5, 0.75, 1.0]


def test_it_stops_between_two_blocks(large_map: tuple[SceneSource, NDArray[np.uint8]]) -> None:
    token, events = CancelToken(), list[Event]()

    def stop(event: Event) -> None:
        events.append(event)
        token.cancel()

    with pytest.raises(CancelledError):
        measure_areas(large_map[0], progress=stop, cancel=token)
    assert len(events) == 1


def test_a_table_that_cannot_be_written_leaves_nothing(
    large_map: tuple[SceneSource, NDArray[np.uint8]], tmp_path: Path
) -> None:
    (tmp_path / "areas.csv").mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        write_area_csv(tmp_path / "areas.csv", [("map", measure_areas(large_map[0]).classes)])
    assert [path.name for path in tmp_path.iterdir()] == ["areas.csv"]
