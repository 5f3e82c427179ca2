"""ResNet-50 with a feature pyramid: the published DeepGlobe backbone.

Shape letters: N images, B input bands, C classes, H and W pixels; level pK has stride 2^K.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from magnet_geo.networks.backbone import Backbone, resized_like
from magnet_geo.networks.resnet import STAGE_CHANNELS, ResNet

PYRAMID_CHANNELS = 256
HEAD_CHANNELS = 128


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

    def heads(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the one head's logits."""
        p5, p4, p3, p2 = self.pyramid(images)
        p5 = self.smooth1_2(self.smooth1_1(p5))
        p4 = self.smooth2_2(self.smooth2_1(p4))
        p3 = self.smooth3_2(self.smooth3_1(p3))
        p2 = self.smooth4_2(self.smooth4_1(p2))
        logits = self.classify(torch.cat([*(resized_like(level, p2) for level in (p5, p4, p3)), p2], dim=1))
        return (self.logits_of_size(logits, images),)

    def pyramid(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return the levels p5, p4, p3, p2 of 256 channels, before smoothing."""
        c2, c3, c4, c5 = self.resnet_backbone(images)
        p5 = self.toplayer(c5)
        p4 = self.latlayer1(c4) + resized_like(p5, c4)
        p3 = self.latlayer2(c3) + resized_like(p4, c3)
        p2 = self.latlayer3(c2) + resized_like(p3, c2)
        return p5, p4, p3, p2


def _smoothing(out_channels: int) -> nn.Conv2d:
    return nn.Conv2d(PYRAMID_CHANNELS, out_channels, 3, padding=1)
