"""Samples for the refinement module: one place seen at two or more levels, coarse to fine.

P the side of a patch, B bands, N batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import torch
from numpy.random import Generator
from torch import Tensor

from magnet_geo.datasets import IGNORE_INDEX, LabeledImage, LabeledSource
from magnet_geo.grid import MagnificationPyramid, PixelRect, Size
from magnet_geo.training.augmentation import ColorJitter, Dihedral
from magnet_geo.training.crops import (
    TRIES,
    CropBatch,
    SourceSet,
    changed_image,
    draw_offset,
    generator_of,
    published_extent,
    read_as_published,
)
from magnet_geo.training.settings import RefinementSettings


@dataclass(frozen=True, slots=True, eq=False)
class SeenPatch:
    """What one level shows of a place.

    Attributes:
        image: The patch as the network sees it.
        rect: Where it lies in the level before it, in pixels of this level.
        within: Size of the level before it, in pixels of this level.
        level: Number of the level.
        sharpness: Power the backbone's prediction of this patch is raised to.
    """

    image: LabeledImage
    rect: PixelRect
    within: Size
    level: int
    sharpness: float


@dataclass(frozen=True, slots=True, eq=False)
class SeenLevel:
    """One level of a batch of places.

    Attributes:
        crops: What the network sees.
        rects: Where each patch lies in the level before it, in pixels of this level.
        withins: Size of the level before, in pixels of this level, per patch.
        levels: Number of the level of each patch.
        sharpness: (N,) float32 powers of the backbone's predictions.
    """

    crops: CropBatch
    rects: tuple[PixelRect, ...]
    withins: tuple[Size, ...]
    levels: tuple[int, ...]
    sharpness: Tensor

    @classmethod
    def of(cls, patches: Sequence[SeenPatch]) -> SeenLevel:
        """Stacks patches of one size."""
        return cls(
            CropBatch.of([patch.image for patch in patches]),
            rects=tuple(patch.rect for patch in patches),
            withins=tuple(patch.within for patch in patches),
            levels=tuple(patch.level for patch in patches),
            sharpness=torch.tensor([patch.sharpness for patch in patches], dtype=torch.float32),
        )


@dataclass(frozen=True, slots=True, eq=False)
class PlaceBatch:
    """Places as tensors.

    Attributes:
        levels: Coarse to fine; the first has no level before it.
    """

    levels: tuple[SeenLevel, ...]

    @classmethod
    def of(cls, places: Sequence[Sequence[SeenPatch]]) -> PlaceBatch:
        """Stacks places of one form."""
        return cls(tuple(SeenLevel.of(patches) for patches in zip(*places, strict=True)))

    def to(self, device: torch.device) -> PlaceBatch:
        """Return the same on a device; the copy overlaps with computation where memory is pinned."""
        return PlaceBatch(
            tuple(
                replace(level, crops=level.crops.to(device), sharpness=level.sharpness.to(device))
                for level in self.levels
            )
        )

    def pin_memory(self) -> PlaceBatch:
        """Return the same in pinned memory."""
        return PlaceBatch(tuple(replace(level, crops=level.crops.pin_memory()) for level in self.levels))


class ChainSampler:
    """Draws places of decimation pyramids: a patch at every level, each inside the one before.

    Args:
        sources: The images.
        pyramid: Levels of the model.
        settings: How places are drawn.
    """

    def __init__(self, sources: SourceSet, pyramid: MagnificationPyramid, settings: RefinementSettings) -> None:
        self._sources, self._pyramid, self._settings = sources, pyramid, settings
        self._color = ColorJitter.of_strength(settings.color, bands=sources.sources[0].band_count)
        self._patch = pyramid.patch.height
        self._decimations = [round(pyramid.decimation(level)) for level in range(len(pyramid.levels))]

    @property
    def samples_per_epoch(self) -> int:
        """Places that show each pixel about once at the coarsest level."""
        side = self._patch * self._decimations[0]
        windows = (s.size.pixels / (side * self._sources.pixel_ratio(s)) ** 2 for s in self._sources.sources)
        return max(1, round(sum(windows)))

    def __call__(self, number: int) -> list[SeenPatch]:
        """Return the place of a sample number, coarse to fine."""
        generator = generator_of(self._settings.seed, 1, number)
        for _ in range(TRIES):
            place = self._draw(generator)
            if any((patch.image.classes != IGNORE_INDEX).any() for patch in place[1:]):
                break
        return place

    def _draw(self, generator: Generator) -> list[SeenPatch]:
        source = self._sources.draw(generator)
        orientation = Dihedral.draw(generator, flips=self._settings.flips, rotations=self._settings.rotations)
        color = self._color.draw(generator)
        ratio, patch_px = self._sources.pixel_ratio(source), self._patch
        coarsest = self._decimations[0] * ratio
        top, left = (
            draw_offset(size, round(patch_px * coarsest), 0, generator)
            for size in (source.size.height, source.size.width)
        )
        row = col = 0
        place = []
        for level, (coarse, fine) in enumerate(pairwise((self._decimations[0], *self._decimations))):
            zoom = coarse // fine
            extent = patch_px * zoom
            inner_row, inner_col = (int(generator.integers(extent - patch_px + 1)) for _ in range(2))
            row, col = row * zoom + inner_row, col * zoom + inner_col
            side = max(1, round(patch_px * fine * ratio))
            rect = PixelRect(top + round(row * fine * ratio), left + round(col * fine * ratio), side, side)
            cut = source.read(rect, Size(patch_px, patch_px))
            turned_row, turned_col = orientation.place(
                row=inner_row, col=inner_col, height=patch_px, width=patch_px, within=(extent, extent)
            )
            place.append(
                SeenPatch(
                    changed_image(cut, orientation, color),
                    PixelRect(turned_row, turned_col, patch_px, patch_px),
                    Size(extent, extent),
                    level,
                    _sharpness(self._settings, generator),
                )
            )
        return place


class PairSampler:
    """Draws pairs as published: the whole image, and a random patch of a random level.

    Args:
        sources: The images.
        pyramid: Levels of the model.
        settings: How pairs are drawn.
        samples_per_step: Samples of one step over all processes: with weights per level, all of them are of one level.
        stand_in: As for `read_as_published`.
    """

    def __init__(
        self,
        sources: SourceSet,
        pyramid: MagnificationPyramid,
        settings: RefinementSettings,
        *,
        samples_per_step: int,
        stand_in: tuple[float, ...] = (),
    ) -> None:
        self._stand_in = stand_in
        self._sources, self._pyramid, self._settings = sources, pyramid, settings
        self._color = ColorJitter.of_strength(settings.color, bands=sources.sources[0].band_count)
        self._samples_per_step = samples_per_step

    @property
    def samples_per_epoch(self) -> int:
        """The number of images."""
        return len(self._sources.sources)

    def __call__(self, number: int) -> list[SeenPatch]:
        """Return the whole image and the patch of a sample number."""
        generator = generator_of(self._settings.seed, 1, number)
        step = generator_of(self._settings.seed, 2, number // self._samples_per_step)
        level = int((step if self._settings.per_level else generator).integers(1, len(self._pyramid.levels)))
        return self._seen(self._sources.in_turn(self._settings.seed, number), level, generator)

    def _seen(self, source: LabeledSource, level: int, generator: Generator) -> list[SeenPatch]:
        whole, patch, shape = self._pyramid.levels[level], self._pyramid.patch, self._pyramid.network_input
        orientation = Dihedral.draw(
            generator,
            flips=self._settings.flips,
            rotations=self._settings.rotations,
            square=shape.height == shape.width and source.size.height == source.size.width,
        )
        color = self._color.draw(generator)
        row = int(generator.integers(whole.height - patch.height + 1))
        col = int(generator.integers(whole.width - patch.width + 1))
        height, width = published_extent(self._pyramid, level, source.size)
        zoom_rows, zoom_cols = source.size.height / whole.height, source.size.width / whole.width
        rect = PixelRect(round(row * zoom_rows), round(col * zoom_cols), round(height), round(width))
        turned_row, turned_col = orientation.place(
            row=row, col=col, height=patch.height, width=patch.width, within=(whole.height, whole.width)
        )
        everything = PixelRect(0, 0, source.size.height, source.size.width)
        views = (
            (everything, PixelRect(0, 0, whole.height, whole.width), 0),
            (rect, PixelRect(turned_row, turned_col, patch.height, patch.width), level),
        )
        return [
            SeenPatch(
                changed_image(read_as_published(source, cut, shape, stand_in=self._stand_in), orientation, color),
                place,
                whole,
                number,
                _sharpness(self._settings, generator),
            )
            for cut, place, number in views
        ]


def _sharpness(settings: RefinementSettings, generator: Generator) -> float:
    return float(generator.uniform(*settings.sharpness_range))
