"""The scores of a test for people: modes side by side, then the confusion of the most refined one."""

from __future__ import annotations

from rich.console import Console

from magnet_geo.evaluation.dataset_records import DatasetScores, ModeScores
from magnet_geo.plain_text import short_name

from .console import VisibleConsole, escape
from .score_tables import number, score_rows, show_confusion
from .table_file import Row
from .whole_table import plain_table, print_whole

_LOWEST = 3
_SUMMARY = {
    "mIoU": "mean_iou",
    "frequency-weighted IoU": "frequency_weighted_iou",
    "mean F1": "mean_f1",
    "overall accuracy": "overall_accuracy",
}


def show_dataset_scores(result: DatasetScores) -> None:
    """Print the scores of all modes."""
    console = VisibleConsole(highlight=False, soft_wrap=True)
    modes = result.modes
    table = plain_table("", "", *(f">{mode.mode}" for mode in modes))
    first = modes[0].scores
    for title, field in _SUMMARY.items():
        table.add_row("", title, *(number(getattr(mode.scores, field)) for mode in modes))
    borders = f"boundary F1 ({first.boundary_tolerance_px} px)"
    unmeasured = [mode.scores.boundary_note for mode in modes]
    if not all(unmeasured):
        table.add_row("", borders, *(number(mode.scores.mean_boundary_f1) for mode in modes))
    for index, entry in enumerate(first.classes):
        values = [mode.scores.classes[index].iou for mode in modes]
        note = "" if entry.counted else " (not counted)"
        patch = f"[{entry.color}]██[/]"
        table.add_row(patch, f"IoU {escape(entry.name)}{note}", *map(number, values))
    table.add_row("", "patches refined", *(f"{mode.refined_share:.0%}" for mode in modes))
    table.add_row("", "network passes", *(f"{mode.passes:,}" for mode in modes))
    table.add_row("", "seconds", *(f"{mode.seconds:.1f}" for mode in modes))
    print_whole(console, table)
    if all(unmeasured):
        console.print(unmeasured[0], markup=False)
    console.print()
    last = _most_refined(result)
    console.print(f"Mode {last.mode}. ", end="")
    show_confusion(console, last.scores)
    console.print()
    _show_lowest(console, last)
    console.print(
        f"{result.images} image(s), {first.compared_pixels:,} labelled of {result.pixels:,} pixels, model "
        f"{result.model.name} {result.model.version} on {result.device} ({result.precision})",
        markup=False,
    )


def dataset_score_rows(result: DatasetScores) -> list[Row]:
    """Return a row per mode and class."""
    rows: list[Row] = []
    for mode in result.modes:
        extra = {"mode": mode.mode, "refined_share": mode.refined_share, "passes": mode.passes, "seconds": mode.seconds}
        rows += score_rows(mode.scores, extra)
    return rows


def _most_refined(result: DatasetScores) -> ModeScores:
    """The mode that the model is made for, among those that were run."""
    order = {"slid": -2.0, "coarse": -1.0, "fast": 2.0, "full": 3.0}
    return max(result.modes, key=lambda mode: order[mode.mode] if mode.mode in order else float(mode.mode))


def _show_lowest(console: Console, mode: ModeScores) -> None:
    scored = [image for image in mode.by_image if image.mean_iou is not None]
    if len(scored) < 2:
        return
    lowest = sorted(scored, key=lambda image: image.mean_iou or 0.0)[:_LOWEST]
    named = ", ".join(f"{short_name(image.name)} {number(image.mean_iou)}" for image in lowest)
    console.print(f"Lowest mIoU ({mode.mode}): {named}", markup=False)
