"""What became of several scenes: one line when each is done, one table at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from magnet_geo.plain_text import short_name
from magnet_geo.records.segment_result import ClassRecord, SegmentResult

from .console import VisibleConsole, escape
from .result_table import area_unit, show_areas

_NAMED_CLASSES = 3
_FILE_WIDTH = 200


@dataclass(frozen=True, slots=True)
class SceneOutcome:
    """One scene of a batch.

    Attributes:
        scene: As it was named.
        result: What was mapped; None where it failed, or was left alone because its map is there already.
        failure: Why it failed, one sentence; empty where it did not.
    """

    scene: str
    result: SegmentResult | None
    failure: str = ""

    @property
    def name(self) -> str:
        """Last part of the scene's path."""
        return short_name(self.scene)


def show_done(outcome: SceneOutcome) -> None:
    """Print one line for a scene that is done; what failed has been told."""
    if outcome.result is not None:
        _console().print(f"{outcome.name}: {_largest(outcome.result)}, {outcome.result.seconds:.1f} s", markup=False)


def show_summary(outcomes: Sequence[SceneOutcome], *, count: int) -> None:
    """Print a table of all scenes, the classes of all maps together, and what failed.

    Args:
        outcomes: Scenes that were tried.
        count: How many were to be segmented.
    """
    console = _console()
    results = [outcome.result for outcome in outcomes if outcome.result is not None]
    unit, square_metres = area_unit(max((_mapped_m2(result) or 0.0 for result in results), default=0.0))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("scene", "status", "map"):
        table.add_column(head, overflow="fold")
    for head in (f"mapped, {unit}", "seconds"):
        table.add_column(head, justify="right")
    table.add_column("largest classes", overflow="fold")
    for outcome in outcomes:
        table.add_row(*_row(outcome, square_metres))
    console.print(table)
    if len(results) > 1 and len({_scheme(result) for result in results}) == 1:
        console.print("\nAll maps together", style="bold")
        show_areas(_sums(results), None)
    failed = [outcome for outcome in outcomes if outcome.failure]
    there, left = len(outcomes) - len(results) - len(failed), count - len(outcomes)
    counts = [f"{len(results)} mapped", *([f"{there} there already"] if there else []), f"{len(failed)} failed"]
    console.print(f"{count} scenes: {', '.join(counts + ([f'{left} not done'] if left else []))}", markup=False)
    for outcome in failed:
        console.print(f"  {outcome.name}: {outcome.failure}", markup=False)


def _console() -> Console:
    console = VisibleConsole(highlight=False, soft_wrap=True)
    # A file has no right edge at which names must be folded.
    return console if console.is_terminal else VisibleConsole(highlight=False, soft_wrap=True, width=_FILE_WIDTH)


def _row(outcome: SceneOutcome, square_metres: float) -> tuple[str, ...]:
    result = outcome.result
    if result is None:
        return escape(outcome.name), "[red]failed[/]" if outcome.failure else "there already", "", "", "", ""
    mapped = _mapped_m2(result)
    area = "unknown" if mapped is None else f"{mapped / square_metres:,.2f}"
    map_name = escape(short_name(result.raster))
    return escape(outcome.name), "mapped", map_name, area, f"{result.seconds:.1f}", escape(_largest(result))


def _largest(result: SegmentResult) -> str:
    ordered = sorted(result.classes, key=lambda entry: entry.share, reverse=True)
    return ", ".join(f"{entry.name} {entry.share:.0%}" for entry in ordered[:_NAMED_CLASSES] if entry.pixels)


def _mapped_m2(result: SegmentResult) -> float | None:
    areas = [entry.area_m2 for entry in result.classes]
    return None if None in areas else sum(area for area in areas if area is not None)


def _scheme(result: SegmentResult) -> tuple[tuple[int, str], ...]:
    return tuple((entry.value, entry.name) for entry in result.classes)


def _sums(results: Sequence[SegmentResult]) -> list[ClassRecord]:
    valid = sum(result.valid_pixels for result in results)
    mapped = [_mapped_m2(result) for result in results]
    total_m2 = None if None in mapped else sum(area for area in mapped if area is not None)
    return [_sum(entries, valid, total_m2) for entries in zip(*(result.classes for result in results), strict=True)]


def _sum(entries: tuple[ClassRecord, ...], valid: int, total_m2: float | None) -> ClassRecord:
    pixels = sum(entry.pixels for entry in entries)
    area = None if total_m2 is None else sum(entry.area_m2 or 0.0 for entry in entries)
    return entries[0].model_copy(
        update={
            "pixels": pixels,
            "area_m2": area,
            "share": pixels / max(1, valid),
            "area_share": area / total_m2 if area is not None and total_m2 else None,
        }
    )
