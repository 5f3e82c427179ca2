"""`WindowPlan`: how a scene is cut into windows whose cores partition it."""

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
        core: What is kept, inside the scene.
    """

    index: int
    read: PixelRect
    core: PixelRect

    @property
    def core_in_read(self) -> PixelRect:
        """The core in the window's own pixel coordinates."""
        return self.core.relative_to(self.read)


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    core_start: int
    core_stop: int


@dataclass(frozen=True, slots=True)
class WindowPlan:
    """Windows of one size over a scene, anchored at its pixel (0, 0).

    Neighboring windows overlap by twice the halo and share it half and half; at the scene's far edges the
    last window is shifted back into the scene. The plan depends on the scene's size alone, never on an area
    of interest, so the class of a pixel does not either.

    Attributes:
        scene: Size of the scene.
        window: Size of what is read.
        halo: Pixels dropped on each inner side of a window.
    """

    scene: Size
    window: Size
    halo: int

    def __post_init__(self) -> None:
        if self.halo < 0 or 2 * self.halo >= min(self.window.height, self.window.width):
            raise ValueError(f"A halo of {self.halo} px leaves no core in a window of {self.window}.")

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
        core_height, core_width = down.core_stop - down.core_start, across.core_stop - across.core_start
        return Window(
            index,
            PixelRect(down.start, across.start, self.window.height, self.window.width),
            PixelRect(down.core_start, across.core_start, core_height, core_width),
        )

    def __iter__(self) -> Iterator[Window]:
        return (self[index] for index in range(len(self)))

    def touching(self, area: PixelRect) -> Iterator[Window]:
        """Windows whose core meets ``area``, in plan order."""
        return (window for window in self if window.core.intersection(area) is not None)


def _count(length: int, window: int, halo: int) -> int:
    return 1 if length <= window else ceil((length - 2 * halo) / (window - 2 * halo))


def _span(index: int, length: int, window: int, halo: int) -> _Span:
    last = _count(length, window, halo) - 1
    step = window - 2 * halo
    start = index * step if index < last or last == 0 else length - window
    core_start = 0 if index == 0 else index * step + halo
    core_stop = length if index == last else (index + 1) * step + halo
    return _Span(start, core_start, core_stop)
