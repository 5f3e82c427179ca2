"""Neighboring windows fade into each other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from magnet_geo.errors import OutputError
from magnet_geo.grid import PixelRect, Size, Window, WindowPlan
from magnet_geo.scene.window.seams import ScratchBands

PLAN = WindowPlan(Size(150, 171), Size(64, 64), 16)


def _blend(plan: WindowPlan, scratch: Path, value_of: dict[int, Tensor] | None, skipped: frozenset[int]) -> Tensor:
    """The whole map of a plan whose windows each give one constant, or all the same texture."""
    texture = torch.rand((2, plan.scene.height, plan.scene.width), generator=torch.manual_seed(0))
    bands = ScratchBands(plan, scratch)
    whole = torch.full_like(texture, torch.nan)
    for window in plan:
        if window.index in skipped:
            continue

        def sample(rect: PixelRect, window: Window = window) -> Tensor:
            part = texture[(slice(None), *rect.slices)].clone()
            return part if value_of is None else torch.ones_like(part) * value_of[window.index]

        with bands.blender(window) as blender:
            for rows, part in blender.join(sample):
                cols = slice(window.final.col, window.final.col_stop)
                whole[:, window.final.row + rows.start : window.final.row + rows.stop, cols] = part
    return torch.where(whole.isnan(), torch.nan, whole) if skipped else whole


def test_windows_that_agree_are_joined_to_the_bit(tmp_path: Path) -> None:
    texture = torch.rand((2, 150, 171), generator=torch.manual_seed(0))
    assert torch.equal(_blend(PLAN, tmp_path, None, frozenset()), texture)


def test_the_step_between_windows_that_differ_is_spread_over_the_band(tmp_path: Path) -> None:
    values = {window.index: torch.tensor(float(window.index % PLAN.shape[1])) for window in PLAN}
    blended = _blend(PLAN, tmp_path, values, frozenset())[0].numpy()
    border = PLAN[1].core.col
    np.testing.assert_allclose(blended[:, border - 8 : border + 8], np.tile((np.arange(16) + 0.5) / 16, (150, 1)))
    assert np.abs(np.diff(blended, axis=1)).max() <= 1 / 16 + 1e-6


def test_rows_fade_as_columns_do(tmp_path: Path) -> None:
    values = {window.index: torch.tensor(float(window.index // PLAN.shape[1])) for window in PLAN}
    blended = _blend(PLAN, tmp_path, values, frozenset())[0].numpy()
    border = PLAN[PLAN.shape[1]].core.row
    np.testing.assert_allclose(blended[border - 8 : border + 8, 5], (np.arange(16) + 0.5) / 16)
    assert np.abs(np.diff(blended, axis=0)).max() <= 1 / 16 + 1e-6


def test_a_window_that_maps_nothing_may_be_left_out(tmp_path: Path) -> None:
    left_out = PLAN[PLAN.shape[1] + 1]
    blended = _blend(PLAN, tmp_path, None, frozenset([left_out.index]))
    texture = torch.rand((2, 150, 171), generator=torch.manual_seed(0))
    inside = torch.zeros(texture.shape[1:], dtype=torch.bool)
    inside[left_out.final.slices] = True
    assert torch.equal(blended[:, ~inside], texture[:, ~inside])
    assert blended[:, inside].isnan().all()


def test_scratch_files_do_not_pile_up(tmp_path: Path) -> None:
    _blend(PLAN, tmp_path, None, frozenset())
    assert len(list(tmp_path.iterdir())) == 0


def test_scratch_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="Scratch data"):
        _blend(PLAN, tmp_path / "missing", None, frozenset())
