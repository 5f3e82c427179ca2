"""A class raster without small patches: as bands for polygons, or as a raster of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from magnet_geo.classes import ClassScheme
from magnet_geo.errors import OptionError, SceneError
from magnet_geo.grid import PixelRect
from magnet_geo.progress import CancelToken, ProgressEvent, ProgressListener, WarningEvent, ignore_progress
from magnet_geo.raster import ClassMap, GeoTiffDraft, MapLayout, SceneSource, check_output_path, class_map_side_files
from magnet_geo.vector.class_bands import Band, ClassBands
from magnet_geo.vector.ground_scale import GroundScale
from magnet_geo.vector.merging.patch_merging import MergedBands, merge_small_patches
from magnet_geo.vector.polygon_options import PatchSize
from magnet_geo.vector.tracing.region_numbers import Connectivity
from magnet_geo.vector.tracing.run_measures import GroundArea, RunMeasure, count_pixels

# Shares of the progress bar.
_MERGED, _WRITTEN = 0.5, 0.95


class SieveResult(BaseModel):
    """The outcome of ``magnet-geo sieve``.

    Attributes:
        raster: Absolute path of the new map.
        merged_patches: Patches that took another class.
        changed_pixels: Pixels that did.
        valid_pixels: Pixels with a class.
        seconds: Wall time.
        warnings: Sentences for the user.
    """

    model_config = ConfigDict(frozen=True)

    raster: str
    merged_patches: int
    changed_pixels: int
    valid_pixels: int
    seconds: float
    warnings: tuple[str, ...]


def sieve(
    source: SceneSource | str | Path,
    output: str | Path,
    *,
    min_area: PatchSize | str,
    connectivity: Connectivity = 4,
    overwrite: bool = False,
    progress: ProgressListener = ignore_progress,
    cancel: CancelToken | None = None,
) -> SieveResult:
    """Write a class raster in which no patch is smaller than a minimum mapping unit.

    Small patches merge as `PatchGraph.merge_small` says. Pixels that are not valid stay so. Memory grows with the
    number of patches, not with the pixels.

    Args:
        source: Class raster: one band of whole numbers from 0 to 255.
        output: Class raster to write, a Cloud Optimized GeoTIFF.
        min_area: Smaller patches merge: ``"200m2"``, ``"0.5ha"`` or ``"20px"``.
        connectivity: Whether pixels of a patch share sides (4) or may touch by the corner (8).
        overwrite: Whether an existing file may be replaced.
        progress: Receives events.
        cancel: Raised by another thread to stop between two bands.

    Raises:
        MagnetGeoError: With a sentence for the user; no output exists then.
    """
    started, token = time.monotonic(), cancel or CancelToken()
    source, output, least = SceneSource.of(source), Path(output), PatchSize.of(min_area)
    check_output_path(output, source.path, overwrite, side_files=class_map_side_files(output))

    def say(stage: str, message: str, fraction: float) -> None:
        token.raise_if_cancelled()
        progress(ProgressEvent(fraction, stage, message))

    with ClassMap(source) as class_map:
        warnings = class_map.description.warnings
        for warning in warnings:
            progress(WarningEvent(warning))
        bands, height = ClassBands(class_map), class_map.grid.height
        scale = None if class_map.grid.crs is None else GroundScale(class_map.grid)
        merged = merged_bands(
            bands,
            least,
            scale,
            connectivity=connectivity,
            each_band=lambda band: say("merge", "Merging small patches", _MERGED * band.rect.row_stop / height),
        )
        changed = valid = 0
        values = bands.values
        with GeoTiffDraft(output, _layout(class_map, bands, merged)) as draft:
            for before, band in zip(bands.bands(), merged.bands(), strict=True):
                draft.write(band.rect, values[band.codes])
                changed += int(np.count_nonzero(before.codes != band.codes))
                valid += int(np.count_nonzero(band.codes))
                share = band.rect.row_stop / height
                say("write", "Writing the map", _MERGED + (_WRITTEN - _MERGED) * share)
            if not valid:
                raise SceneError(f"No pixel of '{source.name}' is valid; there is nothing to sieve.")
            draft.finish()
    progress(ProgressEvent(1.0, "done", "Done"))
    return SieveResult(
        raster=str(output.absolute()),
        merged_patches=merged.changed,
        changed_pixels=changed,
        valid_pixels=valid,
        seconds=time.monotonic() - started,
        warnings=warnings,
    )


def merged_bands(
    bands: ClassBands,
    min_area: PatchSize,
    scale: GroundScale | None,
    *,
    connectivity: Connectivity,
    each_band: Callable[[Band], None],
) -> MergedBands:
    """Return the bands of a map without small patches.

    Args:
        bands: The map.
        min_area: Smaller patches merge.
        scale: Sizes on the ground; None without a CRS.
        connectivity: See `sieve`.
        each_band: Called with each band that was read.

    Raises:
        OptionError: The size is in square metres, but the map has no CRS.
    """
    if scale is None and not min_area.in_pixels:
        raise OptionError(
            "A map without a coordinate reference system has no square metres; give the smallest area in pixels, such "
            "as 20px, or name the system with `crs`."
        )
    size = bands.grid.size

    def measure(rect: PixelRect) -> RunMeasure:
        return count_pixels if scale is None or min_area.in_pixels else GroundArea(scale, rect.row)

    return merge_small_patches(
        bands,
        least=min_area.value,
        measure=measure,
        connectivity=connectivity,
        pixel_size=(1.0, 1.0) if scale is None else scale.metres_per_pixel(row=size.height / 2, col=size.width / 2),
        each_band=each_band,
    )


def _layout(class_map: ClassMap, bands: ClassBands, merged: MergedBands) -> MapLayout:
    values = bands.values
    present = {int(values[code]) for code in np.unique(merged.codes).tolist() if code}
    classes = [class_map.land_class(value) for value in sorted(present | set(class_map.table))]
    nodata = int(values[0])
    tags = (("MAGNET_GEO_SIEVED", "small patches merged"),)
    if len(classes) < 2:
        found = class_map.description
        return MapLayout(found.grid, ("class",), nodata, None, found.gcps, found.gcp_crs, found.rpcs, tags)
    return MapLayout.of_classes(class_map.description, ClassScheme(tuple(classes), nodata), tags=tags)
