"""The light backbone with a head at another stride than 2, and the forms that train fast: tried, not shipped.

N images, B bands, C classes, H and W pixels.
"""

from __future__ import annotations

import torch
from fast_backbone import FastBackbone
from torch import Tensor, cat, nn
from torch.nn import functional as F

from magnet_geo.networks.backbone import resized_like
from magnet_geo.networks.light import LightFPN, separable

_WIDTH = 32
_DETAIL_WIDTH = 16


class HeadAtStride1(LightFPN):
    """Sharpens once more, with what a convolution sees in the image itself."""

    def __init__(self, num_classes: int, encoder: str) -> None:
        super().__init__(num_classes, encoder=encoder)
        self.detail = nn.Sequential(
            nn.Conv2d(3, _DETAIL_WIDTH, 3, padding=1, bias=False), nn.BatchNorm2d(_DETAIL_WIDTH), nn.ReLU(inplace=True)
        )
        self.sharpen_again = separable(_WIDTH + _DETAIL_WIDTH, _WIDTH)

    def heads(self, images: Tensor) -> tuple[Tensor, ...]:
        """See `Backbone.heads`."""
        fine, *features = self.encoder(images)
        merged = resized_like(self.merge(self._pyramid_sum(features)), fine)
        sharp = self.sharpen(cat([merged, self.fine_lateral(fine)], dim=1))
        last = self.sharpen_again(cat([resized_like(sharp, images), self.detail(images)], dim=1))
        return (self.logits_of_size(self.classifier(last), images),)


class FastHeadAtStride1(FastBackbone):
    """Trains a `HeadAtStride1`; its logits are (N, C, H, W)."""

    network: HeadAtStride1

    def _sharpened(self, images: Tensor, fine: Tensor, merged: Tensor) -> Tensor:
        sharp = super()._sharpened(images, fine, merged)
        seen = F.relu(self._folded(self.network.detail[0], self.network.detail[1], images, 0))
        return self._separable(self.network.sharpen_again, torch.cat([resized_like(sharp, images), seen], 1))


class HeadAtStride4(LightFPN):
    """Decides on the pyramid's sum alone."""

    def __init__(self, num_classes: int, encoder: str) -> None:
        super().__init__(num_classes, encoder=encoder)
        self.sharpen = separable(_WIDTH, _WIDTH)
        del self.fine_lateral

    def heads(self, images: Tensor) -> tuple[Tensor, ...]:
        """See `Backbone.heads`."""
        _, *features = self.encoder(images)
        return (self.logits_of_size(self.classifier(self.sharpen(self.merge(self._pyramid_sum(features)))), images),)


class FastHeadAtStride4(FastBackbone):
    """Trains a `HeadAtStride4`; its logits are (N, C, H/4, W/4)."""

    def _sharpened(self, images: Tensor, fine: Tensor, merged: Tensor) -> Tensor:
        return self._separable(self.network.sharpen, merged)


NETWORKS: dict[int, type[LightFPN]] = {1: HeadAtStride1, 2: LightFPN, 4: HeadAtStride4}
FAST_FORMS: dict[int, type[FastBackbone]] = {1: FastHeadAtStride1, 2: FastBackbone, 4: FastHeadAtStride4}


def create_variant(num_classes: int, *, encoder: str, head_stride: int) -> LightFPN:
    """Gives the light backbone, its weights drawn at random."""
    return NETWORKS[head_stride](num_classes, encoder=encoder)
