from __future__ import annotations

import pytest
import torch
from torch import Tensor

from magnet_geo.networks import create_backbone, create_refinement, prepare_for_inference
from magnet_geo.networks.efficientnet_lite import EfficientNetLite, encoder_state_from_published
from magnet_geo.networks.light import LightFPN
from magnet_geo.networks.light_refinement import LightRefinement

PUBLISHED_PART_OF = {"expand.0": "_expand_conv", "expand.1": "_bn0", "depthwise.0": "_depthwise_conv"}
PUBLISHED_PART_OF |= {"depthwise.1": "_bn1", "project.0": "_project_conv", "project.1": "_bn2"}


def published_state(encoder: EfficientNetLite) -> dict[str, Tensor]:
    state = {"_fc.weight": torch.zeros(1000, 1280), "_bn1.bias": torch.zeros(1280)}
    for key, tensor in encoder.state_dict().items():
        top, *rest = key.split(".")
        if top == "stem":
            state[f"{('_conv_stem', '_bn0')[int(rest[0])]}.{rest[1]}"] = tensor
        else:
            index, part, place, name = rest
            state[f"_blocks.{index}.{PUBLISHED_PART_OF[f'{part}.{place}']}.{name}"] = tensor
    return state


def random_probabilities(*size: int) -> Tensor:
    return torch.randn(size, generator=torch.Generator().manual_seed(sum(size))).mul(2).softmax(dim=1)


def trained_refinement(num_classes: int = 3) -> LightRefinement:
    torch.manual_seed(0)
    refinement = LightRefinement(num_classes)
    torch.nn.init.normal_(refinement.leave.weight)
    return refinement.eval()


@pytest.mark.parametrize(
    ("variant", "channels"),
    [("lite0", (16, 24, 40, 112, 320)), ("lite1", (16, 24, 40, 112, 320)), ("lite2", (16, 24, 48, 120, 352))],
)
def test_encoder_gives_five_strides(variant: str, channels: tuple[int, ...]) -> None:
    encoder = EfficientNetLite(3, variant).eval()
    sizes = [tuple(feature.shape[1:]) for feature in encoder(torch.zeros(1, 3, 65, 96))]
    assert encoder.feature_channels == channels
    assert sizes == list(zip(channels, (33, 17, 9, 5, 3), (48, 24, 12, 6, 3), strict=True))


def test_published_encoder_weights_load_strictly_and_give_the_same_features() -> None:
    source, target = EfficientNetLite().eval(), EfficientNetLite().eval()
    target.load_state_dict(encoder_state_from_published(published_state(source)))
    images = torch.randn(1, 3, 64, 64)
    assert torch.equal(source(images)[-1], target(images)[-1])


@pytest.mark.parametrize("bands", [1, 2, 4])
def test_stem_for_other_bands_answers_a_gray_image_as_the_rgb_stem_does(bands: int) -> None:
    source, target = EfficientNetLite().eval(), EfficientNetLite(bands).eval()
    target.load_state_dict(encoder_state_from_published(published_state(source), bands))
    gray = torch.ones(1, 1, 16, 16)
    expected = source.stem[0](gray.expand(-1, 3, -1, -1))
    response = target.stem[0](gray.expand(-1, bands, -1, -1))
    if bands == 4:
        assert response.shape == expected.shape
    else:
        torch.testing.assert_close(response, expected)


@pytest.mark.parametrize("variant", ["lite0", "lite2"])
@pytest.mark.parametrize(("bands", "height", "width"), [(3, 64, 64), (4, 33, 71), (1, 50, 32)])
def test_backbone_gives_logits_of_the_images_size(bands: int, height: int, width: int, variant: str) -> None:
    backbone = LightFPN(5, in_channels=bands, encoder=variant).eval()
    images = torch.randn(2, bands, height, width)
    logits = backbone(images)
    assert logits.shape == (2, 5, height, width)
    assert torch.equal(logits, backbone.heads(images)[0])


def test_backbone_names_what_it_was_built_for() -> None:
    backbone = LightFPN(7, in_channels=4)
    assert (backbone.name, backbone.num_classes, backbone.in_channels) == ("light-fpn", 7, 4)


@pytest.mark.parametrize("name", ["light-fpn", "light-fpn-lite2"])
def test_the_registry_builds_light_backbones_under_their_own_names(name: str) -> None:
    assert create_backbone(name, num_classes=2).name == name


def test_untrained_refinement_gives_the_mean_of_both_predictions() -> None:
    scale_specific, cumulative = random_probabilities(2, 5, 37, 50), random_probabilities(2, 5, 37, 50).flip(0)
    logits = LightRefinement(5).eval()(scale_specific=scale_specific, cumulative=cumulative)
    torch.testing.assert_close(logits.softmax(dim=1), (scale_specific + cumulative) / 2, atol=3e-3, rtol=0)


@pytest.mark.parametrize("share", [0.0, 0.8, 1.0])
def test_untrained_weighted_refinement_gives_the_weighted_mean(share: float) -> None:
    scale_specific, cumulative = random_probabilities(2, 5, 37, 50), random_probabilities(2, 5, 37, 50).flip(0)
    refinement = LightRefinement(5, weighted=True).eval()
    refinement.get_buffer("scale_specific_share").fill_(share)
    logits = refinement(scale_specific=scale_specific, cumulative=cumulative)
    expected = share * scale_specific + (1 - share) * cumulative
    torch.testing.assert_close(logits.softmax(dim=1), expected, atol=5e-3, rtol=0)


def test_the_weight_is_part_of_the_state_only_where_there_is_one() -> None:
    plain, weighted = LightRefinement(3).state_dict(), create_refinement(3, name="light-weighted").state_dict()
    assert weighted.keys() - plain.keys() == {"scale_specific_share"}
    assert float(weighted["scale_specific_share"]) == 0.5


def test_refinement_looks_no_farther_than_it_says() -> None:
    refinement = trained_refinement()
    radius, row = refinement.receptive_radius, 101
    maps = random_probabilities(1, 3, 220, 32)
    changed = maps.clone()
    changed[:, :, row] = changed[:, :, row].flip(1)
    difference = refinement(scale_specific=maps, cumulative=maps) - refinement(scale_specific=changed, cumulative=maps)
    rows = torch.nonzero(difference.abs().amax(dim=(0, 1, 3))).ravel()
    assert rows.min() >= row - radius
    assert rows.max() <= row + radius
    assert rows.max() - rows.min() > radius


def test_refinement_of_an_aligned_part_equals_the_part_of_the_whole() -> None:
    refinement = trained_refinement()
    first = refinement.alignment * 3
    margin = -(-refinement.receptive_radius // refinement.alignment) * refinement.alignment
    maps = random_probabilities(1, 3, 180, 24)
    whole = refinement(scale_specific=maps, cumulative=maps)
    part = refinement(scale_specific=maps[:, :, first:], cumulative=maps[:, :, first:])
    torch.testing.assert_close(part[:, :, margin:], whole[:, :, first + margin :], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(("height", "width"), [(16, 20), (17, 22)])
def test_prepared_refinement_equals_the_trained_one(height: int, width: int) -> None:
    refinement = trained_refinement()
    for part in refinement.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(part.running_var, 0.5, 1.5)
            torch.nn.init.normal_(part.running_mean)
    own, coarser = random_probabilities(2, 3, height, width), random_probabilities(2, 3, height, width).flip(1)
    prepared = prepare_for_inference(refinement, device="cpu", dtype=torch.float32)
    with torch.inference_mode():
        found = prepared(scale_specific=own, cumulative=coarser)
        expected = refinement(scale_specific=own, cumulative=coarser)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
