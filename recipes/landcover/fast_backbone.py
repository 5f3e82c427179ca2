"""The light backbone in a form that trains fast on a CPU: bfloat16, frozen norms folded into the weights.

torch's backward pass of depthwise convolutions in bfloat16 takes longer than all else together; `depthwise.cpp`
has one for AVX-512, compiled at first use. N images, C channels, H and W pixels.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.cpp_extension import load

from magnet_geo.networks.backbone import resized_like
from magnet_geo.networks.efficientnet_lite import InvertedResidual
from magnet_geo.networks.light import LightFPN

_NO_LIMIT = 1e30
_LAYOUT = torch.channels_last
_kernels = load(
    "landcover_depthwise",
    [str(Path(__file__).with_name("depthwise.cpp"))],
    extra_cflags=["-O3", "-march=native", "-ffast-math"],
)


class _Convolution(torch.autograd.Function):
    """Convolution, bias and clamp to 0..limit (no clamp for limit 0), depthwise or plain."""

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, weight: Tensor, bias: Tensor, stride: int, limit: float) -> Tensor:
        groups = weight.shape[0] if weight.shape[1] == 1 and inputs.shape[1] > 1 else 1
        outputs = F.conv2d(inputs, weight, bias, stride, weight.shape[2] // 2, 1, groups)
        if limit:
            _kernels.clamp_(outputs, limit)
        ctx.save_for_backward(inputs, weight, outputs if limit else None)
        ctx.stride, ctx.limit, ctx.groups = stride, limit, groups
        return outputs

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        inputs, weight, outputs = ctx.saved_tensors
        gradient = gradients[0].contiguous(memory_format=_LAYOUT)
        if ctx.limit:
            gradient, of_bias = _kernels.clamp_backward(gradient, outputs, ctx.limit)
        else:
            of_bias = _kernels.channel_sums(gradient)
        wanted, padding = ctx.needs_input_grad[0], weight.shape[2] // 2
        if ctx.groups == 1:
            of_inputs, of_weight, _ = torch.ops.aten.convolution_backward(
                gradient, inputs, weight, None, [ctx.stride] * 2, [padding] * 2, [1, 1], False, [0, 0], 1,
                [wanted, True, False],
            )  # fmt: skip
        elif ctx.stride == 1 and wanted:
            _, of_weight = _kernels.depthwise_backward(gradient, inputs, weight, 1, False)
            of_inputs = F.conv2d(gradient, weight.flip(2, 3), None, 1, padding, 1, ctx.groups)
        else:
            of_inputs, of_weight = _kernels.depthwise_backward(gradient, inputs, weight, ctx.stride, wanted)
        return of_inputs, of_weight.to(weight.dtype), of_bias.to(gradient.dtype), None, None


class FastBackbone(nn.Module):
    """Trains a `LightFPN` in place: its convolution weights and the biases of its norms.

    Args:
        network: The backbone; the statistics and scales of its norms stay.
        frozen_blocks: Encoder blocks after the stem that stay as they are, the stem too.
        dropped_channels: Share of the last features' channels left out per image.
        dropped_blocks: Share of the images for which a residual block is left out.
    """

    def __init__(
        self, network: LightFPN, *, frozen_blocks: int, dropped_channels: float, dropped_blocks: float
    ) -> None:
        super().__init__()
        self.network = network.eval()
        self._frozen, self._dropped_channels, self._dropped_blocks = frozen_blocks, dropped_channels, dropped_blocks
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.weight.requires_grad_(False)
        for part in (network.encoder.stem, *list(network.encoder.blocks)[:frozen_blocks]):
            part.requires_grad_(False)

    def forward(self, images: Tensor) -> Tensor:
        """Maps (N, 3, H, W) bfloat16 images to float32 logits at the stride of the head: (N, C, H/2, W/2)."""
        fine, *features = self._features(images)
        merged = self._separable(self.network.merge, self._pyramid_sum(features))
        last = F.dropout2d(self._sharpened(images, fine, merged), self._dropped_channels)
        classifier = self.network.classifier
        return F.conv2d(last, classifier.weight.to(last.dtype), classifier.bias.to(last.dtype)).float()

    def _sharpened(self, images: Tensor, fine: Tensor, merged: Tensor) -> Tensor:
        """What the classifier sees, of the stride-2 feature and the pyramid's sum."""
        network = self.network
        detail = self._folded(network.fine_lateral[0], network.fine_lateral[1], fine, 0)
        return self._separable(network.sharpen, torch.cat([resized_like(merged, fine), detail], 1))

    def _features(self, images: Tensor) -> list[Tensor]:
        encoder = self.network.encoder
        with torch.no_grad():
            maps = self._folded(encoder.stem[0], encoder.stem[1], images, 6.0)
        kept = []
        for index, block in enumerate(encoder.blocks):
            with torch.set_grad_enabled(index >= self._frozen):
                maps = self._block(block, maps)
            if index in encoder._feature_blocks:
                kept.append(maps)
        return kept

    def _pyramid_sum(self, features: list[Tensor]) -> Tensor:
        network = self.network
        laterals = [
            self._folded(lateral[0], lateral[1], maps, 0)
            for lateral, maps in zip(network.laterals, features, strict=True)
        ]
        level = laterals[-1]
        total = resized_like(self._separable(network.smoothers[-1], level), features[0])
        for index in range(len(features) - 2, -1, -1):
            level = laterals[index] + resized_like(level, laterals[index])
            total = total + resized_like(self._separable(network.smoothers[index], level), features[0])
        return total

    def _block(self, block: InvertedResidual, maps: Tensor) -> Tensor:
        inner = maps
        if len(block.expand):
            inner = self._folded(block.expand[0], block.expand[1], inner, 6.0)
        inner = self._folded(block.depthwise[0], block.depthwise[1], inner, 6.0)
        inner = self._folded(block.project[0], block.project[1], inner, 0)
        if not block.has_shortcut:
            return inner
        kept = torch.rand(len(inner), 1, 1, 1) > self._dropped_blocks
        return maps + inner * (kept.to(inner.dtype) / (1 - self._dropped_blocks))

    def _separable(self, layers: nn.Sequential, maps: Tensor) -> Tensor:
        return self._folded(layers[2], layers[3], self._folded(layers[0], layers[1], maps, 0), _NO_LIMIT)

    @staticmethod
    def _folded(convolution: nn.Conv2d, norm: nn.BatchNorm2d, maps: Tensor, limit: float) -> Tensor:
        scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
        weight = (convolution.weight * scale.view(-1, 1, 1, 1)).to(maps.dtype)
        bias = (norm.bias - norm.running_mean * scale).to(maps.dtype)
        if convolution.groups == 1:
            weight = weight.contiguous(memory_format=_LAYOUT)
        return _Convolution.apply(maps, weight, bias, convolution.stride[0], limit)
