"""The windows a training is validated on, read one at a time and spread evenly over the data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil

import numpy as np
import torch

from magnet_geo.datasets import IGNORE_INDEX, LabeledImage, LabeledSource
from magnet_geo.grid import MagnificationPyramid, PixelRect, PyramidManner, Size, WindowPlan
from magnet_geo.normalization import Normalization
from magnet_geo.progressive import build_image_pyramid
from magnet_geo.training.validation import ValidationWindow

_TRIES_PER_WINDOW = 20


@dataclass(frozen=True, slots=True)
class _Place:
    source: LabeledSource
    rect: PixelRect
    shape: Size
    core: PixelRect


@dataclass(slots=True, eq=False)
class ValidationSet:
    """Labelled windows, as scenes are cut into them; may be iterated again and again.

    Attributes:
        sources: The images.
        gsd_m: Pixel size of the model in metres; None takes pixels as they are.
        pyramid: Levels of a window.
        normalization: Of values / 255.
        halo_px: Pixels of a window dropped on each inner side, which are not scored.
        limit: Windows at most.
        device: Where the levels are kept.
    """

    sources: Sequence[LabeledSource]
    gsd_m: float | None
    pyramid: MagnificationPyramid
    normalization: Normalization
    halo_px: int
    limit: int
    device: torch.device
    _labeled: list[_Place] | None = field(default=None, init=False)

    def __iter__(self) -> Iterator[ValidationWindow]:
        """Yields the windows that hold a label."""
        if self._labeled is not None:
            for place in self._labeled:
                yield self._window(place, self._read(place))
            return
        found = []
        for place in self._candidates():
            image = self._read(place)
            if (image.classes[place.core.slices] != IGNORE_INDEX).any():
                found.append(place)
                yield self._window(place, image)
            if len(found) == self.limit:
                break
        self._labeled = found

    def _candidates(self) -> Iterator[_Place]:
        places = [place for source in self.sources for place in self._places(source)]
        # Far-apart ones first: each power of two halves the gaps.
        order = sorted(range(len(places)), key=lambda index: f"{index:b}"[::-1])
        for index in order[: self.limit * _TRIES_PER_WINDOW]:
            yield places[index]

    def _places(self, source: LabeledSource) -> Iterator[_Place]:
        size = source.size
        if self.pyramid.manner is PyramidManner.PUBLISHED:
            whole = PixelRect(0, 0, size.height, size.width)
            yield _Place(source, whole, size, whole)
            return
        ratio = 1.0 if self.gsd_m is None or source.gsd_m is None else self.gsd_m / source.gsd_m
        seen = Size(max(1, ceil(size.height / ratio)), max(1, ceil(size.width / ratio)))
        for step in WindowPlan(seen, self.pyramid.window, self.halo_px):
            read = step.read
            rect = PixelRect(*(round(length * ratio) for length in (read.row, read.col, read.height, read.width)))
            yield _Place(source, rect, read.size, step.core_in_read)

    @staticmethod
    def _read(place: _Place) -> LabeledImage:
        return place.source.read(place.rect, place.shape)

    def _window(self, place: _Place, image: LabeledImage) -> ValidationWindow:
        classes = np.full_like(image.classes, IGNORE_INDEX)
        core = place.core.slices
        classes[core] = image.classes[core]
        values = np.ascontiguousarray(np.moveaxis(image.pixels, 2, 0))
        levels = build_image_pyramid(
            values,
            np.any(values > 0, axis=0),
            pyramid=self.pyramid,
            normalization=self.normalization,
            device=self.device,
        )
        return ValidationWindow(levels, classes)
