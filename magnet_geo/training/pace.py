"""How fast a network learns: its optimizer, and the rate as a function of how far training has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, pi

import torch
from torch import nn
from torch.optim import Optimizer

from magnet_geo.training.schedules import polynomial_decay, step_decay, warmed_up
from magnet_geo.training.settings import TrainingSettings

ADAMW_SECOND_BETA = 0.999


@dataclass(frozen=True, slots=True, eq=False)
class ParameterGroup:
    """Weights that share a highest rate.

    Attributes:
        parameters: Those that learn.
        rate: Highest rate.
    """

    parameters: list[nn.Parameter]
    rate: float


def create_optimizer(groups: Sequence[ParameterGroup], settings: TrainingSettings) -> Optimizer:
    """Return the optimizer of the settings over all groups that hold a weight."""
    values = [{"params": group.parameters, "lr": group.rate} for group in groups if group.parameters]
    if settings.optimizer == "sgd":
        return torch.optim.SGD(
            values, lr=settings.learning_rate, momentum=settings.momentum, weight_decay=settings.weight_decay
        )
    betas = (settings.momentum, ADAMW_SECOND_BETA)
    return torch.optim.AdamW(values, lr=settings.learning_rate, betas=betas, weight_decay=settings.weight_decay)


def rate_factor(step: int, progress: float, settings: TrainingSettings) -> float:
    """Return the share of the highest rate.

    Args:
        step: Steps done.
        progress: Share of the training that is done, 0-1.
        settings: Which schedule.
    """
    warm = warmed_up(step, warmup_steps=settings.warmup_steps)
    if settings.schedule == "multistep":
        return warm * step_decay(progress, milestones=settings.milestones)
    if settings.schedule == "cosine":
        return warm * (1 + cos(pi * min(progress, 1.0))) / 2
    return warm * polynomial_decay(progress, power=settings.poly_power)
