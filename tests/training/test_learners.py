from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from magnet_geo.networks import create_backbone, create_refinement
from magnet_geo.normalization import Normalization
from magnet_geo.training.crops import CropBatch
from magnet_geo.training.learners import BackboneLearner, NetworkInput
from magnet_geo.training.objective import Objective
from magnet_geo.training.ranks import ALONE
from magnet_geo.training.refinement_training import place_refinements
from magnet_geo.training.settings import BackboneSettings
from magnet_geo.training.workplace import Workplace

CPU = Workplace(torch.device("cpu"), torch.bfloat16, ALONE)


def test_network_input_is_normalized_and_zero_where_not_valid() -> None:
    images = torch.tensor([0, 0, 255], dtype=torch.uint8).view(1, 1, 1, 3).expand(1, 2, 1, 3)
    valid = torch.tensor([False, True, True]).view(1, 1, 3)
    scaled = NetworkInput(Normalization(mean=(0.5, 0.0), std=(0.5, 2.0)))(images, valid)
    assert scaled[0, :, 0].tolist() == [[0.0, -1.0, 1.0], [0.0, 0.0, 0.5]]


def test_every_head_has_its_loss() -> None:
    torch.manual_seed(0)
    backbone = create_backbone("psp", num_classes=3).eval()
    generator = np.random.default_rng(0)
    batch = CropBatch(
        torch.from_numpy(generator.integers(1, 255, (2, 3, 64, 64), dtype=np.uint8)),
        torch.ones(2, 64, 64, dtype=torch.bool),
        torch.from_numpy(generator.integers(0, 3, (2, 64, 64), dtype=np.uint8)),
    )
    objective = Objective(BackboneSettings(lovasz=0.0))

    def loss(weight: float) -> float:
        learner = BackboneLearner(
            backbone, Normalization((0.5,) * 3, (0.5,) * 3), objective, auxiliary_weight=weight, dtype=torch.float32
        )
        with torch.no_grad():
            return float(learner(batch))

    heads = backbone.heads(NetworkInput(Normalization((0.5,) * 3, (0.5,) * 3))(batch.images, batch.valid))
    main, auxiliary = (float(objective(head, batch.classes).detach()) for head in heads)
    assert loss(0.0) == pytest.approx(main, rel=1e-4)
    assert loss(0.4) == pytest.approx(main + 0.4 * auxiliary, rel=1e-4)


def fill_freed_memory_with_nan() -> None:
    for size in (10**2, 10**3, 10**4, 10**5, 10**6) * 6:
        torch.full((size,), torch.nan)


def gradients(network: nn.Module, forward: Callable[[], Tensor]) -> dict[str, Tensor]:
    network.zero_grad()
    with torch.autocast("cpu", torch.bfloat16):
        logits = forward()
    fill_freed_memory_with_nan()
    logits.float().square().mean().backward()
    return {name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None}


@pytest.mark.slow
def test_gradients_of_the_refinement_hold_no_unset_memory() -> None:
    # Smaller maps take another path through oneDNN.
    torch.manual_seed(0)
    (refinement,) = place_refinements([create_refinement(3, name="light")], CPU)
    leave = refinement.get_submodule("leave")
    assert isinstance(leave, nn.Conv2d)
    nn.init.normal_(leave.weight, std=0.05)
    for part in refinement.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.momentum = 0.0
    maps = [torch.rand(2, 3, 256, 256).softmax(dim=1) for _ in range(2)]
    first, *others = (
        gradients(refinement, lambda: refinement(scale_specific=maps[0], cumulative=maps[1])) for _ in range(4)
    )
    assert all(torch.equal(tensor, other[name]) for other in others for name, tensor in first.items())
