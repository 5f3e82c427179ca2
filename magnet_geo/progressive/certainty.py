"""Certainty of probability maps (paper, section 3.3).

Shapes: N maps, C classes, H rows, W columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from magnet_geo.grid import PixelRect


def certainty(probabilities: Tensor) -> Tensor:
    """Return the top-1 minus top-2 probability.

    Args:
        probabilities: (..., C, H, W), C at least 2.

    Returns:
        (..., H, W), the input's dtype, 0-1.
    """
    first = probabilities.select(-3, 0).clone()
    second = torch.full_like(first, -1)
    lower = torch.empty_like(first)
    for channel in probabilities.unbind(-3)[1:]:
        torch.minimum(first, channel, out=lower)
        torch.maximum(second, lower, out=second)
        torch.maximum(first, channel, out=first)
    return first.sub_(second)


def winning_classes(probabilities: Tensor) -> Tensor:
    """Return the class of highest probability, the first of equal ones.

    torch's argmax over the outermost axis takes fifty times as long.

    Args:
        probabilities: (C, H, W), C at most 256.

    Returns:
        (H, W) uint8.
    """
    highest = probabilities[0].clone()
    winners = torch.zeros(highest.shape, dtype=torch.uint8, device=highest.device)
    is_higher = torch.empty_like(winners, dtype=torch.bool)
    for channel in range(1, len(probabilities)):
        torch.gt(probabilities[channel], highest, out=is_higher)
        # Channels rise, so that the last one to win is the greatest number.
        torch.maximum(winners, is_higher.view(torch.uint8).mul_(channel), out=winners)
        torch.maximum(highest, probabilities[channel], out=highest)
    return winners


def error_score(refined: Tensor, cumulative: Tensor) -> Tensor:
    """Return where a prediction is better replaced: the refined one is sure, and the cumulative one is not.

    Args:
        refined: (..., C, H, W).
        cumulative: (..., C, H, W).

    Returns:
        (..., H, W), 0-1.
    """
    return certainty(refined) * (1 - certainty(cumulative))


def patch_uncertainty(
    cut: Callable[[PixelRect], Tensor],
    patches: Sequence[PixelRect],
    valid: Tensor | None,
    *,
    asked: NDArray[np.bool_] | None = None,
    map_each: Callable[[Callable[[int], None], Iterable[int]], Iterable[None]] = map,
) -> NDArray[np.float64]:
    """Return the mean uncertainty of each patch over its valid pixels.

    Args:
        cut: Returns the (C, h, w) cumulative prediction of a rectangle.
        patches: Rectangles of the level.
        valid: (H, W) boolean, or None where every pixel is valid.
        asked: (P,) True for the patches to look at; None for all.
        map_each: Calls a function with each patch's number, in any order.

    Returns:
        (P,) float64, NaN for patches without a valid pixel and those that are not asked for.
    """
    means = np.full(len(patches), np.nan)

    def measure(index: int) -> None:
        means[index] = _mean_uncertainty(cut(patches[index]), patches[index], valid)

    for _ in map_each(measure, np.flatnonzero(np.ones(len(patches)) if asked is None else asked).tolist()):
        continue
    return means


def _mean_uncertainty(probabilities: Tensor, patch: PixelRect, valid: Tensor | None) -> float:
    rows, cols = patch.slices
    uncertainty = 1 - certainty(probabilities)
    if valid is None:
        return uncertainty.mean().item()
    return uncertainty[valid[rows, cols]].mean().item() if valid[rows, cols].any() else np.nan


def valid_patches(patches: Sequence[PixelRect], valid: Tensor | None) -> NDArray[np.float64]:
    """Return what tells valid patches, in the place of an uncertainty: (P,) 0, or NaN without a valid pixel."""
    if valid is None:
        return np.zeros(len(patches))
    return np.array([0.0 if bool(valid[patch.slices].any()) else np.nan for patch in patches])
