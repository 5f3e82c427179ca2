"""What a scene is and how a model would read it, without reading its pixels or loading any weights."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from magnet_geo.addresses import public_address
from magnet_geo.errors import BandError, SceneError
from magnet_geo.model import Manifest
from magnet_geo.raster import SceneDescription, choose_bands
from magnet_geo.scene.options import SegmentOptions
from magnet_geo.scene.pixel_size import choose_read_scale
from magnet_geo.scene.records import GridRecord, grid_record
from magnet_geo.scene.scene_source import describe_source


class BandRecord(BaseModel):
    """One band of a scene.

    Attributes:
        number: 1-based.
        description: What the file calls it, or null.
        color_interpretation: GDAL's use of it.
        nodata: Its nodata value, or null.
    """

    model_config = ConfigDict(frozen=True)

    number: int
    description: str | None
    color_interpretation: str
    nodata: float | None


class FitRecord(BaseModel):
    """How a model would read a scene.

    Attributes:
        model: Name of the model.
        model_bands: The bands it wants.
        bands: The scene's bands for them, or null where they cannot be told.
        model_gsd_m: Pixel size of the model in metres, or null for any.
        scene_pixels_per_model_pixel: 1 where pixels are taken as they are; null where the sizes are too far apart.
        problems: Why a run would stop, one sentence each; empty where it would not.
        warnings: What the user should know.
    """

    model_config = ConfigDict(frozen=True)

    model: str
    model_bands: tuple[str, ...]
    bands: tuple[int, ...] | None
    model_gsd_m: float | None
    scene_pixels_per_model_pixel: float | None
    problems: tuple[str, ...]
    warnings: tuple[str, ...]


class SceneRecord(BaseModel):
    """What ``magnet-geo info`` says.

    Attributes:
        scene: As it was named.
        driver: GDAL's short name of the format.
        grid: Georeference and size.
        gsd_m: Pixel size on the ground in metres, or null.
        dtype: Dtype of the values.
        bands: Its bands.
        alpha_band: Number of the alpha band, or null.
        has_mask_band: Whether a mask band says what is valid.
        overviews: Decimations of its overviews.
        ground_control_points: How many it has, where these are its only georeference.
        has_rpcs: Whether it has rational polynomial coefficients (RPCs).
        warnings: What the user should know.
        fit: How the model would read it.
    """

    model_config = ConfigDict(frozen=True)

    scene: str
    driver: str
    grid: GridRecord
    gsd_m: float | None
    dtype: str
    bands: tuple[BandRecord, ...]
    alpha_band: int | None
    has_mask_band: bool
    overviews: tuple[int, ...]
    ground_control_points: int
    has_rpcs: bool
    warnings: tuple[str, ...]
    fit: FitRecord


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
