"""EfficientNet-Lite encoders: inverted residuals without squeeze-excitation, made for cheap CPU passes.

N batch, B bands, H and W the image size; a feature of stride s is (N, channels, ceil(H / s), ceil(W / s)).
Source: Tan and Le, "EfficientNet", ICML 2019, and the published "lite" variant (ReLU6, unscaled first and last stage).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor, nn

#: Block repeats of the seven stages, per variant.
REPEATS: dict[str, tuple[int, ...]] = {
    "lite0": (1, 2, 2, 3, 3, 4, 1),
    "lite1": (1, 3, 3, 4, 4, 5, 1),
    "lite2": (1, 3, 3, 4, 4, 5, 1),
}
#: Input scaling of the published ImageNet weights, (x - 127) / 128 on bytes, for images scaled to 0-1.
IMAGENET_MEAN, IMAGENET_STD = 127 / 255, 128 / 255

_STEM_CHANNELS = 32
_NARROW = (16, 24, 40, 80, 112, 192, 320)
_STAGE_CHANNELS = {"lite0": _NARROW, "lite1": _NARROW, "lite2": (16, 24, 48, 88, 120, 208, 352)}
_STAGE_KERNELS = (3, 3, 5, 3, 5, 5, 3)
_STAGE_STRIDES = (1, 2, 2, 2, 1, 2, 1)
_STAGE_EXPANSIONS = (1, 6, 6, 6, 6, 6, 6)
_FEATURE_STAGES = (0, 1, 2, 4, 6)

_PUBLISHED_PARTS = {
    "_expand_conv": "expand.0",
    "_bn0": "expand.1",
    "_depthwise_conv": "depthwise.0",
    "_bn1": "depthwise.1",
    "_project_conv": "project.0",
    "_bn2": "project.1",
}


def conv_norm(in_channels: int, out_channels: int, kernel: int, *, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    """Return a bias-free convolution that keeps `ceil(size / stride)`, followed by its batch norm."""
    return [
        nn.Conv2d(in_channels, out_channels, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(out_channels, eps=1e-3, momentum=0.01),
    ]


class InvertedResidual(nn.Module):
    """Expand, filter per channel, project; the input is added where shapes allow.

    Args:
        in_channels: Channels in.
        out_channels: Channels out.
        kernel: Side of the depthwise filter.
        stride: 1 or 2.
        expansion: Width of the inner layer as a multiple of `in_channels`.
    """

    def __init__(self, in_channels: int, out_channels: int, *, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = in_channels * expansion
        expand = [*conv_norm(in_channels, inner, 1), nn.ReLU6(inplace=True)] if expansion > 1 else []
        self.expand = nn.Sequential(*expand)
        self.depthwise = nn.Sequential(
            *conv_norm(inner, inner, kernel, stride=stride, groups=inner), nn.ReLU6(inplace=True)
        )
        self.project = nn.Sequential(*conv_norm(inner, out_channels, 1))
        self.has_shortcut = stride == 1 and in_channels == out_channels

    def forward(self, features: Tensor) -> Tensor:
        """Maps (N, in_channels, h, w) to (N, out_channels, ceil(h / stride), ceil(w / stride))."""
        projected: Tensor = self.project(self.depthwise(self.expand(features)))
        return features + projected if self.has_shortcut else projected


class EfficientNetLite(nn.Module):
    """The convolutional part of EfficientNet-Lite, giving one feature map per stride.

    Args:
        in_channels: Number of input bands B.
        variant: `"lite0"`, `"lite1"` or `"lite2"`.

    Attributes:
        feature_channels: Channels at strides 2, 4, 8, 16 and 32.
    """

    def __init__(self, in_channels: int = 3, variant: str = "lite0") -> None:
        super().__init__()
        widths = _STAGE_CHANNELS[variant]
        self.feature_channels = tuple(widths[stage] for stage in _FEATURE_STAGES)
        self.stem = nn.Sequential(*conv_norm(in_channels, _STEM_CHANNELS, 3, stride=2), nn.ReLU6(inplace=True))
        blocks: list[nn.Module] = []
        ends: list[int] = []
        channels = _STEM_CHANNELS
        stages = zip(REPEATS[variant], widths, _STAGE_KERNELS, _STAGE_STRIDES, _STAGE_EXPANSIONS, strict=True)
        for repeats, width, kernel, stride, expansion in stages:
            for repeat in range(repeats):
                first_stride = stride if repeat == 0 else 1
                blocks.append(
                    InvertedResidual(channels, width, kernel=kernel, stride=first_stride, expansion=expansion)
                )
                channels = width
            ends.append(len(blocks) - 1)
        self.blocks = nn.ModuleList(blocks)
        self._feature_blocks = tuple(ends[stage] for stage in _FEATURE_STAGES)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Maps (N, B, H, W) normalized images to five feature maps of strides 2, 4, 8, 16 and 32."""
        features = self.stem(images)
        kept = []
        for index, block in enumerate(self.blocks):
            features = block(features)
            if index in self._feature_blocks:
                kept.append(features)
        return tuple(kept)


def encoder_state_from_published(published: Mapping[str, Tensor], in_channels: int = 3) -> dict[str, Tensor]:
    """Return the state dict of `EfficientNetLite` that holds the published ImageNet weights.

    Args:
        published: State dict with keys such as `_conv_stem.weight` and `_blocks.3._bn1.bias`; the classifier
            in it is left out.
        in_channels: Bands of the encoder to be loaded. Beyond three, each band starts from the mean of the RGB
            filters, and all filters are scaled so that the stem's response keeps its size.

    Returns:
        A state dict that loads strictly.
    """
    state: dict[str, Tensor] = {}
    for key, tensor in published.items():
        if key.startswith(("_conv_head", "_bn1", "_fc")):
            continue
        state[_encoder_key(key)] = tensor
    state["stem.0.weight"] = _stem_for_bands(state["stem.0.weight"], in_channels)
    return state


def _encoder_key(published_key: str) -> str:
    block = re.fullmatch(r"_blocks\.(\d+)\.(\w+)\.(\w+)", published_key)
    if block:
        index, part, name = block.groups()
        return f"blocks.{index}.{_PUBLISHED_PARTS[part]}.{name}"
    return published_key.replace("_conv_stem", "stem.0").replace("_bn0", "stem.1")


def _stem_for_bands(weight: Tensor, in_channels: int) -> Tensor:
    if in_channels == weight.shape[1]:
        return weight
    mean_filter = weight.mean(dim=1, keepdim=True)
    extra = mean_filter.expand(-1, max(in_channels - 3, 0), -1, -1)
    filters = torch.cat([weight[:, :in_channels], extra], dim=1) if in_channels > 3 else mean_filter
    return filters.expand(-1, in_channels, -1, -1) * (3 / in_channels)
