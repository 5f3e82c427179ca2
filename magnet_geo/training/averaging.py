"""A running average of a network's weights, steadier than the weights of any one step."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn


class WeightAverage:
    """An exponential moving average of everything in a network's state.

    Args:
        model: The network whose present state the average starts from.
        decay: Share of the average kept at each update, below 1; early updates keep less.

    Attributes:
        model: The averaged network, in evaluation mode.
    """

    def __init__(self, model: nn.Module, *, decay: float) -> None:
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self._decay = decay
        self._updates = 0

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Moves the average toward the network's present state."""
        self._updates += 1
        decay = min(self._decay, self._updates / (self._updates + 9))
        pairs = list(zip(self.model.state_dict().values(), model.state_dict().values(), strict=True))
        floating = [(average, value) for average, value in pairs if average.is_floating_point()]
        averages, values = (list(side) for side in zip(*floating, strict=True))
        torch._foreach_lerp_(averages, values, 1 - decay)
        for average, value in pairs:
            if not average.is_floating_point():
                average.copy_(value)

    @property
    def updates(self) -> int:
        """How many states are in the average."""
        return self._updates

    def restore(self, state: Mapping[str, Tensor], *, updates: int) -> None:
        """Goes on from an average kept earlier."""
        self.model.load_state_dict(dict(state))
        self._updates = updates
