"""`RasterSource`: a labelled image in files, read by rectangle; nothing is cut beforehand."""

from __future__ import annotations

from dataclasses import dataclass

from magnet_geo.datasets.decoded_images import DecodedImages
from magnet_geo.datasets.labeled_image import IGNORE_INDEX, LabeledImage
from magnet_geo.datasets.reader_pool import ReaderPool
from magnet_geo.datasets.truth import Truth
from magnet_geo.grid import PixelRect, RasterGrid, Size
from magnet_geo.normalization import Scaling
from magnet_geo.raster import (
    SceneDescription,
    ScenePixels,
    SceneReader,
    SceneSource,
    read_model_pixels,
    scale_pixels,
)

# Compressed as a whole: any window costs the decoding of all rows above it.
_WHOLE_IMAGE_DRIVERS = {"PNG", "JPEG", "WEBP", "GIF", "JPEGXL", "HEIF", "AVIF"}


@dataclass(frozen=True, slots=True, eq=False)
class ImageFile:
    """Where pixels come from, and how they become model values.

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

    Rectangles are read straight from the file, in strips where they shrink, through the module that `segment` reads
    through. Small images of formats that can only be decoded whole (JPEG, PNG) are decoded once and held within the
    budget of `DecodedImages`.
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
        """Return the size at full resolution."""
        return self.grid.size

    @property
    def band_count(self) -> int:
        """Count the bands of what is read."""
        return len(self.image.bands)

    @property
    def gsd_m(self) -> float | None:
        """Return the side of a pixel on the ground in metres, or None."""
        return self.grid.ground_sample_distance_m

    def read_pixels(self, rect: PixelRect) -> ScenePixels:
        """Read model values, as `LabeledSource.read_pixels`."""
        if self._held:
            return self._whole().cut(rect).scene_pixels
        return self._read_scaled(rect)

    def read(self, rect: PixelRect, shape: Size) -> LabeledImage:
        """Read a rectangle, resampled, with its classes."""
        return self._whole().cut(rect).resampled(shape) if self._held else self._read(rect, shape)

    def _is_decoded_whole(self) -> bool:
        value_bytes = 1 if self.image.scaling is None else 4
        size_bytes = self.size.pixels * (self.band_count * value_bytes + 2)
        return self.image.description.driver in _WHOLE_IMAGE_DRIVERS and self._decoded.accepts(size_bytes)

    def _whole(self) -> LabeledImage:
        return self._decoded.get((self.name, self.truth.name), lambda: self._read(self.grid.rect, self.size))

    def _read(self, rect: PixelRect, shape: Size) -> LabeledImage:
        pixels = read_model_pixels(self._read_scaled, rect, shape)
        classes = self.truth.read(rect, shape)
        classes[~pixels.valid] = IGNORE_INDEX
        return LabeledImage.of_bands(pixels.values, pixels.valid, classes)

    def _read_scaled(self, rect: PixelRect) -> ScenePixels:
        with self._pool.lend(("image", self.name, self.image.bands), self._make) as reader:
            return scale_pixels(reader.read(rect), self.image.scaling)

    def _make(self) -> SceneReader:
        return SceneReader(self.image.source, self.image.bands)
