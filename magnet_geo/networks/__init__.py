"""Torch modules: backbones and refinements by name, strict state loading, inference preparation."""

from magnet_geo.networks.backbone import Backbone
from magnet_geo.networks.cpu.prepare import RefinementInStrips, prepare_for_inference
from magnet_geo.networks.refinement import Refinement
from magnet_geo.networks.registry import backbone_names, create_backbone, create_refinement, refinement_names
from magnet_geo.networks.state import load_state

__all__ = [
    "Backbone",
    "Refinement",
    "RefinementInStrips",
    "backbone_names",
    "create_backbone",
    "create_refinement",
    "load_state",
    "prepare_for_inference",
    "refinement_names",
]
