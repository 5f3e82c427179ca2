from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from magnet_geo.datasets import IGNORE_INDEX
from magnet_geo.training.losses import cross_entropy, hard_example_cross_entropy, lovasz_softmax


def logits_of(*right_probabilities: float) -> Tensor:
    """(1, 2, 1, M) logits that give class 0 these probabilities."""
    first = torch.tensor(right_probabilities)
    return torch.stack([first, 1 - first]).log()[None, :, None]


def test_cross_entropy_leaves_unlabelled_pixels_out() -> None:
    classes = torch.tensor([[[0, IGNORE_INDEX, 1]]])
    loss = cross_entropy(logits_of(0.5, 0.01, 0.75), classes)
    assert loss.item() == pytest.approx((math.log(2) + math.log(4)) / 2)


def test_cross_entropy_weighs_classes() -> None:
    classes = torch.tensor([[[0, 1]]])
    loss = cross_entropy(logits_of(0.5, 0.75), classes, class_weights=torch.tensor([1.0, 3.0]))
    assert loss.item() == pytest.approx((math.log(2) + 3 * math.log(4)) / 4)


def test_hard_examples_are_those_below_the_threshold() -> None:
    classes = torch.zeros(1, 1, 4, dtype=torch.int64)
    loss = hard_example_cross_entropy(logits_of(0.9, 0.8, 0.5, 0.25), classes, threshold=0.7, min_kept=1)
    assert loss.item() == pytest.approx((math.log(2) + math.log(4)) / 2)


def test_the_hardest_examples_are_kept_even_above_the_threshold() -> None:
    classes = torch.tensor([[[0, 0, 0, IGNORE_INDEX]]])
    loss = hard_example_cross_entropy(logits_of(0.9, 0.8, 0.75, 0.1), classes, threshold=0.5, min_kept=2)
    assert loss.item() == pytest.approx(-(math.log(0.8) + math.log(0.75)) / 2)


def test_lovasz_of_hard_predictions_is_one_minus_mean_iou() -> None:
    classes = torch.tensor([[[0, 0, 1, 1]]])
    loss = lovasz_softmax(logits_of(1 - 1e-7, 1e-7, 1e-7, 1e-7), classes)
    assert loss.item() == pytest.approx(1 - (1 / 2 + 2 / 3) / 2, abs=1e-4)


def test_lovasz_of_one_unsure_pixel_follows_its_error() -> None:
    # Errors sorted: 0.4 alone takes the whole Jaccard step of its class, in both classes.
    loss = lovasz_softmax(logits_of(0.6), torch.tensor([[[0]]]))
    assert loss.item() == pytest.approx(0.4)


@pytest.mark.parametrize("loss", [cross_entropy, lovasz_softmax])
def test_nothing_labelled_costs_nothing_and_keeps_the_graph(loss) -> None:
    logits = logits_of(0.3, 0.4).requires_grad_()
    value = loss(logits, torch.full((1, 1, 2), IGNORE_INDEX))
    value.backward()
    assert value.item() == 0
    assert logits.grad is not None
