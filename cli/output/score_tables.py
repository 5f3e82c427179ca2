"""Scores for people, on the terminal, and as rows of a CSV file."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from magnet_geo.evaluation.map_evaluation import EvaluationResult
from magnet_geo.evaluation.score_record import ScoreRecord

from .console import VisibleConsole, escape
from .table_file import Row
from .whole_table import plain_table, print_whole

_ABSENT = "-"
_WIDEST_MATRIX = 12


def show_evaluation(result: EvaluationResult) -> None:
    """Print the scores of a map."""
    console = VisibleConsole(highlight=False, soft_wrap=True)
    scores = result.scores
    print_whole(console, _class_table(scores))
    console.print()
    show_confusion(console, scores)
    console.print()
    console.print(summary(scores), markup=False)
    if scores.boundary_note:
        console.print(scores.boundary_note, markup=False)
    left = f"{result.unlabeled_pixels:,} mapped pixels have no label"
    if result.unmapped_pixels:
        left += f", {result.unmapped_pixels:,} labelled ones are not mapped"
    note = f"; {result.truth_note}" if result.truth_note else ""
    console.print(f"{scores.compared_pixels:,} pixels compared, {left}. Classes matched {result.matching}{note}.")
    console.print(
        "These figures count labelled pixels. They say nothing sure of the rest of the map, and are no areas: for "
        "those, draw a sample with: magnet-geo accuracy sample",
        markup=False,
    )


def summary(scores: ScoreRecord) -> str:
    """Return the overall scores as one line, that of the borders only where it was measured."""
    parts = {
        "mIoU": scores.mean_iou,
        "fwIoU": scores.frequency_weighted_iou,
        "mean F1": scores.mean_f1,
        "overall accuracy": scores.overall_accuracy,
        "kappa": scores.kappa,
    }
    if not scores.boundary_note:
        parts[f"boundary F1 ({scores.boundary_tolerance_px} px)"] = scores.mean_boundary_f1
    return " · ".join(f"{name} {number(value)}" for name, value in parts.items())


def show_confusion(console: Console, scores: ScoreRecord) -> None:
    """Print the confusion matrix of the classes that occur; nothing where they are too many for a terminal."""
    shown = [i for i, entry in enumerate(scores.classes) if entry.truth_pixels or entry.mapped_pixels]
    if len(shown) > _WIDEST_MATRIX:
        console.print(f"The confusion matrix of {len(shown)} classes is in --json and --csv.")
        return
    console.print("Pixels: rows the truth, columns the map")
    table = plain_table("truth", *(f">{escape(scores.classes[index].name)}" for index in shown))
    for index in shown:
        row = scores.confusion[index]
        table.add_row(escape(scores.classes[index].name), *(f"{row[other]:,}" for other in shown))
    print_whole(console, table)


def score_rows(scores: ScoreRecord, extra: Mapping[str, object] | None = None) -> list[Row]:
    """Return a row per class, with its row of the confusion matrix.

    Args:
        scores: The scores.
        extra: Columns to put before.
    """
    return [
        {
            **(extra or {}),
            "value": entry.value,
            "class": entry.name,
            "counted": int(entry.counted),
            "truth_pixels": entry.truth_pixels,
            "mapped_pixels": entry.mapped_pixels,
            "iou": entry.iou,
            "users_accuracy": entry.users_accuracy,
            "producers_accuracy": entry.producers_accuracy,
            "f1": entry.f1,
            "boundary_f1": entry.boundary_f1,
            "mean_iou": scores.mean_iou,
            "frequency_weighted_iou": scores.frequency_weighted_iou,
            "overall_accuracy": scores.overall_accuracy,
            "kappa": scores.kappa,
            **{f"mapped_as_{other.name}": n for other, n in zip(scores.classes, counts, strict=True)},
        }
        for entry, counts in zip(scores.classes, scores.confusion, strict=True)
    ]


def number(value: float | None) -> str:
    """Return a score with three decimals."""
    return _ABSENT if value is None else f"{value:.3f}"


def _class_table(scores: ScoreRecord) -> Table:
    borders = () if scores.boundary_note else (">boundary F1",)
    heads = (">IoU", ">user's", ">producer's", ">F1", *borders, ">true px", ">mapped px")
    table = plain_table("", ">value", "class", *heads)
    for entry in scores.classes:
        if not entry.truth_pixels and not entry.mapped_pixels:
            continue
        shown = [entry.iou, entry.users_accuracy, entry.producers_accuracy, entry.f1]
        shown += [entry.boundary_f1] if borders else []
        table.add_row(
            f"[{entry.color}]██[/]",
            str(entry.value),
            escape(entry.name) + ("" if entry.counted else " (not counted)"),
            *map(number, shown),
            f"{entry.truth_pixels:,}",
            f"{entry.mapped_pixels:,}",
        )
    return table
