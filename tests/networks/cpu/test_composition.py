"""Composed convolutions give what their steps give, up to the border."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import nn

from magnet_geo.networks import create_backbone, prepare_for_inference
from magnet_geo.networks.cpu.composition import ComposedConvolutions, TapSum
from magnet_geo.networks.cpu.kernels import convolution_of, rows_as_outputs, taps_as_outputs


@pytest.mark.parametrize("size", [(5, 9), (6, 7), (7, 7), (8, 31), (40, 12)])
@pytest.mark.parametrize("few_outputs", [False, True])
@pytest.mark.parametrize("channels", [(6, 5, 4), (6, 5, 4, 2)])
def test_composed_steps_equal_the_steps_up_to_the_border(
    channels: tuple[int, ...], few_outputs: bool, size: tuple[int, int]
) -> None:
    torch.manual_seed(0)
    steps = [nn.Conv2d(i, o, 3, padding=1) for i, o in pairwise(channels)]
    features = torch.randn(2, channels[0], *size)
    with torch.inference_mode():
        found = ComposedConvolutions(steps, few_outputs=few_outputs)(features)
        torch.testing.assert_close(found, nn.Sequential(*steps)(features), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("by_taps", [True, False])
def test_a_kernel_split_into_outputs_and_their_sum_equals_the_convolution(by_taps: bool) -> None:
    torch.manual_seed(0)
    whole = nn.Conv2d(4, 3, (5, 3), padding=(2, 1), bias=False)
    split, kernel, padding = (taps_as_outputs, (5, 3), (0, 0)) if by_taps else (rows_as_outputs, (5, 1), (0, 1))
    features = torch.randn(2, 4, 6, 8)
    with torch.inference_mode():
        found = TapSum(kernel)(convolution_of(split(whole.weight), None, padding=padding)(features))
        torch.testing.assert_close(found, whole(features), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("num_classes", [2, 60])
def test_a_prepared_fpn_equals_the_plain_one_whatever_the_number_of_classes(num_classes: int) -> None:
    torch.manual_seed(0)
    backbone = create_backbone("fpn", num_classes=num_classes).eval()
    prepared = prepare_for_inference(backbone, device="cpu", dtype=torch.float32)
    images = torch.randn(1, 3, 72, 41)
    with torch.inference_mode():
        expected = backbone(images)
        assert (prepared(images) - expected).abs().max() < 1e-4 * expected.abs().max()
