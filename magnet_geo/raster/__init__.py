"""The only place that opens rasters: scenes in, maps out."""

from magnet_geo.raster.acquisition import read_acquisition
from magnet_geo.raster.averaged_overviews import AveragedOverview, averaged_overviews
from magnet_geo.raster.bands import choose_bands, list_bands
from magnet_geo.raster.class_map import ClassMap
from magnet_geo.raster.cog import check_creation_options
from magnet_geo.raster.collar import untagged_collar
from magnet_geo.raster.description import SceneDescription, describe_scene
from magnet_geo.raster.gdal_environment import GDAL_VERSION
from magnet_geo.raster.label_reader import LabelReader
from magnet_geo.raster.layer_style import layer_style, write_layer_style
from magnet_geo.raster.map_layout import MapLayout, check_map_size
from magnet_geo.raster.model_pixels import ModelPixels, ReadPixels, read_model_pixels, resample_valid, scale_pixels
from magnet_geo.raster.outline import valid_outline
from magnet_geo.raster.output_path import check_folder, check_output_path, class_map_side_files, gdal_sidecars
from magnet_geo.raster.raster_writer import GeoTiffDraft
from magnet_geo.raster.scene_fingerprint import scene_fingerprint
from magnet_geo.raster.scene_reader import SceneReader
from magnet_geo.raster.server_style import server_style, write_server_style
from magnet_geo.raster.source import SceneSource, open_scene
from magnet_geo.raster.stretch import AutoScaling, ModelValues, NoScaling, RangeScaling, ScalingMode, choose_scaling
from magnet_geo.raster.tags import read_tags
from magnet_geo.raster.validity import ScenePixels

__all__ = [
    "GDAL_VERSION",
    "AutoScaling",
    "AveragedOverview",
    "ClassMap",
    "GeoTiffDraft",
    "LabelReader",
    "MapLayout",
    "ModelPixels",
    "ModelValues",
    "NoScaling",
    "RangeScaling",
    "ReadPixels",
    "ScalingMode",
    "SceneDescription",
    "ScenePixels",
    "SceneReader",
    "SceneSource",
    "averaged_overviews",
    "check_creation_options",
    "check_folder",
    "check_map_size",
    "check_output_path",
    "choose_bands",
    "choose_scaling",
    "class_map_side_files",
    "describe_scene",
    "gdal_sidecars",
    "layer_style",
    "list_bands",
    "open_scene",
    "read_acquisition",
    "read_model_pixels",
    "read_tags",
    "resample_valid",
    "scale_pixels",
    "scene_fingerprint",
    "server_style",
    "untagged_collar",
    "valid_outline",
    "write_layer_style",
    "write_server_style",
]
