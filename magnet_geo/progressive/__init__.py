"""MagNet on one image: certainty, selection, and the coarse-to-fine loop; tensors in, tensors out."""

from magnet_geo.progressive.certainty import certainty, winning_classes
from magnet_geo.progressive.coarse_to_fine import MapBuffers, Stage, full_size, segment_stages
from magnet_geo.progressive.image_pyramid import build_image_pyramid
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

__all__ = [
    "AllPatches",
    "ListedPatches",
    "MapBuffers",
    "MostUncertainPatches",
    "NetworkPredictor",
    "NoPatches",
    "PatchRule",
    "PatchesAbove",
    "PointRule",
    "PointScope",
    "Predictor",
    "Stage",
    "build_image_pyramid",
    "certainty",
    "full_size",
    "segment_stages",
    "winning_classes",
]
