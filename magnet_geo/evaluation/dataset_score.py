"""`score_dataset`: a model on labelled images, several modes side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from magnet_geo.compute.device import precision_name
from magnet_geo.datasets import LabeledDataset, LabeledSource, overlap_warnings
from magnet_geo.errors import OptionError
from magnet_geo.evaluation.boundary import DEFAULT_TOLERANCE_PX
from magnet_geo.evaluation.dataset_records import DatasetScores, ImageScore, ModeScores
from magnet_geo.evaluation.image_mapping import ImageMapper, MapMode, MappedImage
from magnet_geo.evaluation.map_score import MapScore, score_parts
from magnet_geo.evaluation.prediction_picture import ImageMap
from magnet_geo.evaluation.score_record import score_record
from magnet_geo.grid import PixelRect
from magnet_geo.inference.segmenter import Segmenter
from magnet_geo.plain_text import short_name
from magnet_geo.progress import CancelToken, ProgressEvent, ProgressListener, WarningEvent, ignore_progress
from magnet_geo.scene import model_record

#: Receives each image with its maps, one per mode, before these are forgotten.
ImageListener = Callable[[LabeledSource, Sequence[ImageMap]], None]


@dataclass(frozen=True, slots=True)
class ScoringOptions:
    """Decisions about the scoring of a dataset.

    Attributes:
        modes: What is run: ``coarse`` only, ``fast`` and ``full`` refinement, ``slid``: the backbone alone on
            overlapping patches of the finest level, or a share of the patches such as ``0.25``.
            None for the first three, as far as the model has them.
        tolerance_px: How far apart borders may lie, in pixels.
        gsd: Pixel size of the images in metres where they do not say; ``"native"`` takes pixels as they are.
        scratch: Folder for maps in the making, a byte per pixel and mode of one image; None for the system's.
    """

    modes: tuple[MapMode, ...] | None = None
    tolerance_px: int = DEFAULT_TOLERANCE_PX
    gsd: float | Literal["native"] | None = None
    scratch: Path | None = None


def score_dataset(
    dataset: LabeledDataset,
    model: Segmenter,
    options: ScoringOptions,
    *,
    on_image: ImageListener | None = None,
    progress: ProgressListener = ignore_progress,
    cancel: CancelToken | None = None,
) -> DatasetScores:
    """Map every image in every mode and compare it with its labels, at the images' own pixels.

    Args:
        dataset: The images, with the model's classes.
        model: The model.
        options: What the user says.
        on_image: Receives the maps of each image.
        progress: Receives events.
        cancel: Stops between two windows.

    Raises:
        OptionError: The classes differ, or the model lacks a mode.
        SceneError: An image cannot be read.
        TrainingError: Labels cannot be used.
    """
    _require_same_classes(dataset, model)
    mappers = [ImageMapper(model, mode, gsd=options.gsd) for mode in options.modes or modes_of(model)]
    uncounted = dataset.table.uncounted | (set(range(len(model.manifest.classes))) - {*model.manifest.counted_indices})
    for warning in overlap_warnings(dataset.sources, dataset.table.scheme, cancel=cancel):
        progress(WarningEvent(warning))
    run = _Run(dataset, mappers, uncounted, options, progress, cancel or CancelToken())
    for source in dataset.sources:
        run.score_image(source, on_image)
    progress(ProgressEvent(1.0, "test", "Done"))
    classes = dataset.table.scheme.classes
    return DatasetScores(
        model=model_record(model),
        images=len(dataset.sources),
        pixels=sum(source.size.pixels for source in dataset.sources),
        unlabeled_pixels=run.totals[0].score.unlabeled,
        device=str(model.predictor.device),
        precision=precision_name(model.predictor.dtype),
        modes=tuple(
            ModeScores(
                mode=mapper.mode,
                refined_share=total.refined / max(1, total.patches),
                passes=total.passes,
                seconds=total.seconds,
                scores=score_record(total.score, classes, uncounted=uncounted, tolerance_px=options.tolerance_px),
                by_image=tuple(total.images),
            )
            for mapper, total in zip(mappers, run.totals, strict=True)
        ),
    )


def modes_of(model: Segmenter) -> tuple[MapMode, ...]:
    """Return what a model offers, beside its backbone alone."""
    selection = model.manifest.selection
    if selection is None:
        return ("coarse",)
    return ("coarse", "full") if selection.fast is None else ("coarse", "fast", "full")


@dataclass(slots=True)
class _Total:
    """What one mode has come to."""

    score: MapScore
    images: list[ImageScore]
    patches: int = 0
    refined: int = 0
    passes: int = 0
    seconds: float = 0.0

    def add(self, source: LabeledSource, mapped: MappedImage, score: MapScore, uncounted: frozenset[int]) -> None:
        self.score += score
        self.images.append(ImageScore.of(source.name, score, uncounted=uncounted))
        self.patches, self.refined = self.patches + mapped.patches, self.refined + mapped.refined
        self.passes, self.seconds = self.passes + mapped.passes, self.seconds + mapped.seconds


class _Run:
    def __init__(
        self,
        dataset: LabeledDataset,
        mappers: Sequence[ImageMapper],
        uncounted: frozenset[int],
        options: ScoringOptions,
        progress: ProgressListener,
        cancel: CancelToken,
    ) -> None:
        self._dataset, self._mappers, self._uncounted, self._options = dataset, mappers, uncounted, options
        self._progress, self._cancel = progress, cancel
        self._classes = len(dataset.table.scheme)
        self._windows = sum(mapper.count_windows(source) for mapper in mappers for source in dataset.sources)
        self._done = 0
        self.totals = [_Total(MapScore.empty(self._classes), []) for _ in mappers]

    def score_image(self, source: LabeledSource, on_image: ImageListener | None) -> None:
        with ExitStack() as folders:
            mapped = []
            for mapper in self._mappers:
                folder = folders.enter_context(TemporaryDirectory(prefix="magnet-geo-", dir=self._options.scratch))
                image = mapper.map(source, Path(folder), on_window=lambda: self._step(source), cancel=self._cancel)
                mapped.append(image)
            scores = self._scores(source, mapped)
            for total, image, score in zip(self.totals, mapped, scores, strict=True):
                total.add(source, image, score, self._uncounted)
            if on_image is not None:
                on_image(
                    source,
                    [
                        ImageMap(mapper.mode, image.classes, total.images[-1])
                        for mapper, image, total in zip(self._mappers, mapped, self.totals, strict=True)
                    ],
                )

    def _scores(self, source: LabeledSource, mapped: Sequence[MappedImage]) -> list[MapScore]:
        whole = PixelRect(0, 0, source.size.height, source.size.width)
        scores = []
        for image in mapped:
            total = MapScore.empty(self._classes)
            for part in score_parts(
                whole,
                whole,
                _reader(source, image.classes),
                num_classes=self._classes,
                tolerance_px=self._options.tolerance_px,
            ):
                self._cancel.raise_if_cancelled()
                total += part
            scores.append(total)
        return scores

    def _step(self, source: LabeledSource) -> None:
        self._done = min(self._done + 1, self._windows)
        self._progress(ProgressEvent(self._done / self._windows, "test", f"Testing {short_name(source.name)}"))


def _reader(
    source: LabeledSource, classes: NDArray[np.uint8]
) -> Callable[[PixelRect], tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    def read(rect: PixelRect) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        return source.read(rect, rect.size).classes, np.asarray(classes[rect.slices])

    return read


def _require_same_classes(dataset: LabeledDataset, model: Segmenter) -> None:
    found = [c.name for c in dataset.table.scheme.classes]
    wanted = [entry.name for entry in model.manifest.classes]
    if found != wanted:
        raise OptionError(
            f"The labels' classes are {', '.join(found)}, the model's {', '.join(wanted)}; give `classes` with the "
            "model's names in its order."
        )
