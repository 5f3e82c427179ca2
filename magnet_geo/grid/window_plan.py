"""`WindowPlan`: how a scene is cut into windows that overlap, and what each of them adds to the map."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from magnet_geo.grid.pixel_rect import PixelRect, Size


@dataclass(frozen=True, slots=True)
class Window:
    """One step of the plan.

    Attributes:
        index: Place in the plan, row by row.
        read: What is read; it reaches beyond a scene that is smaller than a window.
        core: What lies nearer to this window's middle than to any other's, inside the scene.
        support: The core and the bands around its inner borders in which neighbors fade into each other.
        final: What is known once this window and those before it are: the support without the bands to
            the right and below.
    """

    index: int
    read: PixelRect
    core: PixelRect
    support: PixelRect
    final: PixelRect

    @property
    def core_in_read(self) -> PixelRect:
        """The core in the window's own pixel coordinates."""
        return self.core.relative_to(self.read)

    @property
    def final_in_support(self) -> PixelRect:
        """The final part in the pixel coordinates of the support."""
        return self.final.relative_to(self.support)


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    core: tuple[int, int]
    support: tuple[int, int]
    final: tuple[int, int]


@dataclass(frozen=True, slots=True)
class WindowPlan:
    """Windows of one size over a scene, anchored at its pixel (0, 0).

    Neighboring windows overlap by twice the halo; at the scene's far edges the last window is shifted back into
    the scene. Cores partition the scene, and so do final parts. The plan depends on the scene's size alone,
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
        """Half the width of the band in which neighbors fade into each other."""
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
            _rect(down.final, across.final),
        )

    def __iter__(self) -> Iterator[Window]:
        return (self[index] for index in range(len(self)))

    def touching(self, area: PixelRect) -> Iterator[Window]:
        """Windows whose support meets ``area``, in plan order."""
        return (window for window in self if window.support.intersection(area) is not None)

    def read_area(self, area: PixelRect) -> PixelRect:
        """The part of the scene that windows whose support meets ``area`` read: from the first to the last of them.

        Args:
            area: A rectangle inside the scene.
        """
        reads = [window.read for window in self.touching(area)]
        first, last = reads[0], reads[-1]
        row_stop, col_stop = min(last.row_stop, self.scene.height), min(last.col_stop, self.scene.width)
        return PixelRect(first.row, first.col, row_stop - first.row, col_stop - first.col)


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
        final=(0 if index == 0 else begin - taper, length if index == last else end - taper),
    )


def _rect(down: tuple[int, int], across: tuple[int, int]) -> PixelRect:
    return PixelRect(down[0], across[0], down[1] - down[0], across[1] - across[0])
