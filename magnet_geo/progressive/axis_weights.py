"""Bilinear sampling of maps as one product of matrices per axis, for lattices of positions.

Shapes: (..., H, W); rows are axis -2, columns axis -1; O outputs along an axis.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

# All outputs in one matrix would be nearly all zeros; in many small ones, calls cost more than sums.
_OUTPUTS_PER_BLOCK = 32


@dataclass(frozen=True, slots=True, eq=False)
class AxisWeights:
    """What each pixel along an axis gives to each output, in blocks of neighboring outputs.

    Attributes:
        outputs: O.
        starts: The first pixel that goes into each block.
        weights: (blocks, outputs of a block, pixels of a block) float64; the last block may hold more outputs than
            are asked for.
    """

    outputs: int
    starts: tuple[int, ...]
    weights: Tensor

    @property
    def pixels(self) -> slice:
        """All pixels that go into any output, and perhaps some more."""
        return slice(min(self.starts), max(self.starts) + self.weights.shape[2])

    def blocks(self, like: Tensor) -> Iterator[tuple[slice, Tensor]]:
        """Yields each block's pixels and (outputs, pixels) weights, of the type and on the device of ``like``."""
        _, outputs, pixels = self.weights.shape
        for number, (start, weights) in enumerate(zip(self.starts, self.weights.to(like), strict=True)):
            yield slice(start, start + pixels), weights[: self.outputs - number * outputs]


def sampling_weights(positions: Tensor, *, size: int, given: int) -> AxisWeights:
    """Weights of outputs that are the mean of samples, taken from an axis as if it were enlarged before.

    Args:
        positions: (O, samples) float64 positions in pixels of the enlarged axis, 0 the center of its first one;
            they rise, and are clamped to the outermost centers.
        size: Pixels of the enlarged axis.
        given: Pixels of the axis itself.
    """
    weight = torch.full_like(positions, 1 / positions.shape[1])
    sampled, share = _neighbors(positions, weight, size)
    pixels, share = _neighbors((sampled + 0.5) * (given / size) - 0.5, share, given)
    outputs = len(positions)
    per_block = min(outputs, _OUTPUTS_PER_BLOCK)
    missing = -outputs % per_block
    pixels = torch.cat([pixels, pixels[-1:].expand(missing, -1)]).to(torch.int64).view(-1, per_block, pixels.shape[1])
    share = torch.cat([share, share.new_zeros(missing, share.shape[1])]).view_as(pixels)
    first, last = pixels.amin((1, 2)), pixels.amax((1, 2))
    wide = int((last - first).max()) + 1
    starts = first.clamp(max=given - wide)
    weights = share.new_zeros((len(starts), per_block, wide)).scatter_add_(2, pixels - starts[:, None, None], share)
    return AxisWeights(outputs, tuple(starts.tolist()), weights)


def weighted(maps: Tensor, *, rows: AxisWeights, cols: AxisWeights) -> Tensor:
    """The outputs of both axes.

    Args:
        maps: (..., H, W) float.
        rows: Of axis -2.
        cols: Of axis -1.

    Returns:
        (..., rows.outputs, cols.outputs).
    """
    maps = maps[..., cols.pixels]
    narrow = torch.cat([weights @ maps[..., pixels, :] for pixels, weights in rows.blocks(maps)], dim=-2)
    left = cols.pixels.start
    parts = [narrow[..., pixels.start - left : pixels.stop - left] @ weights.T for pixels, weights in cols.blocks(maps)]
    return torch.cat(parts, dim=-1)


def _neighbors(positions: Tensor, weight: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """The two pixels beside each position and their shares of its weight: (O, 2 * samples) both, float64."""
    positions = positions.clamp(0, size - 1)
    low = positions.floor()
    share = positions - low
    return torch.cat([low, (low + 1).clamp(max=size - 1)], 1), torch.cat([weight * (1 - share), weight * share], 1)
