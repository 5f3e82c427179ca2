"""The published FPN with its smoothings and classifier in another order, which takes less arithmetic.

Shape letters: N images, B input bands, C classes, H and W pixels; level pK has stride 2^K.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn, split

from magnet_geo.networks.backbone import resized_like
from magnet_geo.networks.cpu.composition import ComposedConvolutions, TapSum
from magnet_geo.networks.cpu.kernels import compose_kernels, convolution_of, taps_as_outputs
from magnet_geo.networks.fpn import HEAD_CHANNELS, ResNetFPN

_TAPS = 9


class ComposedFPN(nn.Module):
    """A ResNet-FPN whose head is composed.

    Args:
        network: Of few classes, see `saves_work`; its parts become parts of this one.
    """

    def __init__(self, network: ResNetFPN) -> None:
        super().__init__()
        self.network = network
        smoothings = (
            (network.smooth1_1, network.smooth1_2),
            (network.smooth2_1, network.smooth2_2),
            (network.smooth3_1, network.smooth3_2),
            (network.smooth4_1, network.smooth4_2),
        )
        self.head = _ComposedHead(smoothings, network.classify)

    @staticmethod
    def saves_work(network: ResNetFPN) -> bool:
        """Whether the classifier's taps are fewer channels than its inputs."""
        return _TAPS * network.num_classes <= 3 * HEAD_CHANNELS

    def forward(self, images: Tensor) -> Tensor:
        """Map (N, B, H, W) images to (N, C, H, W) float32 logits."""
        logits: Tensor = self.network.logits_of_size(self.head(*self.network.pyramid(images)), images)
        return logits


class _ComposedHead(nn.Module):
    """Smoothings and classifier, which have no activation between them, in another order.

    The classifier's taps are taken before its inputs are enlarged: fewer channels are computed, and fewer enlarged.

    Args:
        smoothings: Both steps of p5, p4, p3 and p2.
        classify: The classifier of all four.
    """

    def __init__(self, smoothings: Sequence[tuple[nn.Conv2d, nn.Conv2d]], classify: nn.Conv2d) -> None:
        super().__init__()
        *shares, finest_share = split(classify.weight.detach(), HEAD_CHANNELS, dim=1)
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
        """Return (N, C, H, W) float32 logits at the size of p2."""
        taps = resized_like(self.middle(p3), p2)
        for steps, level in zip(self.coarsest, (p5, p4), strict=True):
            taps = taps + resized_like(steps(level), p2)
        logits: Tensor = self.tap_sum(taps) + self.finest(p2)
        return logits


def _followed_by(convolution: nn.Conv2d, pointwise: Tensor) -> nn.Conv2d:
    """Return a convolution and a pointwise kernel without bias as one convolution."""
    weight, bias = convolution.weight.detach(), convolution.bias
    bias = None if bias is None else pointwise.flatten(1) @ bias.detach()
    return convolution_of(compose_kernels([weight, pointwise]), bias, padding=(1, 1))
