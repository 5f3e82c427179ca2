"""The refinement module: merges a patch's own prediction with the map of the coarser levels.

Shape letters: N patches, C classes, H and W pixels.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from magnet_geo.networks.resnet import bottleneck_stage, initialize_convolutions

BATCH_NORM_MOMENTUM = 0.01
WIDTH = 64
PLANES = 32


class Refinement(nn.Module):
    """Base of the modules that merge two predictions of one patch.

    Attributes:
        num_classes: C, channels of both inputs and of the logits.
        receptive_radius: Pixels on each side that one output pixel depends on.
        alignment: Rows at which a strip of the input may start, as a multiple.
    """

    num_classes: int
    receptive_radius: int
    alignment: int

    def __init__(self, *, num_classes: int, receptive_radius: int, alignment: int) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.receptive_radius = receptive_radius
        self.alignment = alignment

    def forward(self, *, scale_specific: Tensor, cumulative: Tensor) -> Tensor:
        """Return the refined prediction.

        Args:
            scale_specific: (N, C, H, W) probabilities the backbone gave for the patch itself.
            cumulative: (N, C, H, W) probabilities of the coarser levels, cropped to the patch.

        Returns:
            (N, C, H, W) logits.
        """
        raise NotImplementedError


class MagnetRefinement(Refinement):
    """The published refinement module: about 0.1 M weights, no strides.

    Args:
        num_classes: C, channels of both inputs and of the logits.
    """

    def __init__(self, num_classes: int) -> None:
        super().__init__(num_classes=num_classes, receptive_radius=4, alignment=1)
        self.bn0 = nn.BatchNorm2d(2 * num_classes, momentum=BATCH_NORM_MOMENTUM)
        self.conv1 = nn.Conv2d(2 * num_classes, WIDTH, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(WIDTH, momentum=BATCH_NORM_MOMENTUM)
        self.conv2 = nn.Conv2d(WIDTH, WIDTH, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(WIDTH, momentum=BATCH_NORM_MOMENTUM)
        self.relu = nn.ReLU(inplace=True)
        self.residual = bottleneck_stage(WIDTH, PLANES, blocks=2, momentum=BATCH_NORM_MOMENTUM)
        self.seg_conv = nn.Conv2d(4 * PLANES, num_classes, 1, bias=False)
        initialize_convolutions(self)
        # Drawn by fan-out, the few output channels would start with logits of +-10 and keep their noise for long.
        nn.init.normal_(self.seg_conv.weight, std=0.01)

    def forward(self, *, scale_specific: Tensor, cumulative: Tensor) -> Tensor:
        """Return (N, C, H, W) logits of the refined prediction."""
        features = self.bn0(torch.cat((scale_specific, cumulative), dim=1))
        features = self.relu(self.bn1(self.conv1(features)))
        features = self.relu(self.bn2(self.conv2(features)))
        logits: Tensor = self.seg_conv(self.residual(features))
        return logits
