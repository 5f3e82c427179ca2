"""`LabeledImage`: pixels as a network sees them, with the class of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from magnet_geo.datasets.resampling import nearest_classes
from magnet_geo.errors import TrainingError
from magnet_geo.grid import PixelRect, Size
from magnet_geo.raster import ScenePixels, resample_valid

#: Class index of pixels without a label; no loss and no score counts them.
IGNORE_INDEX = 255

_Number = TypeVar("_Number", bound=np.generic)


class Orientation(Protocol):
    """A turn or mirroring of arrays."""

    def apply(self, pixels: NDArray[_Number]) -> NDArray[_Number]:
        """Return an (H, W) or (H, W, B) array in this orientation."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class LabeledImage:
    """One image with the class of each pixel.

    Attributes:
        pixels: (H, W, B) model values in 0-255, uint8 or float32, as `segment` sees them; 0 where not valid.
        valid: (H, W) boolean, False where there is no data, nodata and what lies beyond the image alike.
        classes: (H, W) uint8 class index, `IGNORE_INDEX` where unlabelled.
    """

    pixels: NDArray[np.generic]
    valid: NDArray[np.bool_]
    classes: NDArray[np.uint8]

    def __post_init__(self) -> None:
        if self.pixels.ndim != 3 or not self.pixels.shape[:2] == self.valid.shape == self.classes.shape:
            raise TrainingError(
                f"An image of shape {self.pixels.shape} does not fit a validity of shape {self.valid.shape} and labels "
                f"of shape {self.classes.shape}; give (H, W, bands), (H, W) and (H, W) arrays of one height and width."
            )

    @classmethod
    def of_bands(
        cls, values: NDArray[np.generic], valid: NDArray[np.bool_], classes: NDArray[np.uint8]
    ) -> LabeledImage:
        """Make an image of (B, H, W) values."""
        return cls(np.ascontiguousarray(np.moveaxis(values, 0, 2)), valid, classes)

    @property
    def scene_pixels(self) -> ScenePixels:
        """The pixels without their classes, band by band."""
        return ScenePixels(np.ascontiguousarray(np.moveaxis(self.pixels, 2, 0)), self.valid)

    @property
    def nbytes(self) -> int:
        """Memory of the arrays."""
        return self.pixels.nbytes + self.valid.nbytes + self.classes.nbytes

    def resampled(self, shape: Size) -> LabeledImage:
        """Return the image at another size.

        Pixels are averaged over area where they shrink and interpolated (bilinear) where they grow, valid ones only;
        classes are those at the new pixels' centers.
        """
        if self.classes.shape == (shape.height, shape.width):
            return self
        values, valid = resample_valid(np.moveaxis(self.pixels, 2, 0), self.valid, shape)
        return LabeledImage.of_bands(values, valid, nearest_classes(self.classes, shape))

    def window(self, *, row: int, col: int, side_px: int) -> LabeledImage:
        """Cut out a square; parts outside the image are not valid and have no label."""
        return self.cut(PixelRect(row, col, side_px, side_px))

    def cut(self, rect: PixelRect) -> LabeledImage:
        """Cut out a rectangle; parts outside the image are not valid and have no label."""
        height, width = self.classes.shape
        inside = rect.intersection(PixelRect(0, 0, height, width))
        if inside == rect:
            return LabeledImage(self.pixels[rect.slices], self.valid[rect.slices], self.classes[rect.slices])
        pixels = np.zeros((rect.height, rect.width, self.pixels.shape[2]), self.pixels.dtype)
        valid = np.zeros((rect.height, rect.width), np.bool_)
        classes = np.full((rect.height, rect.width), IGNORE_INDEX, np.uint8)
        if inside is not None:
            place = inside.relative_to(rect).slices
            pixels[place], valid[place] = self.pixels[inside.slices], self.valid[inside.slices]
            classes[place] = self.classes[inside.slices]
        return LabeledImage(pixels, valid, classes)

    def oriented(self, orientation: Orientation) -> LabeledImage:
        """Rotate and mirror the image, without a copy."""
        return LabeledImage(
            orientation.apply(self.pixels), orientation.apply(self.valid), orientation.apply(self.classes)
        )
