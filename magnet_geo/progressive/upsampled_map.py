"""The coarser levels' prediction as the next level sees it, by the published rules: RoI-align, enlarged where needed.

Bilinear sampling on a lattice is one product of matrices per axis. Shapes: C classes, h and w the map's rows and
columns, H and W the level's; O outputs along an axis.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import torch
from torch import Tensor

from magnet_geo.grid import PixelRect, Size
from magnet_geo.progressive.resampling import bilinear_rows, resize_bilinear

_STRIP_ROWS = 64
# All outputs in one matrix would be nearly all zeros; in many small ones, calls cost more than sums.
_OUTPUTS_PER_BLOCK = 32


class UpsampledMap:
    """A map at a larger size, by bilinear interpolation (align_corners=False), computed where it is looked at.

    Whole, it would be the largest thing in memory: in the published DeepGlobe levels four times the map itself.

    Attributes:
        maps: (C, h, w) float32 that is enlarged.
        size: H and W.
    """

    def __init__(self, maps: Tensor, size: Size) -> None:
        self.maps, self.size = maps, size

    def whole(self, into: Tensor | None = None) -> Tensor:
        """Return all of it: (C, H, W), in memory of that shape where it is given."""
        return resize_bilinear(self.maps[None], self.size, None if into is None else into[None])[0]

    def crop(self, rect: PixelRect, output: Size) -> Tensor:
        """Return a region by RoI-align: (C, output.height, output.width)."""
        return roi_align(self.maps, rect, output, self.size)

    def cut(self, rect: PixelRect) -> Tensor:
        """Return the pixels of a region: (C, rect.height, rect.width); a view where nothing is enlarged."""
        if self.maps.shape[-2:] == (self.size.height, self.size.width):
            return self.maps[(slice(None), *rect.slices)]
        return self.at(
            rows=torch.arange(rect.row, rect.row + rect.height), cols=torch.arange(rect.col, rect.col + rect.width)
        )

    def at(self, *, rows: Tensor, cols: Tensor) -> Tensor:
        """Return the pixels where some rows and columns cross.

        Args:
            rows: (R,) rising rows, integers on the CPU.
            cols: (S,) likewise for columns.

        Returns:
            (C, R, S).
        """
        height, width = self.maps.shape[-2:]
        return _weighted(
            self.maps,
            rows=_sampling_weights(rows.double()[:, None], size=self.size.height, given=height),
            cols=_sampling_weights(cols.double()[:, None], size=self.size.width, given=width),
        )

    def strips(self) -> Iterator[slice]:
        """Yield the rows of one strip of a handy size after the other."""
        for start in range(0, self.size.height, _STRIP_ROWS):
            yield slice(start, min(start + _STRIP_ROWS, self.size.height))

    def strip(self, rows: slice) -> Tensor:
        """Return all pixels of some neighboring rows: (C, rows, W)."""
        scale = self.maps.shape[-2] / self.size.height
        positions = (torch.arange(rows.start, rows.stop, dtype=torch.float64) + 0.5) * scale - 0.5
        first, stop = max(0, int(positions[0])), min(self.maps.shape[-2], int(positions[-1]) + 2)
        wide = resize_bilinear(self.maps[None, :, first:stop], Size(stop - first, self.size.width))[0]
        return bilinear_rows(wide, positions - first)


def roi_align(maps: Tensor, rect: PixelRect, output: Size, within: Size | None = None) -> Tensor:
    """Crop by RoI-align without the half-pixel shift (``aligned=False``), as the published weights expect.

    Each output bin is the mean of ``ceil(rect / output)`` bilinear samples per axis.

    Args:
        maps: (C, H, W) float.
        rect: Region to crop.
        output: Size of the result.
        within: Size that the maps are enlarged to before, bilinearly, without that being done; ``rect`` lies in it.
            None for the maps as they are.

    Returns:
        (C, output.height, output.width).
    """
    height, width = maps.shape[-2:]
    within = within or Size(height, width)
    rows = _sampling_weights(_bins(rect.row, rect.height, output.height), size=within.height, given=height)
    cols = _sampling_weights(_bins(rect.col, rect.width, output.width), size=within.width, given=width)
    return _weighted(maps, rows=rows, cols=cols)


def _bins(start: int, length: int, bins: int) -> Tensor:
    """Return (bins, samples) float64 positions of RoI-align's samples along an axis."""
    samples = ceil(length / bins)
    steps = torch.arange(bins * samples, dtype=torch.float64)
    return (start + (steps + 0.5) * (length / (bins * samples))).view(bins, samples)


@dataclass(frozen=True, slots=True, eq=False)
class _AxisWeights:
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
        """Return all pixels that go into any output, and perhaps some more."""
        return slice(min(self.starts), max(self.starts) + self.weights.shape[2])

    def blocks(self, like: Tensor) -> Iterator[tuple[slice, Tensor]]:
        """Yield each block's pixels and (outputs, pixels) weights, of the type and on the device of ``like``."""
        _, outputs, pixels = self.weights.shape
        for number, (start, weights) in enumerate(zip(self.starts, self.weights.to(like), strict=True)):
            yield slice(start, start + pixels), weights[: self.outputs - number * outputs]


def _sampling_weights(positions: Tensor, *, size: int, given: int) -> _AxisWeights:
    """Return the weights of outputs that are the mean of samples, taken from an axis as if it were enlarged before.

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
    return _AxisWeights(outputs, tuple(starts.tolist()), weights)


def _weighted(maps: Tensor, *, rows: _AxisWeights, cols: _AxisWeights) -> Tensor:
    """Return the outputs of both axes.

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
    """Return the two pixels beside each position and their shares of its weight: (O, 2 * samples) both, float64."""
    positions = positions.clamp(0, size - 1)
    low = positions.floor()
    share = positions - low
    return torch.cat([low, (low + 1).clamp(max=size - 1)], 1), torch.cat([weight * (1 - share), weight * share], 1)
