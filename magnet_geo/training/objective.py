"""The loss of a stage's logits, as its settings say.

N batch, C classes, H and W pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from magnet_geo.training.losses import cross_entropy, hard_example_cross_entropy, lovasz_softmax
from magnet_geo.training.ranks import ALONE, Ranks
from magnet_geo.training.settings import TrainingSettings


@dataclass(frozen=True, slots=True, eq=False)
class Objective:
    """Cross-entropy or its hard-example form, plus the weighted Lovasz loss.

    Attributes:
        settings: Shares of the terms.
        class_weights: (C,) weights, None for equal ones.
        ranks: The processes that share the batch. The Lovasz loss is each process's own.
    """

    settings: TrainingSettings
    class_weights: tuple[float, ...] | None = None
    ranks: Ranks = ALONE

    def __call__(self, logits: Tensor, classes: Tensor) -> Tensor:
        """Return the scalar loss of (N, C, H, W) logits against (N, H, W) class indices."""
        settings, logits, classes = self.settings, logits.float(), classes.long()
        weights = None if self.class_weights is None else torch.tensor(self.class_weights, device=logits.device)
        if settings.loss == "ohem":
            loss = hard_example_cross_entropy(
                logits,
                classes,
                threshold=settings.ohem_threshold,
                min_kept=settings.ohem_min_kept,
                class_weights=weights,
                ranks=self.ranks,
            )
        else:
            loss = cross_entropy(
                logits,
                classes,
                class_weights=weights,
                label_smoothing=settings.label_smoothing,
                ranks=self.ranks,
            )
        if settings.lovasz:
            loss = loss + settings.lovasz * lovasz_softmax(logits, classes, stride_px=settings.lovasz_stride_px)
        return loss
