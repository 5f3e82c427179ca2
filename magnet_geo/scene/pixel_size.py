"""How a scene's pixel size meets the model's."""

from __future__ import annotations

from magnet_geo.errors import SceneError
from magnet_geo.grid import ReadScale
from magnet_geo.grid.read_scale import LARGEST_RATIO
from magnet_geo.model import Manifest
from magnet_geo.raster import SceneDescription
from magnet_geo.scene.options import SegmentOptions


def choose_read_scale(
    description: SceneDescription, manifest: Manifest, options: SegmentOptions
) -> tuple[float | None, ReadScale, list[str]]:
    """Ground sample distance of the scene, how it is read for the model, and what the user should know of it.

    Raises:
        SceneError: The distance is more than `LARGEST_RATIO` times off the model's.
    """
    gsd_m = options.gsd if isinstance(options.gsd, float | int) else description.grid.ground_sample_distance_m
    if gsd_m is None and options.known_sensor is not None:
        gsd_m = options.known_sensor.gsd_m
    if manifest.gsd_m is None or options.gsd == "native":
        return gsd_m, ReadScale.native(), []
    if gsd_m is None:
        warning = (
            f"The pixel size of '{description.name}' is not known; its pixels are taken as the model's "
            f"({manifest.gsd_m:g} m). Say otherwise with --gsd METRES."
        )
        return None, ReadScale.native(), [warning]
    try:
        scale = ReadScale.between(model_gsd_m=manifest.gsd_m, scene_gsd_m=gsd_m, window=manifest.pyramid_value().window)
    except ValueError as error:
        raise SceneError(
            f"'{description.name}' has pixels of {gsd_m:.3g} m, but the model '{manifest.name}' is for "
            f"{manifest.gsd_m:g} m and reads up to {LARGEST_RATIO:g} times finer or coarser; choose another model, "
            "or --gsd native to take the pixels as they are."
        ) from error
    if scale.is_native:
        return gsd_m, scale, []
    way = "averaged down" if scale.ratio > 1 else "interpolated"
    return (
        gsd_m,
        scale,
        [
            f"The scene's pixels of {gsd_m:.3g} m are {way} to the model's {manifest.gsd_m:g} m; the map is written on "
            "the scene's own grid."
        ],
    )
