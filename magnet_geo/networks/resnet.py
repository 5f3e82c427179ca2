"""Residual networks in torchvision's layout: 50 and 101 layers, the stride in the 3x3 convolution.

Shape letters: N images, B input bands, H and W pixels; the features of stage s have stride 2^(s+1).
"""

from __future__ import annotations

from torch import Tensor, nn

BLOCKS_PER_STAGE = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}
STAGE_CHANNELS = (256, 512, 1024, 2048)


class Bottleneck(nn.Module):
    """A 1x1, 3x3, 1x1 residual block that widens its planes by four."""

    expansion = 4

    def __init__(self, in_channels: int, planes: int, *, stride: int = 1, momentum: float = 0.1) -> None:
        super().__init__()
        out_channels = planes * self.expansion
        self.conv1 = nn.Conv2d(in_channels, planes, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes, momentum=momentum)
        self.conv2 = nn.Conv2d(planes, planes, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes, momentum=momentum)
        self.conv3 = nn.Conv2d(planes, out_channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels, momentum=momentum)
        self.relu = nn.ReLU(inplace=True)
        self.downsample: nn.Sequential | None = None
        if stride != 1 or in_channels != out_channels:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False),
                nn.BatchNorm2d(out_channels, momentum=momentum),
            )

    def forward(self, features: Tensor) -> Tensor:
        """Maps (N, in, H, W) to (N, 4 * planes, H / stride, W / stride)."""
        shortcut = features if self.downsample is None else self.downsample(features)
        features = self.relu(self.bn1(self.conv1(features)))
        features = self.relu(self.bn2(self.conv2(features)))
        output: Tensor = self.relu(self.bn3(self.conv3(features)).add_(shortcut))
        return output


class BasicBlock(nn.Module):
    """Two 3x3 convolutions beside an identity shortcut, all of the same width."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, features: Tensor) -> Tensor:
        """Keeps the shape (N, channels, H, W)."""
        change = self.relu(self.bn1(self.conv1(features)))
        output: Tensor = self.relu(self.bn2(self.conv2(change)).add_(features))
        return output


def bottleneck_stage(
    in_channels: int, planes: int, *, blocks: int, stride: int = 1, momentum: float = 0.1
) -> nn.Sequential:
    """Return `blocks` bottlenecks in a row; the first takes the stride and the change of width."""
    first = Bottleneck(in_channels, planes, stride=stride, momentum=momentum)
    width = planes * Bottleneck.expansion
    return nn.Sequential(first, *(Bottleneck(width, planes, momentum=momentum) for _ in range(blocks - 1)))


class ResNet(nn.Module):
    """The feature extractor of a ResNet, without pooling and classifier.

    Args:
        depth: Layers, 50 or 101.
        in_channels: B, bands of the images.
    """

    def __init__(self, depth: int, in_channels: int = 3) -> None:
        super().__init__()
        blocks = BLOCKS_PER_STAGE[depth]
        self.conv1 = nn.Conv2d(in_channels, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = bottleneck_stage(64, 64, blocks=blocks[0])
        self.layer2 = bottleneck_stage(256, 128, blocks=blocks[1], stride=2)
        self.layer3 = bottleneck_stage(512, 256, blocks=blocks[2], stride=2)
        self.layer4 = bottleneck_stage(1024, 512, blocks=blocks[3], stride=2)
        initialize_convolutions(self)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Maps (N, B, H, W) to features of 256, 512, 1024, 2048 channels at strides 4, 8, 16, 32."""
        features = self.maxpool(self.relu(self.bn1(self.conv1(images))))
        c2 = self.layer1(features)
        c3 = self.layer2(c2)
        c4 = self.layer3(c3)
        c5 = self.layer4(c4)
        return c2, c3, c4, c5


def initialize_convolutions(module: nn.Module) -> None:
    """Draws every convolution's weights as He et al. do, by fan-out."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight, mode="fan_out", nonlinearity="relu")
