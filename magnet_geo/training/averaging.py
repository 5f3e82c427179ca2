"""A running average of a network's weights, steadier than the weights of any one step."""

from __future__ import annotations

import copy

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
        averages, values = self._floating_tensors(self.model), self._floating_tensors(model)
        torch._foreach_lerp_(averages, values, 1 - decay)

    @staticmethod
    def _floating_tensors(model: nn.Module) -> list[Tensor]:
        return [tensor for tensor in model.state_dict().values() if tensor.is_floating_point()]
