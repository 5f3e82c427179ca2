"""The ranking of patches over a whole run."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from magnet_geo.grid import MagnificationPyramid, PyramidManner, Size
from magnet_geo.scene.refinement.uncertainty import choose_share, coarse_uncertainties

DECIMATED = MagnificationPyramid.from_decimations(8, (4, 2, 1))
PUBLISHED = MagnificationPyramid((Size(8, 8), Size(20, 20)), Size(8, 8), Size(6, 6), PyramidManner.PUBLISHED)


@pytest.mark.parametrize("pyramid", [DECIMATED, PUBLISHED], ids=["decimation", "published"])
def test_invalid_pixels_make_no_patch_uncertain(pyramid: MagnificationPyramid) -> None:
    side = pyramid.network_input.height
    coarse = torch.full((3, side, side), 1 / 3)
    coarse[:, :, : side // 2] = torch.tensor([0.98, 0.01, 0.01])[:, None, None]
    valid = np.zeros((pyramid.window.height, pyramid.window.width), bool)
    valid[:, : valid.shape[1] // 2] = True
    wanted = [np.array([valid[p.slices].any() for p in pyramid.patches(1)])] if pyramid is PUBLISHED else []
    wanted = wanted or [np.array([True, True, False, False]), np.arange(16) < 8]
    for found, of_use in zip(coarse_uncertainties(coarse, valid, pyramid, wanted), wanted, strict=True):
        np.testing.assert_array_equal(np.isnan(found), ~of_use)
        np.testing.assert_allclose(found[of_use], 0.03, atol=1e-6)


def test_the_uncertainty_of_a_patch_is_that_of_its_place() -> None:
    coarse = torch.rand((3, 8, 8), generator=torch.Generator().manual_seed(0))
    coarse /= coarse.sum(0)
    ordered = np.sort(coarse.numpy(), axis=0)
    unsure = 1 - (ordered[-1] - ordered[-2])
    everything = [np.ones(4, bool), np.ones(16, bool)]
    found = coarse_uncertainties(coarse, np.ones((32, 32), bool), DECIMATED, everything)
    np.testing.assert_allclose(found[0].reshape(2, 2).T, unsure.reshape(2, 4, 2, 4).mean((1, 3)), rtol=1e-6)
    np.testing.assert_allclose(found[1].reshape(4, 4).T, unsure.reshape(4, 2, 4, 2).mean((1, 3)), rtol=1e-6)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 1.0])
def test_a_share_takes_the_most_uncertain_of_all_windows_and_levels(share: float) -> None:
    generator = np.random.default_rng(3)
    found = [(generator.random(4), generator.random(16)) for _ in range(5)]
    for window in found:
        window[1][[2, 5]] = np.nan
    chosen = choose_share(found, share)
    flat = np.concatenate([level for window in found for level in window])
    taken = np.concatenate([level for window in chosen for level in window])
    assert [tuple(map(len, window)) for window in chosen] == [(4, 16)] * 5
    assert taken.sum() == round(share * np.isfinite(flat).sum())
    assert not taken[np.isnan(flat)].any()
    if 0 < share < 1:
        assert flat[taken].min() >= np.nanmax(flat[~taken])


def test_a_run_without_windows_has_nothing_to_choose() -> None:
    assert choose_share([], 0.5) == []
