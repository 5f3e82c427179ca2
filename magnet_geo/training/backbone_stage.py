"""The first stage: the backbone learns from crops at every decimation of the pyramid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from magnet_geo.networks.light import LightFPN
from magnet_geo.normalization import Normalization
from magnet_geo.training.loop import LoopSettings, TrainingResult, train
from magnet_geo.training.losses import cross_entropy, lovasz_softmax
from magnet_geo.training.prefetch import prefetched
from magnet_geo.training.samples import CropSettings, LabeledPyramid, draw_batches, network_input


@dataclass(frozen=True, slots=True)
class BackboneSettings:
    """How the backbone is trained.

    Attributes:
        crops: How crops are drawn.
        loop: Length and pace.
        batch_size: Crops per step.
        learning_rate: Highest rate of the decoder.
        encoder_rate: Highest rate of the pretrained encoder.
        weight_decay: Of AdamW.
        frozen_blocks: Encoder blocks after the stem that keep their pretrained weights: early filters are
            general, and their backward pass is the dearest.
        class_weights: (C,) weights in the cross-entropy, None for equal.
        label_smoothing: Share of each target spread over all classes.
        lovasz_weight: Weight of the Lovasz loss beside the cross-entropy.
        lovasz_stride_px: Spacing of the pixels it looks at.
        bf16: Whether the forward pass runs in bfloat16.
        seed: Of the crops.
    """

    crops: CropSettings = field(default_factory=CropSettings)
    loop: LoopSettings = field(default_factory=LoopSettings)
    batch_size: int = 8
    learning_rate: float = 2e-3
    encoder_rate: float = 6e-4
    weight_decay: float = 0.02
    frozen_blocks: int = 3
    class_weights: tuple[float, ...] | None = None
    label_smoothing: float = 0.05
    lovasz_weight: float = 0.5
    lovasz_stride_px: int = 3
    bf16: bool = True
    seed: int = 0


def train_backbone(
    model: LightFPN,
    pyramids: Sequence[LabeledPyramid],
    normalization: Normalization,
    settings: BackboneSettings,
    *,
    on_checkpoint: Callable[[nn.Module, int], None] | None = None,
) -> TrainingResult:
    """Trains a backbone in place, on CPU, and gives its weight average.

    Args:
        model: The backbone, its encoder pretrained.
        pyramids: The training images.
        normalization: Of pixels / 255.
        settings: Everything else.
        on_checkpoint: Called with the averaged backbone and the number of steps done.
    """
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    model.train()
    freeze_early_blocks(model, settings.frozen_blocks)
    weights = None if settings.class_weights is None else torch.tensor(settings.class_weights)

    def loss_of(batch: tuple[Tensor, Tensor]) -> Tensor:
        images, classes = batch
        with torch.autocast("cpu", torch.bfloat16, enabled=settings.bf16):
            heads = model.heads(network_input(images, normalization))
        return sum_of_head_losses([head.float() for head in heads], classes, weights, settings)

    batches = draw_batches(
        pyramids, settings.crops, batch_size=settings.batch_size, generator=np.random.default_rng(settings.seed)
    )
    optimizer = _optimizer(model, settings)
    return train(model, prefetched(batches), loss_of, optimizer, settings.loop, on_checkpoint=on_checkpoint)


def sum_of_head_losses(
    heads: Sequence[Tensor], classes: Tensor, class_weights: Tensor | None, settings: BackboneSettings
) -> Tensor:
    """Gives the loss of all heads: cross-entropy plus the weighted Lovasz loss of each.

    Args:
        heads: (N, C, H, W) logits each.
        classes: (N, H, W) int64.
        class_weights: (C,) or None.
        settings: Shares of the terms.
    """
    losses = []
    for logits in heads:
        loss = cross_entropy(logits, classes, class_weights=class_weights, label_smoothing=settings.label_smoothing)
        lovasz = lovasz_softmax(logits, classes, stride_px=settings.lovasz_stride_px)
        losses.append(loss + settings.lovasz_weight * lovasz)
    return torch.stack(losses).sum()


def freeze_early_blocks(model: LightFPN, count: int) -> None:
    """Keeps the stem and the first `count` encoder blocks as they are, normalization statistics too."""
    if count == 0:
        return
    for module in [model.encoder.stem, *list(model.encoder.blocks)[:count]]:
        module.eval().requires_grad_(False)


def _optimizer(model: LightFPN, settings: BackboneSettings) -> torch.optim.Optimizer:
    encoder = [parameter for parameter in model.encoder.parameters() if parameter.requires_grad]
    known = {id(parameter) for parameter in model.encoder.parameters()}
    decoder = [parameter for parameter in model.parameters() if id(parameter) not in known]
    groups = [{"params": encoder, "lr": settings.encoder_rate}, {"params": decoder, "lr": settings.learning_rate}]
    return torch.optim.AdamW(groups, weight_decay=settings.weight_decay)
