"""One pass over a class map, and its certainty, for everything a report counts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from magnet_geo.errors import SceneError
from magnet_geo.grid import PixelAreas, PixelRect, RasterGrid
from magnet_geo.progress import CancelToken, ProgressEvent, ProgressListener
from magnet_geo.raster import ClassMap, SceneReader, SceneSource
from magnet_geo.report.region_sizes import RegionSizes

CERTAINTY_STEPS = 254
_BAND_PIXELS = 2**21


@dataclass(frozen=True, slots=True, eq=False)
class MapSurvey:
    """What a map holds.

    Attributes:
        pixels: (256,) int64, valid pixels by value.
        areas: (256,) float64, their areas: square metres, or pixels where nothing is known of the ground.
        on_ground: Whether areas are square metres.
        area_error: Largest relative error of the areas, measured; None where they are pixels.
        values: Values that occur, rising.
        regions: Connected regions by code.
        code_of: (256,) uint8, code of each value; 0 for values that do not occur.
        certainty: (256, 255) int64, valid pixels by value and step of certainty; None without a certainty raster.
    """

    pixels: NDArray[np.int64]
    areas: NDArray[np.float64]
    on_ground: bool
    area_error: float | None
    values: NDArray[np.intp]
    regions: RegionSizes
    code_of: NDArray[np.uint8]
    certainty: NDArray[np.int64] | None


def survey_map(
    class_map: ClassMap, certainty: SceneSource | None, *, progress: ProgressListener, cancel: CancelToken
) -> MapSurvey:
    """Read a map once, in bands of rows.

    Args:
        class_map: Open for reading.
        certainty: Raster of its certainty, on the same grid, or None.
        progress: Receives events.
        cancel: Looked at after each band.

    Raises:
        SceneError: A block cannot be decoded, a value is no class value, or there are more than 255 classes or none.
        CancelledError: The user cancelled.
    """
    grid = class_map.grid
    measure = _pixel_areas(grid)
    pixels, areas = np.zeros(256, np.int64), np.zeros(256)
    sure = None if certainty is None else np.zeros((256, CERTAINTY_STEPS + 1), np.int64)
    regions = RegionSizes(grid.width)
    codes = _Codes(class_map.source.name)
    with ExitStack() as opened:
        reader = None if certainty is None else opened.enter_context(SceneReader(certainty, (1,)))
        for rect in _bands(grid):
            cancel.raise_if_cancelled()
            values, valid = class_map.read(rect)
            of_pixels = _areas(measure, rect)
            pixels += np.bincount(values[valid], minlength=256)
            areas += np.bincount(values[valid], weights=of_pixels[valid], minlength=256)
            regions.add(codes.of(values, valid), of_pixels)
            if reader is not None and sure is not None:
                sure += _certainty_counts(reader, rect, values, valid)
            progress(ProgressEvent(0.9 * rect.row_stop / grid.height, "survey", "Counting"))
    regions.finish()
    if not pixels.any():
        raise SceneError(f"No pixel of '{class_map.source.name}' is valid; there is nothing to report.")
    return MapSurvey(
        pixels=pixels,
        areas=areas,
        on_ground=measure is not None,
        area_error=None if measure is None else measure.relative_error,
        values=np.flatnonzero(pixels),
        regions=regions,
        code_of=codes.code_of,
        certainty=sure,
    )


class _Codes:
    """Numbers from 1 on for class values, as they turn up; 0 is left for what is not valid."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.code_of = np.zeros(256, np.uint8)
        self._count = 0

    def of(self, values: NDArray[np.uint8], valid: NDArray[np.bool_]) -> NDArray[np.uint8]:
        for value in np.flatnonzero(np.bincount(values[valid], minlength=256)):
            if self.code_of[value] == 0:
                if self._count == 255:
                    raise SceneError(f"'{self._name}' holds 256 classes; a report has room for 255.")
                self._count += 1
                self.code_of[value] = self._count
        return np.where(valid, self.code_of[values], np.uint8(0))


def _bands(grid: RasterGrid) -> Iterator[PixelRect]:
    height = max(1, _BAND_PIXELS // grid.width)
    for row in range(0, grid.height, height):
        yield PixelRect(row, 0, min(height, grid.height - row), grid.width)


def _pixel_areas(grid: RasterGrid) -> PixelAreas | None:
    try:
        return PixelAreas(grid)
    except ValueError:
        return None


def _areas(measure: PixelAreas | None, rect: PixelRect) -> NDArray[np.float64]:
    if measure is None:
        return np.ones((rect.height, rect.width))
    return np.nan_to_num(measure.areas_m2(rect))


def _certainty_counts(
    reader: SceneReader, rect: PixelRect, values: NDArray[np.uint8], valid: NDArray[np.bool_]
) -> NDArray[np.int64]:
    pixels = reader.read(rect)
    both = valid & pixels.valid
    steps = pixels.values[0][both].astype(np.int64)
    counts = np.bincount(values[both].astype(np.int64) * 256 + steps, minlength=256 * 256)
    return counts.reshape(256, 256)[:, : CERTAINTY_STEPS + 1]
