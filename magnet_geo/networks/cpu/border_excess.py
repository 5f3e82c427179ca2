"""What one kernel for several convolutions gives too much near the border, where each of them pads with zeros.

One kernel lets every step reach beyond the image; the steps themselves set to zero what lies there before they go on.
So the excess of a side is what the steps carry back inside from the first row beyond it. Biases are left out.

Shape letters: N images, I and O channels in and out, H and W pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from magnet_geo.networks.cpu.kernels import compose_kernels, convolution_of


@dataclass(frozen=True, slots=True)
class Side:
    """A side of an image.

    Attributes:
        axis: 2 for top and bottom, 3 for left and right.
        at_end: Bottom or right.
    """

    axis: int
    at_end: bool

    def rows(self, features: Tensor, count: int) -> Tensor:
        """Return so many rows (columns for left and right) along the side."""
        return features.narrow(self.axis, features.shape[self.axis] - count if self.at_end else 0, count)

    def as_top(self, kernel: Tensor) -> Tensor:
        """Turn a kernel (O, I, k, l) so that the side is the top."""
        turned = kernel.transpose(2, 3) if self.axis == 3 else kernel
        return turned.flip(2) if self.at_end else turned

    def from_top(self, kernel: Tensor) -> Tensor:
        """Turn a kernel made for the top back."""
        turned = kernel.flip(2) if self.at_end else kernel
        return turned.transpose(2, 3) if self.axis == 3 else turned


SIDES = tuple(Side(axis, at_end) for axis in (2, 3) for at_end in (False, True))


class BorderExcess(nn.Module):
    """The excess along one side; corners count to top and bottom.

    Args:
        kernels: (O, I, 3, 3) of two or three steps, first to last.
        side: Which one.
    """

    def __init__(self, kernels: Sequence[Tensor], side: Side) -> None:
        super().__init__()
        self._side = side
        first, *others = (side.as_top(kernel) for kernel in kernels)
        self.reach = len(others)
        self.chains = nn.ModuleList([self._chain([first[:, :, 2:]], compose_kernels(others))])
        if len(others) == 2:
            second, last = others
            self.chains.append(self._chain([first[:, :, 1:], second[:, :, 2:]], last))

    def forward(self, features: Tensor) -> Tensor:
        """Return (N, O, reach, W) along the top or bottom, (N, O, H, reach) along the left or right."""
        total, *others = (self._carried_back(features, number) for number in range(len(self.chains)))
        for part in others:
            total[:, : part.shape[1]] += part
        if self._side.at_end:
            total = total.flip(1)
        return total.squeeze(3).transpose(1, 2) if self._side.axis == 2 else total.squeeze(4).permute(0, 2, 3, 1)

    def _carried_back(self, features: Tensor, number: int) -> Tensor:
        """(N, rows, O, 1, W) or (N, rows, O, H, 1): what a chain adds to the rows along the side, first outermost."""
        rows = self.reach - number
        carried: Tensor = self.chains[number](self._side.rows(features, number + 1)).float()
        return carried.reshape(len(carried), rows, -1, *carried.shape[2:])

    def _chain(self, outward: Sequence[Tensor], back: Tensor) -> nn.Sequential:
        """Convolutions from the side's rows to the row beyond it, and from there to the rows inside."""
        *inside, beyond = outward
        steps = [self._step(kernel, extra=0) for kernel in inside]
        # The row beyond top and bottom has corners; those beyond left and right end with the image.
        extra = 1 if self._side.axis == 2 else 0
        steps.append(self._step(beyond, extra=extra))
        steps.append(self._step(_rows_as_outputs(back), extra=-extra))
        return nn.Sequential(*steps)

    def _step(self, kernel: Tensor, *, extra: int) -> nn.Conv2d:
        along = kernel.shape[3] // 2 + extra
        padding = (0, along) if self._side.axis == 2 else (along, 0)
        return convolution_of(self._side.from_top(kernel).contiguous(), None, padding=padding)


def _rows_as_outputs(kernel: Tensor) -> Tensor:
    """From the row beyond the top to the first rows inside: (rows * O, I, 1, l) of a kernel (O, I, k, l)."""
    radius = kernel.shape[2] // 2
    return torch.cat([kernel[:, :, radius - 1 - row : radius - row] for row in range(radius)])
