"""ResNet-101 with pyramid pooling, the published PSPNet variant.

Shape letters: N images, B input bands, C classes, H and W pixels, h and w = H / 32 and W / 32.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from magnet_geo.networks.backbone import Backbone, resized_like
from magnet_geo.networks.resnet import STAGE_CHANNELS, ResNet

POOL_SIZES = (1, 2, 3, 6)
BOTTLENECK_CHANNELS = 1024


class PyramidPooling(nn.Module):
    """Adds to each place the features pooled over ever finer grids, then narrows the sum of channels."""

    def __init__(self, channels: int, out_channels: int) -> None:
        super().__init__()
        self.stages = nn.ModuleList(
            nn.Sequential(nn.AdaptiveAvgPool2d(size), nn.Conv2d(channels, channels, 1, bias=False))
            for size in POOL_SIZES
        )
        self.bottleneck = nn.Conv2d(channels * (len(POOL_SIZES) + 1), out_channels, 1)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, features: Tensor) -> Tensor:
        """Maps (N, channels, h, w) to (N, out_channels, h, w)."""
        priors = [resized_like(stage(features), features) for stage in self.stages]
        output: Tensor = self.relu(self.bottleneck(torch.cat((*priors, features), dim=1)))
        return output


class Upsampling(nn.Module):
    """Doubles height and width, then convolves."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, 3, padding=1), nn.BatchNorm2d(out_channels), nn.PReLU()
        )

    def forward(self, features: Tensor) -> Tensor:
        """Maps (N, in, h, w) to (N, out, 2 h, 2 w)."""
        output: Tensor = self.conv(F.interpolate(features, scale_factor=2, mode="bilinear", align_corners=False))
        return output


class PSPNet(Backbone):
    """Pyramid scene parsing network on a ResNet-101 of stride 32.

    Args:
        num_classes: C, channels of the logits.
        in_channels: B, bands of the images.
    """

    def __init__(self, num_classes: int, in_channels: int = 3) -> None:
        super().__init__(name="psp", num_classes=num_classes, in_channels=in_channels)
        channels = STAGE_CHANNELS[-1]
        self.feats = ResNet(101, in_channels)
        self.psp = PyramidPooling(channels, BOTTLENECK_CHANNELS)
        self.drop_1 = nn.Dropout2d(0.3)
        self.up_1 = Upsampling(BOTTLENECK_CHANNELS, 256)
        self.up_2 = Upsampling(256, 64)
        self.up_3 = Upsampling(64, 64)
        self.drop_2 = nn.Dropout2d(0.15)
        self.final = nn.Conv2d(64, num_classes, 1)
        self.classifier = nn.Conv2d(channels, num_classes, 1)

    def heads(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the main and the auxiliary logits."""
        features = self.feats(images)[-1]
        merged = self.drop_1(self.psp(features))
        for upsampling in (self.up_1, self.up_2, self.up_3):
            merged = self.drop_2(upsampling(merged))
        return self.logits_of_size(self.final(merged), images), self.logits_of_size(self.classifier(features), images)
