"""Integer pixel sizes and rectangles: rows grow downward, columns to the right."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """A raster size in pixels.

    Attributes:
        height: Rows, at least 1.
        width: Columns, at least 1.
    """

    height: int
    width: int

    def __post_init__(self) -> None:
        if self.height < 1 or self.width < 1:
            raise ValueError(f"A size needs at least one row and one column, not {self.height} x {self.width}.")

    @property
    def pixels(self) -> int:
        """Rows times columns."""
        return self.height * self.width


@dataclass(frozen=True, slots=True)
class PixelRect:
    """A rectangle of whole pixels; it may reach beyond the raster it speaks of.

    Attributes:
        row: First row.
        col: First column.
        height: Rows, at least 1.
        width: Columns, at least 1.
    """

    row: int
    col: int
    height: int
    width: int

    def __post_init__(self) -> None:
        if self.height < 1 or self.width < 1:
            raise ValueError(f"A rectangle needs at least one pixel, not {self.height} x {self.width}.")

    @property
    def row_stop(self) -> int:
        """One past the last row."""
        return self.row + self.height

    @property
    def col_stop(self) -> int:
        """One past the last column."""
        return self.col + self.width

    @property
    def size(self) -> Size:
        """Height and width."""
        return Size(self.height, self.width)

    @property
    def slices(self) -> tuple[slice, slice]:
        """Row and column slices into an array that starts at pixel (0, 0)."""
        return slice(self.row, self.row_stop), slice(self.col, self.col_stop)

    def shifted(self, *, rows: int, cols: int) -> PixelRect:
        """Return the same rectangle moved by whole pixels."""
        return PixelRect(self.row + rows, self.col + cols, self.height, self.width)

    def relative_to(self, origin: PixelRect) -> PixelRect:
        """Return the same rectangle in the pixel coordinates of ``origin``."""
        return self.shifted(rows=-origin.row, cols=-origin.col)

    def intersection(self, other: PixelRect) -> PixelRect | None:
        """Return the common part, or None where there is none."""
        row, col = max(self.row, other.row), max(self.col, other.col)
        height = min(self.row_stop, other.row_stop) - row
        width = min(self.col_stop, other.col_stop) - col
        return PixelRect(row, col, height, width) if height > 0 and width > 0 else None
