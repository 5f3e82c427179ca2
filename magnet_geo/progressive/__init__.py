"""MagNet on one image: certainty, selection, and the coarse-to-fine loop; tensors in, tensors out."""

from magnet_geo.progressive.certainty import certainty, winning_classes
from magnet_geo.progressive.coarse_to_fine import MapBuffers, Stage, full_size, segment_stages
from magnet_geo.progressive.image_pyramid import ImagePyramid, build_image_pyramid
from magnet_geo.progressive.patch_queue import PatchQueue
from magnet_geo.progressive.predictor import NetworkPredictor, Predictor
from magnet_geo.progressive.selection_rule import (
    AllPatches,
    ListedPatches,
    MostUncertainPatches,
    NoPatches,
    PatchesAbove,
    PatchRule,
    PointRule,
    PointScope,
)
from magnet_geo.progressive.side_stream import SideStream

__all__ = [
    "AllPatches",
    "ImagePyramid",
    "ListedPatches",
    "MapBuffers",
    "MostUncertainPatches",
    "NetworkPredictor",
    "NoPatches",
    "PatchQueue",
    "PatchRule",
    "PatchesAbove",
    "PointRule",
    "PointScope",
    "Predictor",
    "SideStream",
    "Stage",
    "build_image_pyramid",
    "certainty",
    "full_size",
    "segment_stages",
    "winning_classes",
]
