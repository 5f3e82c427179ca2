"""The only place that opens rasters: scenes in, maps out."""

from magnet_geo.raster.scene_reader import ScenePixels, SceneReader
from magnet_geo.raster.source import SceneSource, open_scene

__all__ = ["ScenePixels", "SceneReader", "SceneSource", "open_scene"]
