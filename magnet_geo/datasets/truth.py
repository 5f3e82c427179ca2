"""`Truth`: the classes over an image, from a label raster or from polygons."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from magnet_geo.datasets.class_table import UNKNOWN, ClassTable
from magnet_geo.datasets.labeled_image import IGNORE_INDEX
from magnet_geo.datasets.overlaps import Overlaps
from magnet_geo.datasets.reader_pool import ReaderPool
from magnet_geo.datasets.resampling import nearest_lines
from magnet_geo.errors import UnknownLabelError
from magnet_geo.grid import PixelRect, RasterGrid, Size
from magnet_geo.plain_text import short_name
from magnet_geo.progress import CancelToken
from magnet_geo.raster import LabelReader, SceneReader, SceneSource

_STRIP_PIXELS = 4 * 2**20


class Truth(Protocol):
    """Class indexes on the grid of an image; safe to read from several threads."""

    @property
    def name(self) -> str:
        """The labels' path, for messages."""
        ...

    @property
    def note(self) -> str:
        """How they come to lie on the image's grid, in a word or two; empty where they do already."""
        ...

    def read(self, rect: PixelRect, shape: Size) -> NDArray[np.uint8]:
        """Return the class under each center of the rectangle's pixels, resampled to a shape.

        Returns:
            (H, W) uint8 class index, `IGNORE_INDEX` where there is no label.

        Raises:
            TrainingError: A label is none of the class table's.
            SceneError: A part of a file cannot be decoded.
        """
        ...

    def overlaps(self, rect: PixelRect, *, cancel: CancelToken | None = None) -> Overlaps:
        """Find ground that the labels give to two classes.

        Args:
            rect: The part of the image that is looked at.
            cancel: Stops.

        Raises:
            TrainingError: The labels cannot be read.
            CancelledError: The user cancelled.
        """
        ...


class RasterTruth:
    """Classes from a raster of label values or colors, on the image's grid or any other."""

    def __init__(self, path: str, grid: RasterGrid, table: ClassTable, pool: ReaderPool, *, image_name: str) -> None:
        """Look at the labels without reading them.

        Args:
            path: The label raster.
            grid: The image's grid.
            table: What labels mean.
            pool: Where readers are kept.
            image_name: The image's name, for messages.

        Raises:
            SceneError: The labels cannot be opened or do not fit the image.
        """
        self.name = path
        self._source, self._grid, self._image_name = SceneSource(path), grid, image_name
        self._table, self._pool = table, pool
        reader = self._make()
        self.is_colored = reader.is_colored
        self.note = "warped" if reader.warped else ""

    def read(self, rect: PixelRect, shape: Size) -> NDArray[np.uint8]:
        """Read the class of each pixel."""
        with self._pool.lend(("labels", self.name, self._image_name), self._make) as reader:
            if shape == rect.size:
                return self._indexes(reader, rect)
            rows, cols = nearest_lines(rect.height, shape.height), nearest_lines(rect.width, shape.width)
            classes = np.empty((shape.height, shape.width), np.uint8)
            # Only the rows between the first and the last center of a strip are ever held.
            per_strip = max(1, _STRIP_PIXELS * shape.height // rect.size.pixels)
            for first in range(0, shape.height, per_strip):
                wanted = rows[first : first + per_strip]
                top, stop = int(wanted[0]), int(wanted[-1]) + 1
                strip = PixelRect(rect.row + top, rect.col, stop - top, rect.width)
                indexes = self._indexes(reader, strip)
                classes[first : first + per_strip] = indexes[(wanted - top)[:, None], cols[None, :]]
        return classes

    def overlaps(self, rect: PixelRect, *, cancel: CancelToken | None = None) -> Overlaps:
        """Return none: a pixel has one value."""
        return Overlaps()

    def _make(self) -> LabelReader:
        return LabelReader(self._source, self._grid, self._image_name)

    def _indexes(self, reader: SceneReader, rect: PixelRect) -> NDArray[np.uint8]:
        pixels = reader.read(rect)
        values = pixels.values
        if self.is_colored:
            indexes = self._table.of_colors(values.astype(np.uint8))
        else:
            indexes = self._table.of_values(_whole_numbers(values[0]))
        unknown = (indexes == UNKNOWN) & pixels.valid
        if unknown.any():
            row, col = np.argwhere(unknown)[0]
            raise self._unknown_label(values[:, row, col], rect.row + int(row), rect.col + int(col))
        indexes[~pixels.valid] = IGNORE_INDEX
        return indexes.astype(np.uint8)

    def _unknown_label(self, label: NDArray[np.generic], row: int, col: int) -> UnknownLabelError:
        place = f"'{short_name(self.name)}' holds the label {{}} (at row {row}, column {col})"
        if self.is_colored:
            color = "#{:02x}{:02x}{:02x}".format(*label)
            return UnknownLabelError(
                f"{place.format('color ' + color)}, which the class table does not have",
                "add it to a class or to 'ignore' in the class file",
            )
        known = _shortened(self._table.describe_labels())
        return UnknownLabelError(
            f"{place.format(f'value {label[0]:g}')}, but the class table has {known}",
            f"add it to a class, or leave it out with `ignored_values=({label[0]:g},)`",
        )


def _whole_numbers(values: NDArray[np.generic]) -> NDArray[np.int64]:
    """Values as integers; what is no whole number becomes a value that no table has."""
    if values.dtype.kind in "iu":
        return values.astype(np.int64)
    floats = values.astype(np.float64)
    whole = np.isfinite(floats) & (floats == np.rint(floats)) & (np.abs(floats) < 2**53)
    return np.where(whole, floats, UNKNOWN).astype(np.int64)


def _shortened(text: str, longest: int = 160) -> str:
    return text if len(text) <= longest else text[:longest].rsplit(",", 1)[0] + ", ..."
