"""`check_dataset`: what is wrong or odd about labelled images, found before hours are spent on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from magnet_geo.datasets.class_census import blocks_of
from magnet_geo.datasets.class_table import ClassTable
from magnet_geo.datasets.dataset import DatasetDescription, PairOpener, overlap_warnings
from magnet_geo.datasets.labeled_image import IGNORE_INDEX
from magnet_geo.datasets.raster_source import RasterSource
from magnet_geo.errors import SceneError, TrainingError
from magnet_geo.grid import PixelRect, Size
from magnet_geo.plain_text import short_name
from magnet_geo.progress import CancelToken, ProgressEvent, ProgressListener, ignore_progress

_BLOCK_PX = 1024
_DEFAULT_WINDOWS = 256
_PIXEL_SIZE_RATIO = 1.5
_OPENING_SHARE = 0.2
_NAMED = 3


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """One image of a dataset.

    Attributes:
        image: Its path.
        labels: Its labels' path.
        size: Pixels.
        bands: Bands in the file, alpha included.
        dtype: Of its values.
        gsd_m: Side of a pixel on the ground in metres, or None.
        note: How its labels come to lie on its grid; empty where they do already.
        sampled_px: Pixels that were looked at.
        labeled_px: Those of them with a class.
    """

    image: str
    labels: str
    size: Size
    bands: int
    dtype: str
    gsd_m: float | None
    note: str
    sampled_px: int
    labeled_px: int


@dataclass(frozen=True, slots=True)
class ClassShare:
    """How much of the labelled ground a class has.

    Attributes:
        name: The class.
        color: ``#rrggbb``.
        pixels: Estimate for the whole dataset.
        share: Of all labelled pixels, 0-1.
        images: Images in which it was seen.
    """

    name: str
    color: str
    pixels: int
    share: float
    images: int


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What was found.

    Attributes:
        sources: The images that could be opened.
        classes: Every class, in the table's order.
        labeled_share: Share of pixels with a class, 0-1.
        complete: Whether every pixel was looked at, not a sample.
        faults: What must be mended before training, a sentence each.
        warnings: What the user should know, a sentence each.
    """

    sources: tuple[SourceFacts, ...]
    classes: tuple[ClassShare, ...]
    labeled_share: float
    complete: bool
    faults: tuple[str, ...]
    warnings: tuple[str, ...]

    def raise_faults(self) -> None:
        """Raise the first fault.

        Raises:
            TrainingError: There is any; it says how many more there are.
        """
        if self.faults:
            others = len(self.faults) - 1
            faults = "one more fault; a check lists it" if others == 1 else f"{others} more faults; a check lists them"
            more = f" (And {faults}.)" if others else ""
            raise TrainingError(self.faults[0] + more)


def check_dataset(
    description: DatasetDescription,
    *,
    windows: int | None = None,
    seed: int = 0,
    progress: ProgressListener = ignore_progress,
    cancel: CancelToken | None = None,
) -> CheckReport:
    """Opens every image and its labels, and reads a sample of windows of 1024 pixels at full resolution.

    Args:
        description: The dataset.
        windows: How many windows are read, drawn over all images alike; None for 256, and at least one of each image.
        seed: Of the draw.
        progress: Follows.
        cancel: Stops.

    Returns:
        Facts, faults and warnings; faults of the data are reported, not raised.
    """
    return _Check(description, windows, np.random.default_rng(seed), progress, cancel).run()


class _Check:
    """One run of the check."""

    def __init__(
        self,
        description: DatasetDescription,
        windows: int | None,
        generator: Generator,
        progress: ProgressListener,
        cancel: CancelToken | None,
    ) -> None:
        self._description, self._windows, self._generator = description, windows, generator
        self._progress, self._cancel = progress, cancel
        self._faults: list[str] = []
        self._complete = True

    def run(self) -> CheckReport:
        sources = self._open()
        contested = self._contested(sources)
        sampled = self._sampled(sources)
        counts = []
        for number, (source, blocks) in enumerate(sampled):
            done = _OPENING_SHARE + (1 - _OPENING_SHARE) * number / len(sampled)
            counts.append(self._count(source, blocks, done))
        facts = tuple(_facts(source, *count) for source, count in zip(sources, counts, strict=True))
        classes = _shares(self._description.table, facts, [of_classes for _, of_classes in counts])
        labeled = sum(fact.labeled_px for fact in facts)
        if facts and not labeled and not self._faults:
            self._faults.append(_nothing_labeled(facts))
        return CheckReport(
            sources=facts,
            classes=classes,
            labeled_share=labeled / max(1, sum(fact.sampled_px for fact in facts)),
            complete=self._complete,
            faults=tuple(self._faults),
            warnings=(*_warnings(facts, classes, complete=self._complete), *contested) if labeled else (),
        )

    def _tell(self, fraction: float, stage: str, message: str) -> None:
        if self._cancel is not None:
            self._cancel.raise_if_cancelled()
        self._progress(ProgressEvent(fraction, stage, message))

    def _open(self) -> list[RasterSource]:
        opener, sources = PairOpener(self._description), []
        for number, pair in enumerate(self._description.pairs):
            share = number / len(self._description.pairs)
            self._tell(_OPENING_SHARE * share, "open", f"Opening {short_name(pair.image)}")
            try:
                sources.append(opener.open(pair))
            except (SceneError, TrainingError) as error:
                self._faults.append(str(error))
        return sources

    def _contested(self, sources: Sequence[RasterSource]) -> list[str]:
        self._tell(_OPENING_SHARE, "polygons", "Comparing polygons")
        try:
            return overlap_warnings(sources, self._description.table.scheme, cancel=self._cancel)
        except TrainingError as error:
            self._faults.append(str(error))
            return []

    def _sampled(self, sources: Sequence[RasterSource]) -> list[tuple[RasterSource, list[PixelRect]]]:
        every = [(source, block) for source in sources for block in blocks_of(source.size, _BLOCK_PX)]
        wanted = _DEFAULT_WINDOWS if self._windows is None else self._windows
        if len(every) <= wanted:
            drawn = every
        else:
            self._complete = False
            drawn = [every[number] for number in sorted(self._generator.permutation(len(every))[:wanted].tolist())]
        by_source: dict[int, list[PixelRect]] = {id(source): [] for source in sources}
        for source, block in drawn:
            by_source[id(source)].append(block)
        if self._windows is None:
            for source in sources:
                blocks = [*blocks_of(source.size, _BLOCK_PX)]
                by_source[id(source)] = by_source[id(source)] or [blocks[self._generator.integers(len(blocks))]]
        return [(source, by_source[id(source)]) for source in sources]

    def _count(self, source: RasterSource, blocks: Sequence[PixelRect], done: float) -> tuple[int, NDArray[np.int64]]:
        num_classes = len(self._description.table.scheme)
        counts, sampled = np.zeros(num_classes, np.int64), 0
        for block in blocks:
            self._tell(done, "read", f"Reading {short_name(source.name)}")
            try:
                classes = source.read(block, block.size).classes
            except (SceneError, TrainingError) as error:
                self._faults.append(str(error))
                break
            counts += np.bincount(classes[classes != IGNORE_INDEX], minlength=num_classes)
            sampled += block.size.pixels
        return sampled, counts


def _facts(source: RasterSource, sampled_px: int, counts: NDArray[np.int64]) -> SourceFacts:
    return SourceFacts(
        image=source.name,
        labels=source.truth.name,
        size=source.size,
        bands=source.image.description.band_count,
        dtype=source.image.description.dtype,
        gsd_m=source.gsd_m,
        note=source.truth.note,
        sampled_px=sampled_px,
        labeled_px=int(counts.sum()),
    )


def _shares(
    table: ClassTable, facts: Sequence[SourceFacts], counts: Sequence[NDArray[np.int64]]
) -> tuple[ClassShare, ...]:
    estimates = np.zeros(len(table.scheme))
    images = np.zeros(len(table.scheme), np.int64)
    for fact, of_classes in zip(facts, counts, strict=True):
        if fact.sampled_px:
            estimates += of_classes * (fact.size.pixels / fact.sampled_px)
            images += of_classes > 0
    total = max(1.0, float(estimates.sum()))
    return tuple(
        ClassShare(c.name, c.color, round(pixels), float(pixels) / total, int(seen))
        for c, pixels, seen in zip(table.scheme.classes, estimates.tolist(), images.tolist(), strict=True)
    )


def _nothing_labeled(facts: Sequence[SourceFacts]) -> str:
    looked = f"'{short_name(facts[0].labels)}' over '{short_name(facts[0].image)}'"
    more = f" and the other {len(facts) - 1} pairs" if len(facts) > 1 else ""
    return (
        f"No pixel has a class ({looked}{more}): the labels lie elsewhere, or all their values are ignored; check "
        "their coordinates and the class table."
    )


def _warnings(facts: Sequence[SourceFacts], classes: Sequence[ClassShare], *, complete: bool) -> list[str]:
    found = []
    seen = "occurs nowhere in the labels" if complete else "was not seen in the sample that was read"
    found += [f"The class '{c.name}' {seen}; a model cannot learn it." for c in classes if not c.pixels]
    empty = [short_name(fact.image) for fact in facts if not fact.labeled_px and fact.sampled_px]
    if empty:
        found.append(f"{len(empty)} of {len(facts)} images showed no labelled pixel ({_named(empty)}).")
    sizes = sorted(fact.gsd_m for fact in facts if fact.gsd_m is not None)
    if sizes and sizes[-1] > _PIXEL_SIZE_RATIO * sizes[0]:
        found.append(
            f"Pixel sizes range from {sizes[0]:.3g} m to {sizes[-1]:.3g} m; a model learns one size best, so resample "
            "the images or train a model for each."
        )
    warped = [short_name(fact.labels) for fact in facts if "warped" in fact.note]
    if warped:
        found.append(
            f"{len(warped)} of {len(facts)} label rasters lie on another grid than their images and are warped to it, "
            f"by nearest neighbor ({_named(warped)})."
        )
    return found


def _named(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
