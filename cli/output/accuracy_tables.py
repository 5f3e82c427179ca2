"""Samples and their estimates for people, on the terminal, and as rows of a CSV file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from magnet_geo.evaluation.accuracy_estimate import AccuracyEstimate, ClassAccuracy, EstimateRecord
from magnet_geo.evaluation.sample_design import SampleDesign

from .console import VisibleConsole, escape
from .table_file import Row
from .whole_table import plain_table, print_whole

_HECTARE_M2 = 1e4
_ABSENT = "-"


def show_sample(design: SampleDesign, target: Path) -> None:
    """Print what was drawn, and what to do with it."""
    console = VisibleConsole(highlight=False, soft_wrap=True)
    table = plain_table("", ">value", "class", ">pixels", ">share", ">points")
    total = sum(stratum.pixels for stratum in design.strata)
    measured = all(stratum.area_m2 is not None for stratum in design.strata)
    if measured:
        table.add_column("area, ha", justify="right", no_wrap=True)
    for stratum in design.strata:
        cells = [_patch(stratum.color), str(stratum.value), escape(stratum.name), f"{stratum.pixels:,}"]
        cells += [f"{stratum.pixels / total:.1%}", str(stratum.points)]
        table.add_row(*cells, *([f"{(stratum.area_m2 or 0) / _HECTARE_M2:,.2f}"] if measured else []))
    print_whole(console, table)
    least = min(design.min_per_class, len(design.points))
    console.print(
        f"{len(design.points)} points of {design.map}: {design.allocation} allocation, at least {least} per class, "
        f"seed {design.seed}. If the classes are as accurate as expected, the overall accuracy will be known to about "
        f"±{1.96 * design.expected_standard_error:.1%}.",
        markup=False,
    )
    console.print(f"{'points':<8}{target}", markup=False)
    console.print(
        f"{'next':<8}open them in QGIS, fill in the column 'reference', then: magnet-geo accuracy estimate {target}",
        markup=False,
    )


def show_estimate(estimate: AccuracyEstimate) -> None:
    """Print accuracies, areas and the error matrix."""
    console = VisibleConsole(highlight=False, soft_wrap=True)
    console.print(
        f"Overall accuracy {_share(estimate.overall_accuracy)} ({estimate.points} points, "
        f"{100 * estimate.confidence_level:g} % intervals)",
        markup=False,
    )
    console.print()
    print_whole(console, _class_table(estimate))
    console.print()
    console.print("Points by class: rows the map, columns the truth")
    print_whole(console, _matrix(estimate))
    for note in estimate.notes:
        console.print(f"Note: {note}", markup=False)
    if estimate.dropped_points:
        console.print(f"Points without an answer, left out as if missing at random: {estimate.dropped_points}.")
    if not estimate.map_checked:
        console.print(f"The map itself was not checked; to do so, name it: accuracy estimate POINTS {estimate.map}")


def estimate_rows(estimate: AccuracyEstimate) -> list[Row]:
    """Return a row per class, with its row of the error matrix."""
    overall = estimate.overall_accuracy
    return [
        {
            "value": entry.value,
            "class": entry.name,
            "points": entry.points,
            "mapped_pixels": entry.mapped_pixels,
            "mapped_area_m2": entry.mapped_area_m2,
            **_columns("share", entry.share),
            **_columns("area_m2", entry.area_m2),
            **_columns("area_pixels", entry.area_pixels),
            **_columns("users_accuracy", entry.users_accuracy),
            **_columns("producers_accuracy", entry.producers_accuracy),
            **_columns("overall_accuracy", overall),
            **{f"truth_{other.name}": n for other, n in zip(estimate.classes, counts, strict=True)},
        }
        for entry, counts in zip(estimate.classes, estimate.error_matrix, strict=True)
    ]


def _columns(name: str, estimate: EstimateRecord | None) -> Row:
    values = (None, None) if estimate is None else (estimate.value, estimate.margin)
    return {name: values[0], f"{name}_margin": values[1]}


@dataclass(frozen=True, slots=True)
class _Unit:
    """In what areas are shown.

    Attributes:
        name: Its short name.
        per_value: What one of it is, in square metres or pixels.
        decimals: How many are shown.
    """

    name: str
    per_value: float
    decimals: int

    def text(self, value: float) -> str:
        return f"{value / self.per_value:,.{self.decimals}f}"

    def estimate(self, estimate: EstimateRecord | None) -> str:
        if estimate is None or estimate.value is None or estimate.margin is None:
            return _ABSENT
        return f"{self.text(estimate.value)} ± {self.text(estimate.margin)}"


def _unit(classes: list[ClassAccuracy]) -> _Unit:
    if any(entry.mapped_area_m2 is None for entry in classes):
        return _Unit("px", 1.0, 0)
    total = sum(entry.mapped_area_m2 or 0.0 for entry in classes) / _HECTARE_M2
    return _Unit("ha", _HECTARE_M2, 0 if total >= 1e5 else 1 if total >= 1e3 else 2)


def _class_table(estimate: AccuracyEstimate) -> Table:
    shown = _present(estimate)
    unit = _unit(shown)
    table = plain_table(
        "",
        ">value",
        "class",
        ">user's accuracy",
        ">producer's accuracy",
        f">mapped, {unit.name}",
        f">estimated, {unit.name}",
    )
    for entry in shown:
        mapped = entry.mapped_pixels if entry.mapped_area_m2 is None else entry.mapped_area_m2
        table.add_row(
            _patch(entry.color),
            str(entry.value),
            escape(entry.name),
            _share(entry.users_accuracy),
            _share(entry.producers_accuracy),
            unit.text(mapped),
            unit.estimate(entry.area_m2 or entry.area_pixels),
        )
    return table


def _matrix(estimate: AccuracyEstimate) -> Table:
    shown = [number for number, entry in enumerate(estimate.classes) if entry in _present(estimate)]
    names = [escape(estimate.classes[number].name) for number in shown]
    table = plain_table("map", *(f">{name}" for name in names), ">points")
    for number, name in zip(shown, names, strict=True):
        counts = [estimate.error_matrix[number][other] for other in shown]
        table.add_row(name, *map(str, counts), str(sum(counts)))
    return table


def _present(estimate: AccuracyEstimate) -> list[ClassAccuracy]:
    """Classes of the map or of an answer."""
    columns = zip(*estimate.error_matrix, strict=True)
    pairs = zip(estimate.classes, columns, strict=True)
    return [entry for entry, truth in pairs if entry.mapped_pixels or any(truth)]


def _share(estimate: EstimateRecord) -> str:
    if estimate.value is None or estimate.margin is None:
        return _ABSENT
    return f"{estimate.value:.3f} ± {estimate.margin:.3f}"


def _patch(color: str) -> str:
    return f"[{color}]██[/]"
