"""`LabeledImage`: pixels as a network sees them, with the class of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from magnet_geo.datasets.resampling import nearest_classes, resample_pixels
from magnet_geo.errors import TrainingError
from magnet_geo.grid import PixelRect, Size

#: Class index of pixels without a label; no loss and no score counts them.
IGNORE_INDEX = 255


class Orientation(Protocol):
    """A turn or mirroring of arrays."""

    def apply(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Gives an (H, W) or (H, W, B) array in this orientation."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class LabeledImage:
    """One image with the class of each pixel.

    Attributes:
        pixels: (H, W, B) uint8, 1-255 where valid; 0 in every band means padding.
        classes: (H, W) uint8 class index, `IGNORE_INDEX` where unlabelled.
    """

    pixels: NDArray[np.uint8]
    classes: NDArray[np.uint8]

    def __post_init__(self) -> None:
        if self.pixels.ndim != 3 or self.pixels.shape[:2] != self.classes.shape:
            raise TrainingError(
                f"An image of shape {self.pixels.shape} does not fit labels of shape {self.classes.shape}; "
                "give (H, W, bands) and (H, W) arrays of the same height and width."
            )

    def resampled(self, shape: Size) -> LabeledImage:
        """Gives the image at another size.

        Pixels are averaged over area where they shrink and interpolated (bilinear) where they grow, valid ones only;
        classes are those at the new pixels' centers.
        """
        if self.classes.shape == (shape.height, shape.width):
            return self
        return LabeledImage(resample_pixels(self.pixels, shape), nearest_classes(self.classes, shape))

    def decimated(self, factor: int) -> LabeledImage:
        """Gives the image at 1/factor; rows and columns that fill no whole block are left out."""
        height, width = (size // factor for size in self.classes.shape)
        whole = self.cut(PixelRect(0, 0, height * factor, width * factor))
        return whole.resampled(Size(height, width))

    def window(self, *, row: int, col: int, side_px: int) -> LabeledImage:
        """Gives a square cut; parts outside the image are zero pixels without a label."""
        return self.cut(PixelRect(row, col, side_px, side_px))

    def cut(self, rect: PixelRect) -> LabeledImage:
        """Gives a rectangle; parts outside the image are zero pixels without a label."""
        height, width = self.classes.shape
        inside = rect.intersection(PixelRect(0, 0, height, width))
        if inside == rect:
            return LabeledImage(self.pixels[rect.slices], self.classes[rect.slices])
        pixels = np.zeros((rect.height, rect.width, self.pixels.shape[2]), np.uint8)
        classes = np.full((rect.height, rect.width), IGNORE_INDEX, np.uint8)
        if inside is not None:
            place = inside.relative_to(rect).slices
            pixels[place], classes[place] = self.pixels[inside.slices], self.classes[inside.slices]
        return LabeledImage(pixels, classes)

    def oriented(self, orientation: Orientation) -> LabeledImage:
        """Gives the image rotated and mirrored, without a copy."""
        return LabeledImage(orientation.apply(self.pixels), orientation.apply(self.classes))
