"""Draws a stratified random sample of the pixels of a map, in two passes over its blocks.

S strata: the classes on the map.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from magnet_geo.classes import LandClass
from magnet_geo.errors import EvaluationError, OptionError
from magnet_geo.evaluation.allocation import (
    DEFAULT_EXPECTED_ACCURACY,
    DEFAULT_SIZE,
    Allocation,
    allocate,
    size_for_standard_error,
)
from magnet_geo.evaluation.class_names import find_class
from magnet_geo.evaluation.map_census import MapCensus, pixel_areas, take_census
from magnet_geo.evaluation.sample_design import AnswerRecord, PointRecord, SampleDesign, StratumRecord
from magnet_geo.evaluation.sample_layer import write_sample
from magnet_geo.grid import PixelAreas, PixelRect
from magnet_geo.progress import CancelToken, ProgressEvent, ProgressListener, ignore_progress
from magnet_geo.raster import ClassMap, SceneSource
from magnet_geo.records.grid_record import grid_record
from magnet_geo.vector import check_point_target

_COUNTING_ENDS = 0.6


@dataclass(frozen=True, slots=True)
class SampleOptions:
    """Decisions about a sample.

    Attributes:
        size: Points; None for 300, or the minimum of all classes where that is more.
        target_standard_error: Of the overall accuracy; gives the size in place of ``size``.
        allocation: How points are shared among the classes.
        expected_accuracy: User's accuracy that is expected of every class, 0-1.
        expected_by_class: The same for single classes, by name or value.
        excluded: Names or values of classes whose pixels are left out of the population.
        seed: Of the random numbers.
    """

    size: int | None = None
    target_standard_error: float | None = None
    allocation: Allocation = field(default_factory=Allocation)
    expected_accuracy: float = DEFAULT_EXPECTED_ACCURACY
    expected_by_class: Mapping[str, float] = field(default_factory=dict)
    excluded: tuple[str, ...] = ()
    seed: int = 1

    def __post_init__(self) -> None:
        if self.size is not None and self.target_standard_error is not None:
            raise OptionError("Give either `size` or `target_standard_error`, which determines the size.")
        for accuracy in (self.expected_accuracy, *self.expected_by_class.values()):
            if not 0 <= accuracy <= 1:
                raise OptionError(f"An expected user's accuracy lies between 0 and 1, not at {accuracy:g}.")
        if self.seed < 0:
            raise OptionError(f"The seed must be 0 or more, not {self.seed}.")


_DEFAULTS = SampleOptions()


def draw_sample(
    source: SceneSource | str | Path,
    options: SampleOptions = _DEFAULTS,
    *,
    output: str | Path | None = None,
    overwrite: bool = False,
    progress: ProgressListener = ignore_progress,
    cancel: CancelToken | None = None,
) -> SampleDesign:
    """Draw pixels of each class on a map, all pixels of a class with the same chance and none twice.

    Memory grows with the sample, not with the map.

    Args:
        source: The map.
        options: What is wanted.
        output: GeoPackage of points to write, whose column ``reference`` is to be filled in, by value or name; None for
            the design alone.
        overwrite: Whether an existing file may be replaced.
        progress: Receives events.
        cancel: Stops between two blocks.

    Raises:
        SceneError: The map cannot be read.
        OptionError: A class is unknown.
        EvaluationError: The map is empty or the sample too small for its classes.
        OutputError: The points cannot be written.
    """
    steps = _Steps(progress, cancel or CancelToken())
    source = SceneSource.of(source)
    if output is not None:
        check_point_target(Path(output), overwrite=overwrite)
    with ClassMap(source) as class_map:
        blocks = sum(1 for _ in class_map.blocks())
        census = take_census(class_map, steps.counter("Counting the classes", 0.0, _COUNTING_ENDS, blocks))
        classes = _answers(class_map, census, options)
        strata = _strata(class_map, census, classes, options)
        pixels = np.array([census.pixels[s.value] for s in strata])
        expected = _expected(strata, options)
        points = _allocated(pixels, expected, options)
        ranks = {
            s.value: _draw_ranks(s.value, census, int(n), options.seed) for s, n in zip(strata, points, strict=True)
        }
        places = _find(class_map, census, ranks, steps.counter("Drawing the points", _COUNTING_ENDS, 1.0, blocks))
    order = np.random.default_rng(options.seed).permutation(len(places))
    design = SampleDesign(
        map=source.name,
        map_sha256=census.sha256,
        grid=grid_record(class_map.grid),
        classes=tuple(AnswerRecord(value=c.value, name=c.name, color=c.color) for c in classes),
        excluded=tuple(sorted(set(map(int, census.values)) - {s.value for s in strata})),
        strata=tuple(_record(s, census, int(n)) for s, n in zip(strata, points, strict=True)),
        allocation=options.allocation.name,
        min_per_class=options.allocation.min_per_class,
        expected_standard_error=_standard_error(pixels, points, expected),
        seed=options.seed,
        points=tuple(places[index] for index in order),
    )
    if output is not None:
        write_sample(Path(output), design)
    return design


@dataclass(slots=True)
class _Steps:
    """Tells how far the passes are."""

    progress: ProgressListener
    cancel: CancelToken

    def counter(self, message: str, begin: float, end: float, blocks: int) -> Callable[[], None]:
        """Return what is called after each block of a pass."""
        done = 0

        def count() -> None:
            nonlocal done
            done += 1
            self.cancel.raise_if_cancelled()
            self.progress(ProgressEvent(begin + (end - begin) * done / blocks, "sample", message))

        return count


def _answers(class_map: ClassMap, census: MapCensus, options: SampleOptions) -> list[LandClass]:
    known = [class_map.land_class(value) for value in sorted({*class_map.table, *map(int, census.values)})]
    excluded = {find_class(text, known).value for text in options.excluded}
    return [c for c in known if c.value not in excluded]


def _strata(
    class_map: ClassMap, census: MapCensus, classes: list[LandClass], options: SampleOptions
) -> list[LandClass]:
    strata = [c for c in classes if census.pixels[c.value] > 0]
    if not strata:
        what = "no valid pixel" if census.pixels.sum() == 0 else "no pixel of a class that is not excluded"
        raise EvaluationError(f"The map '{class_map.source.name}' has {what}; there is nothing to sample.")
    return strata


def _expected(strata: list[LandClass], options: SampleOptions) -> NDArray[np.float64]:
    by_value = {find_class(text, strata).value: accuracy for text, accuracy in options.expected_by_class.items()}
    return np.array([by_value.get(s.value, options.expected_accuracy) for s in strata])


def _allocated(pixels: NDArray[np.int64], expected: NDArray[np.float64], options: SampleOptions) -> NDArray[np.int64]:
    least = int(np.minimum(pixels, options.allocation.min_per_class).sum())
    size = options.size
    if options.target_standard_error is not None:
        size = max(least, size_for_standard_error(pixels, expected, options.target_standard_error))
    if size is None:
        size = max(least, DEFAULT_SIZE)
    return allocate(pixels, size=size, allocation=options.allocation, expected_accuracy=expected)


def _draw_ranks(value: int, census: MapCensus, points: int, seed: int) -> NDArray[np.int64]:
    """Which of a class's pixels, counted in the order of the blocks, are drawn; rising."""
    # A stream of its own for each class: what is drawn from one does not depend on the others.
    generator = np.random.default_rng([seed, value])
    return np.sort(generator.choice(int(census.pixels[value]), points, replace=False))


def _find(
    class_map: ClassMap,
    census: MapCensus,
    ranks: Mapping[int, NDArray[np.int64]],
    on_block: Callable[[], None],
) -> list[PointRecord]:
    """The pixels of some ranks, which rise; blocks without any are not read again."""
    measure = pixel_areas(class_map.grid)
    found: list[PointRecord] = []
    seen = dict.fromkeys(ranks, 0)
    for block, counts in zip(class_map.blocks(), census.by_block, strict=True):
        wanted = {}
        for value, count in counts.tolist():
            if value in ranks:
                first, last = np.searchsorted(ranks[value], [seen[value], seen[value] + count])
                if last > first:
                    wanted[value] = ranks[value][first:last] - seen[value]
                seen[value] += count
        if wanted:
            values, valid = class_map.read(block)
            for value, places in wanted.items():
                inside = np.flatnonzero(valid & (values == value))
                found += _points(block, inside[places], value, measure)
        on_block()
    return found


def _points(
    block: PixelRect, inside: NDArray[np.intp], value: int, measure: PixelAreas | None
) -> Iterator[PointRecord]:
    areas = None if measure is None else measure.areas_m2(block).reshape(-1)
    for place in inside:
        row, col = divmod(int(place), block.width)
        area = None if areas is None else float(areas[place])
        yield PointRecord(row=block.row + row, col=block.col + col, value=value, area_m2=area)


def _record(stratum: LandClass, census: MapCensus, points: int) -> StratumRecord:
    return StratumRecord(
        value=stratum.value,
        name=stratum.name,
        color=stratum.color,
        pixels=int(census.pixels[stratum.value]),
        area_m2=None if census.areas_m2 is None else float(census.areas_m2[stratum.value]),
        points=points,
    )


def _standard_error(pixels: NDArray[np.int64], points: NDArray[np.int64], expected: NDArray[np.float64]) -> float:
    shares = pixels / pixels.sum()
    return float(np.sqrt((shares**2 * expected * (1 - expected) / points).sum()))
