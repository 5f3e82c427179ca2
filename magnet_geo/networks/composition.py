"""Convolutions in a row, with nothing between them, as one: less arithmetic for the same result.

Shape letters: N images, I and O channels in and out, H and W pixels, k kernel side, r radius of all steps together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ComposedConvolutions(nn.Module):
    """Computes the interior with one wide kernel and the border, where each step pads with zeros, step by step.

    Args:
        steps: Convolutions of stride 1, odd kernels and padding that keeps the size.
    """

    def __init__(self, *steps: nn.Conv2d) -> None:
        super().__init__()
        self.steps = nn.Sequential(*steps)
        self.whole = compose_convolutions(steps)
        self.radius = sum(step.kernel_size[0] // 2 for step in steps)

    def forward(self, features: Tensor) -> Tensor:
        """Maps (N, I, H, W) to (N, O, H, W)."""
        r = self.radius
        if min(features.shape[-2:]) <= 2 * r:
            return cast(Tensor, self.steps(features))
        top = self.steps(features[:, :, : 2 * r])[:, :, :r]
        bottom = self.steps(features[:, :, -2 * r :])[:, :, -r:]
        left = self.steps(features[..., : 2 * r])[:, :, r:-r, :r]
        right = self.steps(features[..., -2 * r :])[:, :, r:-r, -r:]
        middle = torch.cat((left, self.whole(features), right), dim=3)
        return torch.cat((top, middle, bottom), dim=2)


def compose_convolutions(steps: Sequence[nn.Conv2d]) -> nn.Conv2d:
    """Gives the one convolution, without padding, that equals all the steps away from the border.

    Args:
        steps: Ungrouped, undilated convolutions of stride 1, first to last.

    Returns:
        A convolution whose kernel side is the sum of the steps' sides less the overlaps.
    """
    first, *others = steps
    weight, bias = first.weight.detach().double(), _bias(first)
    for step in others:
        outer = step.weight.detach().double()
        bias = outer.sum(dim=(2, 3)) @ bias + _bias(step)
        weight = F.conv_transpose2d(outer, weight)
    whole = nn.Conv2d(first.in_channels, steps[-1].out_channels, (weight.shape[2], weight.shape[3]))
    whole.weight = nn.Parameter(weight.to(first.weight.dtype))
    whole.bias = nn.Parameter(bias.to(first.weight.dtype))
    return whole


def split_input_channels(convolution: nn.Conv2d, first: int) -> tuple[nn.Conv2d, nn.Conv2d]:
    """Gives two convolutions whose sum is the given one: on its first channels, with the bias, and on the rest.

    Args:
        convolution: An ungrouped convolution with bias.
        first: Input channels of the first part.

    Returns:
        The part with `first` input channels and the part with the remaining ones.
    """
    head = _with_weight(convolution, convolution.weight[:, :first], convolution.bias)
    tail = _with_weight(convolution, convolution.weight[:, first:], None)
    return head, tail


def _bias(convolution: nn.Conv2d) -> Tensor:
    if convolution.bias is None:
        return convolution.weight.new_zeros(convolution.out_channels, dtype=torch.float64)
    return convolution.bias.detach().double()


def _with_weight(convolution: nn.Conv2d, weight: Tensor, bias: Tensor | None) -> nn.Conv2d:
    height, width = convolution.kernel_size
    part = nn.Conv2d(
        weight.shape[1],
        convolution.out_channels,
        (height, width),
        padding=(height // 2, width // 2),
        bias=bias is not None,
    )
    part.weight = nn.Parameter(weight.detach().clone())
    if bias is not None:
        part.bias = nn.Parameter(bias.detach().clone())
    return part
