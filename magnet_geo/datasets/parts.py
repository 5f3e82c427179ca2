"""`PartSource` and `WithoutParts`: a labelled image seen through some of its rectangles only."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from magnet_geo.datasets.labeled_image import IGNORE_INDEX, LabeledImage
from magnet_geo.datasets.source import LabeledSource
from magnet_geo.grid import PixelRect, Size
from magnet_geo.raster import ScenePixels


@dataclass(frozen=True, slots=True, eq=False)
class PartSource:
    """One rectangle of a source as a source of its own; pixels around it can be read as context, without labels.

    Attributes:
        whole: The image.
        rect: The part, inside the image.
    """

    whole: LabeledSource
    rect: PixelRect

    @property
    def name(self) -> str:
        """The image's path and where the part begins."""
        return f"{self.whole.name} (from row {self.rect.row}, column {self.rect.col})"

    @property
    def size(self) -> Size:
        """Size of the part."""
        return self.rect.size

    @property
    def band_count(self) -> int:
        """Count the bands of what is read."""
        return self.whole.band_count

    @property
    def gsd_m(self) -> float | None:
        """Return the side of a pixel on the ground in metres, or None."""
        return self.whole.gsd_m

    def read_pixels(self, rect: PixelRect) -> ScenePixels:
        """Read model values; ``rect`` counts from the part's corner."""
        return self.whole.read_pixels(rect.shifted(rows=self.rect.row, cols=self.rect.col))

    def read(self, rect: PixelRect, shape: Size) -> LabeledImage:
        """Read a rectangle, resampled; ``rect`` counts from the part's corner."""
        image = self.whole.read(rect.shifted(rows=self.rect.row, cols=self.rect.col), shape)
        own = _covered(rect, shape, PixelRect(0, 0, self.rect.height, self.rect.width))
        return replace(image, classes=np.where(own, image.classes, np.uint8(IGNORE_INDEX)))


@dataclass(frozen=True, slots=True, eq=False)
class WithoutParts:
    """A source whose labels inside some rectangles are left out.

    Attributes:
        whole: The image.
        left_out: Where labels do not count.
    """

    whole: LabeledSource
    left_out: tuple[PixelRect, ...]

    @property
    def name(self) -> str:
        """Return the path, for messages."""
        return self.whole.name

    @property
    def size(self) -> Size:
        """Return the size at full resolution."""
        return self.whole.size

    @property
    def band_count(self) -> int:
        """Count the bands of what is read."""
        return self.whole.band_count

    @property
    def gsd_m(self) -> float | None:
        """Return the side of a pixel on the ground in metres, or None."""
        return self.whole.gsd_m

    def read_pixels(self, rect: PixelRect) -> ScenePixels:
        """Read model values, as `LabeledSource.read_pixels`."""
        return self.whole.read_pixels(rect)

    def read(self, rect: PixelRect, shape: Size) -> LabeledImage:
        """Read a rectangle, resampled, with its classes."""
        image = self.whole.read(rect, shape)
        touched = [part for part in self.left_out if part.intersection(rect) is not None]
        if not touched:
            return image
        out = np.logical_or.reduce([_covered(rect, shape, part) for part in touched])
        return replace(image, classes=np.where(out, np.uint8(IGNORE_INDEX), image.classes))


def _covered(rect: PixelRect, shape: Size, part: PixelRect) -> NDArray[np.bool_]:
    """Which of the rectangle's resampled pixels have their center in a part, (H, W) boolean."""
    rows = rect.row + (np.arange(shape.height) + 0.5) * rect.height / shape.height
    cols = rect.col + (np.arange(shape.width) + 0.5) * rect.width / shape.width
    in_rows, in_cols = (rows > part.row) & (rows < part.row_stop), (cols > part.col) & (cols < part.col_stop)
    return np.asarray(in_rows[:, None] & in_cols[None, :])
