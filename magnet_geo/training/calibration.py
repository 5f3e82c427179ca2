"""The numbers a model file carries beside its weights, found on validation windows.

C classes, P patches of a level, M sampled pixels.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import inf
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from magnet_geo.datasets import IGNORE_INDEX
from magnet_geo.progressive import AllPatches, PatchesAbove, PatchRule, PointRule, Predictor
from magnet_geo.training.validation import ValidationWindow, chain_confusion, class_iou, last_probabilities

_FLOOR = 1e-6


class _Observed:
    """A patch rule that notes the uncertainties it is shown."""

    needs_uncertainty: ClassVar[bool] = True

    def __init__(self, rule: PatchRule) -> None:
        self.seen: dict[int, list[NDArray[np.float64]]] = {}
        self._rule = rule

    def choose(self, level: int, uncertainty: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Choose as the rule does."""
        self.seen.setdefault(level, []).append(uncertainty[~np.isnan(uncertainty)])
        return self._rule.choose(level, uncertainty)


def patch_thresholds(
    windows: Iterable[ValidationWindow], predictor: Predictor, *, point_rule: PointRule, levels: int, share: float
) -> tuple[float, ...]:
    """Return the mean uncertainty per level, from 1 on, that a share of the patches reaches.

    Each level is looked at after the levels before it were refined by their own thresholds.

    Args:
        windows: Where to look.
        predictor: The networks.
        point_rule: How many points are replaced.
        levels: Levels of the pyramid.
        share: Share of the patches with a valid pixel that shall be refined, 0-1.
    """
    found: tuple[float, ...] = ()
    for level in range(1, levels):
        observed = _Observed(PatchesAbove((*found, *(inf,) * (levels - level))))
        chain_confusion(windows, predictor, patch_rule=observed, point_rule=point_rule)
        found = (*found, float(np.quantile(np.concatenate(observed.seen[level]), 1 - share)))
    return found


def point_share_scores(
    windows: Iterable[ValidationWindow], predictor: Predictor, *, point_rule: PointRule, shares: Iterable[float]
) -> dict[float, float]:
    """Return the mean IoU with every patch refined for each share of points replaced."""
    scores = {}
    for share in shares:
        rule = replace(point_rule, n_points=share)
        counts, _ = chain_confusion(windows, predictor, patch_rule=AllPatches(), point_rule=rule)
        scores[share] = float(np.nanmean(class_iou(counts)))
    return scores


def best_temperature(
    windows: Iterable[ValidationWindow],
    predictor: Predictor,
    *,
    point_rule: PointRule,
    temperatures: Iterable[float],
    stride_px: int = 8,
) -> tuple[float, dict[float, float]]:
    """Return the temperature of least negative log-likelihood for the final probabilities.

    A probability p becomes p ** (1 / temperature), rescaled to sum 1.

    Args:
        windows: Where to look.
        predictor: The networks.
        point_rule: How many points are replaced; every patch is refined.
        temperatures: Candidates.
        stride_px: Spacing of the pixels that count.

    Returns:
        The best candidate, and the mean negative log-likelihood of each.
    """
    sampled = [_sampled_logs(window, predictor, point_rule, stride_px) for window in windows]
    logs = torch.cat([log for log, _ in sampled])
    truth = torch.cat([classes for _, classes in sampled])
    scores = {
        temperature: float(torch.nn.functional.cross_entropy(logs / temperature, truth)) for temperature in temperatures
    }
    return min(scores, key=lambda temperature: scores[temperature]), scores


def _sampled_logs(
    window: ValidationWindow, predictor: Predictor, point_rule: PointRule, stride_px: int
) -> tuple[Tensor, Tensor]:
    """Return (M, C) log-probabilities and (M,) class indices of the labelled pixels on a lattice."""
    probabilities = last_probabilities(window, predictor, patch_rule=AllPatches(), point_rule=point_rule)
    classes = torch.from_numpy(window.classes[::stride_px, ::stride_px]).long().to(probabilities.device)
    labeled = classes != IGNORE_INDEX
    logs = probabilities[:, ::stride_px, ::stride_px].clamp_min(_FLOOR).log()
    return logs.movedim(0, -1)[labeled], classes[labeled]
