"""`estimate_accuracy`: from an interpreted sample to accuracies and areas with confidence intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import isnan
from pathlib import Path
from statistics import NormalDist

import numpy as np
from pydantic import BaseModel, ConfigDict

from magnet_geo.errors import EvaluationError, OptionError
from magnet_geo.evaluation.map_census import take_census
from magnet_geo.evaluation.sample_answers import SampleAnswers, read_sample
from magnet_geo.evaluation.sample_design import SampleDesign
from magnet_geo.evaluation.stratified_estimate import AccuracySample, Estimate
from magnet_geo.progress import CancelToken, ProgressEvent, ProgressListener, ignore_progress
from magnet_geo.raster import ClassMap, SceneSource
from magnet_geo.records.grid_record import grid_record


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class EstimateRecord(_Record):
    """An estimate; all three null where the sample says nothing.

    Attributes:
        value: The estimate.
        standard_error: Its standard error.
        margin: Half the width of the confidence interval.
    """

    value: float | None
    standard_error: float | None
    margin: float | None


class ClassAccuracy(_Record):
    """What the sample says of one class.

    Attributes:
        value: Its value on the map.
        name: Its name.
        color: ``#rrggbb``.
        points: Points drawn from it, without those that were dropped.
        mapped_pixels: Its pixels on the map.
        mapped_area_m2: Their area; null without a CRS.
        share: Share of the mapped area that is truly of it.
        area_m2: Its true area; null without a CRS.
        area_pixels: The same in pixels of mean area.
        users_accuracy: Share of what is mapped as it that is truly of it.
        producers_accuracy: Share of what is truly of it that is mapped so.
    """

    value: int
    name: str
    color: str
    points: int
    mapped_pixels: int
    mapped_area_m2: float | None
    share: EstimateRecord
    area_m2: EstimateRecord | None
    area_pixels: EstimateRecord
    users_accuracy: EstimateRecord
    producers_accuracy: EstimateRecord


class AccuracyEstimate(_Record):
    """Accuracy and areas, estimated from a stratified random sample (Olofsson et al. 2014).

    Attributes:
        map: Name of the map's file.
        map_checked: Whether the map was compared with the one that was sampled.
        confidence_level: Of all intervals.
        points: Points that count.
        dropped_points: Points without an answer, taken as missing at random.
        overall_accuracy: Share of the mapped area that is mapped right.
        classes: One entry for each class of the map or the answers.
        error_matrix: Points; rows the map, columns the truth, in the order of the classes.
        proportions: The same as estimated shares of the mapped area.
        notes: Sentences for the reader of the figures.
    """

    map: str
    map_checked: bool
    confidence_level: float
    points: int
    dropped_points: int
    overall_accuracy: EstimateRecord
    classes: tuple[ClassAccuracy, ...]
    error_matrix: tuple[tuple[int, ...], ...]
    proportions: tuple[tuple[float, ...], ...]
    notes: tuple[str, ...] = ()


def estimate_accuracy(
    answers: SampleAnswers | str | Path,
    *,
    confidence_level: float = 0.95,
    drop_unanswered: bool = False,
    map_checked: bool = False,
) -> AccuracyEstimate:
    """Estimate accuracies and areas.

    Args:
        answers: What was seen at the points, or the filled-in GeoPackage of them.
        confidence_level: Of the intervals, such as 0.95.
        drop_unanswered: Leave points without an answer out, as if they were missing at random.
        map_checked: Whether `check_map` was asked.

    Raises:
        EvaluationError: Points have no answer, or a class has fewer than two.
        OptionError: The level is not between 0 and 1.
    """
    if not isinstance(answers, SampleAnswers):
        answers = read_sample(answers)
    if not 0 < confidence_level < 1:
        raise OptionError(f"The confidence level must lie between 0 and 1, such as 0.95, not {confidence_level:g}.")
    design = answers.design
    answered = answers.reference >= 0
    _refuse_unanswered(design, answered, drop_unanswered)
    sample = _sample(answers, answered)
    width = NormalDist().inv_cdf((1 + confidence_level) / 2)
    return AccuracyEstimate(
        map=design.map,
        map_checked=map_checked,
        confidence_level=confidence_level,
        points=int(answered.sum()),
        dropped_points=int((~answered).sum()),
        overall_accuracy=_record(sample.overall, width),
        classes=tuple(_class(design, sample, index, width) for index in range(len(design.classes))),
        error_matrix=tuple(tuple(map(int, row)) for row in sample.counts),
        proportions=tuple(tuple(map(float, row)) for row in sample.proportions),
        notes=tuple(_notes(design, sample, confidence_level)),
    )


def check_map(
    design: SampleDesign,
    source: SceneSource,
    *,
    progress: ProgressListener = ignore_progress,
    cancel: CancelToken | None = None,
) -> None:
    """Make sure that a map is the one that was sampled.

    Raises:
        SceneError: It cannot be read.
        EvaluationError: Its grid, its classes or a pixel differ.
    """
    token = cancel or CancelToken()
    with ClassMap(source) as class_map:
        if grid_record(class_map.grid) != design.grid:
            raise EvaluationError(
                f"'{source.name}' has another grid than '{design.map}', from which the sample was drawn; give that map."
            )
        census = take_census(class_map, _counter(class_map, progress, token))
    if census.sha256 == design.map_sha256:
        return
    for stratum in design.strata:
        found = int(census.pixels[stratum.value])
        if found != stratum.pixels:
            raise EvaluationError(
                f"'{source.name}' has {found:,} pixels of '{stratum.name}', but the map that was sampled had "
                f"{stratum.pixels:,}: it has changed; draw a new sample."
            )
    raise EvaluationError(f"'{source.name}' has changed since the sample was drawn; draw a new sample.")


def _counter(class_map: ClassMap, progress: ProgressListener, cancel: CancelToken) -> Callable[[], None]:
    blocks = sum(1 for _ in class_map.blocks())
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        cancel.raise_if_cancelled()
        progress(ProgressEvent(done / blocks, "check", "Checking the map"))

    return count


def _refuse_unanswered(design: SampleDesign, answered: np.ndarray, drop: bool) -> None:
    missing = np.flatnonzero(~answered)
    if missing.size and not drop:
        raise EvaluationError(
            f"{missing.size} of the {len(design.points)} points have no answer yet (the first is id "
            f"{missing[0] + 1}); fill them in, or use `drop_unanswered=True` if they are missing at random."
        )
    values = np.array([point.value for point in design.points])
    for stratum in design.strata:
        left = int(answered[values == stratum.value].sum())
        if left < min(2, stratum.pixels):
            raise EvaluationError(
                f"Only {left} points mapped as '{stratum.name}' have an answer; a standard error needs at least 2 of "
                "each class."
            )


def _sample(answers: SampleAnswers, answered: np.ndarray) -> AccuracySample:
    design = answers.design
    index = {entry.value: number for number, entry in enumerate(design.classes)}
    strata = {stratum.value: stratum for stratum in design.strata}
    ordered = [strata.get(entry.value) for entry in design.classes]
    points = [point for point, known in zip(design.points, answered, strict=True) if known]
    measured = _is_measured(design)
    return AccuracySample(
        mapped=np.array([index[point.value] for point in points]),
        reference=answers.reference[answered],
        pixel_area=np.array([point.area_m2 if measured else 1.0 for point in points], np.float64),
        stratum_pixels=np.array([stratum.pixels if stratum else 0 for stratum in ordered]),
        stratum_area=np.array(
            [(stratum.area_m2 if measured else stratum.pixels) if stratum else 0 for stratum in ordered], np.float64
        ),
    )


def _is_measured(design: SampleDesign) -> bool:
    return all(stratum.area_m2 is not None for stratum in design.strata)


def _class(design: SampleDesign, sample: AccuracySample, index: int, width: float) -> ClassAccuracy:
    entry = design.classes[index]
    measured, share = _is_measured(design), sample.share(index)
    return ClassAccuracy(
        value=entry.value,
        name=entry.name,
        color=entry.color,
        points=int(sample.points[index]),
        mapped_pixels=int(sample.stratum_pixels[index]),
        mapped_area_m2=float(sample.stratum_area[index]) if measured else None,
        share=_record(share, width),
        area_m2=_record(_times(share, float(sample.stratum_area.sum())), width) if measured else None,
        area_pixels=_record(_times(share, float(sample.stratum_pixels.sum())), width),
        users_accuracy=_record(sample.users(index), width),
        producers_accuracy=_record(sample.producers(index), width),
    )


def _notes(design: SampleDesign, sample: AccuracySample, confidence_level: float) -> Iterator[str]:
    """What the figures themselves do not say."""
    if design.excluded:
        values = ", ".join(map(str, design.excluded))
        yield f"Pixels of the value {values} were left out of the sample: the figures say nothing of them."
    for index in np.flatnonzero(sample.stratum_pixels):
        points, name = int(sample.points[index]), design.classes[index].name
        if sample.counts[index, index] == points < sample.stratum_pixels[index]:
            yield (
                f"All {points} points mapped as '{name}' are right, so no error of this class could be estimated; its "
                f"user's accuracy is above {(1 - confidence_level) ** (1 / points):.3f} ({100 * confidence_level:g} %)."
            )


def _times(estimate: Estimate, factor: float) -> Estimate:
    return Estimate(estimate.value * factor, estimate.standard_error * factor)


def _record(estimate: Estimate, width: float) -> EstimateRecord:
    if isnan(estimate.value):
        return EstimateRecord(value=None, standard_error=None, margin=None)
    error = estimate.standard_error
    return EstimateRecord(value=estimate.value, standard_error=error, margin=width * error)
