"""What a scene is and how a model would read it, without reading its pixels or loading any weights."""

from __future__ import annotations

from magnet_geo.addresses import public_address
from magnet_geo.errors import BandError, SceneError
from magnet_geo.model import Manifest
from magnet_geo.raster import SceneDescription, choose_bands
from magnet_geo.records.grid_record import grid_record
from magnet_geo.records.scene_record import BandRecord, FitRecord, SceneRecord
from magnet_geo.scene.options import SegmentOptions
from magnet_geo.scene.plan import choose_read_scale, describe_source


def inspect_scene(scene: str, manifest: Manifest, options: SegmentOptions) -> SceneRecord:
    """Describe a scene and check it against a model.

    Args:
        scene: Anything GDAL opens.
        manifest: The model.
        options: Bands, sensor, pixel size, CRS, nodata and open options of a run.

    Raises:
        SceneError: The scene cannot be opened.
    """
    _, description = describe_source(scene, options)
    columns = zip(description.descriptions, description.color_interpretations, description.nodata, strict=True)
    return SceneRecord(
        scene=public_address(scene),
        driver=description.driver,
        grid=grid_record(description.grid),
        gsd_m=description.grid.ground_sample_distance_m,
        dtype=description.dtype,
        bands=tuple(
            BandRecord(number=number, description=name, color_interpretation=use, nodata=nodata)
            for number, (name, use, nodata) in enumerate(columns, 1)
        ),
        alpha_band=description.alpha_band,
        has_mask_band=description.has_mask_band,
        overviews=description.overviews,
        ground_control_points=len(description.gcps),
        has_rpcs=description.rpcs is not None,
        warnings=description.warnings,
        fit=_fit(description, manifest, options),
    )


def _fit(description: SceneDescription, manifest: Manifest, options: SegmentOptions) -> FitRecord:
    problems, warnings = [], []
    bands, ratio = None, None
    try:
        bands = choose_bands(description, manifest.bands, options.bands, options.known_sensor)
    except BandError as error:
        problems.append(str(error))
    try:
        _, scale, found = choose_read_scale(description, manifest, options)
        ratio = scale.ratio
        warnings.extend(found)
    except SceneError as error:
        problems.append(str(error))
    return FitRecord(
        model=manifest.name,
        model_bands=manifest.bands,
        bands=bands,
        model_gsd_m=manifest.gsd_m,
        scene_pixels_per_model_pixel=ratio,
        problems=tuple(problems),
        warnings=tuple(warnings),
    )
