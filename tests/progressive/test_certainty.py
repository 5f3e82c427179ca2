"""Certainty is the lead of the first class over the second."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from magnet_geo.grid import PixelRect
from magnet_geo.progressive import certainty, winning_classes
from magnet_geo.progressive.certainty import patch_uncertainty, valid_patches

PATCHES = (PixelRect(0, 0, 4, 5), PixelRect(2, 5, 4, 4), PixelRect(6, 0, 2, 9))


def _probabilities(seed: int, *shape: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    # Few distinct values, so that ties for the first and the second place occur.
    numbers = torch.randint(1, 5, shape, generator=generator).float()
    return numbers / numbers.sum(-3, keepdim=True)


@given(st.integers(0, 2**31), st.integers(2, 9), st.booleans())
def test_certainty_equals_the_sorted_lead(seed: int, classes: int, batched: bool) -> None:
    maps = _probabilities(seed, *([2] if batched else []), classes, 5, 7)
    before = maps.clone()
    ordered = maps.sort(dim=-3).values
    torch.testing.assert_close(certainty(maps), ordered.select(-3, -1) - ordered.select(-3, -2), rtol=0, atol=0)
    assert torch.equal(maps, before)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_certainty_keeps_the_number_type(dtype: torch.dtype) -> None:
    assert certainty(_probabilities(0, 3, 4, 4).to(dtype)).dtype is dtype


@given(st.integers(0, 2**31), st.integers(2, 9))
def test_the_winner_is_the_first_class_of_highest_probability(seed: int, classes: int) -> None:
    probabilities = _probabilities(seed, classes, 5, 6)
    winners = winning_classes(probabilities)
    assert winners.dtype is torch.uint8
    np.testing.assert_array_equal(winners.numpy(), probabilities.numpy().argmax(axis=0))


def test_uncertainty_of_a_patch_is_the_mean_over_its_valid_pixels() -> None:
    maps = _probabilities(3, 4, 8, 9)
    valid = torch.rand((8, 9), generator=torch.Generator().manual_seed(1)) > 0.5
    valid[PATCHES[2].slices] = False
    ordered = np.sort(maps.numpy(), axis=0)
    unsure = 1 - (ordered[-1] - ordered[-2])
    whole = [unsure[p.slices].mean() for p in PATCHES]
    inside = [unsure[p.slices][valid[p.slices].numpy()].mean() for p in PATCHES[:2]]

    def cut(patch: PixelRect) -> torch.Tensor:
        return maps[(slice(None), *patch.slices)]

    np.testing.assert_allclose(patch_uncertainty(cut, PATCHES, None), whole, rtol=1e-6)
    np.testing.assert_allclose(patch_uncertainty(cut, PATCHES, valid), [*inside, np.nan], rtol=1e-6)
    np.testing.assert_array_equal(np.isnan(valid_patches(PATCHES, valid)), [False, False, True])
    np.testing.assert_array_equal(valid_patches(PATCHES, None), [0, 0, 0])
