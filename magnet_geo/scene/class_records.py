"""From counted pixels and measured areas to the records of a map's classes."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from magnet_geo.classes import LandClass
from magnet_geo.grid import PixelAreas
from magnet_geo.scene.result import AreaRecord, ClassRecord


def class_records(
    classes: Iterable[LandClass], *, pixels: NDArray[np.int64], areas_m2: NDArray[np.float64] | None
) -> tuple[ClassRecord, ...]:
    """Gives the record of each class.

    Args:
        classes: All classes that occur, and others.
        pixels: (256,) pixels by value; other values than the classes' do not count.
        areas_m2: (256,) square metres by value, NaN where not known; None without a CRS.
    """
    listed = list(classes)
    values = [land_class.value for land_class in listed]
    valid = int(pixels[values].sum())
    total_m2 = None if areas_m2 is None else float(areas_m2[values].sum())
    return tuple(_record(land_class, pixels, areas_m2, valid, total_m2) for land_class in listed)


def area_record(areas: PixelAreas | None) -> AreaRecord | None:
    """Gives how areas were measured; None where they were not."""
    if areas is None:
        return None
    return AreaRecord(ellipsoid=areas.ellipsoid, relative_error=areas.relative_error, areal_scale=areas.areal_scale)


def _record(
    land_class: LandClass,
    pixels: NDArray[np.int64],
    areas_m2: NDArray[np.float64] | None,
    valid: int,
    total_m2: float | None,
) -> ClassRecord:
    count = int(pixels[land_class.value])
    area = None if areas_m2 is None or not isfinite(areas_m2[land_class.value]) else float(areas_m2[land_class.value])
    known = area is not None and total_m2 is not None and isfinite(total_m2)
    return ClassRecord(
        value=land_class.value,
        name=land_class.name,
        color=land_class.color,
        pixels=count,
        area_m2=area,
        share=count / max(1, valid),
        area_share=(area or 0.0) / total_m2 if known and total_m2 else None,
    )
