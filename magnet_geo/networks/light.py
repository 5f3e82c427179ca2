"""The light segmentation backbone: an EfficientNet-Lite encoder under a narrow feature pyramid.

N batch, B bands, C classes, H and W the image size.
"""

from __future__ import annotations

from torch import Tensor, cat, nn
from torch.nn import functional as F

from magnet_geo.networks.backbone import Backbone
from magnet_geo.networks.efficientnet_lite import EfficientNetLite

_WIDTH = 96
_FINE_WIDTH = 32


def separable(in_channels: int, out_channels: int) -> nn.Sequential:
    """Return a depthwise 3 x 3 convolution, a pointwise one and a ReLU, both convolutions normed."""
    return nn.Sequential(
        nn.Conv2d(in_channels, in_channels, 3, padding=1, groups=in_channels, bias=False),
        nn.BatchNorm2d(in_channels),
        nn.Conv2d(in_channels, out_channels, 1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )


def _pointwise(in_channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(in_channels, out_channels, 1, bias=False), nn.BatchNorm2d(out_channels))


class LightFPN(Backbone):
    """A feature pyramid of 96 channels whose sum is sharpened once with the stride-2 feature.

    Args:
        num_classes: Number of classes C.
        in_channels: Number of input bands B.
        encoder: Encoder variant, one of `REPEATS`; the network's name tells it, save for `"lite0"`.
    """

    def __init__(self, num_classes: int, in_channels: int = 3, encoder: str = "lite0") -> None:
        name = "light-fpn" if encoder == "lite0" else f"light-fpn-{encoder}"
        super().__init__(name=name, num_classes=num_classes, in_channels=in_channels)
        self.encoder = EfficientNetLite(in_channels, encoder)
        fine_channels, *pyramid_channels = self.encoder.feature_channels
        self.laterals = nn.ModuleList(_pointwise(channels, _WIDTH) for channels in pyramid_channels)
        self.smoothers = nn.ModuleList(separable(_WIDTH, _WIDTH) for _ in pyramid_channels)
        self.merge = separable(_WIDTH, _FINE_WIDTH)
        self.fine_lateral = _pointwise(fine_channels, _FINE_WIDTH)
        self.sharpen = separable(2 * _FINE_WIDTH, _FINE_WIDTH)
        self.classifier = nn.Conv2d(_FINE_WIDTH, num_classes, 1)

    def heads(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the logits of the only head."""
        fine, *features = self.encoder(images)
        merged = self.merge(self._pyramid_sum(features))
        merged = _resize_like(merged, fine)
        logits = self.classifier(self.sharpen(cat([merged, self.fine_lateral(fine)], dim=1)))
        return (self.logits_of_size(logits, images),)

    def _pyramid_sum(self, features: list[Tensor]) -> Tensor:
        level = self.laterals[-1](features[-1])
        total = _resize_like(self.smoothers[-1](level), features[0])
        for index in range(len(features) - 2, -1, -1):
            level = self.laterals[index](features[index]) + _resize_like(level, features[index])
            smooth = self.smoothers[index](level)
            total = total + (_resize_like(smooth, features[0]) if index else smooth)
        return total


def _resize_like(maps: Tensor, reference: Tensor) -> Tensor:
    return F.interpolate(maps, size=reference.shape[-2:], mode="bilinear", align_corners=False)
