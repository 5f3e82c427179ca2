"""Bands of rows of a class map as codes, ready for tracing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from magnet_geo.errors import SceneError
from magnet_geo.grid import PixelRect, RasterGrid
from magnet_geo.raster import ClassMap
from magnet_geo.vector.tracing.row_runs import OUTSIDE

_BAND_PIXELS = 2 * 2**20
_ROWS = 512

Inside = Callable[[PixelRect], NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class Band:
    """Some rows of a raster.

    Attributes:
        rect: Where they lie.
        codes: (h, w) uint8; 0 is outside.
    """

    rect: PixelRect
    codes: NDArray[np.uint8]


class BandSource(Protocol):
    """What bands come from: the same ones each time."""

    @property
    def grid(self) -> RasterGrid:
        """Georeference and size."""

    def bands(self) -> Iterator[Band]:
        """All rows, from the top."""


class ClassBands:
    """The bands of an open class map.

    Attributes:
        rows: Rows of a band.
    """

    def __init__(self, class_map: ClassMap, *, rows: int | None = None, inside: Inside | None = None) -> None:
        """Choose the bands.

        Args:
            class_map: An open map.
            rows: Rows of a band; by default a few megapixels.
            inside: Tells which pixels of a rectangle are wanted; the others are outside.
        """
        width = class_map.grid.width
        whole = max(1, _BAND_PIXELS // (width * _ROWS)) * _ROWS
        self.rows = rows or (whole if width * _ROWS <= _BAND_PIXELS else max(1, _BAND_PIXELS // width))
        self._map, self._inside = class_map, inside
        self._nodata = _whole_number(class_map.description.nodata[0])
        self._codes = _codes_of_values(self._nodata)

    @property
    def grid(self) -> RasterGrid:
        """Return the grid of the map."""
        return self._map.grid

    def value(self, code: int) -> int:
        """Return the class value behind a code."""
        return int(np.flatnonzero(self._codes == code)[0])

    @property
    def values(self) -> NDArray[np.uint8]:
        """(256,) the value of each code; nodata for code 0."""
        values = np.full(256, 255 if self._nodata is None else self._nodata, np.uint8)
        used = self._codes != OUTSIDE
        values[self._codes[used]] = np.flatnonzero(used)
        return values

    def bands(self) -> Iterator[Band]:
        """Yield all rows, from the top.

        Raises:
            SceneError: A block cannot be read, or all 256 values may be classes.
        """
        height, width = self.grid.height, self.grid.width
        for row in range(0, height, self.rows):
            rect = PixelRect(row, 0, min(self.rows, height - row), width)
            values, valid = self._map.read(rect)
            if self._nodata is None and (valid & (values == 255)).any():
                raise SceneError(
                    f"'{self._map.source.name}' has no nodata value and may hold 256 classes, but at most 255 can be "
                    "told apart; name a value that is no class with `nodata`."
                )
            codes = self._codes[values]
            codes *= valid
            if self._inside is not None:
                codes *= self._inside(rect)
            yield Band(rect, codes)


def _whole_number(nodata: float | None) -> int | None:
    return int(nodata) if nodata is not None and float(nodata).is_integer() and 0 <= nodata <= 255 else None


def _codes_of_values(nodata: int | None) -> NDArray[np.uint8]:
    """(256,) codes from 1 on, in the order of the values; 0 for nodata."""
    codes = np.zeros(256, np.uint8)
    values = np.delete(np.arange(256), 255 if nodata is None else nodata)
    codes[values] = np.arange(1, 256)
    return codes
