"""Every network by name: the one place that knows which backbones and refinements exist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import cast

from torch import nn

from magnet_geo.errors import ModelError
from magnet_geo.networks.backbone import Backbone
from magnet_geo.networks.refinement import Refinement


@dataclass(frozen=True, slots=True)
class _Network:
    """A class of `magnet_geo.networks`, in a module that is imported when it is built, and its own arguments."""

    module: str
    name: str
    arguments: Mapping[str, object] = field(default_factory=dict)

    def build(self, **sizes: int) -> nn.Module:
        network = getattr(import_module(f"magnet_geo.networks.{self.module}"), self.name)
        return cast(nn.Module, network(**sizes, **self.arguments))


_BACKBONES = {
    "fpn": _Network("fpn", "ResNetFPN"),
    "psp": _Network("psp", "PSPNet"),
    "hrnet18+ocr": _Network("hrnet", "HRNetOCR", {"width": 18}),
    "hrnet48+ocr": _Network("hrnet", "HRNetOCR", {"width": 48}),
    "light-fpn": _Network("light", "LightFPN"),
    "light-fpn-lite2": _Network("light", "LightFPN", {"encoder": "lite2"}),
}
_REFINEMENTS = {
    "magnet": _Network("refinement", "MagnetRefinement"),
    "light": _Network("light_refinement", "LightRefinement"),
    "light-weighted": _Network("light_refinement", "LightRefinement", {"weighted": True}),
}


def create_backbone(name: str, *, num_classes: int, in_channels: int = 3) -> Backbone:
    """Build an untrained backbone.

    Args:
        name: One of `backbone_names()`.
        num_classes: Channels of the logits.
        in_channels: Bands of the images.

    Raises:
        ModelError: No backbone has this name.
    """
    found = _named(name, _BACKBONES, what="backbone")
    return cast(Backbone, found.build(num_classes=num_classes, in_channels=in_channels))


def create_refinement(num_classes: int, *, name: str = "magnet") -> Refinement:
    """Build an untrained refinement module.

    Args:
        num_classes: Channels of both inputs and of the logits.
        name: One of `refinement_names()`.

    Raises:
        ModelError: No refinement has this name.
    """
    return cast(Refinement, _named(name, _REFINEMENTS, what="refinement").build(num_classes=num_classes))


def backbone_names() -> tuple[str, ...]:
    """Return the names of all backbones, sorted."""
    return tuple(sorted(_BACKBONES))


def refinement_names() -> tuple[str, ...]:
    """Return the names of all refinement modules, sorted."""
    return tuple(sorted(_REFINEMENTS))


def _named(name: str, known: Mapping[str, _Network], *, what: str) -> _Network:
    if name not in known:
        raise ModelError(f"There is no {what} named {name!r}; choose one of: {', '.join(sorted(known))}.")
    return known[name]
