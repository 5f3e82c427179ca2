"""Prepared networks give what the trained ones give."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from magnet_geo.networks import (
    Refinement,
    RefinementInStrips,
    create_backbone,
    create_refinement,
    load_state,
    prepare_for_inference,
)
from magnet_geo.networks.cpu.fusion import FusedConvolution, fused_operations_work
from magnet_geo.networks.cpu.row_trimming import trim_spoiled_rows
from tests.reference_weights import reference_images, reference_predictions, reference_state


def relative_difference(found: Tensor, reference: Tensor) -> float:
    return float((found - reference).abs().max() / reference.abs().max())


def batch_norms(module: nn.Module) -> list[str]:
    return [name for name, part in module.named_modules() if isinstance(part, nn.BatchNorm2d)]


@pytest.fixture(scope="module")
def refinement() -> Refinement:
    module = create_refinement(7).eval()
    load_state(module, reference_state("refinement/7"), what="refinement")
    return module


@pytest.mark.parametrize(("name", "num_classes"), [("fpn", 7), ("psp", 7), ("hrnet18+ocr", 19), ("hrnet48+ocr", 19)])
def test_prepared_backbone_equals_the_trained_one(name: str, num_classes: int) -> None:
    backbone = create_backbone(name, num_classes=num_classes)
    load_state(backbone, reference_state(f"{name}/{num_classes}"), what=name)
    images = reference_images(name)[:, :, :39, :45]
    prepared = prepare_for_inference(backbone, device="cpu", dtype=torch.float32)
    with torch.inference_mode():
        found = prepared(images)
        expected = backbone.eval()(images)
    assert batch_norms(prepared) == []
    assert relative_difference(found, expected) < 1e-4


@pytest.mark.parametrize(("height", "width"), [(24, 24), (40, 97)])
def test_simplified_fpn_equals_the_plain_one_at_small_sizes(height: int, width: int) -> None:
    backbone = create_backbone("fpn", num_classes=7).eval()
    load_state(backbone, reference_state("fpn/7"), what="fpn")
    images = reference_images("fpn")[:, :, :height, :width]
    prepared = prepare_for_inference(backbone, device="cpu", dtype=torch.float32)
    with torch.inference_mode():
        assert relative_difference(prepared(images), backbone(images)) < 1e-5


def test_preparing_keeps_the_module_and_the_norm_before_a_padded_convolution(refinement: Refinement) -> None:
    refinement.train()
    prepared = prepare_for_inference(refinement, device="cpu", dtype=torch.float32)
    assert refinement.training
    assert len(batch_norms(refinement)) == 10
    assert batch_norms(prepared) == ["bn0"]
    assert not prepared.training
    assert not any(weight.requires_grad for weight in prepared.parameters())

    first, second = reference_predictions(7)
    with torch.inference_mode():
        found = prepared(scale_specific=first, cumulative=second)
        expected = refinement.eval()(scale_specific=first, cumulative=second)
    assert relative_difference(found, expected) < 1e-4


def test_half_precision_changes_few_classes(refinement: Refinement) -> None:
    prepared = prepare_for_inference(refinement, device="cpu", dtype=torch.bfloat16)
    first, second = reference_predictions(7)
    with torch.inference_mode():
        found = prepared(scale_specific=first.bfloat16(), cumulative=second.bfloat16())
        expected = refinement.eval()(scale_specific=first, cumulative=second)
    assert found.dtype is torch.bfloat16
    assert (found.argmax(1) == expected.argmax(1)).float().mean() > 0.98


def test_sums_and_activations_become_part_of_the_convolution_before_them() -> None:
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Conv2d(3, 8, 3, padding=1)
            self.norm = nn.BatchNorm2d(8)
            self.relu6 = nn.ReLU6(inplace=True)
            self.second = nn.Conv2d(8, 3, 1)
            self.relu = nn.ReLU(inplace=True)

        def forward(self, x: Tensor) -> Tensor:
            return self.relu(self.second(self.relu6(self.norm(self.first(x)))).add_(x))

    torch.manual_seed(0)
    block = Block().eval()
    prepared = prepare_for_inference(block, device="cpu", dtype=torch.float32)
    kinds = [type(part).__name__ for part in prepared.children()]
    assert kinds == ["FusedConvolution", "FusedConvolution"]
    with torch.inference_mode():
        for side in (5, 9, 5):
            images = 4 * torch.randn(2, 3, side, side + 1)
            torch.testing.assert_close(prepared(images), block(images), rtol=1e-5, atol=1e-6)


def test_a_prepared_network_that_has_run_can_be_copied() -> None:
    prepared = prepare_for_inference(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), device="cpu", dtype=torch.float32)
    images = torch.randn(1, 3, 6, 7)
    with torch.inference_mode():
        expected = prepared(images)
        torch.testing.assert_close(copy.deepcopy(prepared)(images), expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("groups", [1, 8])
def test_a_copy_of_laid_out_weights_has_the_weights(groups: int, dtype: torch.dtype) -> None:
    if not fused_operations_work(dtype):
        pytest.skip(f"this processor has no layout for weights in {dtype}")
    convolution = nn.Conv2d(8, 16, 3, padding=1, groups=groups).to(dtype)
    fused = FusedConvolution(convolution)
    images = torch.randn(2, 8, 12, 12).to(dtype)
    with torch.inference_mode():
        expected = fused(images)
        copied = copy.deepcopy(fused)
        assert torch.equal(copied._plain_weight().reshape(convolution.weight.shape), convolution.weight)
        assert torch.equal(copied(images), expected)


def test_networks_that_cannot_be_fused_leave_the_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> None:
        raise RuntimeError("no such layout")

    monkeypatch.setattr(torch.ops.mkldnn, "_reorder_convolution_weight", fail)
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    prepared = prepare_for_inference(nn.Conv2d(3, 4, 3), device="cpu", dtype=torch.float32)
    found = torch.get_num_threads()
    torch.set_num_threads(before)
    assert (type(prepared), found) == (nn.Conv2d, 3)


def test_it_makes_no_difference_how_a_prepared_network_is_called_first() -> None:
    network = create_backbone("light-fpn", num_classes=3).eval()
    images, found = torch.rand((2, 3, 64, 64)), list[torch.Tensor]()
    before = torch.get_num_threads()
    for threads, count in ((1, 1), (2, 1), (2, 2)):
        prepared = prepare_for_inference(network, device="cpu", dtype=torch.float32)
        with torch.inference_mode():
            torch.set_num_threads(threads)
            prepared(images[:count])
            torch.set_num_threads(before)
            found.append(prepared(images))
    assert torch.get_num_threads() == before
    assert all(torch.equal(logits, found[0]) for logits in found)


def test_what_others_still_need_is_not_fused_away() -> None:
    class Fork(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(2, 2, 1)

        def forward(self, x: Tensor) -> Tensor:
            raw = self.conv(x)
            doubled = self.conv(torch.relu(raw))
            return torch.cat((raw, doubled + doubled, self.conv(x) + 1), dim=1)

    fork = Fork().eval()
    images = torch.randn(1, 2, 4, 4)
    with torch.inference_mode():
        expected = fork(images)
        torch.testing.assert_close(prepare_for_inference(fork, device="cpu", dtype=torch.float32)(images), expected)


def test_only_norms_right_after_their_own_convolution_are_folded() -> None:
    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(2, 2, 3, padding=1)
            self.norm = nn.BatchNorm2d(2)
            self.after_relu = nn.BatchNorm2d(2)

        def forward(self, x: Tensor) -> Tensor:
            raw = self.conv(x)
            return self.after_relu(torch.relu(self.norm(raw))) + raw

    module = Shared()
    prepared = prepare_for_inference(module, device="cpu", dtype=torch.float32)
    assert batch_norms(prepared) == ["norm", "after_relu"]


def test_a_module_with_control_flow_runs_unfolded() -> None:
    class Branching(nn.Sequential):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x) if x.sum() > 0 else x

    module = Branching(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1)).eval()
    prepared = prepare_for_inference(module, device="cpu", dtype=torch.float32)
    images = torch.ones(1, 1, 4, 4)
    with torch.inference_mode():
        torch.testing.assert_close(prepared(images), module(images))


@pytest.mark.parametrize("strip_rows", [1, 3, 7, 16, 60, 500])
def test_strips_equal_the_whole(refinement: Refinement, strip_rows: int) -> None:
    first, second = reference_predictions(7)
    in_strips = RefinementInStrips(refinement, device="cpu", dtype=torch.float32, strip_rows=strip_rows)
    with torch.inference_mode():
        whole = refinement.eval()(scale_specific=first, cumulative=second).softmax(dim=1)
        strips = in_strips(scale_specific=first, cumulative=second)
    assert strips.shape == whole.shape
    assert relative_difference(strips, whole) < 1e-5


def test_strips_start_at_the_alignment() -> None:
    class Recorder(Refinement):
        def forward(self, *, scale_specific: Tensor, cumulative: Tensor) -> Tensor:
            starts.append(int(scale_specific[0, 0, 0, 0]))
            return scale_specific

    starts: list[int] = []
    recorder = Recorder(num_classes=2, receptive_radius=5, alignment=4)
    rows = torch.arange(30.0).view(1, 1, 30, 1).expand(1, 2, 30, 1)
    in_strips = RefinementInStrips(recorder, device="cpu", dtype=torch.float32, strip_rows=10)
    in_strips(scale_specific=rows, cumulative=rows)
    assert starts == [0, 4, 16]


def test_rows_that_strips_share_are_dropped_as_soon_as_they_are_spoiled(refinement: Refinement) -> None:
    prepared = prepare_for_inference(refinement, device="cpu", dtype=torch.float32)
    assert trim_spoiled_rows(prepared) == refinement.receptive_radius
    maps = torch.rand(1, 7, 24, 10)
    with torch.inference_mode():
        rows = [prepared(above, below, maps, maps).shape[2] for above, below in ((0, 0), (1, 0), (0, 1), (1, 1))]
    assert rows == [24, 20, 20, 16]


def test_a_sum_overwrites_only_what_nothing_looks_at_later() -> None:
    class Sums(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.parts = nn.ModuleList(nn.Conv2d(2, 2, 1) for _ in range(4))

        def forward(self, x: Tensor) -> Tensor:
            kept = self.parts[0](x)
            own = self.parts[1](kept)
            first = torch.relu(self.parts[2](own) + own)
            return torch.relu(self.parts[3](first) + kept) + kept + x

    torch.manual_seed(0)
    sums = Sums().eval()
    prepared = prepare_for_inference(sums, device="cpu", dtype=torch.float32)
    overwrites = [part.overwrites for part in prepared.children() if isinstance(part, FusedConvolution)]
    images = torch.randn(1, 2, 4, 5)
    with torch.inference_mode():
        before = images.clone()
        torch.testing.assert_close(prepared(images), sums(before))
    assert torch.equal(images, before)
    assert overwrites.count(True) == 0


def test_residual_sums_take_the_place_of_what_they_add() -> None:
    prepared = prepare_for_inference(create_backbone("fpn", num_classes=2), device="cpu", dtype=torch.float32)
    sums = [part for part in prepared.modules() if isinstance(part, FusedConvolution) and part.overwrites]
    blocks, laterals = 16, 3
    assert len(sums) == blocks + laterals
