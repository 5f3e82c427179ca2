"""What a report is made from, and whether it fits together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from magnet_geo.errors import BandError, OptionError, SceneError
from magnet_geo.grid import RasterGrid
from magnet_geo.model import Manifest
from magnet_geo.raster import SceneDescription, SceneSource, describe_scene
from magnet_geo.records.run_record import RunRecord
from magnet_geo.records.segment_result import SegmentResult

_RGB = ("red", "green", "blue")


@dataclass(frozen=True, slots=True)
class ReportSources:
    """What a report is made from.

    Attributes:
        classes: Class raster; one made by `segment_scene` carries the record of its run.
        scene: The scene it was made from, of any pixel size, over the same ground.
        bands: Red, green and blue of the scene, or one band for gray; None to find them.
        confidence: Certainty raster of the map, as `segment_scene` writes it.
        evaluation: Result of ``evaluate --json``.
        accuracy: Result of ``accuracy estimate --json``.
        result: What the run handed back, which knows its times; None to go without.
        manifest: The model, for its card; None to look among the bundled ones.
        title: Headline; empty for one of the scene's name.
        attribution: Who owns the scene; empty for what the file says.
    """

    classes: SceneSource
    scene: SceneSource | None = None
    bands: tuple[int, ...] | None = None
    confidence: SceneSource | None = None
    evaluation: Path | None = None
    accuracy: Path | None = None
    result: SegmentResult | None = None
    manifest: Manifest | None = None
    title: str = ""
    attribution: str = ""


def scene_bands(
    sources: ReportSources, scene: SceneSource, grid: RasterGrid, record: RunRecord | None
) -> tuple[int, ...]:
    """Return the bands to show of a scene that lies where the map does.

    Raises:
        SceneError: It cannot be opened, or lies elsewhere.
        BandError: It has no such band.
    """
    description = describe_scene(scene)
    _require_same_ground(description, grid)
    if sources.bands is not None:
        return _existing(sources.bands, description)
    if record is not None and set(_RGB) <= set(record.band_names) and record.scene == scene.name:
        return tuple(record.bands[record.band_names.index(name)] for name in _RGB)
    uses = description.color_interpretations
    if set(_RGB) <= set(uses):
        return tuple(uses.index(name) + 1 for name in _RGB)
    return description.data_bands[:3] if len(description.data_bands) >= 3 else description.data_bands[:1]


def read_result(path: Path) -> SegmentResult:
    """Read what ``segment --json`` wrote.

    Raises:
        OptionError: It is no such result.
    """
    try:
        return SegmentResult.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise OptionError(f"'{path}' is no result of segment; name the JSON file that it was written to.") from error


def require_certainty(source: SceneSource, grid: RasterGrid) -> None:
    """Refuse a raster that is no certainty of the map.

    Raises:
        SceneError: It cannot be opened, is of another grid, or not as `segment_scene` writes it.
    """
    description = describe_scene(source)
    if description.grid.size != grid.size:
        raise SceneError(
            f"'{description.name}' has {_size(description.grid)} pixels, but the map has {_size(grid)}; give the "
            "certainty that was written with the map."
        )
    if len(description.data_bands) != 1 or description.dtype != "uint8":
        raise SceneError(
            f"'{description.name}' has {len(description.data_bands)} band(s) of {description.dtype}; a certainty "
            "raster has one of uint8, as `confidence` of a segmentation is written."
        )
    _require_same_ground(description, grid)


def _existing(bands: tuple[int, ...], description: SceneDescription) -> tuple[int, ...]:
    missing = [band for band in bands if not 1 <= band <= description.band_count]
    if missing or len(bands) not in (1, 3):
        raise BandError(
            f"Bands {', '.join(map(str, bands))} cannot be shown: name three, or one for gray, of the "
            f"{description.band_count} of '{description.name}'."
        )
    return bands


def _require_same_ground(description: SceneDescription, grid: RasterGrid) -> None:
    """Both cover the same ground to within a pixel of the coarser one."""
    other = description.grid
    if grid.crs is None and other.crs is None and grid.transform == other.transform and grid.size == other.size:
        return
    if grid.crs is None or other.crs is None:
        # One of the two lost its georeference: the number of pixels is all there is to compare.
        if grid.size == other.size:
            return
        raise SceneError(
            f"'{description.name}' has {_size(other)} pixels, but the map has {_size(grid)}: not its scene."
        )
    corners = [_corners(one) for one in (grid, other)]
    tolerance = max(_pixel(grid), _pixel(other))
    if grid.crs != other.crs or float(np.abs(corners[0] - corners[1]).max()) > tolerance:
        raise SceneError(
            f"'{description.name}' does not cover the ground of the map, or is in another CRS; give the scene that was "
            "mapped, or warp it to the map's extent first."
        )


def _corners(grid: RasterGrid) -> np.ndarray:
    rows, cols = np.array([0.0, 0.0, grid.height]), np.array([0.0, grid.width, 0.0])
    return np.stack(grid.world(rows=rows, cols=cols))


def _pixel(grid: RasterGrid) -> float:
    return float(np.sqrt(abs(grid.transform.determinant)))


def _size(grid: RasterGrid) -> str:
    return f"{grid.width} x {grid.height}"
