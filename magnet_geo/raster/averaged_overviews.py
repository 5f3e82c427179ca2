"""Which overviews of a scene are averages, so that reading them is reading the scene and averaging.

An overview says nothing reliable of how it was made: files of other programs are silent, and GDAL's own tell only
inside a GeoTIFF (copied into a Cloud Optimized GeoTIFF, only from GDAL 3.12 on). What is silent is compared with the
pixels it stands for, at a few places: blocks of the file, because no less of it can be read. The comparison may take a
small share of what the run reads; where not even one place fits into that, a silent overview is not trusted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, lcm, log2

import numpy as np
from rasterio.io import DatasetReader

from magnet_geo.errors import SceneError
from magnet_geo.grid import PixelRect, Size
from magnet_geo.raster.gdal_environment import gdal_environment
from magnet_geo.raster.remote import RemoteSceneError
from magnet_geo.raster.scene_reader import SceneReader
from magnet_geo.raster.source import SceneSource, open_scene

# Of the pixels that a run reads, what the comparison may read in addition, in blocks of the file.
PROBED_SHARE = 0.02
# Lattices of places to compare, the first that is cheap enough.
_PLACES_PER_AXIS = (3, 2, 1)
_MOST_PLACE_PX = 512
# A stretched overview drifts from its squares.
_STRETCHED_PX = 48
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
        """Return the overview as a scene of its own."""
        return replace(scene, open_options=(*scene.open_options, ("OVERVIEW_LEVEL", str(self.level))))


def averaged_overviews(
    source: SceneSource, bands: tuple[int, ...], *, largest: int, area: PixelRect
) -> tuple[AveragedOverview, ...]:
    """Find the overviews that are known to be averages.

    Args:
        source: The scene.
        bands: Bands that will be read.
        largest: Largest decimation of use.
        area: Pixels of the scene that will be read: where silent overviews are compared, and what limits the effort.

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
    most_px = PROBED_SHARE * area.size.pixels / max(1, len(candidates))
    return tuple(overview for overview in candidates if _is_average(source, bands, overview, area, most_px))


def _is_average(
    source: SceneSource, bands: tuple[int, ...], overview: AveragedOverview, area: PixelRect, most_px: float
) -> bool:
    try:
        with SceneReader(source, bands) as scene, SceneReader(overview.source(source), bands) as reduced:
            with gdal_environment():
                # GDAL notes it with the first band, for all.
                told: str = reduced.dataset.tags(1).get("RESAMPLING", "").upper()
            if told:
                return told == "AVERAGE"
            return _agree(scene, reduced, overview, _places(scene, reduced, overview, area, most_px))
    except RemoteSceneError:
        # A bad connection says nothing of the overview: without it the map would be another one.
        raise
    except SceneError:
        # A damaged overview serves nobody; the scene itself is read and judged elsewhere.
        return False


def _agree(scene: SceneReader, reduced: SceneReader, overview: AveragedOverview, places: Sequence[PixelRect]) -> bool:
    telling, side = 0, overview.decimation
    for place in places:
        pixels, found = scene.read(place), reduced.read(_below(overview, place))
        rows, cols = found.valid.shape
        squares = pixels.values.astype(np.float64).reshape(-1, rows, side, cols, side)
        whole = pixels.valid.reshape(rows, side, cols, side).all(axis=(1, 3)) & found.valid
        means = squares.mean(axis=(2, 4))
        tolerance = _tolerance(scene.dtype, side, means)
        if (np.abs(found.values - means)[:, whole] > tolerance).any():
            return False
        telling += int(np.count_nonzero(np.ptp(squares, axis=(2, 4))[:, whole] > 4 * tolerance))
    return telling >= _TELLING_PIXELS


def _tolerance(dtype: np.dtype[np.generic], decimation: int, means: np.ndarray) -> float:
    """Each halving rounds once more; floats keep their digits."""
    if dtype.kind == "f":
        return _FLOAT_TOLERANCE * float(np.abs(means).max(initial=1e-30))
    return 0.5 * ceil(log2(decimation)) + 1e-6


def _places(
    scene: SceneReader, reduced: SceneReader, overview: AveragedOverview, area: PixelRect, most_px: float
) -> list[PixelRect]:
    """Rectangles of the scene to compare, spread over the area as far as the blocks they touch allow; or none."""
    block, reduced_block = _block(scene.dataset), _block(reduced.dataset)
    for per_axis in _PLACES_PER_AXIS:
        places = _lattice(scene.size, block, overview, area, per_axis)
        cost = sum(_touched_px(place, block) + _touched_px(_below(overview, place), reduced_block) for place in places)
        if cost <= most_px:
            return places
    return []


def _lattice(scene: Size, block: Size, overview: AveragedOverview, area: PixelRect, per_axis: int) -> list[PixelRect]:
    """Whole blocks, or what of them is enough; only the scene's first corner where the overview is stretched."""
    side = overview.decimation
    down, across = lcm(block.height, side), lcm(block.width, side)
    if not overview.exact:
        # Where the scene ends inside a pixel of the overview, its squares are not whole.
        most = [min(_STRETCHED_PX, max(1, length // side)) * side for length in (scene.height, scene.width)]
        return [PixelRect(0, 0, min(down, most[0]), min(across, most[1]))]
    most_px = max(1, _MOST_PLACE_PX // side) * side
    whole = PixelRect(0, 0, scene.height, scene.width)
    places = [
        PixelRect(row, col, min(down, most_px), min(across, most_px)).intersection(whole)
        for row in _starts(area.row, area.height, down, per_axis)
        for col in _starts(area.col, area.width, across, per_axis)
    ]
    return [place for place in places if place is not None]


def _starts(first: int, length: int, unit: int, count: int) -> list[int]:
    """Multiples of the unit at the middles of equal parts, each once."""
    middles = (first + length * (2 * number + 1) // (2 * count) for number in range(count))
    return sorted({middle - middle % unit for middle in middles})


def _below(overview: AveragedOverview, place: PixelRect) -> PixelRect:
    side = overview.decimation
    return PixelRect(place.row // side, place.col // side, place.height // side, place.width // side)


def _block(dataset: DatasetReader) -> Size:
    return Size(*dataset.block_shapes[0])


def _touched_px(rect: PixelRect, block: Size) -> int:
    """Pixels of the blocks that a rectangle touches."""
    rows = ceil(rect.row_stop / block.height) - rect.row // block.height
    cols = ceil(rect.col_stop / block.width) - rect.col // block.width
    return rows * cols * block.pixels
