"""A scene as a run reads it: the file, what the user says of it, and what its sensor says where both are silent."""

from __future__ import annotations

from dataclasses import replace

from magnet_geo.raster import SceneDescription, SceneSource, describe_scene
from magnet_geo.scene.options import SegmentOptions


def describe_source(scene: str, options: SegmentOptions) -> tuple[SceneSource, SceneDescription]:
    """How a scene is opened, and its metadata.

    Args:
        scene: Anything GDAL opens.
        options: CRS, nodata value, open options and sensor.

    Raises:
        SceneError: It cannot be opened or used.
    """
    source = SceneSource(scene, options.open_options, options.crs, options.nodata)
    description = describe_scene(source)
    sensor = options.known_sensor
    if sensor is None or sensor.nodata is None or sensor.dtype != description.dtype or _says_what_is_valid(description):
        return source, description
    source = replace(source, nodata=sensor.nodata)
    return source, describe_scene(source)


def _says_what_is_valid(description: SceneDescription) -> bool:
    masked = description.alpha_band is not None or description.has_mask_band
    return masked or any(value is not None for value in description.nodata)
