"""MagNet on one image: certainty, selection, and the coarse-to-fine loop; tensors in, tensors out."""

from magnet_geo.progressive.buffers import MapBuffers
from magnet_geo.progressive.certainty import certainty, winning_classes
from magnet_geo.progressive.coarse_to_fine import Stage, build_image_pyramid, full_size, segment_stages
from magnet_geo.progressive.image_pyramid import ImagePyramid
from magnet_geo.progressive.predictor import NetworkPredictor, Predictor
from magnet_geo.progressive.runner import BatchRunner, Runner, choose_runner
from magnet_geo.progressive.selection_rule import (
    AllPatches,
    ListedPatches,
    MostUncertainPatches,
    NoPatches,
    PatchesAbove,
    PatchRule,
    PointRule,
    SelectionRules,
)
from magnet_geo.progressive.side_stream import SideStream

__all__ = [
    "AllPatches",
    "BatchRunner",
    "ImagePyramid",
    "ListedPatches",
    "MapBuffers",
    "MostUncertainPatches",
    "NetworkPredictor",
    "NoPatches",
    "PatchRule",
    "PatchesAbove",
    "PointRule",
    "Predictor",
    "Runner",
    "SelectionRules",
    "SideStream",
    "Stage",
    "build_image_pyramid",
    "certainty",
    "choose_runner",
    "full_size",
    "segment_stages",
    "winning_classes",
]
