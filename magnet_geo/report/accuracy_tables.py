"""Measured accuracy: what ``evaluate`` and ``accuracy estimate`` wrote, as tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from magnet_geo.errors import EvaluationError
from magnet_geo.evaluation.accuracy_estimate import AccuracyEstimate, ClassAccuracy, EstimateRecord
from magnet_geo.evaluation.map_evaluation import EvaluationResult
from magnet_geo.evaluation.score_record import ClassScore, ScoreRecord
from magnet_geo.plain_text import short_name
from magnet_geo.report.contents import DataTable, Fact
from magnet_geo.report.wording import AreaUnit, percent

_NONE_GIVEN = (
    "No accuracy was measured for this map. The areas are what the model saw, not what was checked on the ground. "
    "A sample of a few hundred points, drawn with magnet-geo accuracy sample and checked by eye, tells how far they "
    "can be trusted."
)
_WIDEST_MATRIX = 12
_ABSENT = "–"

_Record = TypeVar("_Record", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class AccuracyTables:
    """Measured accuracy.

    Attributes:
        tables: What was measured.
        note: How to read it.
        figure: The one number everyone wants; None where nothing was measured.
        has_areas: Whether areas were estimated too.
    """

    tables: tuple[DataTable, ...]
    note: str
    figure: Fact | None
    has_areas: bool


@dataclass(frozen=True, slots=True)
class MeasuredAccuracy:
    """What was measured elsewhere, as read; None where it was not given.

    Attributes:
        scores: Against labels.
        estimate: From a sample.
    """

    scores: EvaluationResult | None
    estimate: AccuracyEstimate | None


def read_accuracy(evaluation: Path | None, accuracy: Path | None) -> MeasuredAccuracy:
    """Read what ``evaluate --json`` and ``accuracy estimate --json`` wrote.

    Raises:
        EvaluationError: A file is no such result.
    """
    return MeasuredAccuracy(
        None if evaluation is None else _read(evaluation, EvaluationResult, "evaluate"),
        None if accuracy is None else _read(accuracy, AccuracyEstimate, "accuracy estimate"),
    )


def accuracy_tables(measured: MeasuredAccuracy, pixels: NDArray[np.int64]) -> AccuracyTables:
    """Return the tables of a map.

    Args:
        measured: What was measured.
        pixels: (256,) pixels of the map by value.

    Raises:
        EvaluationError: It was measured on another map.
    """
    tables: list[DataTable] = []
    notes: list[str] = []
    figure = None
    if (compared := measured.scores) is not None:
        _require_classes(compared.scores, pixels)
        tables += _score_tables(compared.scores)
        notes.append(_score_note(compared))
        figure = Fact("Agreement", _score(compared.scores.overall_accuracy), "of the labelled pixels")
    if (estimate := measured.estimate) is not None:
        _require_same_map(estimate, pixels)
        tables += _estimate_tables(estimate)
        notes.append(_estimate_note(estimate))
        figure = Fact("Overall accuracy", _interval(estimate.overall_accuracy), f"from {estimate.points:,} points")
    return AccuracyTables(tuple(tables), " ".join(notes) or _NONE_GIVEN, figure, has_areas=estimate is not None)


def _read(path: Path, record: type[_Record], command: str) -> _Record:
    try:
        return record.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise EvaluationError(
            f"'{path}' is no result of {command}; name the JSON file that it was written to."
        ) from error


def _require_classes(scores: ScoreRecord, pixels: NDArray[np.int64]) -> None:
    missing = [entry.name for entry in scores.classes if entry.mapped_pixels > pixels[entry.value]]
    if missing:
        raise EvaluationError(
            f"The evaluation counts more pixels of '{missing[0]}' than the map has; give the one of this map."
        )


def _require_same_map(estimate: AccuracyEstimate, pixels: NDArray[np.int64]) -> None:
    for entry in estimate.classes:
        if entry.mapped_pixels and entry.mapped_pixels != pixels[entry.value]:
            raise EvaluationError(
                f"The accuracy was estimated for a map with {entry.mapped_pixels:,} pixels of '{entry.name}', but this "
                f"map has {int(pixels[entry.value]):,}; give the estimate of this map."
            )


def _score_note(result: EvaluationResult) -> str:
    return (
        f"The map was compared with {short_name(result.truth)} on {result.scores.compared_pixels:,} labelled pixels. "
        "These figures hold for those pixels and say nothing sure of the rest of the map."
    )


def _score_tables(scores: ScoreRecord) -> list[DataTable]:
    shown = [entry for entry in scores.classes if entry.truth_pixels or entry.mapped_pixels]
    columns = ("Class", "IoU", "User's accuracy", "Producer's accuracy", "F1", "Boundary F1", "True pixels")
    borders = scores.boundary_note or f"Borders count as met within {scores.boundary_tolerance_px} pixels."
    note = (
        f"Mean IoU {_score(scores.mean_iou)}, overall {_score(scores.overall_accuracy)}, kappa {_score(scores.kappa)}. "
        "User's accuracy: how much of what is mapped as a class is truly of it. Producer's accuracy: how much of what "
        f"is truly of it is mapped so. {borders}"
    )
    table = DataTable("Agreement with labels", columns, tuple(map(_score_row, shown)), _numeric(columns), note)
    return [table, *_matrix("Pixels, true class by row, mapped class by column", scores.classes, scores.confusion)]


def _score_row(entry: ClassScore) -> tuple[str, ...]:
    scores = (entry.iou, entry.users_accuracy, entry.producers_accuracy, entry.f1, entry.boundary_f1)
    return (entry.name, *map(_score, scores), f"{entry.truth_pixels:,}")


def _estimate_note(estimate: AccuracyEstimate) -> str:
    return (
        f"Estimated from a random sample of {estimate.points:,} points, with {100 * estimate.confidence_level:g} % "
        "confidence intervals (Olofsson et al. 2014). These figures hold for the whole map."
    )


def _estimate_tables(estimate: AccuracyEstimate) -> list[DataTable]:
    measured = all(entry.area_m2 is not None for entry in estimate.classes)
    areas = [_area(entry, measured=measured).value or 0.0 for entry in estimate.classes]
    unit = AreaUnit.for_largest(max(areas), on_ground=measured)
    columns = ("Class", "User's accuracy", "Producer's accuracy", f"Mapped, {unit.name}", f"Estimated, {unit.name}")
    rows = tuple(_estimate_row(entry, unit, measured=measured) for entry in estimate.classes)
    note = (
        "The estimated area is the mapped one, set right by the errors that the sample found: it is the area to report."
    )
    table = DataTable("Accuracy and areas, estimated", columns, rows, _numeric(columns), note)
    title = "Sample points, mapped class by row, true class by column"
    return [table, *_matrix(title, estimate.classes, estimate.error_matrix)]


def _estimate_row(entry: ClassAccuracy, unit: AreaUnit, *, measured: bool) -> tuple[str, ...]:
    mapped = entry.mapped_area_m2 if measured else float(entry.mapped_pixels)
    area = _area(entry, measured=measured)
    estimated = _ABSENT if area.value is None else f"{unit.text(area.value)} ± {unit.text(area.margin or 0.0)}"
    users, producers = _interval(entry.users_accuracy), _interval(entry.producers_accuracy)
    return entry.name, users, producers, unit.text(mapped or 0.0), estimated


def _area(entry: ClassAccuracy, *, measured: bool) -> EstimateRecord:
    return entry.area_m2 if measured and entry.area_m2 is not None else entry.area_pixels


def _matrix(
    title: str, classes: tuple[ClassScore, ...] | tuple[ClassAccuracy, ...], counts: tuple[tuple[int, ...], ...]
) -> list[DataTable]:
    """The counts of the classes that occur; nothing where they are too many for a page."""
    used = [i for i, row in enumerate(counts) if sum(row) or sum(other[i] for other in counts)]
    if len(used) > _WIDEST_MATRIX:
        return []
    columns = ("", *(classes[index].name for index in used))
    rows = tuple((classes[i].name, *(f"{counts[i][j]:,}" for j in used)) for i in used)
    return [DataTable(title, columns, rows, _numeric(columns))]


def _numeric(columns: tuple[str, ...]) -> tuple[bool, ...]:
    return (False, *(True,) * (len(columns) - 1))


def _score(value: float | None) -> str:
    return _ABSENT if value is None else f"{value:.3f}"


def _interval(estimate: EstimateRecord) -> str:
    if estimate.value is None:
        return _ABSENT
    return f"{percent(estimate.value).removesuffix(' %')} ± {100 * (estimate.margin or 0.0):.1f} %"
