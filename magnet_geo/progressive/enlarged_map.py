"""`EnlargedMap`: the coarser levels' prediction as the next level sees it.

Shapes: C classes, h and w the map's rows and columns, H and W the level's.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from magnet_geo.grid import PixelRect, Size
from magnet_geo.progressive.axis_weights import sampling_weights, weighted
from magnet_geo.progressive.resampling import bilinear_rows, resize_bilinear, roi_align

_STRIP_ROWS = 64


class EnlargedMap:
    """A map at a larger size, by bilinear interpolation (align_corners=False), computed where it is looked at.

    Whole, it would be the largest thing in memory: in the published DeepGlobe levels four times the map itself.

    Attributes:
        maps: (C, h, w) float32 that is enlarged.
        size: H and W.
    """

    def __init__(self, maps: Tensor, size: Size) -> None:
        self.maps, self.size = maps, size

    def whole(self, into: Tensor | None = None) -> Tensor:
        """All of it: (C, H, W), in memory of that shape where it is given."""
        return resize_bilinear(self.maps[None], self.size, None if into is None else into[None])[0]

    def crop(self, rect: PixelRect, output: Size) -> Tensor:
        """A region by RoI-align, see `roi_align`: (C, output.height, output.width)."""
        return roi_align(self.maps, rect, output, self.size)

    def cut(self, rect: PixelRect) -> Tensor:
        """The pixels of a region: (C, rect.height, rect.width); a view where nothing is enlarged."""
        if self.maps.shape[-2:] == (self.size.height, self.size.width):
            return self.maps[(slice(None), *rect.slices)]
        return self.at(
            rows=torch.arange(rect.row, rect.row + rect.height), cols=torch.arange(rect.col, rect.col + rect.width)
        )

    def at(self, *, rows: Tensor, cols: Tensor) -> Tensor:
        """The pixels where some rows and columns cross.

        Args:
            rows: (R,) rising rows, integers on the CPU.
            cols: (S,) likewise for columns.

        Returns:
            (C, R, S).
        """
        height, width = self.maps.shape[-2:]
        return weighted(
            self.maps,
            rows=sampling_weights(rows.double()[:, None], size=self.size.height, given=height),
            cols=sampling_weights(cols.double()[:, None], size=self.size.width, given=width),
        )

    def strips(self) -> Iterator[slice]:
        """Rows that make a strip of a handy size, for `strip`, one after the other."""
        for start in range(0, self.size.height, _STRIP_ROWS):
            yield slice(start, min(start + _STRIP_ROWS, self.size.height))

    def strip(self, rows: slice) -> Tensor:
        """All pixels of some neighboring rows: (C, rows, W)."""
        scale = self.maps.shape[-2] / self.size.height
        positions = (torch.arange(rows.start, rows.stop, dtype=torch.float64) + 0.5) * scale - 0.5
        first, stop = max(0, int(positions[0])), min(self.maps.shape[-2], int(positions[-1]) + 2)
        wide = resize_bilinear(self.maps[None, :, first:stop], Size(stop - first, self.size.width))[0]
        return bilinear_rows(wide, positions - first)
