"""The cheap first pass over a scene: a coarse map to look at, and the ranking of its uncertain patches.

Shapes: C classes, P patches of a level.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from magnet_geo.grid import MagnificationPyramid, PixelRect, Size
from magnet_geo.progressive import certainty

Uncertainties = tuple[NDArray[np.float64], ...]


def coarse_uncertainties(
    coarse: Tensor, valid: NDArray[np.bool_], pyramid: MagnificationPyramid, wanted: Sequence[NDArray[np.bool_]]
) -> Uncertainties:
    """Mean uncertainty of the coarse prediction under every patch of every refined level.

    Args:
        coarse: (C, H, W) prediction after level 0.
        valid: Usable pixels of the window; a coarse pixel counts by the share of it that is valid.
        pyramid: The window's levels.
        wanted: Per level from 1 on, (P,) True for patches that may be refined.

    Returns:
        Per level from 1 on, (P,) float64, NaN where not wanted.
    """
    uncertainty = 1 - certainty(coarse).cpu().numpy()
    canvas = Size(*uncertainty.shape)
    weight = F.adaptive_avg_pool2d(torch.from_numpy(valid)[None].float(), uncertainty.shape)[0].numpy()
    levels = []
    for level, of_use in enumerate(wanted, 1):
        means = np.full(len(of_use), np.nan)
        for index, patch in enumerate(pyramid.patches(level)):
            if of_use[index]:
                part = _scaled(patch, pyramid.levels[level], canvas)
                means[index] = np.average(uncertainty[part.slices], weights=weight[part.slices].astype(np.float64))
        levels.append(means)
    return tuple(levels)


def expected_gains(found: Uncertainties, pyramid: MagnificationPyramid) -> Uncertainties:
    """Return what refining a patch may mend: its uncertainty times the share of the window that it covers.

    Every patch costs the same passes, but one of a coarser level covers more ground (`benchmarks/accuracy/compare.py`).

    Args:
        found: Per level from 1 on, (P,) mean uncertainty.
        pyramid: The window's levels.
    """
    return tuple(
        means * (pyramid.patch.pixels / pyramid.levels[level].pixels) for level, means in enumerate(found, start=1)
    )


def choose_share(found: Sequence[Uncertainties], share: float) -> list[tuple[NDArray[np.bool_], ...]]:
    """Choose the patches of a whole run with the highest expected gains, all levels together.

    Ties go to the window, level and patch that come first.

    Args:
        found: Expected gains of each window, in plan order.
        share: Share of the patches that may be refined.

    Returns:
        Per window and level, (P,) True for the chosen ones.
    """
    flat = np.concatenate([level for window in found for level in window] or [np.zeros(0)])
    candidates = int(np.count_nonzero(~np.isnan(flat)))
    order = np.argsort(-np.nan_to_num(flat, nan=-1.0), kind="stable")[: round(share * candidates)]
    chosen = np.zeros(flat.shape, np.bool_)
    chosen[order] = True
    splits = np.cumsum([len(level) for window in found for level in window])[:-1]
    parts = iter(np.split(chosen, splits))
    return [tuple(next(parts) for _ in window) for window in found]


def _scaled(rect: PixelRect, level: Size, canvas: Size) -> PixelRect:
    down, across = canvas.height / level.height, canvas.width / level.width
    row, col = floor(rect.row * down), floor(rect.col * across)
    row_stop, col_stop = ceil(rect.row_stop * down), ceil(rect.col_stop * across)
    return PixelRect(row, col, row_stop - row, col_stop - col)
