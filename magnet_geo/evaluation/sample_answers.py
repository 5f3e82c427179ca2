"""From the rows of an interpreted layer to the true class of each point, and the checks that make it a sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyproj
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS

from magnet_geo.errors import EvaluationError
from magnet_geo.evaluation.sample_design import DESIGN_KEY, SampleDesign, parse_design
from magnet_geo.grid import RasterGrid
from magnet_geo.vector import PointLayer, read_point_layer

ID_COLUMN, REFERENCE_COLUMN = "id", "reference"
_NAMED_POINTS = 5


@dataclass(frozen=True, slots=True, eq=False)
class SampleAnswers:
    """What was seen at the points of a sample.

    Attributes:
        design: How the sample was drawn.
        reference: Class index (into the design's classes) of each point in order of ids, -1 where unanswered.
    """

    design: SampleDesign
    reference: NDArray[np.intp]


def read_sample(
    points: str | Path, *, design: SampleDesign | None = None, column: str = REFERENCE_COLUMN
) -> SampleAnswers:
    """Read the filled-in points that `draw_sample` wrote.

    Args:
        points: GeoPackage of the sample, or any point layer with its columns.
        design: What `draw_sample` returned, where the layer lost it; None to find it there.
        column: Holds the answers, as class values or names.

    Raises:
        EvaluationError: It is no sample, points are missing, added or moved, or an answer is no class.
    """
    layer, source = read_point_layer(Path(points)), Path(points).name
    return read_answers(layer, design or find_design(layer, source=source), source=source, column=column)


def point_grid(design: SampleDesign) -> RasterGrid:
    """Return the grid whose world coordinates the points have: that of the map.

    A map without any georeference is drawn by QGIS with its rows running down from y = 0; so are its points.
    """
    crs = None if design.grid.crs is None else CRS.from_user_input(design.grid.crs)
    transform = Affine(*design.grid.transform)
    if crs is None and transform.is_identity:
        transform = Affine.scale(1, -1)
    return RasterGrid(crs, transform, design.grid.width, design.grid.height)


def find_design(layer: PointLayer, *, source: str) -> SampleDesign:
    """Return the design that the sampling left in the layer's metadata.

    Raises:
        EvaluationError: There is none, or it is damaged.
    """
    text = layer.metadata.get(DESIGN_KEY)
    if text is None:
        raise EvaluationError(
            f"'{source}' does not say how it was drawn, so nothing can be estimated from it: give the GeoPackage that "
            "was made by the sampling, or its design with `design`."
        )
    return parse_design(text, source=source)


def read_answers(
    layer: PointLayer, design: SampleDesign, *, source: str, column: str = REFERENCE_COLUMN
) -> SampleAnswers:
    """Check that a layer holds the points of a design, and read what was answered.

    Args:
        layer: Interpreted points, in any order.
        design: How they were drawn.
        source: What messages call the layer.
        column: Holds the answers, as class values or names.

    Raises:
        EvaluationError: Points are missing, added or moved, or an answer is no class.
    """
    rows = _rows_by_id(layer, design, source)
    _refuse_moved(layer, design, rows, source)
    if column not in layer.columns:
        raise EvaluationError(f"'{source}' has no column '{column}' of answers; name it with `column`.")
    return SampleAnswers(design, _reference(layer.columns[column].iloc[rows], design, source, column))


def _rows_by_id(layer: PointLayer, design: SampleDesign, source: str) -> NDArray[np.intp]:
    """Row of each point, in order of ids."""
    if ID_COLUMN not in layer.columns:
        raise EvaluationError(f"'{source}' has no column '{ID_COLUMN}'; give the layer that was made by the sampling.")
    ids = pd.to_numeric(layer.columns[ID_COLUMN], errors="coerce").fillna(-1).astype("int64").to_numpy()
    expected = np.arange(1, len(design.points) + 1)
    missing, foreign = np.setdiff1d(expected, ids), np.setdiff1d(ids, expected)
    if missing.size:
        raise EvaluationError(
            f"{missing.size} of the {len(expected)} points are missing in '{source}' ({_named(missing)}); a sample "
            "counts as a whole: bring them back."
        )
    if foreign.size or len(ids) > len(expected):
        raise EvaluationError(
            f"'{source}' holds {len(ids)} points, but {len(expected)} were drawn; points that were added by hand have "
            "no known chance: remove them."
        )
    return np.argsort(ids, kind="stable")


def _refuse_moved(layer: PointLayer, design: SampleDesign, rows: NDArray[np.intp], source: str) -> None:
    """A point may lie anywhere in its pixel; a table without coordinates cannot be checked."""
    x, y = layer.x[rows], layer.y[rows]
    if np.isnan(x).all():
        return
    grid = point_grid(design)
    if grid.crs is not None and layer.crs is not None and layer.crs != grid.crs:
        x, y = pyproj.Transformer.from_crs(layer.crs, grid.crs, always_xy=True).transform(x, y)
    to_pixels = ~grid.transform
    cols = to_pixels.a * x + to_pixels.b * y + to_pixels.c
    rows_found = to_pixels.d * x + to_pixels.e * y + to_pixels.f
    drawn = np.array([(point.row, point.col) for point in design.points]) + 0.5
    distance = np.maximum(np.abs(rows_found - drawn[:, 0]), np.abs(cols - drawn[:, 1]))
    # Not "greater": a point without a place compares as neither.
    moved = np.flatnonzero(~(distance <= 0.5))
    if moved.size:
        raise EvaluationError(
            f"{moved.size} points of '{source}' do not lie in the pixels that were drawn ({_named(moved + 1)}); put "
            "them back, or restore the layer."
        )


def _reference(answers: pd.Series, design: SampleDesign, source: str, column: str) -> NDArray[np.intp]:
    by_text: dict[str, int] = {}
    for index, entry in enumerate(design.classes):
        by_text[str(entry.value)] = index
    for index, entry in enumerate(design.classes):
        by_text[entry.name.casefold()] = index
    texts = [_text(answer) for answer in answers]
    unknown = sorted({text for text in texts if text and text not in by_text})
    if unknown:
        names = ", ".join(f"{entry.value} {entry.name}" for entry in design.classes)
        at = [number for number, text in enumerate(texts, 1) if text == unknown[0]]
        raise EvaluationError(
            f"The column '{column}' of '{source}' holds '{unknown[0]}' ({_named(at)}), which is no class; the classes "
            f"are: {names}."
        )
    return np.array([by_text[text] if text else -1 for text in texts], dtype=np.intp)


def _text(answer: object) -> str:
    """An answer as text: numbers without a decimal point, nothing for NULL."""
    if answer is None or answer is pd.NA or (isinstance(answer, float) and np.isnan(answer)):
        return ""
    if isinstance(answer, float | np.floating) and float(answer).is_integer():
        return str(int(answer))
    return str(answer).strip().casefold()


def _named(ids: Sequence[int] | NDArray[np.integer]) -> str:
    more = ", ..." if len(ids) > _NAMED_POINTS else ""
    return "id " + ", ".join(str(number) for number in ids[:_NAMED_POINTS]) + more
