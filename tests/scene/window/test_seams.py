"""Neighboring windows fade into each other."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from magnet_geo.grid import PixelRect, Size, Window, WindowPlan
from magnet_geo.scene.window.seams import SeamBlender

PLAN = WindowPlan(Size(150, 171), Size(64, 64), 16)


def _blend(plan: WindowPlan, value_of: dict[int, Tensor] | None, skipped: frozenset[int]) -> Tensor:
    """The whole map of a plan whose windows each give one constant, or all the same texture."""
    texture = torch.rand((2, plan.scene.height, plan.scene.width), generator=torch.manual_seed(0))
    right, below, columns = dict[int, Tensor](), dict[int, Tensor](), plan.shape[1]
    whole = torch.full_like(texture, torch.nan)
    for window in plan:
        if window.index in skipped:
            continue

        def sample(rect: PixelRect, window: Window = window) -> Tensor:
            part = texture[(slice(None), *rect.slices)].clone()
            return part if value_of is None else torch.ones_like(part) * value_of[window.index]

        left = right.get(window.index - 1) if window.index % columns else None
        seam = SeamBlender(window, plan.taper, left=left, above=below.get(window.index - columns))
        for rows, part in seam.join(sample):
            cols = slice(window.write.col, window.write.col_stop)
            whole[:, window.write.row + rows.start : window.write.row + rows.stop, cols] = part
        right |= {} if seam.right is None else {window.index: seam.right}
        below |= {} if seam.below is None else {window.index: seam.below}
    return torch.where(whole.isnan(), torch.nan, whole) if skipped else whole


def test_windows_that_agree_are_joined_to_the_bit() -> None:
    texture = torch.rand((2, 150, 171), generator=torch.manual_seed(0))
    assert torch.equal(_blend(PLAN, None, frozenset()), texture)


def test_the_step_between_windows_that_differ_is_spread_over_the_band() -> None:
    values = {window.index: torch.tensor(float(window.index % PLAN.shape[1])) for window in PLAN}
    blended = _blend(PLAN, values, frozenset())[0].numpy()
    border = PLAN[1].core.col
    np.testing.assert_allclose(blended[:, border - 8 : border + 8], np.tile((np.arange(16) + 0.5) / 16, (150, 1)))
    assert np.abs(np.diff(blended, axis=1)).max() <= 1 / 16 + 1e-6


def test_rows_fade_as_columns_do() -> None:
    values = {window.index: torch.tensor(float(window.index // PLAN.shape[1])) for window in PLAN}
    blended = _blend(PLAN, values, frozenset())[0].numpy()
    border = PLAN[PLAN.shape[1]].core.row
    np.testing.assert_allclose(blended[border - 8 : border + 8, 5], (np.arange(16) + 0.5) / 16)
    assert np.abs(np.diff(blended, axis=0)).max() <= 1 / 16 + 1e-6


def test_a_window_that_maps_nothing_may_be_left_out() -> None:
    left_out = PLAN[PLAN.shape[1] + 1]
    blended = _blend(PLAN, None, frozenset([left_out.index]))
    texture = torch.rand((2, 150, 171), generator=torch.manual_seed(0))
    inside = torch.zeros(texture.shape[1:], dtype=torch.bool)
    inside[left_out.write.slices] = True
    assert torch.equal(blended[:, ~inside], texture[:, ~inside])
    assert blended[:, inside].isnan().all()
