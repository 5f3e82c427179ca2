"""The classes of a map as rows of the report's tables."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from magnet_geo.classes import LandClass
from magnet_geo.report.contents import ClassCertainty, ClassRow, PatchBin
from magnet_geo.report.region_sizes import decade_areas
from magnet_geo.report.survey import CERTAINTY_STEPS, MapSurvey
from magnet_geo.report.wording import AreaUnit, area_text, decade_text

_TENTHS = 10


def class_rows(survey: MapSurvey, classes: dict[int, LandClass]) -> tuple[ClassRow, ...]:
    """Return a row for each class that occurs, the largest first.

    Args:
        survey: What was counted.
        classes: Name and color by value.
    """
    unit = area_unit(survey)
    bins = _decades_used(survey)
    order = sorted(survey.values, key=lambda value: (-survey.areas[value], value))
    return tuple(_row(survey, classes[int(value)], unit, bins) for value in order)


def area_unit(survey: MapSurvey) -> AreaUnit:
    """Return the unit of the map's areas."""
    return AreaUnit.for_largest(float(survey.areas.max()), on_ground=survey.on_ground)


def decade_heads(survey: MapSurvey) -> tuple[str, ...]:
    """Return the heads of the patch-size columns: the least area of each power of ten that occurs."""
    edges = decade_areas()[_decades_used(survey)]
    return tuple(decade_text(float(edge), on_ground=survey.on_ground) for edge in edges)


def certainty_of(counts: NDArray[np.int64]) -> ClassCertainty:
    """Sums up pixels by step of certainty.

    Args:
        counts: (255,) pixels at each step of 1/254, at least one in all.
    """
    steps = np.arange(CERTAINTY_STEPS + 1)
    total = counts.sum()
    tenth = np.minimum(steps * _TENTHS // CERTAINTY_STEPS, _TENTHS - 1)
    return ClassCertainty(
        mean=float((counts * steps).sum() / total / CERTAINTY_STEPS),
        unsure=float(counts[: CERTAINTY_STEPS // 2].sum() / total),
        tenths=tuple(float(part) for part in np.bincount(tenth, weights=counts, minlength=_TENTHS) / total),
    )


def _row(survey: MapSurvey, entry: LandClass, unit: AreaUnit, bins: slice) -> ClassRow:
    value, regions, code = entry.value, survey.regions, int(survey.code_of[entry.value])
    area = float(survey.areas[value])
    counts = None if survey.certainty is None else survey.certainty[value]
    return ClassRow(
        value=value,
        name=entry.name,
        color=entry.color,
        pixels=int(survey.pixels[value]),
        share=area / float(survey.areas.sum() or 1),
        length=area / float(survey.areas.max() or 1),
        area=unit.text(area),
        patches=int(regions.counts[code].sum()),
        largest=area_text(float(regions.largest[code]), on_ground=survey.on_ground),
        bins=tuple(
            PatchBin(int(count), float(part) / (area or 1))
            for count, part in zip(regions.counts[code, bins], regions.areas[code, bins], strict=True)
        ),
        certainty=certainty_of(counts) if counts is not None and counts.any() else None,
    )


def _decades_used(survey: MapSurvey) -> slice:
    used = np.flatnonzero(survey.regions.counts.any(axis=0))
    return slice(int(used[0]), int(used[-1]) + 1) if used.size else slice(0, 0)
