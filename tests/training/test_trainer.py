"""The loop: what it keeps, when it ends, and how it fails."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from magnet_geo.errors import MemoryLimitError, TrainingError
from magnet_geo.model import load_bundle, read_manifest
from magnet_geo.training.backbone_training import RunOptions, TrainingData
from magnet_geo.training.checkpoint import read_checkpoint_file
from magnet_geo.training.curves import draw_curves
from magnet_geo.training.history import HistoryRecords, read_history
from magnet_geo.training.pace import ParameterGroup, rate_factor
from magnet_geo.training.refinement_training import begin_refinements, train_refinement
from magnet_geo.training.settings import BackboneSettings, RefinementSettings
from magnet_geo.training.trainer import BEST, HISTORY, LAST, Scores, Task, Trainer
from tests.training.tiny_training import SETTINGS, fields_source, tiny_data, train_tiny

STEADY = replace(SETTINGS, steps=10, warmup_steps=0, averaging=0.0, checkpoint_every=2, validate_every=2)


class LineBatch:
    """Numbers x with the wanted 3 x - 1."""

    def __init__(self, x: Tensor) -> None:
        self.x = x

    def to(self, device: torch.device) -> LineBatch:
        return self

    def pin_memory(self) -> LineBatch:
        return self


class LineLearner(nn.Module):
    def __init__(self, network: nn.Module, factors: dict[float, float]) -> None:
        super().__init__()
        self.network, self._factors, self._calls = network, factors, 0

    def forward(self, batch: LineBatch) -> Tensor:
        self._calls += 1
        loss: Tensor = (self.network(batch.x) - (3 * batch.x - 1)).square().mean()
        return loss * self._factors.get(self._calls, 1.0)


def line_task(scores: list[float] | None = None, factors: dict[float, float] | None = None) -> Task:
    torch.manual_seed(0)
    network = nn.Linear(1, 1)
    found = iter(scores or [])

    def sample(number: int) -> Tensor:
        return torch.rand(1, generator=torch.Generator().manual_seed(number))

    return Task(
        stage="line",
        network=network,
        learner=LineLearner(network, factors or {}),
        groups=[ParameterGroup(list(network.parameters()), 0.05)],
        sample=sample,
        collate=lambda samples: LineBatch(torch.stack(list(samples))),
        samples_per_epoch=8,
        set_mode=network.train,
        validate=None if scores is None else lambda kept: (lambda s: Scores(s, {"mIoU": s}, f"{s}"))(next(found)),
    )


def run_line(folder: Path, settings: BackboneSettings = STEADY, **values: Any) -> Trainer:
    trainer = Trainer(line_task(**values), settings, folder, device=torch.device("cpu"))
    trainer.outcome = trainer.run()  # type: ignore[attr-defined]
    return trainer


def test_accumulated_batches_make_the_step_of_one_large_batch(tmp_path: Path) -> None:
    for name, sizes in {"one": (4, 1), "four": (1, 4)}.items():
        (tmp_path / name).mkdir()
        run_line(tmp_path / name, replace(STEADY, batch_size=sizes[0], accumulation=sizes[1]))
    one, four = ([r["loss"] for r in read_history(tmp_path / name / HISTORY).steps] for name in ("one", "four"))
    assert one == pytest.approx(four, rel=1e-5)
    assert one[-1] < one[0]


def test_a_loss_that_is_no_number_stops_and_keeps_the_last_good_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"no number at step 6 \(loss nan\); .*last.pt holds step 4\. Lower"):
        run_line(tmp_path, factors={6: float("nan")})
    kept = read_checkpoint_file(tmp_path / LAST)
    assert kept.state.step == 4
    assert all(torch.isfinite(tensor).all() for tensor in kept.network.values())
    assert len(read_history(tmp_path / HISTORY).steps) == 5


def test_infinite_gradients_stop_before_they_reach_the_weights(tmp_path: Path) -> None:
    trainer = Trainer(line_task(factors={3: 1e38}), STEADY, tmp_path, device=torch.device("cpu"))
    with pytest.raises(TrainingError, match="The gradients became infinite or no number at step 3"):
        trainer.run()
    assert all(torch.isfinite(tensor).all() for tensor in trainer.best_weights().values())


def test_patience_ends_a_training_that_gets_no_better(tmp_path: Path) -> None:
    settings = replace(STEADY, steps=100, patience=2)
    trainer = run_line(tmp_path, settings, scores=[0.1, 0.5, 0.4, 0.5, 0.9])
    outcome = trainer.outcome  # type: ignore[attr-defined]
    assert (outcome.stopped_early, outcome.state.step, outcome.state.best_step) == (True, 8, 4)
    assert read_checkpoint_file(tmp_path / BEST).state.step == 4
    best = read_checkpoint_file(tmp_path / BEST).network
    assert all(torch.equal(tensor, best[key]) for key, tensor in trainer.best_weights().items())


def test_epochs_minutes_and_steps_each_end_a_training(tmp_path: Path) -> None:
    assert run_line(tmp_path, replace(STEADY, steps=None, epochs=3.0)).outcome.state.step == 12  # type: ignore
    quick = run_line(tmp_path, replace(STEADY, steps=None, minutes=0.005)).outcome.state  # type: ignore
    assert 0.3 <= quick.seconds < 10
    assert replace(STEADY, steps=None).planned_steps(8, 2) == 2000


def test_a_step_too_large_for_memory_names_the_option(tmp_path: Path) -> None:
    task = line_task()

    class Greedy(nn.Module):
        def forward(self, batch: LineBatch) -> Tensor:
            return torch.empty(1 << 52)

    trainer = Trainer(replace(task, learner=Greedy()), STEADY, tmp_path, device=torch.device("cpu"))
    with pytest.raises(MemoryLimitError, match=r"does not fit in the memory of cpu .* `batch_size=1, accumulation=2`"):
        trainer.run()


def test_an_error_of_a_sample_reaches_the_user(tmp_path: Path) -> None:
    def broken(number: int) -> Tensor:
        raise TrainingError(f"Sample {number} is broken.")

    trainer = Trainer(replace(line_task(), sample=broken), STEADY, tmp_path, device=torch.device("cpu"))
    with pytest.raises(TrainingError, match="Sample 0 is broken"):
        trainer.run()


@pytest.mark.parametrize("schedule", ["poly", "multistep", "cosine"])
def test_rates_rise_during_warm_up_and_fall_after(schedule: str) -> None:
    settings = replace(STEADY, schedule=schedule, warmup_steps=10)
    factors = [rate_factor(step, step / 100, settings) for step in range(100)]
    assert factors[0] == pytest.approx(1 / 11)
    assert factors == [*sorted(factors[:11]), *sorted(factors[11:], reverse=True)]
    assert factors[-1] < 0.05


def test_a_history_forgets_what_lies_beyond_the_checkpoint(tmp_path: Path) -> None:
    run_line(tmp_path, replace(STEADY, steps=7, checkpoint_every=5, validate_every=100))
    checkpoint = read_checkpoint_file(tmp_path / LAST)
    assert checkpoint.state.step == 7
    with (tmp_path / HISTORY).open("a") as file:
        file.write(json.dumps({"step": 8, "loss": 9.0, "rate": 1.0, "seconds": 1.0}) + '\n{"step": 9, "lo')
    trainer = Trainer(line_task(), replace(STEADY, steps=9), tmp_path, device=torch.device("cpu"), resume=True)
    trainer.run()
    assert [record["step"] for record in read_history(tmp_path / HISTORY).steps] == list(range(1, 10))


def test_curves_are_drawn_with_and_without_scores(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    steps = [{"step": step, "loss": 1 / step, "rate": 0.1, "seconds": 1.0} for step in range(1, 40)]
    scores = [{"step": 20, "score": 0.5, "mIoU 1/1": 0.5, "IoU a": 0.25}]
    for name, records in {"plain": HistoryRecords(steps), "scored": HistoryRecords(steps, scores)}.items():
        draw_curves(records, tmp_path / f"{name}.png", title="A training")
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_a_tensorboard_log_holds_losses_and_scores(tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX")
    trainer = Trainer(line_task(scores=[0.5] * 5), STEADY, tmp_path, device=torch.device("cpu"), tensorboard=True)
    trainer.run()
    (log,) = (tmp_path / "tensorboard").iterdir()
    content = log.read_bytes()
    assert content.count(b"loss") >= 10
    assert b"validation/mIoU" in content


@pytest.mark.slow
def test_both_stages_make_models_that_load(tmp_path: Path) -> None:
    trained = train_tiny(tmp_path / "backbone", replace(SETTINGS, validate_every=4))
    assert trained is not None
    first = load_bundle(trained.model)
    assert first.manifest.selection is not None
    assert first.manifest.selection.fast is not None
    assert [entry.mean for entry in first.manifest.training_statistics]
    assert first.manifest.gsd_m == 1.0
    assert trained.curves.exists()
    (tmp_path / "refinement").mkdir()
    settings = RefinementSettings(
        steps=6, validate_every=3, warmup_steps=1, class_weights="balanced", loss="ohem", device="cpu", precision="fp32"
    )
    refined = train_refinement(
        tiny_data(),
        first.backbone,
        begin_refinements(first.manifest),
        first.manifest,
        settings,
        RunOptions(tmp_path / "refinement"),
    )
    assert refined is not None
    second = load_bundle(refined.model)
    before, after = (bundle.backbone.state_dict() for bundle in (first, second))
    assert all(torch.equal(tensor, after[key]) for key, tensor in before.items())
    learned = [bundle.refinements[0].state_dict()["leave.weight"] for bundle in (first, second)]
    assert not torch.equal(*learned)
    titles = [table.title for table in read_manifest(refined.model).card]
    assert titles[-2:] == ["Validation after the training of the refinement", "Training of the refinement"]
    assert {"mIoU coarse", "mIoU fine", "mIoU aggregate"} <= set(
        read_history(refined.model.parent / HISTORY).validations[0]
    )


def test_training_without_images_is_refused() -> None:
    with pytest.raises(TrainingError, match="no image to train on"):
        TrainingData([])
    with pytest.raises(TrainingError, match=r"different numbers of bands \(\[3, 4\]\)"):
        TrainingData([fields_source(0), fields_source(1, bands=4)])


def test_weights_of_too_few_classes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="`class_weights` gives 2 values, but there are 3 classes"):
        train_tiny(tmp_path, replace(SETTINGS, class_weights=(1.0, 2.0)))
