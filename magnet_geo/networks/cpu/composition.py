"""Convolutions with nothing between them as one: less arithmetic for the same result.

Shape letters: N images, I and O channels in and out, H and W pixels, k and l rows and columns of a kernel.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from magnet_geo.networks.cpu.border_excess import SIDES, BorderExcess
from magnet_geo.networks.cpu.kernels import compose_kernels, convolution_of, rows_as_outputs


class TapSum(nn.Module):
    """The second half of a convolution whose taps were computed as channels: shifts them into place and sums.

    Args:
        kernel: Rows and columns of taps, odd.
    """

    def __init__(self, kernel: tuple[int, int]) -> None:
        super().__init__()
        self._kernel = kernel

    def forward(self, taps: Tensor) -> Tensor:
        """Map (N, k * l * O, H, W), the taps outermost, to (N, O, H, W) float32; beyond the border all is 0."""
        rows, cols = self._kernel
        count, _, height, width = taps.shape
        # Planes that lie together are added several times as fast as channels that lie side by side.
        planes = taps.float().contiguous().view(count, rows, cols, -1, height, width)
        total = planes[:, rows // 2, cols // 2].clone()
        for row, col in ((row, col) for row in range(rows) for col in range(cols)):
            if (row, col) != (rows // 2, cols // 2):
                target_rows, source_rows = _shifted(height, row - rows // 2)
                target_cols, source_cols = _shifted(width, col - cols // 2)
                total[:, :, target_rows, target_cols] += planes[:, row, col, :, source_rows, source_cols]
        return total


class ComposedConvolutions(nn.Module):
    """Two or three convolutions of 3 x 3 as one; what that changes at the border, where each pads, is taken off again.

    Args:
        steps: Ungrouped, undilated, of stride 1 and padding 1, first to last.
        few_outputs: Whether there are so few outputs that each row of the kernel should have its own.
    """

    biases: Tensor

    def __init__(self, steps: Sequence[nn.Conv2d], *, few_outputs: bool = False) -> None:
        super().__init__()
        self.steps = nn.Sequential(*steps)
        kernels = [step.weight.detach() for step in steps]
        whole, radius = compose_kernels(kernels), len(steps)
        self.whole: nn.Module = convolution_of(whole, None, padding=(radius, radius))
        if few_outputs:
            by_rows = convolution_of(rows_as_outputs(whole), None, padding=(0, radius))
            self.whole = nn.Sequential(by_rows, TapSum((2 * radius + 1, 1)))
        self.excess = nn.ModuleList(BorderExcess(kernels, side) for side in SIDES)
        # What the biases amount to, by the distance to each border.
        with torch.no_grad():
            biases = self.steps(torch.zeros(1, steps[0].in_channels, 2 * radius + 1, 2 * radius + 1))
        self.register_buffer("biases", biases)

    def forward(self, features: Tensor) -> Tensor:
        """Map (N, I, H, W) to (N, O, H, W) float32."""
        height, width = features.shape[-2:]
        radius = self.biases.shape[-1] // 2
        if min(height, width) <= 2 * radius:
            stepwise: Tensor = self.steps(features)
            return stepwise.float()
        result: Tensor = self.whole(features).float()
        for side, excess in zip(SIDES, self.excess, strict=True):
            side.rows(result, radius - 1).sub_(excess(features))
        return result.add_(self.biases[:, :, _by_distance(height, radius)][..., _by_distance(width, radius)])


def _shifted(length: int, shift: int) -> tuple[slice, slice]:
    """Where values come to lie, and where they are taken from, along an axis."""
    return slice(max(0, -shift), length - max(0, shift)), slice(max(0, shift), length + min(0, shift))


def _by_distance(length: int, radius: int) -> Tensor:
    """Index into a table of 2 * radius + 1 entries: the first ones, the middle one for all the interior, the last."""
    indices = torch.arange(length)
    return torch.where(indices < radius, indices, (indices - length + 2 * radius + 1).clamp_min(radius))
