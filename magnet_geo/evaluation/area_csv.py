"""Areas of classes as a table for spreadsheets (`.csv`)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from magnet_geo.atomic_file import atomic_path
from magnet_geo.plain_text import table_cell
from magnet_geo.raster import check_output_path
from magnet_geo.records.segment_result import ClassRecord

_COLUMNS = ("map", "value", "class", "color", "pixels", "share", "area_m2", "area_ha", "area_share")
_M2_PER_HA = 1e4


def check_area_csv(target: Path, source: str, *, overwrite: bool) -> None:
    """Refuse a table that cannot or must not be written, before any work is done.

    Args:
        target: The table.
        source: The scene or map, which the table may not replace.
        overwrite: Whether an existing file may be replaced.

    Raises:
        OutputError: Wrong extension, missing or read-only folder, the source itself, or an existing file.
    """
    check_output_path(target, source, overwrite, suffixes=(".csv",))


def write_area_csv(target: Path, maps: Iterable[tuple[str, tuple[ClassRecord, ...]]]) -> None:
    """Write a row per map and class, complete or not at all.

    Args:
        target: The table.
        maps: Name and classes of each map.

    Raises:
        OutputError: It cannot be written.
    """
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(_COLUMNS)
    for name, classes in maps:
        rows.writerows(map(table_cell, (name, *_cells(entry))) for entry in classes)
    with atomic_path(target) as temporary:
        temporary.write_text(text.getvalue(), encoding="utf-8", newline="")


def _cells(entry: ClassRecord) -> tuple[object, ...]:
    area = () if entry.area_m2 is None else (f"{entry.area_m2:.3f}", f"{entry.area_m2 / _M2_PER_HA:.6f}")
    share = "" if entry.area_share is None else f"{entry.area_share:.6f}"
    return (entry.value, entry.name, entry.color, entry.pixels, f"{entry.share:.6f}", *(area or ("", "")), share)
