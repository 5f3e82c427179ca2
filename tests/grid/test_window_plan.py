"""Windows whose cores partition the scene."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from magnet_geo.grid import PixelRect, Size, Window, WindowPlan

lengths = st.integers(1, 300)


@st.composite
def plans(draw: st.DrawFn) -> WindowPlan:
    window = Size(draw(st.integers(8, 90)), draw(st.integers(8, 90)))
    halo = draw(st.integers(0, min(window.height, window.width) // 4))
    return WindowPlan(Size(draw(lengths), draw(lengths)), window, halo)


@given(plans())
def test_cores_partition_the_scene(plan: WindowPlan) -> None:
    times = np.zeros((plan.scene.height, plan.scene.width), np.uint8)
    for window in plan:
        times[window.core.slices] += 1
    assert (times == 1).all()


@given(plans())
def test_final_parts_partition_the_scene(plan: WindowPlan) -> None:
    times = np.zeros((plan.scene.height, plan.scene.width), np.uint8)
    for window in plan:
        times[window.write.slices] += 1
    assert (times == 1).all()


@given(plans())
def test_the_support_reaches_half_a_halo_beyond_the_core(plan: WindowPlan) -> None:
    for window in plan:
        core, support = window.core, window.support
        assert support.row == max(0, core.row - plan.taper)
        assert support.col == max(0, core.col - plan.taper)
        assert support.row_stop == min(plan.scene.height, core.row_stop + plan.taper)
        assert support.col_stop == min(plan.scene.width, core.col_stop + plan.taper)
        assert window.read.intersection(support) == support
        assert support.intersection(window.write) == window.write


@given(plans())
def test_at_most_two_windows_share_a_pixel_along_an_axis(plan: WindowPlan) -> None:
    rows = np.zeros(plan.scene.height, np.uint8)
    for window in plan:
        if window.support.col == 0:
            rows[window.support.row : window.support.row_stop] += 1
    assert rows.max() <= 2


@given(plans())
def test_windows_are_of_one_size_and_stay_inside_a_scene_that_holds_them(plan: WindowPlan) -> None:
    for window in plan:
        assert window.read.size == plan.window
        assert window.read.row >= 0
        assert window.read.col >= 0
        assert window.read.row_stop <= max(plan.scene.height, plan.window.height)
        assert window.read.col_stop <= max(plan.scene.width, plan.window.width)
        assert window.read.intersection(window.core) == window.core
        assert window.core_in_read.shifted(rows=window.read.row, cols=window.read.col) == window.core


@given(plans())
def test_a_core_keeps_the_halo_on_every_side_that_is_not_the_scenes_border(plan: WindowPlan) -> None:
    for window in plan:
        read, core = window.read, window.core
        assert core.row == 0 or core.row - read.row >= plan.halo
        assert core.col == 0 or core.col - read.col >= plan.halo
        assert core.row_stop == plan.scene.height or read.row_stop - core.row_stop >= plan.halo
        assert core.col_stop == plan.scene.width or read.col_stop - core.col_stop >= plan.halo


@given(plans())
def test_no_window_is_superfluous(plan: WindowPlan) -> None:
    rows = sorted({window.read.row for window in plan})
    cols = sorted({window.read.col for window in plan})
    assert (len(rows), len(cols)) == plan.shape
    for starts, step in ((rows, plan.window.height - 2 * plan.halo), (cols, plan.window.width - 2 * plan.halo)):
        # All but the last are one step apart, so that they depend on nothing but the scene's first pixel.
        assert [second - first for first, second in pairwise(starts)][:-1] == [step] * (len(starts) - 2)


@given(plans(), st.data())
def test_the_windows_of_an_area_are_those_of_the_plan_whose_support_meets_it(
    plan: WindowPlan, data: st.DataObject
) -> None:
    row, col = data.draw(st.integers(0, plan.scene.height - 1)), data.draw(st.integers(0, plan.scene.width - 1))
    area = PixelRect(row, col, data.draw(st.integers(1, 60)), data.draw(st.integers(1, 60)))
    touching = list(plan.touching(area))
    assert touching == [window for window in plan if window.support.intersection(area) is not None]
    assert all(plan[window.index] == window for window in touching)
    covered = sum(common.size.pixels for w in touching if (common := w.write.intersection(area)) is not None)
    inside = area.intersection(PixelRect(0, 0, plan.scene.height, plan.scene.width))
    assert inside is not None
    assert covered == inside.size.pixels


@pytest.mark.parametrize("scene", [Size(1, 1), Size(31, 64), Size(64, 64)])
def test_a_scene_that_fits_is_one_window_at_its_first_pixel(scene: Size) -> None:
    (only,) = WindowPlan(scene, Size(64, 64), 16)
    assert (only.read, only.core) == (PixelRect(0, 0, 64, 64), PixelRect(0, 0, scene.height, scene.width))


@pytest.mark.parametrize("halo", [-1, 17, 32, 40])
def test_a_halo_of_more_than_a_quarter_is_refused(halo: int) -> None:
    with pytest.raises(ValueError, match="more than a quarter"):
        WindowPlan(Size(100, 100), Size(64, 90), halo)


def test_there_is_no_window_beyond_the_last() -> None:
    plan = WindowPlan(Size(100, 100), Size(64, 64), 8)
    with pytest.raises(IndexError):
        plan[len(plan)]


@given(plans(), st.data())
def test_the_read_area_is_what_the_windows_of_an_area_read_inside_the_scene(
    plan: WindowPlan, data: st.DataObject
) -> None:
    row, col = data.draw(st.integers(0, plan.scene.height - 1)), data.draw(st.integers(0, plan.scene.width - 1))
    height, width = (
        data.draw(st.integers(1, plan.scene.height - row)),
        data.draw(st.integers(1, plan.scene.width - col)),
    )
    area = PixelRect(row, col, height, width)
    read = np.zeros((plan.scene.height, plan.scene.width), np.bool_)
    for window in plan.touching(area):
        read[window.read.slices] = True
    assert read[plan.read_area(area).slices].all()
    assert np.count_nonzero(read) == plan.read_area(area).size.pixels


@given(plans(), st.data())
def test_windows_of_a_kind_are_told_with_their_count(plan: WindowPlan, data: st.DataObject) -> None:
    row, col = data.draw(st.integers(-50, 350)), data.draw(st.integers(-50, 350))
    block = plan.touching(PixelRect(row, col, data.draw(st.integers(1, 300)), data.draw(st.integers(1, 300))))
    assert [block[number] for number in range(len(block))] == list(block)
    seen = Counter(window.support.relative_to(window.read) for window in block)
    told = Counter[PixelRect]()
    for window, count in block.kinds():
        told[window.support.relative_to(window.read)] += count
    assert told == seen


def test_the_windows_of_an_area_cost_nothing_but_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    made = 0
    make = WindowPlan.__getitem__

    def counted(plan: WindowPlan, index: int) -> Window:
        nonlocal made
        made += 1
        assert made <= 100, "windows outside the area are made"
        return make(plan, index)

    monkeypatch.setattr(WindowPlan, "__getitem__", counted)
    plan = WindowPlan(Size(2 * 10**9, 10**9), Size(2048, 2048), 128)
    area = PixelRect(5 * 10**8, 7 * 10**8, 3000, 100)
    block = plan.touching(area)
    assert len(list(block)) == len(block) == 6
    assert plan.read_area(area).intersection(area) == area
    assert len(plan.touching(PixelRect(0, 0, 10**9, 10**9))) > 10**11


@pytest.mark.parametrize(
    "area", [PixelRect(-9, 0, 9, 9), PixelRect(0, -9, 9, 9), PixelRect(100, 0, 9, 9), PixelRect(0, 90, 9, 9)]
)
def test_an_area_beside_the_scene_has_no_windows(area: PixelRect) -> None:
    block = WindowPlan(Size(100, 90), Size(64, 64), 8).touching(area)
    assert (len(block), list(block), list(block.kinds())) == (0, [], [])
