"""Convolutions with nothing between them, rearranged: less arithmetic for the same result.

Shape letters: N images, I and O channels in and out, H and W pixels, k and l rows and columns of a kernel.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ComposedConvolutions(nn.Module):
    """Two steps as one: a kernel for both computes the interior; near the border, where each step pads, both run.

    Args:
        first: A convolution of stride 1 whose odd kernel and padding keep the size.
        rest: What follows it, of the same kind altogether.
        rest_radius: Pixels on each side that one pixel of `rest` depends on.
        whole: Equals both together away from the border, and keeps the size.
    """

    def __init__(self, first: nn.Conv2d, rest: nn.Module, whole: nn.Module, *, rest_radius: int) -> None:
        super().__init__()
        self.first, self.rest, self.whole = first, rest, whole
        self._cut, self._border = first.kernel_size[0] // 2, rest_radius

    def forward(self, features: Tensor) -> Tensor:
        """Maps (N, I, H, W) to (N, O, H, W)."""
        border = self._border
        strip = 2 * border + self._cut
        if min(features.shape[-2:]) <= 2 * strip:
            result: Tensor = self.rest(self.first(features))
            return result
        # Each step spoils the rows at the inner end of a strip, where it meets padding that is not there.
        top = self.rest(self.first(features[:, :, :strip])[:, :, : -self._cut])[:, :, :border]
        bottom = self.rest(self.first(features[:, :, -strip:])[:, :, self._cut :])[:, :, -border:]
        left = self.rest(self.first(features[..., :strip])[..., : -self._cut])[..., :border]
        right = self.rest(self.first(features[..., -strip:])[..., self._cut :])[..., -border:]
        result = self.whole(features)
        result[:, :, :border], result[:, :, -border:] = top, bottom
        result[..., :border], result[..., -border:] = left, right
        return result


class TapSum(nn.Module):
    """The second half of a convolution whose taps were computed as channels: shifts them into place and sums.

    Args:
        kernel: Rows and columns of taps, odd.
        bias: (O,) added once; None for none.
    """

    bias: Tensor | None

    def __init__(self, kernel: tuple[int, int], bias: Tensor | None = None) -> None:
        super().__init__()
        self.kernel = kernel
        self.register_buffer("bias", bias)

    def forward(self, taps: Tensor) -> Tensor:
        """Maps (N, k * l * O, H, W), the taps outermost, to (N, O, H, W) float32; beyond the border all is 0."""
        rows, cols = self.kernel
        count, channels, height, width = taps.shape
        # Planes that lie together are added several times as fast as channels that lie side by side.
        planes = taps.float().contiguous().view(count, rows, cols, channels // (rows * cols), height, width)
        total = planes[:, rows // 2, cols // 2].clone()
        for row, col in ((row, col) for row in range(rows) for col in range(cols)):
            if (row, col) != (rows // 2, cols // 2):
                target_rows, source_rows = _shifted(height, row - rows // 2)
                target_cols, source_cols = _shifted(width, col - cols // 2)
                total[:, :, target_rows, target_cols] += planes[:, row, col, :, source_rows, source_cols]
        return total if self.bias is None else total.add_(self.bias[:, None, None])


def split_taps(convolution: nn.Conv2d) -> tuple[nn.Conv2d, TapSum]:
    """Gives a pointwise convolution and the sum of its channels that equal a convolution of stride 1 together.

    The pointwise half may change places with anything that treats all channels alike, such as interpolation.
    """
    outputs, inputs, rows, cols = convolution.weight.shape
    weight = convolution.weight.detach().permute(2, 3, 0, 1).reshape(rows * cols * outputs, inputs, 1, 1)
    return _convolution(weight, None), TapSum((rows, cols), _bias(convolution))


def split_rows(convolution: nn.Conv2d) -> tuple[nn.Conv2d, TapSum]:
    """Gives a convolution with a kernel of one row and the sum of its channels, equal to the given one together.

    A processor computes channels in blocks of 16: few outputs of a large kernel leave most of a block empty.
    """
    outputs, inputs, rows, cols = convolution.weight.shape
    weight = convolution.weight.detach().permute(2, 0, 1, 3).reshape(rows * outputs, inputs, 1, cols)
    return _convolution(weight, None), TapSum((rows, 1), _bias(convolution))


def compose_convolutions(steps: Sequence[nn.Conv2d]) -> nn.Conv2d:
    """Gives the one convolution that equals all the steps away from the border, and keeps the size.

    Args:
        steps: Ungrouped, undilated convolutions of stride 1, first to last.

    Returns:
        A convolution whose kernel side is the sum of the steps' sides less the overlaps.
    """
    first, *others = steps
    weight, bias = first.weight.detach().double(), _bias(first).double()
    for step in others:
        outer = step.weight.detach().double()
        bias = outer.sum(dim=(2, 3)) @ bias + _bias(step).double()
        weight = F.conv_transpose2d(outer, weight)
    return _convolution(weight.to(first.weight.dtype), bias.to(first.weight.dtype))


def split_input_channels(convolution: nn.Conv2d, sizes: Sequence[int]) -> list[nn.Conv2d]:
    """Gives convolutions whose sum is the given one, each on so many of its input channels; the last has the bias."""
    parts = convolution.weight.detach().split(list(sizes), dim=1)
    bias = None if convolution.bias is None else convolution.bias.detach()
    return [_convolution(part.clone(), bias if part is parts[-1] else None) for part in parts]


def _shifted(length: int, shift: int) -> tuple[slice, slice]:
    """Where values come to lie, and where they are taken from, along an axis."""
    return slice(max(0, -shift), length - max(0, shift)), slice(max(0, shift), length + min(0, shift))


def _bias(convolution: nn.Conv2d) -> Tensor:
    if convolution.bias is None:
        return convolution.weight.new_zeros(convolution.out_channels)
    return convolution.bias.detach()


def _convolution(weight: Tensor, bias: Tensor | None) -> nn.Conv2d:
    outputs, inputs, rows, cols = weight.shape
    made = nn.Conv2d(inputs, outputs, (rows, cols), padding=(rows // 2, cols // 2), bias=bias is not None)
    made.weight = nn.Parameter(weight)
    if bias is not None:
        made.bias = nn.Parameter(bias)
    return made
