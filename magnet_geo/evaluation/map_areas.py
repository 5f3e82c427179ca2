"""`measure_areas`: pixels and areas of the classes of any class raster, read block by block."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from magnet_geo.errors import SceneError
from magnet_geo.grid import PixelAreas
from magnet_geo.progress import CancelToken, ProgressEvent, ProgressListener, ignore_progress
from magnet_geo.raster import ClassMap, SceneSource
from magnet_geo.records.grid_record import GridRecord, grid_record
from magnet_geo.records.segment_result import AreaRecord, ClassRecord, area_record, class_records


class AreasResult(BaseModel):
    """What ``magnet-geo areas`` says of a class raster.

    Attributes:
        raster: As it was named.
        grid: Georeference and size.
        classes: Classes that the raster names or holds, by value, with pixels and areas.
        valid_pixels: Pixels that are not nodata.
        areas: How areas were measured; null without a CRS.
        warnings: Sentences for the user.
    """

    model_config = ConfigDict(frozen=True)

    raster: str
    grid: GridRecord
    classes: tuple[ClassRecord, ...]
    valid_pixels: int
    areas: AreaRecord | None
    warnings: tuple[str, ...]


def measure_areas(
    source: SceneSource | str | Path,
    *,
    progress: ProgressListener = ignore_progress,
    cancel: CancelToken | None = None,
) -> AreasResult:
    """Count the pixels of each class and measure them on the ellipsoid.

    Memory does not depend on the raster's size.

    Args:
        source: Class raster: one band of whole numbers from 0 to 255.
        progress: Receives events.
        cancel: Raised by another thread to stop between two blocks.

    Raises:
        SceneError: It is no class raster, cannot be read, or holds nothing but nodata.
        CancelledError: The token was raised.
    """
    source, token = SceneSource.of(source), cancel or CancelToken()
    with ClassMap(source) as class_map:
        measured = PixelAreas(class_map.grid) if class_map.grid.crs is not None else None
        pixels = np.zeros(256, np.int64)
        areas_m2 = None if measured is None else np.zeros(256)
        blocks = list(class_map.blocks())
        for number, block in enumerate(blocks, 1):
            token.raise_if_cancelled()
            values, valid = class_map.read(block)
            found = values[valid]
            pixels += np.bincount(found, minlength=256)
            if measured is not None and areas_m2 is not None:
                areas_m2 += np.bincount(found, weights=measured.areas_m2(block)[valid], minlength=256)
            progress(ProgressEvent(number / len(blocks), "measure", "Measuring"))
        if pixels.sum() == 0:
            raise SceneError(f"No pixel of '{source.name}' is valid; there is nothing to measure.")
        values_named = sorted({*map(int, np.flatnonzero(pixels)), *class_map.table})
        return AreasResult(
            raster=source.address,
            grid=grid_record(class_map.grid),
            classes=class_records(
                [class_map.land_class(value) for value in values_named], pixels=pixels, areas_m2=areas_m2
            ),
            valid_pixels=int(pixels.sum()),
            areas=area_record(measured),
            warnings=class_map.description.warnings,
        )
