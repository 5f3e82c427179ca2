"""Windows come in plan order, and few of them are held at a time."""

from __future__ import annotations

import gc
import time
import weakref
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from magnet_geo.grid import Size, Window
from magnet_geo.scene import Area, RefineMode, SegmentOptions, plan_run, segment_scene
from magnet_geo.scene.memory_plan import WINDOWS_IN_MEMORY
from magnet_geo.scene.window import reader as window_reader
from magnet_geo.scene.window.model_window import ModelWindow, read_model_window
from magnet_geo.scene.window.reader import WindowReader
from tests.scene.stub_model import TRANSFORM, WINDOW, stub_model, texture, write_scene

AS_IT_IS: dict[str, Any] = {"decimation": lambda window: 1, "for_map": True}


def test_windows_come_in_order_and_are_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[weakref.ref[np.ndarray]] = []

    def remembering(*args: object, **settings: object) -> ModelWindow:
        window = read_model_window(*args, **settings)  # type: ignore[arg-type]
        made.append(weakref.ref(window.values))
        return window

    monkeypatch.setattr(window_reader, "read_model_window", remembering)
    scene = write_scene(tmp_path / "scene.tif", texture(3, 300, 500))
    plan = plan_run(scene, stub_model(), SegmentOptions())
    order, most = [], 0
    for window in WindowReader(plan, Size(WINDOW, WINDOW)).read_ahead(plan.windows, **AS_IT_IS):
        time.sleep(0.02)
        order.append(window.window.index)
        most = max(most, sum(values() is not None for values in made))
    assert order == list(range(len(plan.windows)))
    # The one in use and the one read ahead.
    assert most <= 2


def test_windows_without_a_pixel_of_the_area_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def counting(read_pixels: object, window: Window, **settings: object) -> ModelWindow:
        read.append(window.index)
        return read_model_window(read_pixels, window, **settings)  # type: ignore[arg-type]

    monkeypatch.setattr(window_reader, "read_model_window", counting)
    diagonal = shapely.LineString([TRANSFORM @ (10, 10), TRANSFORM @ (480, 480)]).buffer(6)
    gpd.GeoSeries([diagonal], crs="EPSG:32633").to_file(tmp_path / "area.gpkg")
    scene = write_scene(tmp_path / "scene.tif", texture(3, 500, 500))
    plan = plan_run(scene, stub_model(), SegmentOptions(area=Area(vector=tmp_path / "area.gpkg")))
    inside = [window.index for window in plan.windows if plan.area.inside(window.support).any()]
    mapped = [
        window.window.index
        for window in WindowReader(plan, Size(WINDOW, WINDOW)).read_ahead(plan.windows, **AS_IT_IS)
        if window.support_valid.any()
    ]
    assert sorted(read) == mapped == inside
    assert len(inside) < 0.6 * len(plan.windows)


def test_a_loader_left_early_closes_its_threads(tmp_path: Path) -> None:
    scene = write_scene(tmp_path / "scene.tif", texture(3, 300, 500))
    plan = plan_run(scene, stub_model(), SegmentOptions())
    windows = WindowReader(plan, Size(WINDOW, WINDOW)).read_ahead(plan.windows, **AS_IT_IS)
    assert next(windows).window.index == 0
    windows.close()  # type: ignore[attr-defined]
    with pytest.raises(StopIteration):
        next(windows)


@pytest.mark.parametrize("refine", [RefineMode("full"), RefineMode("share", 0.4)])
def test_no_more_windows_are_in_memory_than_the_plan_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refine: RefineMode
) -> None:
    made: list[weakref.ref[object]] = []
    alive: list[int] = []

    def remembering(*args: object, **settings: object) -> ModelWindow:
        window = read_model_window(*args, **settings)  # type: ignore[arg-type]
        made.append(weakref.ref(window.values))
        alive.append(sum(values() is not None for values in made))
        return window

    monkeypatch.setattr(window_reader, "read_model_window", remembering)
    scene = write_scene(tmp_path / "scene.tif", texture(3, 400, 600))
    # What only the garbage collector would free counts.
    gc.disable()
    try:
        segment_scene(scene, output=tmp_path / "map.tif", model=stub_model(), options=SegmentOptions(refine=refine))
    finally:
        gc.enable()
    assert len(made) > 10
    assert max(alive) <= WINDOWS_IN_MEMORY
