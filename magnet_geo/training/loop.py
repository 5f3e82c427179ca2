"""The training loop of both stages: batches in, an averaged network out."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from magnet_geo.errors import TrainingError
from magnet_geo.training.averaging import WeightAverage
from magnet_geo.training.schedules import polynomial_decay, warmed_up

_logger = logging.getLogger(__name__)

Batch = TypeVar("Batch")


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """How long and how fast a network is trained.

    Attributes:
        steps: Steps at most.
        minutes: Wall-clock minutes at most, None for no limit; the rate falls to 0 at whichever limit comes first.
        warmup_steps: Steps over which the rate rises.
        decay_power: Exponent of the polynomial decay.
        averaging_decay: Decay of the weight average.
        greatest_gradient: Norm that gradients are clipped to.
        log_every: Steps between two log lines.
        checkpoint_every: Steps between two checkpoints.
    """

    steps: int = 2000
    minutes: float | None = None
    warmup_steps: int = 50
    decay_power: float = 0.9
    averaging_decay: float = 0.995
    greatest_gradient: float = 5.0
    log_every: int = 20
    checkpoint_every: int = 200

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise TrainingError(f"Training needs at least 1 step, not {self.steps}.")


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What came out of a loop.

    Attributes:
        model: The averaged network, in evaluation mode.
        steps: Steps done.
        minutes: Wall-clock minutes taken.
        loss: Mean loss over the last steps logged.
    """

    model: nn.Module
    steps: int
    minutes: float
    loss: float


def train(
    model: nn.Module,
    batches: Iterator[Batch],
    loss_of: Callable[[Batch], Tensor],
    optimizer: Optimizer,
    settings: LoopSettings,
    *,
    on_checkpoint: Callable[[nn.Module, int], None] | None = None,
) -> TrainingResult:
    """Trains a network in place and gives its average.

    Args:
        model: The network, its modules already in the mode they are trained in.
        batches: Batches without end.
        loss_of: Gives the scalar loss of a batch, through `model`.
        optimizer: Holds the parameters; the rates it is given are the highest ones.
        settings: Length and pace.
        on_checkpoint: Called with the averaged network and the number of steps done.
    """
    average = WeightAverage(model, decay=settings.averaging_decay)
    highest_rates = [group["lr"] for group in optimizer.param_groups]
    recent_losses: list[float] = []
    start = time.monotonic()
    step = 0
    while (progress := _progress(step, time.monotonic() - start, settings)) < 1:
        factor = warmed_up(step, warmup_steps=settings.warmup_steps)
        factor *= polynomial_decay(progress, power=settings.decay_power)
        for group, rate in zip(optimizer.param_groups, highest_rates, strict=True):
            group["lr"] = rate * factor

        loss = loss_of(next(batches))
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(model.parameters(), settings.greatest_gradient)
        optimizer.step()
        average.update(model)
        step += 1

        recent_losses = [*recent_losses[1 - settings.log_every :], float(loss.detach())]
        if step % settings.log_every == 0:
            _logger.info(
                "step %d, %.1f min, loss %.4f, rate factor %.3f",
                step, (time.monotonic() - start) / 60, _mean(recent_losses), factor,
            )  # fmt: skip
        if on_checkpoint and step % settings.checkpoint_every == 0:
            on_checkpoint(average.model, step)
    return TrainingResult(average.model, step, (time.monotonic() - start) / 60, _mean(recent_losses))


def _progress(step: int, seconds: float, settings: LoopSettings) -> float:
    by_steps = step / settings.steps
    return by_steps if settings.minutes is None else max(by_steps, seconds / 60 / settings.minutes)


def _mean(values: list[float]) -> float:
    return sum(values) / max(len(values), 1)
