"""The part of a manifest that people read: measured results and statistics of the training data."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from magnet_geo.model.manifest_parts import Line, Paragraph, Part

Cell = Line | int | float | None


class MetricsTable(Part):
    """One table of results.

    Attributes:
        title: What was measured, on what.
        columns: Column heads.
        rows: Cells, as many per row as there are columns.
        note: How it was measured.
    """

    title: Line
    columns: tuple[Line, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: Paragraph = ""

    @model_validator(mode="after")
    def _check(self) -> MetricsTable:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"a row of {len(row)} cells does not fit {len(self.columns)} columns.")
        return self


class Percentile(Part):
    """One percentile of a band.

    Attributes:
        percent: Share of the pixels below ``value``, 0-100.
        value: Native pixel value.
    """

    percent: Annotated[float, Field(ge=0, le=100)]
    value: float


class BandStatistics(Part):
    """Statistics of one band of the training data, in native values.

    Attributes:
        mean: Mean.
        std: Standard deviation.
        percentiles: Any percentiles, ascending.
    """

    mean: float
    std: float = Field(ge=0)
    percentiles: tuple[Percentile, ...] = ()
