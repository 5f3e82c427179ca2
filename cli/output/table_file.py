"""Tables as CSV files, complete or not at all."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from magnet_geo.atomic_file import replacing
from magnet_geo.errors import OutputError
from magnet_geo.plain_text import table_cell

Row = dict[str, object]


def check_table_target(target: Path | None, *, overwrite: bool) -> None:
    """Refuse a name under which a table cannot or must not be written, before any work is done.

    Raises:
        OutputError: It has no folder, or exists.
    """
    if target is None:
        return
    folder = target.absolute().parent
    if not folder.is_dir():
        raise OutputError(f"The folder '{folder}' does not exist; create it first.")
    if target.is_dir():
        raise OutputError(f"The output '{target}' is a folder; name a file inside it.")
    if target.exists() and not overwrite:
        raise OutputError(f"The output '{target}' exists already; choose another name or use --overwrite.")


def write_table(target: Path, rows: Sequence[Row]) -> None:
    """Write rows as CSV (UTF-8, a comma between columns, numbers with a point, nothing for unknown).

    Args:
        target: An existing file is replaced.
        rows: At least one, all with the same columns.

    Raises:
        OutputError: It cannot be written; nothing is left behind.
    """
    try:
        with replacing(target) as draft, draft.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows({column: table_cell(value) for column, value in row.items()} for row in rows)
    except OSError as error:
        raise OutputError(f"'{target}' could not be written ({error.strerror}); check the folder.") from error
