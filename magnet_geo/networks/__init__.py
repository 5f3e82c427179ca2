"""Torch modules: backbones and refinements by name, strict state loading, inference preparation."""

from magnet_geo.networks.backbone import Backbone
from magnet_geo.networks.refinement import Refinement
from magnet_geo.networks.registry import backbone_names, create_backbone, create_refinement, refinement_names

__all__ = [
    "Backbone",
    "Refinement",
    "backbone_names",
    "create_backbone",
    "create_refinement",
    "refinement_names",
]
