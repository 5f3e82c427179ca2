"""Layers exchanged for others that take a CPU less work; what the network says stays, training and loading end."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

from magnet_geo.networks.backbone import Backbone, LogitsOfSize
from magnet_geo.networks.cpu.composed_fpn import ComposedFPN
from magnet_geo.networks.cpu.planes import resize_planes
from magnet_geo.networks.fpn import ResNetFPN
from magnet_geo.networks.light_refinement import CELL_PX, LightRefinement


def simplify(network: nn.Module) -> nn.Module:
    """Exchange layers of a network, in place where that will do.

    Args:
        network: Any; those that are not known stay as they are.

    Returns:
        What is called in its place.
    """
    if isinstance(network, Backbone):
        network.logits_of_size = PlanesOfSize()
    if isinstance(network, ResNetFPN) and ComposedFPN.saves_work(network):
        return ComposedFPN(network)
    if isinstance(network, LightRefinement):
        _enter_strided(network)
    return network


class PlanesOfSize(LogitsOfSize):
    """Enlarge logits by OpenCV: several times as fast on a CPU, without gradients."""

    def forward(self, logits: Tensor, images: Tensor) -> Tensor:
        """Map (N, C, h, w) of any precision to (N, C, H, W) float32, the channels outermost."""
        logits = logits.float().contiguous()
        height, width = images.shape[-2:]
        return logits if logits.shape[-2:] == (height, width) else resize_planes(logits, height, width)


def _enter_strided(network: LightRefinement) -> None:
    """Have the first convolution read pixels with a stride, without laying cells out as channels before."""
    network.enter[0] = _strided_convolution(cast(nn.Conv2d, network.enter[0]))
    network.to_cells = nn.Identity()


def _strided_convolution(pointwise: nn.Conv2d) -> nn.Conv2d:
    """Return the convolution over pixels that equals the one over the cells of `pixel_unshuffle`."""
    strided = nn.Conv2d(
        pointwise.in_channels // CELL_PX**2,
        pointwise.out_channels,
        CELL_PX,
        stride=CELL_PX,
        bias=pointwise.bias is not None,
    )
    strided.weight = nn.Parameter(pointwise.weight.detach().reshape(strided.weight.shape))
    strided.bias = pointwise.bias
    return strided
