"""Crops for the backbone: read straight from the sources at seeded random places, one for each sample number.

H and W the size of a crop as the network sees it, B bands, N batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

from magnet_geo.datasets import IGNORE_INDEX, LabeledImage, LabeledSource
from magnet_geo.datasets.resampling import nearest_classes
from magnet_geo.grid import MagnificationPyramid, PixelRect, PyramidManner, Size
from magnet_geo.training.augmentation import ColorChange, ColorJitter, Dihedral
from magnet_geo.training.settings import BackboneSettings

OVERHANG_SHARE = 0.1
#: A place without any label is drawn again this often: polygons may cover little of a scene.
TRIES = 8


def generator_of(*numbers: int) -> Generator:
    """Return the random numbers of one sample, a pure function of the numbers that name it."""
    return np.random.default_rng(numbers)


@dataclass(frozen=True, slots=True, eq=False)
class SourceSet:
    """Images of a training, with how often each is drawn.

    Attributes:
        sources: At least one.
        gsd_m: Pixel size of the model in metres; None takes pixels as they are.
        shares: Probability of each source, summing to 1.
    """

    sources: tuple[LabeledSource, ...]
    gsd_m: float | None
    shares: NDArray[np.float64]

    @classmethod
    def of(cls, sources: Sequence[LabeledSource], *, gsd_m: float | None, area_exponent: float) -> SourceSet:
        """Draws sources in proportion to their area to a power."""
        weights = np.array([source.size.pixels for source in sources], dtype=np.float64) ** area_exponent
        return cls(tuple(sources), gsd_m, np.asarray(weights / weights.sum()))

    def draw(self, generator: Generator) -> LabeledSource:
        """Return one source."""
        return self.sources[int(generator.choice(len(self.sources), p=self.shares))]

    def in_turn(self, seed: int, number: int) -> LabeledSource:
        """Return the source of a sample number: all of them once in random order, then again in another one."""
        epoch, place = divmod(number, len(self.sources))
        return self.sources[_order(seed, epoch, len(self.sources))[place]]

    def pixel_ratio(self, source: LabeledSource) -> float:
        """Return how many of the source's pixels one model pixel spans."""
        return 1.0 if self.gsd_m is None or source.gsd_m is None else self.gsd_m / source.gsd_m


@lru_cache(maxsize=4)
def _order(seed: int, epoch: int, count: int) -> tuple[int, ...]:
    return tuple(generator_of(seed, 3, epoch).permutation(count).tolist())


class CropSampler:
    """Draws the crop behind each sample number.

    Args:
        sources: The images.
        pyramid: Levels at which the network will be used.
        settings: How crops are drawn.
        stand_in: As for `read_as_published`.
    """

    def __init__(
        self,
        sources: SourceSet,
        pyramid: MagnificationPyramid,
        settings: BackboneSettings,
        *,
        stand_in: tuple[float, ...] = (),
    ) -> None:
        self._stand_in = stand_in
        self._sources, self._pyramid, self._settings = sources, pyramid, settings
        self._color = ColorJitter.of_strength(settings.color, bands=sources.sources[0].band_count)
        self._published = pyramid.manner is PyramidManner.PUBLISHED
        side = settings.crop_px
        self.shape = pyramid.network_input if self._published else Size(side, side)

    @property
    def samples_per_epoch(self) -> int:
        """Crops that show each pixel about once, or each image at each level."""
        if self._published:
            return len(self._sources.sources) * len(self._pyramid.levels)
        crops = (
            source.size.pixels / self._sources.pixel_ratio(source) ** 2 / self.shape.pixels
            for source in self._sources.sources
        )
        return max(1, round(sum(crops)))

    def __call__(self, number: int) -> LabeledImage:
        """Return the (H, W) crop of a sample number."""
        generator = generator_of(self._settings.seed, 0, number)
        for _ in range(TRIES):
            crop = self._cut(number, generator)
            if (crop.classes != IGNORE_INDEX).any():
                break
        orientation = Dihedral.draw(
            generator,
            flips=self._settings.flips,
            rotations=self._settings.rotations,
            square=self.shape.height == self.shape.width,
        )
        return changed_image(crop, orientation, self._color.draw(generator))

    def _cut(self, number: int, generator: Generator) -> LabeledImage:
        in_turn = self._published
        source = self._sources.in_turn(self._settings.seed, number) if in_turn else self._sources.draw(generator)
        height, width = self._extent(source, int(generator.integers(len(self._pyramid.levels))))
        low, high = np.log(self._settings.scale_range)
        scale = float(np.exp(generator.uniform(low, high)))
        overhang = 0.0 if self._published else OVERHANG_SHARE
        rows, cols = max(1, round(height * scale)), max(1, round(width * scale))
        row = draw_offset(source.size.height, rows, int(rows * overhang), generator)
        col = draw_offset(source.size.width, cols, int(cols * overhang), generator)
        rect = PixelRect(row, col, rows, cols)
        if self._published:
            return read_as_published(source, rect, self.shape, stand_in=self._stand_in)
        return source.read(rect, self.shape)

    def _extent(self, source: LabeledSource, level: int) -> tuple[float, float]:
        """Return the height and width, in the source's pixels, that a crop of a level shows."""
        if self._published:
            return published_extent(self._pyramid, level, source.size)
        side = self._settings.crop_px * self._pyramid.decimation(level) * self._sources.pixel_ratio(source)
        return side, side


def published_extent(pyramid: MagnificationPyramid, level: int, size: Size) -> tuple[float, float]:
    """Return the height and width of an image that one patch of a level shows; the first level shows all of it."""
    if level == 0:
        return size.height, size.width
    whole = pyramid.levels[level]
    return pyramid.patch.height * size.height / whole.height, pyramid.patch.width * size.width / whole.width


def read_as_published(
    source: LabeledSource, rect: PixelRect, shape: Size, *, stand_in: tuple[float, ...] = ()
) -> LabeledImage:
    """Read a rectangle as the published pipeline shows it: bilinear by OpenCV's rule, without averaging.

    Args:
        source: The image.
        rect: In its pixels.
        shape: Size wanted.
        stand_in: What is interpolated where pixels are not valid, per band in 0-1, as `PublishedImage` does with the
            mean of the normalization; 0 where none is given.
    """
    whole = source.read(rect, rect.size)
    pixels = np.ascontiguousarray(whole.pixels)
    if stand_in and not whole.valid.all():
        pixels = pixels.copy()
        pixels[~whole.valid] = np.asarray(stand_in) * 255
    pixels = cv2.resize(pixels, (shape.width, shape.height), interpolation=cv2.INTER_LINEAR)
    pixels = pixels.reshape(shape.height, shape.width, -1)
    valid = nearest_classes(whole.valid, shape)
    pixels[~valid] = 0
    return LabeledImage(pixels, valid, nearest_classes(whole.classes, shape))


def draw_offset(size: int, side_px: int, overhang_px: int, generator: Generator) -> int:
    """Return a first row or column so that a cut lies in the image up to an overhang, or holds all of it."""
    first, last = sorted((-overhang_px, size - side_px + overhang_px))
    return int(generator.integers(first, last + 1))


def changed_image(image: LabeledImage, orientation: Dihedral, color: ColorChange) -> LabeledImage:
    """Turn and mirror an image and change its colors."""
    turned = image.oriented(orientation)
    valid = np.ascontiguousarray(turned.valid)
    pixels = color.apply(np.ascontiguousarray(turned.pixels), valid)
    return LabeledImage(pixels, valid, np.ascontiguousarray(turned.classes))


@dataclass(frozen=True, slots=True, eq=False)
class CropBatch:
    """Crops as tensors.

    Attributes:
        images: (N, B, H, W) model values in 0-255, uint8 or float32, channels last in memory.
        valid: (N, H, W) boolean.
        classes: (N, H, W) uint8 class index.
    """

    images: Tensor
    valid: Tensor
    classes: Tensor

    @classmethod
    def of(cls, crops: Sequence[LabeledImage]) -> CropBatch:
        """Stacks crops of one size."""
        images, valid, classes = (
            torch.from_numpy(np.stack(arrays))
            for arrays in zip(*((crop.pixels, crop.valid, crop.classes) for crop in crops), strict=True)
        )
        return cls(images.permute(0, 3, 1, 2), valid, classes)

    def to(self, device: torch.device) -> CropBatch:
        """Return the same on a device; the copy overlaps with computation where memory is pinned."""
        return CropBatch(
            self.images.to(device, non_blocking=True),
            self.valid.to(device, non_blocking=True),
            self.classes.to(device, non_blocking=True),
        )

    def pin_memory(self) -> CropBatch:
        """Return the same in pinned memory."""
        return CropBatch(self.images.pin_memory(), self.valid.pin_memory(), self.classes.pin_memory())
