"""Kernels of convolutions: composed, split and cut.

Shape letters: I and O channels in and out, k and l rows and columns of a kernel.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F


def compose_kernels(kernels: Sequence[Tensor]) -> Tensor:
    """Return the one kernel that equals several, first to last, where none of them meets a border.

    Args:
        kernels: (O, I, k, l) of ungrouped, undilated convolutions of stride 1.
    """
    whole, *others = (kernel.double() for kernel in kernels)
    for outer in others:
        whole = F.conv_transpose2d(outer, whole)
    return whole.to(kernels[0].dtype)


def taps_as_outputs(kernel: Tensor) -> Tensor:
    """Return a pointwise kernel (k * l * O, I, 1, 1) whose outputs are what each tap gives, the taps outermost.

    The pointwise half may change places with anything that treats all channels alike, such as interpolation.
    """
    outputs, inputs, rows, cols = kernel.shape
    return kernel.permute(2, 3, 0, 1).reshape(rows * cols * outputs, inputs, 1, 1)


def rows_as_outputs(kernel: Tensor) -> Tensor:
    """Return a kernel of one row (k * O, I, 1, l) whose outputs are what each row gives, the rows outermost.

    A processor computes outputs in blocks of 16: few outputs of a large kernel leave most of a block empty.
    """
    outputs, inputs, rows, cols = kernel.shape
    return kernel.permute(2, 0, 1, 3).reshape(rows * outputs, inputs, 1, cols)


def convolution_of(weight: Tensor, bias: Tensor | None, *, padding: tuple[int, int]) -> nn.Conv2d:
    """Return a convolution of stride 1 with the weights (O, I, k, l) and bias (O,)."""
    outputs, inputs, rows, cols = weight.shape
    made = nn.Conv2d(inputs, outputs, (rows, cols), padding=padding, bias=bias is not None)
    made.weight = nn.Parameter(weight.detach().clone())
    if bias is not None:
        made.bias = nn.Parameter(bias.detach().clone())
    return made
