"""Which overviews of a scene are averages, so that reading them is reading the scene and averaging.

An overview says nothing reliable of how it was made: files of other programs are silent, and GDAL's own tell only
inside a GeoTIFF. What is silent is compared with the pixels it stands for, at a few places.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil, log2

import numpy as np

from magnet_geo.errors import SceneError
from magnet_geo.grid import PixelRect, Size
from magnet_geo.raster.gdal_environment import gdal_environment
from magnet_geo.raster.remote import RemoteSceneError
from magnet_geo.raster.scene_reader import SceneReader
from magnet_geo.raster.source import SceneSource, open_scene

_PLACES_PER_AXIS = 3
_PLACE_PX = 48
# So many pixels must differ from what picking a single pixel would have given.
_TELLING_PIXELS = 64
_FLOAT_TOLERANCE = 1e-5


@dataclass(frozen=True, slots=True)
class AveragedOverview:
    """An overview of which each pixel is the mean of a square of scene pixels.

    Attributes:
        level: Its number in the file, from 0.
        decimation: Side of the squares.
        exact: Whether the squares lie exactly below its pixels everywhere. They do not where the scene's sides are no
            multiples of the decimation: GDAL then stretches the overview, by less than one of its pixels.
    """

    level: int
    decimation: int
    exact: bool

    def source(self, scene: SceneSource) -> SceneSource:
        """The overview as a scene of its own."""
        return replace(scene, open_options=(*scene.open_options, ("OVERVIEW_LEVEL", str(self.level))))


def averaged_overviews(source: SceneSource, bands: tuple[int, ...], *, largest: int) -> tuple[AveragedOverview, ...]:
    """Find the overviews that are known to be averages.

    Args:
        source: The scene.
        bands: Bands that will be read.
        largest: Largest decimation of use.

    Returns:
        From fine to coarse.
    """
    if any(key.upper() == "OVERVIEW_LEVEL" for key, _ in source.open_options):
        return ()
    with open_scene(source, overviews=True) as dataset:
        found = {tuple(dataset.overviews(band)) for band in bands}
        size = Size(dataset.height, dataset.width)
    decimations = found.pop() if len(found) == 1 else ()
    candidates = [
        AveragedOverview(level, decimation, exact=not (size.height % decimation or size.width % decimation))
        for level, decimation in enumerate(decimations)
        if 1 < decimation <= largest
    ]
    return tuple(overview for overview in candidates if _is_average(source, bands, overview))


def _is_average(source: SceneSource, bands: tuple[int, ...], overview: AveragedOverview) -> bool:
    try:
        with SceneReader(source, bands) as scene, SceneReader(overview.source(source), bands) as reduced:
            with gdal_environment():
                # GDAL notes it with the first band, for all.
                told: str = reduced.dataset.tags(1).get("RESAMPLING", "").upper()
            if told:
                return told == "AVERAGE"
            return _agree(scene, reduced, overview)
    except RemoteSceneError:
        # A bad connection says nothing of the overview: without it the map would be another one.
        raise
    except SceneError:
        # A damaged overview serves nobody; the scene itself is read and judged elsewhere.
        return False


def _agree(scene: SceneReader, reduced: SceneReader, overview: AveragedOverview) -> bool:
    telling = 0
    for place in _places(reduced.size, overview):
        side = overview.decimation
        square = PixelRect(place.row * side, place.col * side, place.height * side, place.width * side)
        pixels, found = scene.read(square), reduced.read(place)
        blocks = pixels.values.astype(np.float64).reshape(-1, place.height, side, place.width, side)
        whole = pixels.valid.reshape(place.height, side, place.width, side).all(axis=(1, 3)) & found.valid
        means = blocks.mean(axis=(2, 4))
        tolerance = _tolerance(scene.dtype, side, means)
        if (np.abs(found.values - means)[:, whole] > tolerance).any():
            return False
        telling += int(np.count_nonzero(np.ptp(blocks, axis=(2, 4))[:, whole] > 4 * tolerance))
    return telling >= _TELLING_PIXELS


def _tolerance(dtype: np.dtype[np.generic], decimation: int, means: np.ndarray) -> float:
    """Each halving rounds once more; floats keep their digits."""
    if dtype.kind == "f":
        return _FLOAT_TOLERANCE * float(np.abs(means).max(initial=1e-30))
    return 0.5 * ceil(log2(decimation)) + 1e-6


def _places(size: Size, overview: AveragedOverview) -> Iterator[PixelRect]:
    """Rectangles of the overview that are looked at: spread over it; only its first corner where it is stretched."""
    height, width = min(_PLACE_PX, size.height), min(_PLACE_PX, size.width)
    if not overview.exact:
        # Where the scene ends inside a pixel of the overview, its squares are not whole.
        yield PixelRect(0, 0, max(1, height - 1), max(1, width - 1))
        return
    for row in np.linspace(0, size.height - height, _PLACES_PER_AXIS).astype(int):
        for col in np.linspace(0, size.width - width, _PLACES_PER_AXIS).astype(int):
            yield PixelRect(int(row), int(col), height, width)
