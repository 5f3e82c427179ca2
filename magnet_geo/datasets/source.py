"""`LabeledSource`: an image with labels of which any rectangle can be read at any size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from magnet_geo.datasets.labeled_image import LabeledImage
from magnet_geo.grid import PixelRect, Size
from magnet_geo.raster import ScenePixels


class LabeledSource(Protocol):
    """An image with the class of each pixel, perhaps far too large for memory; safe to read from several threads."""

    @property
    def name(self) -> str:
        """The image's path, for messages."""
        ...

    @property
    def size(self) -> Size:
        """Its size at full resolution."""
        ...

    @property
    def band_count(self) -> int:
        """Bands of what is read."""
        ...

    @property
    def gsd_m(self) -> float | None:
        """Side of a pixel on the ground in metres; None where the image is not georeferenced."""
        ...

    def read_pixels(self, rect: PixelRect) -> ScenePixels:
        """Read model values at full resolution, without classes, as `segment` reads them from the same file.

        Args:
            rect: In pixels of full resolution; what lies beyond the image is not valid.

        Returns:
            (B, H, W) uint8 or float32 in 0-255, 0 where not valid, with their validity.

        Raises:
            SceneError: A part of a file cannot be decoded.
        """
        ...

    def read(self, rect: PixelRect, shape: Size) -> LabeledImage:
        """Read a rectangle, resampled.

        Pixels are averaged over area where they shrink and interpolated (bilinear) where they grow; classes are
        those at the new pixels' centers.

        Args:
            rect: In pixels of full resolution; what lies beyond the image is not valid and has no label.
            shape: Size of what is given back.

        Raises:
            TrainingError: A label is none of the class table's.
            SceneError: A part of a file cannot be decoded.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class MemorySource:
    """A source that holds its image.

    Attributes:
        name: What messages call it.
        image: The image at full resolution.
        gsd_m: Side of a pixel on the ground in metres, or None.
    """

    name: str
    image: LabeledImage
    gsd_m: float | None = None

    @property
    def size(self) -> Size:
        """Return the size at full resolution."""
        return Size(*self.image.classes.shape)

    @property
    def band_count(self) -> int:
        """Count the bands of what is read."""
        return int(self.image.pixels.shape[2])

    def read_pixels(self, rect: PixelRect) -> ScenePixels:
        """Cut out model values, as `LabeledSource.read_pixels`."""
        return self.image.cut(rect).scene_pixels

    def read(self, rect: PixelRect, shape: Size) -> LabeledImage:
        """Read a rectangle, resampled, with its classes."""
        return self.image.cut(rect).resampled(shape)
