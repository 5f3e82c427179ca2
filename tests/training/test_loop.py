from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from magnet_geo.errors import TrainingError
from magnet_geo.networks.light import LightFPN
from magnet_geo.networks.light_refinement import LightRefinement
from magnet_geo.normalization import Normalization
from magnet_geo.training.averaging import WeightAverage
from magnet_geo.training.backbone_stage import BackboneSettings, freeze_early_blocks, train_backbone
from magnet_geo.training.loop import LoopSettings, train
from magnet_geo.training.prefetch import prefetched
from magnet_geo.training.refinement_samples import ChainLevel
from magnet_geo.training.refinement_stage import RefinementSettings, chain_loss, crop_cumulative
from magnet_geo.training.samples import CropSettings, LabeledImage, LabeledPyramid
from magnet_geo.training.schedules import polynomial_decay, step_decay, warmed_up

PLAIN = Normalization(mean=(0.5,) * 3, std=(0.5,) * 3)


def line_batches() -> Iterator[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(0)
    while True:
        x = torch.rand(16, 1, generator=generator)
        yield x, 3 * x - 1


def test_loop_learns_a_line_and_reports_it() -> None:
    torch.manual_seed(0)
    model, checkpoints = nn.Linear(1, 1), []
    result = train(
        model,
        line_batches(),
        lambda batch: (model(batch[0]) - batch[1]).square().mean(),
        torch.optim.Adam(model.parameters(), lr=0.1),
        LoopSettings(steps=300, warmup_steps=10, averaging_decay=0.9, checkpoint_every=100),
        on_checkpoint=lambda averaged, step: checkpoints.append(step),
    )
    assert isinstance(result.model, nn.Linear)
    assert result.model.weight.item() == pytest.approx(3, abs=0.05)
    assert (result.steps, checkpoints) == (300, [100, 200, 300])
    assert result.loss < 1e-3


def test_loop_ends_when_its_time_is_up() -> None:
    model = nn.Linear(1, 1)
    result = train(
        model,
        line_batches(),
        lambda batch: model(batch[0]).mean(),
        torch.optim.SGD(model.parameters(), lr=0.0),
        LoopSettings(steps=10**9, minutes=0.002),
    )
    assert 0 < result.steps < 10**6


def test_a_loop_without_steps_is_refused() -> None:
    with pytest.raises(TrainingError, match="at least 1 step"):
        LoopSettings(steps=0)


def test_schedules_start_high_and_end_at_nothing() -> None:
    assert [polynomial_decay(p, power=2) for p in (-1, 0, 0.5, 1, 2)] == [1, 1, 0.25, 0, 0]
    assert [warmed_up(step, warmup_steps=3) for step in range(4)] == [0.25, 0.5, 0.75, 1.0]
    assert step_decay(0.5, milestones=(0.2, 0.5, 0.8)) == pytest.approx(0.01)


def test_average_lies_between_the_states_it_has_seen() -> None:
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, 0.0)
    average = WeightAverage(model, decay=0.5)
    nn.init.constant_(model.weight, 1.0)
    average.update(model)
    early = average.model.weight.item()
    for _ in range(100):
        average.update(model)
    assert 0.5 <= early < 1
    assert average.model.weight.item() == pytest.approx(1)


def test_prefetched_items_keep_their_order_and_their_error() -> None:
    def items() -> Iterator[int]:
        yield from range(5)
        raise ValueError("broken sample")

    ready = prefetched(items())
    assert list(islice(ready, 5)) == list(range(5))
    with pytest.raises(ValueError, match="broken sample"):
        next(ready)


def test_frozen_blocks_do_not_move_and_the_others_do() -> None:
    torch.manual_seed(0)
    model = LightFPN(2)
    before = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    pixels = np.random.default_rng(0).integers(1, 255, (96, 96, 3), dtype=np.uint8)
    pyramid = LabeledPyramid(LabeledImage(pixels, (pixels[..., 0] > 127).astype(np.uint8)), (1,))
    settings = BackboneSettings(
        crops=CropSettings(crop_px=64, decimations=(1,), decimation_shares=(1.0,)),
        loop=LoopSettings(steps=2, warmup_steps=0),
        batch_size=2,
        bf16=False,
    )
    train_backbone(model, [pyramid], PLAIN, settings)
    moved = {key for key, tensor in model.state_dict().items() if not torch.equal(tensor, before[key])}
    assert not any(key.startswith(("encoder.stem", "encoder.blocks.0.", "encoder.blocks.2.")) for key in moved)
    assert {"classifier.weight", "encoder.blocks.3.project.0.weight"} <= moved
    freeze_early_blocks(model, 0)


def chain_of_halves() -> tuple[list[ChainLevel], list[Tensor]]:
    """The truth is class 0 on the left; the coarse map knows it, the fine prediction is blind."""
    classes = torch.zeros(1, 16, 16, dtype=torch.int64)
    classes[..., 8:] = 1
    images = torch.zeros(1, 3, 16, 16, dtype=torch.uint8)
    coarse = nn.functional.one_hot(classes, 2).movedim(-1, 1) * 0.4 + 0.3
    fine_classes = classes.repeat_interleave(2, 1).repeat_interleave(2, 2)[:, 4:20, 8:24]
    levels = [ChainLevel(images, classes, ((0, 0),), 1), ChainLevel(images, fine_classes, ((4, 8),), 2)]
    return levels, [coarse, torch.full((1, 2, 16, 16), 0.5)]


def test_cumulative_prediction_is_cropped_where_the_patch_lies() -> None:
    levels, predictions = chain_of_halves()
    assert torch.equal(crop_cumulative(predictions[0], levels[1]).argmax(dim=1), levels[1].classes)


def test_refinement_learns_on_a_chain() -> None:
    torch.manual_seed(0)
    levels, predictions = chain_of_halves()
    refinement = LightRefinement(2)
    settings = RefinementSettings(bf16=False, label_smoothing=0)
    before = chain_loss(refinement, levels, predictions, settings).item()
    result = train(
        refinement,
        iter(lambda: levels, None),
        lambda chain: chain_loss(refinement, chain, predictions, settings),
        torch.optim.AdamW(refinement.parameters(), lr=1e-2),
        LoopSettings(steps=60, warmup_steps=0, log_every=5),
    )
    assert result.loss < before / 4
