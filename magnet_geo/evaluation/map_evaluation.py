"""`evaluate`: a finished map against a raster or polygons of truth, window by window."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from magnet_geo.addresses import public_place
from magnet_geo.datasets import IGNORE_INDEX, ClassTable, Truth, open_truth
from magnet_geo.errors import EvaluationError, UnknownLabelError
from magnet_geo.evaluation.boundary import DEFAULT_TOLERANCE_PX
from magnet_geo.evaluation.class_matching import ClassMatching, match_classes
from magnet_geo.evaluation.class_names import find_class
from magnet_geo.evaluation.map_score import MapScore, count_parts, score_parts
from magnet_geo.evaluation.score_record import ScoreRecord, score_record
from magnet_geo.grid import PixelRect
from magnet_geo.plain_text import short_name
from magnet_geo.progress import CancelToken, ProgressEvent, ProgressListener, WarningEvent, ignore_progress
from magnet_geo.raster import ClassMap, SceneSource
from magnet_geo.scene import Area, AreaOfInterest


@dataclass(frozen=True, slots=True)
class EvaluationOptions:
    """Decisions about a comparison.

    Attributes:
        matching: Labels and classes.
        class_column: Column of the class in truth polygons; None where the layer has a single column.
        background: Class (name or value) of ground without a polygon; None leaves it out.
        area: What is compared; None for the whole map.
        tolerance_px: How far apart borders may lie, in pixels of the map.
    """

    matching: ClassMatching = field(default_factory=ClassMatching)
    class_column: str | None = None
    background: str | None = None
    area: Area | None = None
    tolerance_px: int = DEFAULT_TOLERANCE_PX


class EvaluationResult(BaseModel):
    """How a map compares with the truth.

    Attributes:
        prediction: The map, absolute path.
        truth: The labels, absolute path.
        truth_note: How the labels come to lie on the map's grid; empty where they do already.
        matching: How labels and classes were brought together.
        unlabeled_pixels: Mapped pixels without a label, not compared.
        unmapped_pixels: Labelled pixels that are not mapped, not compared.
        scores: Over the compared pixels.
    """

    model_config = ConfigDict(frozen=True)

    prediction: str
    truth: str
    truth_note: str
    matching: str
    unlabeled_pixels: int
    unmapped_pixels: int
    scores: ScoreRecord


_DEFAULTS = EvaluationOptions()


def evaluate(
    prediction: str | Path,
    truth: str | Path,
    options: EvaluationOptions = _DEFAULTS,
    *,
    progress: ProgressListener = ignore_progress,
    cancel: CancelToken | None = None,
) -> EvaluationResult:
    """Compare a map with the truth on the map's own pixels; memory depends on neither's size.

    Args:
        prediction: Class map.
        truth: Label raster in any CRS and resolution (the label under each pixel's center counts), or polygons.
        options: What the user says.
        progress: Receives events.
        cancel: Stops between two parts.

    Raises:
        MagnetGeoError: A file cannot be used, classes cannot be matched, or nothing can be compared.
    """
    try:
        return _evaluate(str(prediction), str(truth), options, progress, cancel or CancelToken())
    except UnknownLabelError as error:
        raise EvaluationError(
            f"{error.finding}; pair it with a class by `pairs=((LABEL, CLASS),)`, or leave it out with "
            "`ignored=(LABEL,)`."
        ) from error


def _evaluate(
    prediction: str, truth: str, options: EvaluationOptions, progress: ProgressListener, token: CancelToken
) -> EvaluationResult:
    with ClassMap(SceneSource(prediction)) as class_map:
        matched = match_classes(class_map, truth, options.matching)
        area = AreaOfInterest.of(options.area, class_map.grid)
        if matched.warning is not None:
            progress(WarningEvent(matched.warning))
        labels = open_truth(
            truth,
            class_map.grid,
            matched.table,
            image_name=class_map.source.name,
            class_column=options.class_column,
            background=_background(options.background, matched.table),
        )
        contested = labels.overlaps(area.rect, cancel=token)
        if contested.pairs:
            progress(WarningEvent(contested.sentence(truth, matched.table.scheme)))
        pairs = _Pairs(class_map, labels, area, _index_of_value(matched.table))
        classes = matched.table.scheme.classes
        score = MapScore.empty(len(classes))
        parts = score_parts(
            area.rect, class_map.grid.rect, pairs.read, num_classes=len(classes), tolerance_px=options.tolerance_px
        )
        for done, part in enumerate(parts, 1):
            score += part
            token.raise_if_cancelled()
            progress(ProgressEvent(done / count_parts(area.rect), "evaluate", "Comparing"))
    if score.confusion.total == 0:
        raise EvaluationError(
            f"No pixel of '{class_map.source.name}' has a label in '{short_name(truth)}'; check that the two lie on "
            "the same ground, and their CRS."
        )
    return EvaluationResult(
        prediction=public_place(prediction),
        truth=public_place(truth),
        truth_note=labels.note,
        matching=matched.note,
        unlabeled_pixels=score.unlabeled,
        unmapped_pixels=score.unmapped,
        scores=score_record(score, classes, uncounted=matched.table.uncounted, tolerance_px=options.tolerance_px),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """Truth and prediction of the same pixels."""

    class_map: ClassMap
    truth: Truth
    area: AreaOfInterest
    index_of_value: NDArray[np.int16]

    def read(self, rect: PixelRect) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Read a pair of blocks."""
        values, valid = self.class_map.read(rect)
        inside = self.area.inside(rect)
        indexes = self.index_of_value[values]
        unknown = (indexes < 0) & valid & inside
        if unknown.any():
            row, col = np.argwhere(unknown)[0]
            raise EvaluationError(
                f"The map '{self.class_map.source.name}' holds the value {values[row, col]} (at row {rect.row + row}, "
                f"column {rect.col + col}), which is no class of the table; add it there."
            )
        prediction = np.where(valid & inside, indexes, IGNORE_INDEX).astype(np.uint8)
        truth = np.where(inside, self.truth.read(rect, rect.size), IGNORE_INDEX).astype(np.uint8)
        return truth, prediction


def _background(text: str | None, table: ClassTable) -> int:
    return IGNORE_INDEX if text is None else table.scheme.classes.index(find_class(text, table.scheme.classes))


def _index_of_value(table: ClassTable) -> NDArray[np.int16]:
    """(256,) class index of each value of the map, -1 where it has none."""
    indexes = np.full(256, -1, np.int16)
    indexes[table.scheme.values] = np.arange(len(table.scheme))
    return indexes
