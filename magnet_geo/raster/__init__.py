"""The only place that opens rasters: scenes in, maps out."""

from magnet_geo.raster.bands import choose_bands, list_bands
from magnet_geo.raster.description import SceneDescription, describe_scene
from magnet_geo.raster.scene_reader import ScenePixels, SceneReader
from magnet_geo.raster.source import SceneSource, open_scene

__all__ = [
    "SceneDescription",
    "ScenePixels",
    "SceneReader",
    "SceneSource",
    "choose_bands",
    "describe_scene",
    "list_bands",
    "open_scene",
]
