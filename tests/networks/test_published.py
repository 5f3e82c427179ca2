"""The published networks: entries, outputs, band counts and image sizes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from magnet_geo.errors import ModelError
from magnet_geo.networks import backbone_names, create_backbone, create_refinement, load_state, refinement_names
from magnet_geo.networks.backbone import combine_heads
from tests.reference_weights import (
    reference_entries,
    reference_images,
    reference_outputs,
    reference_predictions,
    reference_state,
)

PUBLISHED = {"fpn": 7, "psp": 7, "hrnet18+ocr": 19, "hrnet48+ocr": 19}


def relative_difference(found: torch.Tensor, reference: np.ndarray) -> float:
    every_second = found.numpy()[:, :, ::2, ::2]
    return float(np.abs(every_second - reference).max() / np.abs(reference).max())


@pytest.mark.parametrize(("name", "num_classes"), PUBLISHED.items())
def test_backbone_gives_the_published_outputs(name: str, num_classes: int) -> None:
    backbone = create_backbone(name, num_classes=num_classes).eval()
    entries = [(key, shape) for key, shape, _ in reference_entries(f"{name}/{num_classes}")]
    assert [(key, tuple(value.shape)) for key, value in backbone.state_dict().items()] == entries

    load_state(backbone, reference_state(f"{name}/{num_classes}"), what=name)
    with torch.inference_mode():
        heads = backbone.heads(reference_images(name))
    found = {"logits": combine_heads(heads), "main": heads[0], "auxiliary": heads[-1]}
    for key, reference in reference_outputs(name.replace("+", "_")).items():
        assert relative_difference(found[key], reference) < 1e-5


@pytest.mark.parametrize("num_classes", [7, 19])
def test_refinement_gives_the_published_outputs(num_classes: int) -> None:
    refinement = create_refinement(num_classes).eval()
    state = reference_state(f"refinement/{num_classes}")
    assert list(refinement.state_dict()) == list(state)

    load_state(refinement, state, what="refinement")
    first, second = reference_predictions(num_classes)
    with torch.inference_mode():
        logits = refinement(scale_specific=first, cumulative=second)
        swapped = refinement(scale_specific=second, cumulative=first)
    reference = reference_outputs(f"refinement_{num_classes}")["logits"]
    assert relative_difference(logits, reference) < 1e-5
    assert relative_difference(swapped, reference) > 1e-2


@pytest.mark.parametrize("name", ["fpn", "psp", "hrnet18+ocr"])
def test_backbone_takes_four_bands_and_odd_sizes(name: str) -> None:
    backbone = create_backbone(name, num_classes=3, in_channels=4).eval()
    assert (backbone.name, backbone.num_classes, backbone.in_channels) == (name, 3, 4)
    images = torch.ones(1, 4, 37, 51)
    with torch.inference_mode():
        heads = backbone.heads(images)
        logits = backbone(images)
    assert [head.shape for head in heads] == [(1, 3, 37, 51)] * (1 if name == "fpn" else 2)
    torch.testing.assert_close(logits, combine_heads(heads))


@pytest.mark.parametrize("name", ["fpn", "hrnet18+ocr"])
def test_every_weight_of_a_backbone_is_trained(name: str) -> None:
    backbone = create_backbone(name, num_classes=2).train()
    generator = torch.Generator().manual_seed(0)
    heads = backbone.heads(torch.randn(2, 3, 32, 34, generator=generator))
    torch.stack([head.square().mean() for head in heads]).sum().backward()
    assert [key for key, weight in backbone.named_parameters() if weight.grad is None] == []


def test_combined_logits_weigh_the_auxiliary_head_by_two_fifths() -> None:
    main, auxiliary = torch.full((1, 2, 4, 4), 14.0), torch.full((1, 2, 4, 4), 7.0)
    torch.testing.assert_close(combine_heads((main, auxiliary)), torch.full((1, 2, 4, 4), 12.0))
    assert combine_heads((main,)) is main


def test_refinement_uses_the_published_batch_norm_momentum() -> None:
    norms = [part for part in create_refinement(5).modules() if isinstance(part, torch.nn.BatchNorm2d)]
    assert {norm.momentum for norm in norms} == {0.01}


def test_unknown_names_are_answered_with_the_known_ones() -> None:
    assert set(PUBLISHED) < set(backbone_names())
    assert "magnet" in refinement_names()
    with pytest.raises(ModelError, match=r"no backbone named 'unet'; choose one of: fpn, .*psp"):
        create_backbone("unet", num_classes=2)
    with pytest.raises(ModelError, match=r"no refinement named 'big'; choose one of: light, .*magnet"):
        create_refinement(2, name="big")


def test_an_untrained_refinement_is_unsure() -> None:
    torch.manual_seed(0)
    probabilities = torch.rand(2, 7, 24, 24).softmax(dim=1)
    refined = create_refinement(num_classes=7).eval()(scale_specific=probabilities, cumulative=probabilities)
    assert float(refined.softmax(dim=1).max()) < 0.5
