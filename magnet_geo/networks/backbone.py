"""What every segmentation backbone offers to the rest of the package.

Shape letters: N images, B input bands, C classes, H and W pixels.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

AUXILIARY_SHARE = 0.4


class Backbone(nn.Module):
    """Base of the networks that turn an image into class logits of the same size.

    Subclasses implement `heads`; `forward` combines its logits.

    Attributes:
        name: The name the registry knows this network by.
        num_classes: C, channels of the logits.
        in_channels: B, bands of the images.
    """

    name: str
    num_classes: int
    in_channels: int

    def __init__(self, *, name: str, num_classes: int, in_channels: int) -> None:
        super().__init__()
        self.name = name
        self.num_classes = num_classes
        self.in_channels = in_channels
        self.logits_of_size = LogitsOfSize()

    def heads(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the logits of each head apart, the main one first, for a loss per head.

        Args:
            images: (N, B, H, W) float, normalized; any H and W from 32 pixels on.

        Returns:
            One (N, C, H, W) logits tensor per head: (main,) or (main, auxiliary).
        """
        raise NotImplementedError

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits that inference uses.

        Args:
            images: (N, B, H, W) float, normalized; any H and W from 32 pixels on.

        Returns:
            (N, C, H, W) logits at the size of the images.
        """
        return combine_heads(self.heads(images))


def combine_heads(heads: tuple[Tensor, ...]) -> Tensor:
    """Return the weighted mean of the heads: 1 part main, 0.4 parts auxiliary.

    Args:
        heads: (main,) or (main, auxiliary), each (N, C, H, W) logits.

    Returns:
        (N, C, H, W) logits.
    """
    if len(heads) == 1:
        return heads[0]
    main, auxiliary = heads
    return torch.add(main, auxiliary, alpha=AUXILIARY_SHARE) / (1 + AUXILIARY_SHARE)


def resized_like(features: Tensor, like: Tensor, *, align_corners: bool = False) -> Tensor:
    """Return the features bilinearly at the height and width of another tensor.

    Args:
        features: (N, K, h, w) values.
        like: (N, any, H, W) tensor whose height and width count.
        align_corners: Whether the corner pixels' centers, not their outer edges, coincide.

    Returns:
        (N, K, H, W) values.
    """
    return F.interpolate(features, size=like.shape[-2:], mode="bilinear", align_corners=align_corners)


class LogitsOfSize(nn.Module):
    """Enlarges logits to the size of the images, bilinearly, in float32.

    In half precision the interpolation would round once more, and takes a CPU twice as long.
    """

    def forward(self, logits: Tensor, images: Tensor) -> Tensor:
        """Map (N, C, h, w) of any precision to (N, C, H, W) float32, the channels outermost."""
        return resized_like(logits.float().contiguous(), images)
