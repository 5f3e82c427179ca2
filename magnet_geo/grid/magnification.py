"""`MagnificationPyramid`: the levels of one MagNet image, from coarse to fine, and their patches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from math import ceil

from magnet_geo.grid.pixel_rect import PixelRect, Size


class PyramidManner(StrEnum):
    """How an image meets the levels of a pyramid.

    Attributes:
        PUBLISHED: Any image is stretched to the level sizes with OpenCV's bilinear rule, patches are
            resized to the network's input, crops of the cumulative prediction use RoI-align: the numbers
            of the published scripts.
        DECIMATION: Levels are whole-number decimations by area averaging; an image that does not fill
            them is padded with invalid pixels; patches are cut and put back without resampling.
    """

    PUBLISHED = "published"
    DECIMATION = "decimation"


@dataclass(frozen=True, slots=True)
class MagnificationPyramid:
    """Level sizes of a MagNet image and the patch the network sees at each level.

    Attributes:
        levels: Size of the whole image at each level, coarse to fine.
        patch: What is cut out of a level (the paper's crop).
        network_input: What a patch is resized to before the network.
        manner: How images are fitted and resampled.
    """

    levels: tuple[Size, ...]
    patch: Size
    network_input: Size
    manner: PyramidManner

    def __post_init__(self) -> None:
        if not self.levels:
            raise ValueError("A pyramid needs at least one level.")
        for coarse, fine in pairwise(self.levels):
            if fine.height < coarse.height or fine.width < coarse.width:
                raise ValueError(f"Levels must grow from coarse to fine, but {fine} follows {coarse}.")
        for level in self.levels:
            if level.height < self.patch.height or level.width < self.patch.width:
                raise ValueError(f"The patch {self.patch} is larger than the level {level}.")
        if self.manner is PyramidManner.DECIMATION:
            self._check_decimation()

    def _check_decimation(self) -> None:
        if self.network_input != self.patch:
            raise ValueError(f"A decimation pyramid feeds patches as they are: {self.network_input} != {self.patch}.")
        for level in self.levels:
            exact = self.window.height % level.height == 0 and self.window.width % level.width == 0
            tiled = level.height % self.patch.height == 0 and level.width % self.patch.width == 0
            if not exact or not tiled or self.window.height // level.height != self.window.width // level.width:
                raise ValueError(f"Level {level} is no whole decimation of {self.window} tiled by {self.patch}.")

    @classmethod
    def from_decimations(cls, patch_px: int, decimations: tuple[int, ...]) -> MagnificationPyramid:
        """Return a pyramid of square windows that one patch covers at the coarsest level.

        Args:
            patch_px: Side of a patch.
            decimations: Decimation of each level, coarse to fine, each a divisor of the first.
        """
        side = patch_px * decimations[0]
        patch = Size(patch_px, patch_px)
        levels = tuple(Size(side // d, side // d) for d in decimations)
        return cls(levels, patch, patch, PyramidManner.DECIMATION)

    @property
    def window(self) -> Size:
        """Size of a whole image at the finest level."""
        return self.levels[-1]

    def decimation(self, level: int) -> float:
        """Return how many of the finest level's rows one row of ``level`` covers."""
        return self.window.height / self.levels[level].height

    def for_image(self, size: Size) -> MagnificationPyramid:
        """Return the pyramid an image of this size gets.

        Published pyramids stay as they are (the image is stretched); decimation pyramids grow by whole
        windows until they hold the image (it is padded).
        """
        if self.manner is PyramidManner.PUBLISHED:
            return self
        rows, cols = ceil(size.height / self.window.height), ceil(size.width / self.window.width)
        return replace(self, levels=tuple(Size(s.height * rows, s.width * cols) for s in self.levels))

    def patches(self, level: int) -> tuple[PixelRect, ...]:
        """Patches of a level, column by column as published.

        The coarsest level of a published pyramid is a single patch, whatever its size. Where patches do not
        tile a level, the last ones are shifted back and overlap their neighbors.
        """
        size = self.levels[level]
        if level == 0 and self.manner is PyramidManner.PUBLISHED:
            return (PixelRect(0, 0, size.height, size.width),)
        rows = _starts(size.height, self.patch.height)
        cols = _starts(size.width, self.patch.width)
        return tuple(PixelRect(row, col, self.patch.height, self.patch.width) for col in cols for row in rows)


def _starts(length: int, patch: int) -> list[int]:
    return [min(i * patch, length - patch) for i in range(ceil(length / patch))]
