"""HRNet of widths 18 and 48 at full resolution, with an object-context head: the published Cityscapes backbones.

Shape letters: N images, B input bands, C classes, H and W pixels; branch b works at stride 2^b.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from magnet_geo.networks.backbone import Backbone, resized_like
from magnet_geo.networks.ocr import OBJECT_CHANNELS, ObjectContextHead
from magnet_geo.networks.resnet import BasicBlock, bottleneck_stage, initialize_convolutions

STEM_CHANNELS = 64


@dataclass(frozen=True, slots=True)
class HRNetLayout:
    """Widths and depths of one HRNet."""

    name: str
    """Name of the backbone in the registry."""
    width: int
    """Channels of the full-resolution branch; each coarser branch doubles them."""
    stem_blocks: int
    """Bottlenecks of the first stage."""
    modules: tuple[int, int, int]
    """Multi-resolution modules of the stages with 2, 3 and 4 branches."""
    branch_blocks: int
    """Basic blocks per branch and module."""

    def widths(self, branches: int) -> tuple[int, ...]:
        """Return the channels of the first `branches` branches."""
        return tuple(self.width << branch for branch in range(branches))


_LAYOUTS = {
    18: HRNetLayout("hrnet18+ocr", width=18, stem_blocks=2, modules=(1, 3, 2), branch_blocks=2),
    48: HRNetLayout("hrnet48+ocr", width=48, stem_blocks=4, modules=(1, 4, 3), branch_blocks=4),
}


class MultiResolutionModule(nn.Module):
    """Branches side by side, then for every branch the sum of all, resampled."""

    def __init__(self, widths: Sequence[int], blocks: int) -> None:
        super().__init__()
        self.branches = nn.ModuleList(nn.Sequential(*(BasicBlock(width) for _ in range(blocks))) for width in widths)
        self.fuse_layers = nn.ModuleList(
            nn.ModuleList(_fusion(widths, source, target) for source in range(len(widths)))
            for target in range(len(widths))
        )
        self.relu = nn.ReLU(inplace=True)

    def forward(self, features: list[Tensor]) -> list[Tensor]:
        """Keep the number of branches and their shapes."""
        features = [branch(x) for branch, x in zip(self.branches, features, strict=True)]
        return [self._fuse(features, target) for target in range(len(self.branches))]

    def _fuse(self, features: list[Tensor], target: int) -> Tensor:
        like = features[target]
        fusions = cast(nn.ModuleList, self.fuse_layers[target])
        parts = [fusion(x) for fusion, x in zip(fusions, features, strict=True)]
        parts[target + 1 :] = [resized_like(part, like, align_corners=True) for part in parts[target + 1 :]]
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        fused: Tensor = self.relu(total)
        return fused


class HRNetOCR(Backbone):
    """High-resolution network whose stem keeps the input size, with the object-context head.

    Args:
        num_classes: C, channels of the logits.
        in_channels: B, bands of the images.
        width: 18 or 48, channels of the full-resolution branch.
    """

    def __init__(self, num_classes: int, in_channels: int = 3, *, width: int = 18) -> None:
        layout = _LAYOUTS[width]
        super().__init__(name=layout.name, num_classes=num_classes, in_channels=in_channels)
        self.conv1 = nn.Conv2d(in_channels, STEM_CHANNELS, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(STEM_CHANNELS)
        self.conv2 = nn.Conv2d(STEM_CHANNELS, STEM_CHANNELS, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(STEM_CHANNELS)
        self.relu = nn.ReLU(inplace=True)
        self.layer1 = bottleneck_stage(STEM_CHANNELS, STEM_CHANNELS, blocks=layout.stem_blocks)
        self.transition1 = nn.ModuleList(
            [_conv_norm_relu(256, layout.width), nn.Sequential(_conv_norm_relu(256, 2 * layout.width, stride=2))]
        )
        self.stage2 = _stage(layout, branches=2)
        self.transition2 = _new_branch(layout.widths(3))
        self.stage3 = _stage(layout, branches=3)
        self.transition3 = _new_branch(layout.widths(4))
        self.stage4 = _stage(layout, branches=4)
        self._add_head(sum(layout.widths(4)))
        initialize_convolutions(self)

    def _add_head(self, width: int) -> None:
        self.conv3x3_ocr = _conv_norm_relu(width, OBJECT_CHANNELS, bias=True)
        self.ocr_distri_head = ObjectContextHead(OBJECT_CHANNELS)
        self.cls_head = nn.Conv2d(OBJECT_CHANNELS, self.num_classes, 1)
        self.aux_head = nn.Sequential(
            nn.Conv2d(width, width, 1),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, self.num_classes, 1),
        )

    def heads(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the main and the auxiliary logits."""
        features = self.features(images)
        auxiliary = self.aux_head(features)
        main = self.cls_head(self.ocr_distri_head(self.conv3x3_ocr(features), auxiliary))
        return main, auxiliary

    def features(self, images: Tensor) -> Tensor:
        """Return the features of all branches at full size: (N, 15 * width, H, W)."""
        stem = self.relu(self.bn1(self.conv1(images)))
        stem = self.layer1(self.relu(self.bn2(self.conv2(stem))))
        branches = self.stage2([transition(stem) for transition in self.transition1])
        branches = self.stage3([*branches, self.transition2[-1](branches[-1])])
        branches = self.stage4([*branches, self.transition3[-1](branches[-1])])
        finest, *coarser = branches
        return torch.cat((finest, *(resized_like(branch, finest, align_corners=True) for branch in coarser)), dim=1)


def _stage(layout: HRNetLayout, *, branches: int) -> nn.Sequential:
    widths = layout.widths(branches)
    count = layout.modules[branches - 2]
    return nn.Sequential(*(MultiResolutionModule(widths, layout.branch_blocks) for _ in range(count)))


def _new_branch(widths: Sequence[int]) -> nn.ModuleList:
    """Return the step to one more branch: the last entry makes it from the coarsest one, the others keep theirs."""
    kept = [nn.Identity() for _ in widths[:-1]]
    return nn.ModuleList([*kept, nn.Sequential(_conv_norm_relu(widths[-2], widths[-1], stride=2))])


def _fusion(widths: Sequence[int], source: int, target: int) -> nn.Module:
    """Return the path from one branch to another; coarser sources still lack their upsampling."""
    if source == target:
        return nn.Identity()
    if source > target:
        conv = nn.Conv2d(widths[source], widths[target], 1, bias=False)
        return nn.Sequential(conv, nn.BatchNorm2d(widths[target]))
    width = widths[source]
    steps = [_conv_norm_relu(width, width, stride=2) for _ in range(target - source - 1)]
    last = nn.Conv2d(width, widths[target], 3, stride=2, padding=1, bias=False)
    return nn.Sequential(*steps, nn.Sequential(last, nn.BatchNorm2d(widths[target])))


def _conv_norm_relu(in_channels: int, out_channels: int, *, stride: int = 1, bias: bool = False) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=bias),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )
