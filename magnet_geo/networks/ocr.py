"""Object-contextual representations: each pixel gathers the features of the object regions it resembles.

Shape letters: N images, C classes (one object region each), H and W pixels.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

OBJECT_CHANNELS = 512
KEY_CHANNELS = 256


class ObjectAttention(nn.Module):
    """Attention from pixels (queries) to object regions (keys and values)."""

    def __init__(self, channels: int = OBJECT_CHANNELS) -> None:
        super().__init__()
        self.scale = KEY_CHANNELS**-0.5
        self.f_pixel = _pointwise(channels, KEY_CHANNELS, KEY_CHANNELS)
        self.f_object = _pointwise(channels, KEY_CHANNELS, KEY_CHANNELS)
        self.f_down = _pointwise(channels, KEY_CHANNELS)
        self.f_up = _pointwise(KEY_CHANNELS, channels)

    def forward(self, features: Tensor, regions: Tensor) -> Tensor:
        """Return each pixel's object context.

        Args:
            features: (N, channels, H, W) pixel features.
            regions: (N, channels, C, 1) features of the object regions.

        Returns:
            (N, channels, H, W) context.
        """
        queries = self.f_pixel(features).flatten(2).transpose(1, 2)
        keys = self.f_object(regions).flatten(2)
        values = self.f_down(regions).flatten(2).transpose(1, 2)
        attention = torch.softmax(torch.matmul(queries, keys) * self.scale, dim=-1)
        context = torch.matmul(attention, values).transpose(1, 2)
        height, width = features.shape[-2:]
        output: Tensor = self.f_up(context.reshape(-1, KEY_CHANNELS, height, width))
        return output


class ObjectContextHead(nn.Module):
    """Joins the pixel features with their object context."""

    def __init__(self, channels: int = OBJECT_CHANNELS, dropout: float = 0.05) -> None:
        super().__init__()
        self.object_context_block = ObjectAttention(channels)
        self.conv_bn_dropout = nn.Sequential(
            nn.Conv2d(2 * channels, channels, 1, bias=False), _norm_relu(channels), nn.Dropout2d(dropout)
        )

    def forward(self, features: Tensor, region_logits: Tensor) -> Tensor:
        """Return the augmented pixel features.

        Args:
            features: (N, channels, H, W) pixel features.
            region_logits: (N, C, H, W) coarse logits that say which pixel belongs to which region.

        Returns:
            (N, channels, H, W) features.
        """
        regions = gather_regions(features, region_logits)
        context = self.object_context_block(features, regions)
        output: Tensor = self.conv_bn_dropout(torch.cat((context, features), dim=1))
        return output


def gather_regions(features: Tensor, region_logits: Tensor) -> Tensor:
    """Return each region's features: the mean over all pixels, weighted by a softmax over the pixels.

    Args:
        features: (N, K, H, W) pixel features.
        region_logits: (N, C, H, W) logits.

    Returns:
        (N, K, C, 1) region features.
    """
    weights = torch.softmax(region_logits.flatten(2), dim=2)
    regions = torch.matmul(weights, features.flatten(2).transpose(1, 2))
    return regions.transpose(1, 2).unsqueeze(3)


def _norm_relu(channels: int) -> nn.Sequential:
    return nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU(inplace=True))


def _pointwise(in_channels: int, *widths: int) -> nn.Sequential:
    """Return 1x1 convolutions of the widths, each with batch norm and ReLU."""
    layers: list[nn.Module] = []
    for width in widths:
        layers += [nn.Conv2d(in_channels, width, 1, bias=False), _norm_relu(width)]
        in_channels = width
    return nn.Sequential(*layers)
