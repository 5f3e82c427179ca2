"""The windows a training is validated on, read one at a time and spread evenly over the data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import inf

import torch

from magnet_geo.datasets import IGNORE_INDEX, LabeledImage, LabeledSource
from magnet_geo.grid import PixelRect, PyramidManner, ReadScale, Size
from magnet_geo.model import Manifest
from magnet_geo.scene import plan_windows
from magnet_geo.training.validation import ValidationWindow, validation_window

_TRIES_PER_WINDOW = 20


@dataclass(frozen=True, slots=True)
class _Place:
    source: LabeledSource
    rect: PixelRect
    shape: Size
    core: PixelRect


@dataclass(slots=True, eq=False)
class ValidationSet:
    """Labelled windows, planned and read as a scene's are; may be iterated again and again.

    Attributes:
        sources: The images.
        target: The model in the making: its pixel size, levels, normalization and halo.
        limit: Windows at most.
        device: Where the levels are kept.
    """

    sources: Sequence[LabeledSource]
    target: Manifest
    limit: int
    device: torch.device
    _labeled: list[_Place] | None = field(default=None, init=False)

    def __iter__(self) -> Iterator[ValidationWindow]:
        """Yield the windows that hold a label."""
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
        pyramid = self.target.pyramid
        if pyramid.manner is PyramidManner.PUBLISHED:
            whole = PixelRect(0, 0, source.size.height, source.size.width)
            yield _Place(source, whole, source.size, whole)
            return
        scale = self._scale(source, pyramid.window)
        for window in plan_windows(source.size, scale, self.target):
            core = window.core_in_read
            rows, cols = (
                [round(edge / scale.ratio) for edge in edges]
                for edges in ((core.row, core.row_stop), (core.col, core.col_stop))
            )
            seen = PixelRect(rows[0], cols[0], rows[1] - rows[0], cols[1] - cols[0])
            yield _Place(source, window.read, pyramid.window, seen)

    def _scale(self, source: LabeledSource, window: Size) -> ReadScale:
        if self.target.gsd_m is None or source.gsd_m is None:
            return ReadScale.native()
        return ReadScale.between(
            model_gsd_m=self.target.gsd_m, scene_gsd_m=source.gsd_m, window=window, largest_ratio=inf
        )

    @staticmethod
    def _read(place: _Place) -> LabeledImage:
        return place.source.read(place.rect, place.shape)

    def _window(self, place: _Place, image: LabeledImage) -> ValidationWindow:
        return validation_window(
            image,
            place.core,
            pyramid=self.target.pyramid,
            normalization=self.target.normalization,
            device=self.device,
        )
