"""Layers of features: what the outside world reads as points and polygons."""

from magnet_geo.vector.answer_form import answer_form
from magnet_geo.vector.point_layer import PointLayer, check_point_target, read_point_layer, write_point_layer

__all__ = ["PointLayer", "answer_form", "check_point_target", "read_point_layer", "write_point_layer"]
