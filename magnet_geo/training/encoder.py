"""The encoder inside a backbone: its blocks from the image on, to be frozen, slowed down or given weights."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from magnet_geo.errors import TrainingError
from magnet_geo.networks import Backbone
from magnet_geo.networks.hrnet import HRNetOCR
from magnet_geo.networks.light import LightFPN
from magnet_geo.training.settings import BackboneSettings

_TRUNKS = ("encoder", "resnet_backbone", "feats")
_RESNET_STEM = ("conv1", "bn1")
_HRNET_STEM = ("conv1", "bn1", "conv2", "bn2")
_HRNET_STAGES = ("layer1", "transition1", "stage2", "transition2", "stage3", "transition3", "stage4")


def encoder_prefix(backbone: Backbone) -> str:
    """Return what the names of the encoder's weights begin with; empty where they lie beside the head's."""
    found = next((name for name in _TRUNKS if hasattr(backbone, name)), None)
    return "" if found is None else f"{found}."


def encoder_blocks(backbone: Backbone) -> list[list[nn.Module]]:
    """Return the encoder's blocks from the image on, the stem first."""
    if isinstance(backbone, LightFPN):
        return [[backbone.encoder.stem], *([block] for block in backbone.encoder.blocks)]
    if isinstance(backbone, HRNetOCR):
        return [_children(backbone, _HRNET_STEM), *(_children(backbone, (name,)) for name in _HRNET_STAGES)]
    trunk = backbone.get_submodule(encoder_prefix(backbone).rstrip("."))
    stages = [name for name, _ in trunk.named_children() if name.startswith("layer")]
    return [_children(trunk, _RESNET_STEM), *(_children(trunk, (name,)) for name in stages)]


def freeze(backbone: Backbone, settings: BackboneSettings) -> None:
    """Put a backbone into training mode, frozen blocks and batch norms into evaluation mode.

    Raises:
        TrainingError: It has fewer blocks than shall be frozen.
    """
    backbone.train()
    blocks = encoder_blocks(backbone)
    if settings.frozen_blocks > len(blocks):
        raise TrainingError(
            f"`frozen_blocks` is {settings.frozen_blocks}, but the encoder of {backbone.name} has {len(blocks)} blocks."
        )
    for block in blocks[: settings.frozen_blocks]:
        for part in block:
            part.eval().requires_grad_(False)
    if settings.freeze_batch_norm:
        freeze_batch_norms(backbone)


def freeze_batch_norms(network: nn.Module) -> None:
    """Keep the statistics of every batch norm; their scale and offset still learn."""
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d | nn.SyncBatchNorm):
            part.eval()


def encoder_parameters(backbone: Backbone) -> Iterator[nn.Parameter]:
    """Yield the encoder's weights."""
    for block in encoder_blocks(backbone):
        for part in block:
            yield from part.parameters()


def _children(module: nn.Module, names: tuple[str, ...]) -> list[nn.Module]:
    children = dict(module.named_children())
    return [children[name] for name in names if name in children]
