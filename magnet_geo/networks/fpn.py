"""ResNet-50 with a feature pyramid: the published DeepGlobe backbone.

Shape letters: N images, B input bands, C classes, H and W pixels; level pK has stride 2^K.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from magnet_geo.networks.backbone import Backbone, resized_like
from magnet_geo.networks.composition import ComposedConvolutions, TapSum
from magnet_geo.networks.kernels import compose_kernels, convolution_of, taps_as_outputs
from magnet_geo.networks.resnet import STAGE_CHANNELS, ResNet

PYRAMID_CHANNELS = 256
HEAD_CHANNELS = 128
_TAPS = 9


class ResNetFPN(Backbone):
    """Feature pyramid network on a ResNet-50.

    Args:
        num_classes: C, channels of the logits.
        in_channels: B, bands of the images.
    """

    def __init__(self, num_classes: int, in_channels: int = 3) -> None:
        super().__init__(name="fpn", num_classes=num_classes, in_channels=in_channels)
        c2, c3, c4, c5 = STAGE_CHANNELS
        self.resnet_backbone = ResNet(50, in_channels)
        self.toplayer = nn.Conv2d(c5, PYRAMID_CHANNELS, 1)
        self.latlayer1 = nn.Conv2d(c4, PYRAMID_CHANNELS, 1)
        self.latlayer2 = nn.Conv2d(c3, PYRAMID_CHANNELS, 1)
        self.latlayer3 = nn.Conv2d(c2, PYRAMID_CHANNELS, 1)
        self.smooth1_1 = _smoothing(PYRAMID_CHANNELS)
        self.smooth2_1 = _smoothing(PYRAMID_CHANNELS)
        self.smooth3_1 = _smoothing(PYRAMID_CHANNELS)
        self.smooth4_1 = _smoothing(PYRAMID_CHANNELS)
        self.smooth1_2 = _smoothing(HEAD_CHANNELS)
        self.smooth2_2 = _smoothing(HEAD_CHANNELS)
        self.smooth3_2 = _smoothing(HEAD_CHANNELS)
        self.smooth4_2 = _smoothing(HEAD_CHANNELS)
        self.classify = nn.Conv2d(4 * HEAD_CHANNELS, num_classes, 3, padding=1)
        self.composed: _ComposedHead | None = None

    def heads(self, images: Tensor) -> tuple[Tensor, ...]:
        """Gives the one head's logits; see `Backbone.heads`."""
        levels = self.pyramid(images)
        if self.composed is not None:
            return (self.logits_of_size(self.composed(*levels), images),)
        p5, p4, p3, p2 = levels
        p5 = self.smooth1_2(self.smooth1_1(p5))
        p4 = self.smooth2_2(self.smooth2_1(p4))
        p3 = self.smooth3_2(self.smooth3_1(p3))
        p2 = self.smooth4_2(self.smooth4_1(p2))
        logits = self.classify(torch.cat([*(resized_like(level, p2) for level in (p5, p4, p3)), p2], dim=1))
        return (self.logits_of_size(logits, images),)

    def simplify(self) -> None:
        """Merges the smoothings with their shares of the classifier; see `Backbone.simplify`."""
        super().simplify()
        if self.composed is None and _TAPS * self.num_classes <= 3 * HEAD_CHANNELS:
            smoothings = (
                (self.smooth1_1, self.smooth1_2),
                (self.smooth2_1, self.smooth2_2),
                (self.smooth3_1, self.smooth3_2),
                (self.smooth4_1, self.smooth4_2),
            )
            self.composed = _ComposedHead(smoothings, self.classify)

    def pyramid(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Gives the levels p5, p4, p3, p2 of 256 channels, before smoothing."""
        c2, c3, c4, c5 = self.resnet_backbone(images)
        p5 = self.toplayer(c5)
        p4 = self.latlayer1(c4) + resized_like(p5, c4)
        p3 = self.latlayer2(c3) + resized_like(p4, c3)
        p2 = self.latlayer3(c2) + resized_like(p3, c2)
        return p5, p4, p3, p2


class _ComposedHead(nn.Module):
    """Smoothings and classifier, which have no activation between them, in another order.

    The classifier's taps are taken before its inputs are enlarged: fewer channels are computed, and fewer enlarged.

    Args:
        smoothings: Both steps of p5, p4, p3 and p2.
        classify: The classifier of all four.
    """

    def __init__(self, smoothings: Sequence[tuple[nn.Conv2d, nn.Conv2d]], classify: nn.Conv2d) -> None:
        super().__init__()
        *shares, finest_share = torch.split(classify.weight.detach(), HEAD_CHANNELS, dim=1)
        *coarser, finest = smoothings
        *coarsest, middle = [
            (first, _followed_by(second, taps_as_outputs(share)))
            for (first, second), share in zip(coarser, shares, strict=True)
        ]
        self.coarsest = nn.ModuleList(nn.Sequential(*steps) for steps in coarsest)
        self.middle = ComposedConvolutions(middle)
        self.tap_sum = TapSum((3, 3))
        self.finest = ComposedConvolutions(
            [*finest, convolution_of(finest_share, classify.bias, padding=(1, 1))], few_outputs=True
        )

    def forward(self, p5: Tensor, p4: Tensor, p3: Tensor, p2: Tensor) -> Tensor:
        """Gives (N, C, H, W) float32 logits at the size of p2."""
        taps = resized_like(self.middle(p3), p2)
        for steps, level in zip(self.coarsest, (p5, p4), strict=True):
            taps = taps + resized_like(steps(level), p2)
        logits: Tensor = self.tap_sum(taps) + self.finest(p2)
        return logits


def _followed_by(convolution: nn.Conv2d, pointwise: Tensor) -> nn.Conv2d:
    """Gives a convolution and a pointwise kernel without bias as one convolution."""
    weight, bias = convolution.weight.detach(), convolution.bias
    bias = None if bias is None else pointwise.flatten(1) @ bias.detach()
    return convolution_of(compose_kernels([weight, pointwise]), bias, padding=(1, 1))


def _smoothing(out_channels: int) -> nn.Conv2d:
    return nn.Conv2d(PYRAMID_CHANNELS, out_channels, 3, padding=1)
