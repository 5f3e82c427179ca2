"""What a scene is, and how a model would read it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from magnet_geo.records.grid_record import GridRecord


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
