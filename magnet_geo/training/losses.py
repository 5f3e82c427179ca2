"""Losses on logits, with unlabelled pixels left out.

N batch, C classes, H and W pixels, M the labelled pixels among them.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from magnet_geo.datasets import IGNORE_INDEX
from magnet_geo.training.ranks import ALONE, Ranks


def cross_entropy(
    logits: Tensor,
    classes: Tensor,
    *,
    class_weights: Tensor | None = None,
    label_smoothing: float = 0.0,
    ranks: Ranks = ALONE,
) -> Tensor:
    """Return the mean cross-entropy over the labelled pixels of all processes, 0 where there are none.

    Args:
        logits: (N, C, H, W).
        classes: (N, H, W) int64, `IGNORE_INDEX` where unlabelled.
        class_weights: (C,) weight of each class, or None for equal weights.
        label_smoothing: Share of each target spread over all classes, 0-1.
        ranks: The processes that share the batch.
    """
    total = F.cross_entropy(
        logits,
        classes,
        weight=class_weights,
        ignore_index=IGNORE_INDEX,
        label_smoothing=label_smoothing,
        reduction="sum",
    )
    labeled = classes != IGNORE_INDEX
    weight = labeled.sum() if class_weights is None else class_weights[classes[labeled]].sum()
    return ranks.mean_of_sums(total, weight)


def hard_example_cross_entropy(
    logits: Tensor,
    classes: Tensor,
    *,
    threshold: float,
    min_kept: int,
    class_weights: Tensor | None = None,
    ranks: Ranks = ALONE,
) -> Tensor:
    """Return the mean cross-entropy over hard pixels only (online hard example mining).

    Args:
        logits: (N, C, H, W).
        classes: (N, H, W) int64, `IGNORE_INDEX` where unlabelled.
        threshold: Pixels whose probability of the right class is below this are hard.
        min_kept: At least this many of the hardest labelled pixels of all processes are kept, whatever their
            probability.
        class_weights: (C,) factor on the loss of each class, or None.
        ranks: The processes that share the batch.
    """
    labeled = classes != IGNORE_INDEX
    losses = F.cross_entropy(logits, classes, ignore_index=IGNORE_INDEX, reduction="none")[labeled]
    right = torch.exp(-losses.detach())
    hard = (right < threshold) | (right <= _kth_lowest(right, min_kept, ranks))
    if class_weights is not None:
        losses = losses * class_weights[classes[labeled]]
    # The sum over no pixel has no graph; every process must have one.
    return ranks.mean_of_sums(losses[hard].sum() + logits.sum() * 0, hard.sum())


def _kth_lowest(right: Tensor, kept: int, ranks: Ranks) -> Tensor:
    """Return the kept-th lowest value over all processes, the greatest of all where there are fewer."""
    if kept == 0:
        return right.new_tensor(-1.0)
    lowest = right.new_full((kept,), torch.inf)
    count = min(kept, right.numel())
    lowest[:count] = right.topk(count, largest=False).values
    candidates = ranks.gathered(lowest)
    return candidates.kthvalue(kept).values


def lovasz_softmax(logits: Tensor, classes: Tensor, *, stride_px: int = 1) -> Tensor:
    """Return the Lovasz extension of 1 - mean IoU over the classes present in the batch.

    Berman et al., "The Lovasz-Softmax loss", CVPR 2018, equation 9.

    Args:
        logits: (N, C, H, W).
        classes: (N, H, W) int64, `IGNORE_INDEX` where unlabelled.
        stride_px: Only every so many rows and columns are looked at: sorting all pixels is slow.
    """
    logits, classes = logits[..., ::stride_px, ::stride_px], classes[:, ::stride_px, ::stride_px]
    labeled = classes != IGNORE_INDEX
    probabilities = logits.softmax(dim=1).movedim(1, -1)[labeled]
    truth = classes[labeled]
    present = torch.unique(truth)
    if present.numel() == 0:
        return logits.sum() * 0
    losses = [_lovasz_class(probabilities[:, index], truth == index) for index in present.tolist()]
    return torch.stack(losses).mean()


def _lovasz_class(probabilities: Tensor, foreground: Tensor) -> Tensor:
    """Return the Lovasz hinge of one class from (M,) probabilities and an (M,) boolean truth."""
    target = foreground.to(probabilities.dtype)
    errors, order = (target - probabilities).abs().sort(descending=True)
    sorted_target = target[order]
    total = sorted_target.sum()
    intersection = total - sorted_target.cumsum(0)
    union = total + (1 - sorted_target).cumsum(0)
    jaccard = 1 - intersection / union
    gradient = torch.cat([jaccard[:1], jaccard[1:] - jaccard[:-1]])
    return torch.dot(errors, gradient.detach())
