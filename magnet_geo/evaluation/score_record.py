"""Scores as records with a JSON Schema; what cannot be told is null."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from pydantic import BaseModel, ConfigDict

from magnet_geo.classes import LandClass
from magnet_geo.evaluation.map_score import MapScore


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class ClassScore(_Record):
    """The scores of one class; null where they would divide by nothing.

    Attributes:
        value: Its value on the map.
        name: Its name.
        color: ``#rrggbb``.
        counted: Whether it counts in the means.
        truth_pixels: Compared pixels that are truly of it.
        mapped_pixels: Compared pixels that are mapped as it.
        iou: Intersection over union.
        users_accuracy: Share of what is mapped as it that is truly of it (precision).
        producers_accuracy: Share of what is truly of it that is mapped so (recall).
        f1: Harmonic mean of these two.
        boundary_f1: The same for its borders, within the tolerance.
    """

    value: int
    name: str
    color: str
    counted: bool
    truth_pixels: int
    mapped_pixels: int
    iou: float | None
    users_accuracy: float | None
    producers_accuracy: float | None
    f1: float | None
    boundary_f1: float | None


class ScoreRecord(_Record):
    """How a map compares with the truth, over all compared pixels together.

    Attributes:
        compared_pixels: Pixels with a class on both sides.
        mean_iou: Mean IoU of the counted classes that occur.
        frequency_weighted_iou: The same, weighted by true pixels.
        mean_f1: Mean F1 of the counted classes that occur.
        overall_accuracy: Share of the compared pixels that are mapped right.
        kappa: Cohen's kappa.
        mean_boundary_f1: Mean boundary F1 of the counted classes that have borders; null where the labels show too few.
        boundary_tolerance_px: How far apart borders may lie.
        boundary_note: Why boundary scores are null, as a sentence; empty where they are not.
        classes: One entry per class.
        confusion: Pixels; rows the truth, columns the map, in the order of the classes.
    """

    compared_pixels: int
    mean_iou: float | None
    frequency_weighted_iou: float | None
    mean_f1: float | None
    overall_accuracy: float | None
    kappa: float | None
    mean_boundary_f1: float | None
    boundary_tolerance_px: int
    boundary_note: str = ""
    classes: tuple[ClassScore, ...]
    confusion: tuple[tuple[int, ...], ...]


def score_record(
    score: MapScore, classes: Sequence[LandClass], *, uncounted: frozenset[int], tolerance_px: int
) -> ScoreRecord:
    """Return the scores as a record.

    Args:
        score: The counts.
        classes: In order of class indexes.
        uncounted: Class indexes left out of the means.
        tolerance_px: Of the boundary score.
    """
    confusion, boundary = score.confusion, score.boundary
    return ScoreRecord(
        compared_pixels=confusion.total,
        mean_iou=_known(confusion.mean_iou(uncounted=uncounted)),
        frequency_weighted_iou=_known(confusion.frequency_weighted_iou(uncounted=uncounted)),
        mean_f1=_known(confusion.mean_f1(uncounted=uncounted)),
        overall_accuracy=_known(confusion.overall_accuracy),
        kappa=_known(confusion.kappa),
        mean_boundary_f1=_known(boundary.mean_f1(uncounted=uncounted)),
        boundary_tolerance_px=tolerance_px,
        boundary_note=boundary.unmeasured,
        classes=tuple(_class(score, index, c, index not in uncounted) for index, c in enumerate(classes)),
        confusion=tuple(tuple(map(int, row)) for row in confusion.counts),
    )


def _class(score: MapScore, index: int, land_class: LandClass, counted: bool) -> ClassScore:
    confusion = score.confusion
    return ClassScore(
        value=land_class.value,
        name=land_class.name,
        color=land_class.color,
        counted=counted,
        truth_pixels=int(confusion.truth_pixels[index]),
        mapped_pixels=int(confusion.predicted_pixels[index]),
        iou=_known(confusion.iou[index]),
        users_accuracy=_known(confusion.precision[index]),
        producers_accuracy=_known(confusion.recall[index]),
        f1=_known(confusion.f1[index]),
        boundary_f1=_known(score.boundary.f1[index]),
    )


def _known(value: float) -> float | None:
    return None if isnan(value) else float(value)
