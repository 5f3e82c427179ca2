"""`RasterSource`: a labelled image in files, read by rectangle; nothing is cut beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import gcd

import numpy as np
from numpy.typing import NDArray

from magnet_geo.datasets.decoded_images import DecodedImages
from magnet_geo.datasets.labeled_image import IGNORE_INDEX, LabeledImage
from magnet_geo.datasets.reader_pool import ReaderPool
from magnet_geo.datasets.truth import Truth
from magnet_geo.grid import PixelRect, RasterGrid, Size
from magnet_geo.normalization import Scaling
from magnet_geo.raster import SceneDescription, ScenePixels, SceneReader, SceneSource

# Compressed as a whole: any window costs the decoding of all rows above it.
_WHOLE_IMAGE_DRIVERS = {"PNG", "JPEG", "WEBP", "GIF", "JPEGXL", "HEIF", "AVIF"}
_STRIP_PIXELS = 4 * 2**20


@dataclass(frozen=True, slots=True, eq=False)
class ImageFile:
    """Where pixels come from, and how they become 1-255.

    Attributes:
        source: The raster.
        description: What it holds.
        bands: Band numbers, 1-based.
        scaling: Native values to 0-255; None for 8-bit values taken as they are.
    """

    source: SceneSource
    description: SceneDescription
    bands: tuple[int, ...]
    scaling: Scaling | None


class RasterSource:
    """A labelled image whose pixels and labels lie in files; see `LabeledSource`.

    Rectangles are read straight from the file, in strips where they shrink. Small images of formats that can only be
    decoded whole (JPEG, PNG) are decoded once and held within the budget of `DecodedImages`.
    """

    def __init__(self, image: ImageFile, truth: Truth, pool: ReaderPool, decoded: DecodedImages) -> None:
        """Bring an image and its labels together.

        Args:
            image: The pixels.
            truth: The classes, on the image's grid.
            pool: Where readers are kept.
            decoded: Where decoded images are kept.
        """
        self.name = image.source.path
        self.image, self.truth = image, truth
        self._pool, self._decoded = pool, decoded
        self._held = self._is_decoded_whole()

    @property
    def grid(self) -> RasterGrid:
        """Georeference and size."""
        return self.image.description.grid

    @property
    def size(self) -> Size:
        """See `LabeledSource.size`."""
        return self.grid.size

    @property
    def band_count(self) -> int:
        """See `LabeledSource.band_count`."""
        return len(self.image.bands)

    @property
    def gsd_m(self) -> float | None:
        """See `LabeledSource.gsd_m`."""
        return self.grid.ground_sample_distance_m

    def read(self, rect: PixelRect, shape: Size) -> LabeledImage:
        """See `LabeledSource.read`."""
        if self._held:
            whole = self._decoded.get((self.name, self.truth.name), self._read_whole)
            return whole.cut(rect).resampled(shape)
        return self._read_strips(rect, shape)

    def _is_decoded_whole(self) -> bool:
        size_bytes = self.size.pixels * (self.band_count + 1)
        return self.image.description.driver in _WHOLE_IMAGE_DRIVERS and self._decoded.accepts(size_bytes)

    def _read_whole(self) -> LabeledImage:
        return self._read_strips(self.grid.rect, self.size)

    def _read_strips(self, rect: PixelRect, shape: Size) -> LabeledImage:
        pixels = np.empty((shape.height, shape.width, self.band_count), np.uint8)
        classes = np.empty((shape.height, shape.width), np.uint8)
        for strip, rows in _strips(rect, shape):
            size = Size(rows.stop - rows.start, shape.width)
            part = LabeledImage(self._pixels(strip), np.empty((strip.height, strip.width), np.uint8))
            pixels[rows] = part.resampled(size).pixels
            classes[rows] = self.truth.read(strip, size)
        classes[~pixels.any(axis=2)] = IGNORE_INDEX
        return LabeledImage(pixels, classes)

    def _pixels(self, rect: PixelRect) -> NDArray[np.uint8]:
        with self._pool.lend(("image", self.name, self.image.bands), self._make) as reader:
            return _to_uint8(reader.read(rect), self.image.scaling)

    def _make(self) -> SceneReader:
        return SceneReader(self.image.source, self.image.bands)


def _to_uint8(pixels: ScenePixels, scaling: Scaling | None) -> NDArray[np.uint8]:
    """Scaled values as (H, W, B) uint8: 1-255 where valid, 0 elsewhere."""
    values = pixels.values if scaling is None else np.rint(scaling.apply(pixels.values))
    visible = np.clip(values, 1, 255).astype(np.uint8)
    visible[:, ~pixels.valid] = 0
    return np.ascontiguousarray(visible.transpose(1, 2, 0))


def _strips(rect: PixelRect, shape: Size) -> Iterator[tuple[PixelRect, slice]]:
    """Rows that make whole rows of the shape by themselves; one strip where pixels are interpolated."""
    parts = gcd(rect.height, shape.height)
    if shape.height > rect.height or rect.size.pixels <= _STRIP_PIXELS:
        parts = 1
    unit, new_unit = rect.height // parts, shape.height // parts
    units = max(1, _STRIP_PIXELS // (unit * rect.width))
    for first in range(0, parts, units):
        count = min(units, parts - first)
        strip = PixelRect(rect.row + first * unit, rect.col, count * unit, rect.width)
        yield strip, slice(first * new_unit, (first + count) * new_unit)
