"""Joins windows without a visible seam: where two of them see the same ground, one fades into the other.

Shapes: C classes, h and w rows and columns in scene pixels, T the width of an overlap (twice the taper).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import torch
from torch import Tensor

from magnet_geo.grid import PixelRect, Window

_STRIP_ROWS = 128


class SeamBlender:
    """Blends one window with its left neighbor, then with the blended row above.

    The weights are linear across the inner half of the halo; the outer half, where a window knows least, counts for
    nothing. What the window's own neighbors need of it is known once `join` is exhausted.

    Attributes:
        right: (C, height of the support, T) of the window alone, for the neighbor to the right; None at the far edge.
        below: (C, T, width of the write region) blended with the left, for the neighbor below; None at the far edge.
        top: (C, T, width of the write region) likewise, where the row above is joined later; None otherwise.
    """

    def __init__(
        self, window: Window, taper: int, *, left: Tensor | None, above: Tensor | None, open_top: bool = False
    ) -> None:
        """Take what the neighbors left.

        Args:
            window: The window.
            taper: Of the plan.
            left: ``right`` of the left neighbor; None where there is none that maps anything.
            above: ``below`` of the neighbor above; likewise.
            open_top: Whether the rows that fade into the row above are left to `join_top`.
        """
        self.right: Tensor | None = None
        self.below: Tensor | None = None
        self.top: Tensor | None = None
        self._window, self._overlap = window, 2 * taper
        self._left, self._above, self._open_top = left, above, open_top

    def join(self, sample: Callable[[PixelRect], Tensor]) -> Iterator[tuple[slice, Tensor]]:
        """Yield the blended probabilities of the window's write region, strip by strip.

        Args:
            sample: Gives the window's own probabilities (C, h, w) of a rectangle in scene pixels.

        Yields:
            Rows of the write region, and their probabilities (C, rows, width of the write region).
        """
        window, right, below, top = self._window, list[Tensor](), list[Tensor](), list[Tensor]()
        for strip in self._strips():
            own = sample(strip)
            if window.support.col_stop > window.write.col_stop:
                right.append(own[..., window.write.width :].clone())
            if self._left is not None:
                rows = slice(strip.row - window.support.row, strip.row_stop - window.support.row)
                left = self._left[:, rows].to(own.device)
                later = own[..., : self._overlap]
                own[..., : self._overlap] = torch.lerp(left, later, _rising(self._overlap, own)[None, None])
            body = own[..., : window.write.width]
            if strip.row >= window.write.row_stop:
                below.append(body.clone())
                continue
            rows = slice(strip.row - window.write.row, strip.row_stop - window.write.row)
            if rows.start < self._overlap and self._open_top:
                top.append(body.clone())
                continue
            if rows.start < self._overlap and self._above is not None:
                body = fade_down(self._above[:, rows].to(body.device), body, rows=rows, overlap=self._overlap)
            yield rows, body
        self.right, self.below, self.top = _joined(right), _joined(below), _joined(top)

    def _strips(self) -> Iterator[PixelRect]:
        support, write = self._window.support, self._window.write
        breaks = sorted({support.row, min(write.row + self._overlap, write.row_stop), write.row_stop, support.row_stop})
        for start, stop in pairwise(breaks):
            for row in range(start, stop, _STRIP_ROWS):
                yield PixelRect(row, support.col, min(_STRIP_ROWS, stop - row), support.width)


def fade_down(upper: Tensor, lower: Tensor, *, rows: slice, overlap: int) -> Tensor:
    """Return rows of an overlap, fading from the row of windows above to the one below.

    Args:
        upper: (C, h, w) of the row above.
        lower: (C, h, w) of the row below.
        rows: Which rows of the overlap these are.
        overlap: Its height.
    """
    return torch.lerp(upper, lower, _rising(overlap, lower)[rows][None, :, None])


def strips_of_edge(overlap: int) -> Iterator[slice]:
    """Yield the rows in which an overlap is blended and classified: the same ones wherever it is done."""
    for row in range(0, overlap, _STRIP_ROWS):
        yield slice(row, min(row + _STRIP_ROWS, overlap))


def _rising(overlap: int, like: Tensor) -> Tensor:
    """Weight of the later window across an overlap, at pixel centers: (T,)."""
    steps = torch.arange(overlap, device=like.device, dtype=like.dtype)
    return (steps + 0.5) / overlap


def _joined(strips: list[Tensor]) -> Tensor | None:
    return torch.cat(strips, dim=1) if strips else None
