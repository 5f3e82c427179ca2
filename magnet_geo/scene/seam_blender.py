"""Joins windows without a visible seam: where two of them see the same ground, one fades into the other.

Shapes: C classes, h and w rows and columns in scene pixels.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from magnet_geo.errors import DiskFullError, OutputError
from magnet_geo.grid import PixelRect, Window, WindowPlan

_STRIP_ROWS = 128


class SeamBlender:
    """Blends the windows of one map, which must come in plan order; windows that map nothing may be left out.

    Each window is blended with its left neighbor, then with the blended row above. The weights are linear across
    the inner half of the halo; the outer half, where a window knows least, counts for nothing. The band
    to the right stays in memory, bands below go to scratch files, one per window: no row of the whole scene is
    ever held.
    """

    def __init__(self, plan: WindowPlan, scratch: Path) -> None:
        """Begin a map.

        Args:
            plan: The windows.
            scratch: An existing folder for the bands, to be removed by the caller.
        """
        self._band = 2 * plan.taper
        self._columns = plan.shape[1]
        self._scratch = scratch
        self._right: tuple[int, Tensor] | None = None

    def join(self, window: Window, sample: Callable[[PixelRect], Tensor]) -> Iterator[tuple[slice, Tensor]]:
        """Yield the blended probabilities of a window's final part, strip by strip.

        Args:
            window: The next window.
            sample: Gives the window's own probabilities (C, h, w) of a rectangle in scene pixels.

        Yields:
            Rows of the final part, and their probabilities (C, rows, width of the final part).

        Raises:
            OutputError: A scratch file cannot be written.
        """
        left = self._left_of(window)
        right: list[Tensor] = []
        above, below = self._file(window.index - self._columns), self._file(window.index)
        for strip in self._strips(window):
            own = sample(strip)
            if window.support.col_stop > window.final.col_stop:
                right.append(own[..., window.final.width :].clone())
            if left is not None:
                rows = slice(strip.row - window.support.row, strip.row_stop - window.support.row)
                own[..., : self._band] = torch.lerp(
                    left[:, rows], own[..., : self._band], self._rising(own)[None, None]
                )
            body = own[..., : window.final.width]
            if strip.row >= window.final.row_stop:
                _append(below, body)
                continue
            rows = slice(strip.row - window.final.row, strip.row_stop - window.final.row)
            if rows.start < self._band and above.exists():
                upper = _read(above, body.shape[0], rows, body.shape[2]).to(body.device)
                body = torch.lerp(upper, body, self._rising(own)[rows][None, :, None])
            yield rows, body
        above.unlink(missing_ok=True)
        self._right = (window.index, torch.cat(right, dim=1)) if right else None

    def _left_of(self, window: Window) -> Tensor | None:
        in_row = window.index % self._columns > 0
        if not in_row or self._right is None or self._right[0] != window.index - 1:
            return None
        return self._right[1]

    def _rising(self, like: Tensor) -> Tensor:
        """Weight of the later window across the band, at pixel centers: (2 taper,)."""
        steps = torch.arange(self._band, device=like.device, dtype=like.dtype)
        return (steps + 0.5) / self._band

    def _strips(self, window: Window) -> Iterator[PixelRect]:
        support, final = window.support, window.final
        breaks = sorted({support.row, min(final.row + self._band, final.row_stop), final.row_stop, support.row_stop})
        for start, stop in pairwise(breaks):
            for row in range(start, stop, _STRIP_ROWS):
                yield PixelRect(row, support.col, min(_STRIP_ROWS, stop - row), support.width)

    def _file(self, index: int) -> Path:
        return self._scratch / f"band_{index}.f32"


def _append(path: Path, body: Tensor) -> None:
    rows_first: NDArray[np.float32] = body.permute(1, 0, 2).contiguous().cpu().numpy()
    try:
        with path.open("ab") as file:
            file.write(rows_first.tobytes())
    except OSError as error:
        kind = DiskFullError if error.errno == errno.ENOSPC else OutputError
        raise kind(
            f"Scratch data in '{path.parent}' could not be written ({error.strerror}); make room or choose another "
            "folder for the output."
        ) from error


def _read(path: Path, classes: int, rows: slice, width: int) -> Tensor:
    count = rows.stop - rows.start
    values = np.fromfile(path, np.float32, count * classes * width, offset=rows.start * classes * width * 4)
    return torch.from_numpy(values.reshape(count, classes, width)).permute(1, 0, 2)
