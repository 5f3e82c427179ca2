"""STAC Items of maps and models, for catalogues."""

from magnet_geo.stac.item import stac_item
from magnet_geo.stac.map_item import MapFiles, make_map_item, map_files_of_result
from magnet_geo.stac.model_item import make_model_item
from magnet_geo.stac.time_span import TimeSpan
from magnet_geo.stac.written_item import check_item_path, write_item

__all__ = [
    "MapFiles",
    "TimeSpan",
    "check_item_path",
    "make_map_item",
    "make_model_item",
    "map_files_of_result",
    "stac_item",
    "write_item",
]
