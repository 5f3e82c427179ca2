"""Where windows that need no fine pixels can be read from: overviews that are averages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from magnet_geo.grid import MagnificationPyramid, PixelRect, PyramidManner, ReadScale, Window
from magnet_geo.normalization import Scaling
from magnet_geo.raster import AveragedOverview, SceneReader, averaged_overviews


@dataclass(frozen=True, slots=True)
class OverviewReading:
    """The overviews that serve a run.

    Attributes:
        overviews: Those that are averages, fine to coarse.
        scale: Scene pixels per model pixel.
        exact: Whether a map made from them is the one the scene's own pixels give, up to the rounding of the
            averages: every pixel is valid by the file's word, and values are scaled without clipping.
    """

    overviews: tuple[AveragedOverview, ...]
    scale: ReadScale
    exact: bool

    @classmethod
    def none(cls, scale: ReadScale) -> OverviewReading:
        """Everything is read from the scene's own pixels."""
        return cls((), scale, exact=False)

    @classmethod
    def find(
        cls,
        reader: SceneReader,
        *,
        scale: ReadScale,
        pyramid: MagnificationPyramid,
        scaling: Scaling | None,
        area: PixelRect,
    ) -> OverviewReading:
        """Look for overviews of use.

        Args:
            reader: An open reader of the scene.
            scale: Scene pixels per model pixel.
            pyramid: The model's levels. Published pyramids pick pixels instead of averaging: they need the scene's own.
            scaling: Native values to 0-255; None for 8-bit values taken as they are.
            area: Pixels of the scene that the run reads.
        """
        if pyramid.manner is PyramidManner.PUBLISHED:
            return cls.none(scale)
        overviews = averaged_overviews(
            reader.source, reader.bands, largest=int(pyramid.decimation(0) * scale.ratio), area=area
        )
        return cls(overviews, scale, exact=reader.always_valid and not _clips(scaling, reader.dtype))

    def overview(self, window: Window, decimation: int, *, for_map: bool) -> AveragedOverview | None:
        """Return the coarsest overview from which a window can be read.

        Args:
            window: Step of the plan.
            decimation: Model pixels per pixel wanted.
            for_map: Whether the pixels decide what is mapped; otherwise they only rank patches.

        Returns:
            None where the scene's own pixels must be read.
        """
        wanted, rest = divmod(decimation * self.scale.numerator, self.scale.denominator)
        if decimation == 1 or rest or (for_map and not self.exact):
            return None
        return next((found for found in reversed(self.overviews) if _serves(found, window, wanted, for_map)), None)


def _serves(overview: AveragedOverview, window: Window, wanted: int, for_map: bool) -> bool:
    return wanted % overview.decimation == 0 and (_lies_on(window, overview) or not for_map)


def _lies_on(window: Window, overview: AveragedOverview) -> bool:
    sides = window.read.row, window.read.col, window.read.height, window.read.width
    return overview.exact and not any(side % overview.decimation for side in sides)


def _clips(scaling: Scaling | None, dtype: np.dtype[np.generic]) -> bool:
    if scaling is None:
        return False
    if dtype.kind not in "iu":
        return True
    limits = np.iinfo(dtype.name)
    return max(scaling.low) > limits.min or min(scaling.high) < limits.max
