"""Every network by name: the one place that knows which backbones and refinements exist."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from magnet_geo.errors import ModelError
from magnet_geo.networks.backbone import Backbone
from magnet_geo.networks.refinement import MagnetRefinement, Refinement


def create_backbone(name: str, *, num_classes: int, in_channels: int = 3) -> Backbone:
    """Builds an untrained backbone.

    Args:
        name: One of `backbone_names()`.
        num_classes: Channels of the logits.
        in_channels: Bands of the images.

    Raises:
        ModelError: If no backbone has this name.
    """
    _require_known(name, _BACKBONES, what="backbone")
    return _BACKBONES[name](num_classes, in_channels)


def create_refinement(num_classes: int, *, name: str = "magnet") -> Refinement:
    """Builds an untrained refinement module.

    Args:
        num_classes: Channels of both inputs and of the logits.
        name: One of `refinement_names()`.

    Raises:
        ModelError: If no refinement has this name.
    """
    _require_known(name, _REFINEMENTS, what="refinement")
    return _REFINEMENTS[name](num_classes)


def backbone_names() -> tuple[str, ...]:
    """Gives the names of all backbones, sorted."""
    return tuple(sorted(_BACKBONES))


def refinement_names() -> tuple[str, ...]:
    """Gives the names of all refinement modules, sorted."""
    return tuple(sorted(_REFINEMENTS))


def _require_known(name: str, known: Mapping[str, object], *, what: str) -> None:
    if name not in known:
        raise ModelError(f"There is no {what} named {name!r}; choose one of: {', '.join(sorted(known))}.")


def _fpn(num_classes: int, in_channels: int) -> Backbone:
    from magnet_geo.networks.fpn import ResNetFPN

    return ResNetFPN(num_classes, in_channels)


def _psp(num_classes: int, in_channels: int) -> Backbone:
    from magnet_geo.networks.psp import PSPNet

    return PSPNet(num_classes, in_channels)


def _hrnet18(num_classes: int, in_channels: int) -> Backbone:
    from magnet_geo.networks.hrnet import HRNET18, HRNetOCR

    return HRNetOCR(num_classes, in_channels, layout=HRNET18)


def _hrnet48(num_classes: int, in_channels: int) -> Backbone:
    from magnet_geo.networks.hrnet import HRNET48, HRNetOCR

    return HRNetOCR(num_classes, in_channels, layout=HRNET48)


def _light_fpn(num_classes: int, in_channels: int) -> Backbone:
    from magnet_geo.networks.light import LightFPN

    return LightFPN(num_classes, in_channels)


def _light_fpn_lite2(num_classes: int, in_channels: int) -> Backbone:
    from magnet_geo.networks.light import LightFPN

    return LightFPN(num_classes, in_channels, encoder="lite2")


def _light(num_classes: int) -> Refinement:
    from magnet_geo.networks.light_refinement import LightRefinement

    return LightRefinement(num_classes)


def _light_weighted(num_classes: int) -> Refinement:
    from magnet_geo.networks.light_refinement import LightRefinement

    return LightRefinement(num_classes, weighted=True)


_BACKBONES: Mapping[str, Callable[[int, int], Backbone]] = {
    "fpn": _fpn,
    "psp": _psp,
    "hrnet18+ocr": _hrnet18,
    "hrnet48+ocr": _hrnet48,
    "light-fpn": _light_fpn,
    "light-fpn-lite2": _light_fpn_lite2,
}
_REFINEMENTS: Mapping[str, Callable[[int], Refinement]] = {
    "magnet": MagnetRefinement,
    "light": _light,
    "light-weighted": _light_weighted,
}
