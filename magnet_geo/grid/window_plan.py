"""`WindowPlan`: how a scene is cut into windows that overlap, and what each of them adds to the map."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import overload

from magnet_geo.grid.pixel_rect import PixelRect, Size


@dataclass(frozen=True, slots=True)
class Window:
    """One step of the plan.

    Attributes:
        index: Place in the plan, row by row.
        read: What is read; it reaches beyond a scene that is smaller than a window.
        core: What lies nearer to this window's middle than to any other's, inside the scene.
        support: The core and the strips around its inner borders in which neighbors fade into each other.
        write: What is known, and written, once this window and those before it are: the support without the strips
            to the right and below.
    """

    index: int
    read: PixelRect
    core: PixelRect
    support: PixelRect
    write: PixelRect

    @property
    def core_in_read(self) -> PixelRect:
        """The core in the window's own pixel coordinates."""
        return self.core.relative_to(self.read)

    @property
    def write_in_support(self) -> PixelRect:
        """The write region in the pixel coordinates of the support."""
        return self.write.relative_to(self.support)


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    core: tuple[int, int]
    support: tuple[int, int]
    write: tuple[int, int]


@dataclass(frozen=True, slots=True)
class WindowPlan:
    """Windows of one size over a scene, anchored at its pixel (0, 0).

    Neighboring windows overlap by twice the halo; at the scene's far edges the last window is shifted back into
    the scene. Cores partition the scene, and so do write regions. The plan depends on the scene's size alone,
    never on an area of interest, so the class of a pixel does not either.

    Attributes:
        scene: Size of the scene.
        window: Size of what is read.
        halo: Context of a core on each inner side, at most a quarter of the window. Neighbors fade into each
            other over the inner half of it; the outer half, next to the window's edge, is dropped.
    """

    scene: Size
    window: Size
    halo: int

    def __post_init__(self) -> None:
        if self.halo < 0 or 4 * self.halo > min(self.window.height, self.window.width):
            raise ValueError(f"A halo of {self.halo} px is more than a quarter of a window of {self.window}.")

    @property
    def taper(self) -> int:
        """Half the width of the strip in which neighbors fade into each other."""
        return self.halo // 2

    @property
    def shape(self) -> tuple[int, int]:
        """Windows down and across."""
        return (
            _count(self.scene.height, self.window.height, self.halo),
            _count(self.scene.width, self.window.width, self.halo),
        )

    def __len__(self) -> int:
        rows, cols = self.shape
        return rows * cols

    def __getitem__(self, index: int) -> Window:
        if not 0 <= index < len(self):
            raise IndexError(index)
        row, col = divmod(index, self.shape[1])
        down = _span(row, self.scene.height, self.window.height, self.halo)
        across = _span(col, self.scene.width, self.window.width, self.halo)
        return Window(
            index,
            PixelRect(down.start, across.start, self.window.height, self.window.width),
            _rect(down.core, across.core),
            _rect(down.support, across.support),
            _rect(down.write, across.write),
        )

    def __iter__(self) -> Iterator[Window]:
        return (self[index] for index in range(len(self)))

    def touching(self, area: PixelRect) -> WindowBlock:
        """Windows whose support meets ``area``, in plan order; none where it misses the scene."""
        return WindowBlock(
            self,
            _meeting(area.row, area.row_stop, self.scene.height, self.window.height, self.halo),
            _meeting(area.col, area.col_stop, self.scene.width, self.window.width, self.halo),
        )

    def read_area(self, area: PixelRect) -> PixelRect:
        """The part of the scene that windows whose support meets ``area`` read: from the first to the last of them.

        Args:
            area: A rectangle inside the scene.
        """
        block = self.touching(area)
        first, last = block[0].read, block[-1].read
        row_stop, col_stop = min(last.row_stop, self.scene.height), min(last.col_stop, self.scene.width)
        return PixelRect(first.row, first.col, row_stop - first.row, col_stop - first.col)


@dataclass(frozen=True, slots=True, eq=False)
class WindowBlock(Sequence[Window]):
    """Windows of some neighboring rows and columns of a plan, in plan order.

    They are made when they are asked for: a block of any size costs nothing until then.

    Attributes:
        plan: The plan.
        rows: Rows of windows.
        cols: Columns of windows.
    """

    plan: WindowPlan
    rows: range
    cols: range

    def __len__(self) -> int:
        return len(self.rows) * len(self.cols)

    @overload
    def __getitem__(self, number: int) -> Window: ...

    @overload
    def __getitem__(self, number: slice) -> list[Window]: ...

    def __getitem__(self, number: int | slice) -> Window | list[Window]:
        if isinstance(number, slice):
            return [self[each] for each in range(*number.indices(len(self)))]
        row, col = divmod(range(len(self))[number], len(self.cols))
        return self.plan[self.rows[row] * self.plan.shape[1] + self.cols[col]]

    def kinds(self) -> Iterator[tuple[Window, int]]:
        """One window of each kind with the count of its kind.

        Windows are of one kind where the support, as seen from the corner of what is read, is the same: all but those
        along the borders of the scene.
        """
        down, across = self.plan.shape
        for row, rows in _kinds(self.rows, down):
            for col, cols in _kinds(self.cols, across):
                yield self.plan[row * across + col], rows * cols


def _kinds(numbers: range, count: int) -> Iterator[tuple[int, int]]:
    """First, inner and last of ``count`` windows along an axis, as far as they are among the numbers."""
    for part in (range(1), range(1, count - 1), range(max(1, count - 1), count)):
        first, stop = max(numbers.start, part.start), min(numbers.stop, part.stop)
        if first < stop:
            yield first, stop - first


def _meeting(start: int, stop: int, length: int, window: int, halo: int) -> range:
    """Numbers of the windows along an axis whose support meets the pixels from ``start`` to ``stop``."""
    if stop <= 0 or start >= length:
        return range(0)
    last, step, taper = _count(length, window, halo) - 1, window - 2 * halo, halo // 2
    # Those whose support ends behind the first pixel, and begins before the end.
    first = (start - halo - taper) // step
    latest = (stop - halo + taper - 1) // step
    return range(min(last, max(0, first)), min(last, max(0, latest)) + 1)


def _count(length: int, window: int, halo: int) -> int:
    return 1 if length <= window else ceil((length - 2 * halo) / (window - 2 * halo))


def _span(index: int, length: int, window: int, halo: int) -> _Span:
    last = _count(length, window, halo) - 1
    step = window - 2 * halo
    start = index * step if index < last or last == 0 else length - window
    begin, end = index * step + halo, (index + 1) * step + halo
    taper = halo // 2
    return _Span(
        start,
        core=(0 if index == 0 else begin, length if index == last else end),
        support=(0 if index == 0 else begin - taper, length if index == last else end + taper),
        write=(0 if index == 0 else begin - taper, length if index == last else end - taper),
    )


def _rect(down: tuple[int, int], across: tuple[int, int]) -> PixelRect:
    return PixelRect(down[0], across[0], down[1] - down[0], across[1] - across[0])
