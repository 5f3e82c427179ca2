"""The second stage: the refinement module learns on the chains of a frozen backbone.

N batch, C classes, P the side of a patch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor, nn
from torch.nn import functional as F

from magnet_geo.networks.refinement import Refinement
from magnet_geo.normalization import Normalization
from magnet_geo.training.loop import LoopSettings, TrainingResult, train
from magnet_geo.training.losses import cross_entropy, hard_example_cross_entropy, lovasz_softmax
from magnet_geo.training.prefetch import prefetched
from magnet_geo.training.refinement_samples import ChainLevel, ChainSettings, draw_chain_batches
from magnet_geo.training.samples import LabeledPyramid, network_input


@dataclass(frozen=True, slots=True)
class RefinementSettings:
    """How the refinement module is trained.

    Attributes:
        chains: How places are drawn.
        loop: Length and pace.
        batch_size: Places per step.
        learning_rate: Highest rate.
        weight_decay: Of AdamW.
        class_weights: (C,) weights in the cross-entropy, None for equal.
        label_smoothing: Share of each target spread over all classes.
        lovasz_weight: Weight of the Lovasz loss beside the cross-entropy.
        lovasz_stride_px: Spacing of the pixels it looks at.
        hard_threshold: Probability below which a pixel is hard; None trains on all pixels, else on hard ones only.
        hard_min_kept: Pixels of a batch that are kept at least.
        least_sharpness: Predictions are raised to a power between this and `greatest_sharpness`, drawn per place
            and network pass: the backbone is surer of the ground it was trained on than it will be elsewhere.
        greatest_sharpness: Upper end of that range.
        bf16: Whether both networks run in bfloat16.
        seed: Of the places.
    """

    chains: ChainSettings = field(default_factory=ChainSettings)
    loop: LoopSettings = field(default_factory=LoopSettings)
    batch_size: int = 2
    learning_rate: float = 3e-3
    weight_decay: float = 1e-3
    class_weights: tuple[float, ...] | None = None
    label_smoothing: float = 0.05
    lovasz_weight: float = 0.5
    lovasz_stride_px: int = 3
    hard_threshold: float | None = None
    hard_min_kept: int = 100_000
    least_sharpness: float = 0.5
    greatest_sharpness: float = 1.1
    bf16: bool = True
    seed: int = 1


def train_refinement(
    refinement: Refinement,
    backbone: nn.Module,
    pyramids: Sequence[LabeledPyramid],
    normalization: Normalization,
    settings: RefinementSettings,
    *,
    on_checkpoint: Callable[[nn.Module, int], None] | None = None,
) -> TrainingResult:
    """Trains a refinement module in place, on CPU, and gives its weight average.

    Args:
        refinement: The module.
        backbone: The trained backbone, prepared for inference in the precision of the settings.
        pyramids: The training images.
        normalization: Of pixels / 255.
        settings: Everything else.
        on_checkpoint: Called with the averaged module and the number of steps done.
    """
    refinement.train()
    generator = np.random.default_rng(settings.seed)

    def loss_of(chain: list[ChainLevel]) -> Tensor:
        predictions = [
            _scale_specific(backbone, network_input(level.images, normalization), settings, generator)
            for level in chain
        ]
        return chain_loss(refinement, chain, predictions, settings)

    places = draw_chain_batches(
        pyramids, settings.chains, batch_size=settings.batch_size, generator=np.random.default_rng(settings.seed + 1)
    )
    optimizer = torch.optim.AdamW(
        refinement.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    return train(refinement, prefetched(places), loss_of, optimizer, settings.loop, on_checkpoint=on_checkpoint)


def chain_loss(
    refinement: Refinement,
    chain: Sequence[ChainLevel],
    predictions: Sequence[Tensor],
    settings: RefinementSettings,
) -> Tensor:
    """Gives the mean loss of the refined predictions of every level but the coarsest.

    Args:
        refinement: The module.
        chain: Levels from coarse to fine.
        predictions: (N, C, P, P) scale-specific probabilities of each level.
        settings: Shares of the terms.
    """
    cumulative, losses = predictions[0], []
    for level, scale_specific in zip(chain[1:], predictions[1:], strict=True):
        cropped = crop_cumulative(cumulative, level)
        with torch.autocast("cpu", torch.bfloat16, enabled=settings.bf16):
            logits = refinement(scale_specific=scale_specific, cumulative=cropped).float()
        losses.append(refinement_loss(logits, level.classes, settings))
        cumulative = logits.detach().softmax(dim=1)
    return torch.stack(losses).mean()


def crop_cumulative(cumulative: Tensor, level: ChainLevel) -> Tensor:
    """Gives the coarser level's (N, C, P, P) probabilities where the patches of this level lie, resized."""
    patch_px = level.images.shape[-1]
    finer = F.interpolate(cumulative, scale_factor=level.zoom, mode="bilinear", align_corners=False)
    crops = [
        maps[:, row : row + patch_px, col : col + patch_px]
        for maps, (row, col) in zip(finer, level.offsets, strict=True)
    ]
    return torch.stack(crops)


def refinement_loss(logits: Tensor, classes: Tensor, settings: RefinementSettings) -> Tensor:
    """Gives the loss of (N, C, P, P) logits against (N, P, P) class indices."""
    if settings.hard_threshold is not None:
        loss = hard_example_cross_entropy(
            logits, classes, threshold=settings.hard_threshold, min_kept=settings.hard_min_kept
        )
    else:
        weights = None if settings.class_weights is None else torch.tensor(settings.class_weights)
        loss = cross_entropy(logits, classes, class_weights=weights, label_smoothing=settings.label_smoothing)
    return loss + settings.lovasz_weight * lovasz_softmax(logits, classes, stride_px=settings.lovasz_stride_px)


@torch.no_grad()
def _scale_specific(backbone: nn.Module, inputs: Tensor, settings: RefinementSettings, generator: Generator) -> Tensor:
    if settings.bf16:
        inputs = inputs.bfloat16()
    logits = backbone(inputs.contiguous(memory_format=torch.channels_last)).float()
    sharpness = generator.uniform(settings.least_sharpness, settings.greatest_sharpness, len(logits))
    return torch.softmax(logits * torch.from_numpy(sharpness).float().view(-1, 1, 1, 1), dim=1)
