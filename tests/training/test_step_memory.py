"""A step that cannot fit is told before it is tried, with the options that make it fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from magnet_geo.errors import MemoryLimitError
from magnet_geo.training.settings import BackboneSettings, RefinementSettings
from magnet_geo.training.step_memory import available_memory_bytes, require_step_memory
from tests.training.tiny_training import SETTINGS, train_tiny

VALUES = 1000
NUMBER_BYTES = 4


class Learner(nn.Module):
    """Keeps 1000 float32 values of each sample for its backward pass."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(1, affine=False)
        self.factor = nn.Parameter(torch.ones(()))

    def forward(self, batch: Tensor) -> Tensor:
        with torch.no_grad():
            values = self.norm(batch)
        return (values * self.factor).sum()


def batch_of(numbers: Sequence[int]) -> Tensor:
    return torch.rand(len(numbers), 1, VALUES)


def needed(size: int) -> int:
    return round(size * VALUES * NUMBER_BYTES * 1.2) + 100


def test_a_step_that_fits_is_let_through() -> None:
    for size in (1, 2, 64):
        settings = BackboneSettings(batch_size=size)
        require_step_memory(Learner(), batch_of, settings, available_bytes=needed(size))


@pytest.mark.parametrize(
    ("available", "way"), [(16, "16, accumulation=4"), (20, "16, accumulation=4"), (1, "1, accumulation=64")]
)
def test_the_options_that_are_named_fit(available: int, way: str) -> None:
    settings = BackboneSettings(batch_size=64)
    with pytest.raises(MemoryLimitError, match=rf"64 samples needs about .* set `batch_size={way}`"):
        require_step_memory(Learner(), batch_of, settings, available_bytes=needed(available))


def test_where_no_batch_fits_the_crop_is_to_be_smaller() -> None:
    learner, one = Learner(), BackboneSettings(batch_size=1)
    with pytest.raises(MemoryLimitError, match=r"are free; set a smaller `crop_px`\.$"):
        require_step_memory(learner, batch_of, one, available_bytes=needed(1) // 2)
    with pytest.raises(MemoryLimitError, match="set `batch_size=1`, and set a smaller `crop_px`"):
        require_step_memory(learner, batch_of, replace(one, batch_size=4), available_bytes=needed(1) // 2)
    with pytest.raises(MemoryLimitError, match="train on a larger machine"):
        require_step_memory(learner, batch_of, RefinementSettings(batch_size=1), available_bytes=needed(1) // 2)


def test_the_trial_leaves_the_learner_as_it_was() -> None:
    learner = Learner()
    before = {key: tensor.clone() for key, tensor in learner.state_dict().items()}
    require_step_memory(learner, batch_of, BackboneSettings(batch_size=2), available_bytes=10**9)
    assert all(torch.equal(tensor, before[key]) for key, tensor in learner.state_dict().items())


def test_nothing_is_tried_where_the_system_does_not_tell() -> None:
    def never(numbers: Sequence[int]) -> Tensor:
        raise AssertionError(numbers)

    require_step_memory(Learner(), never, BackboneSettings(), available_bytes=None)


def test_a_training_stops_before_its_first_step(tmp_path: Path) -> None:
    with pytest.raises(MemoryLimitError, match=r"needs about .* GB of memory, but .* set `batch_size="):
        train_tiny(tmp_path, replace(SETTINGS, batch_size=2**26))
    assert not (tmp_path / "last.pt").exists()


def test_a_control_group_lowers_what_the_machine_has(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    assert available_memory_bytes(meminfo, tmp_path) is None
    meminfo.write_text("MemTotal:       4000 kB\nMemAvailable:   3000 kB\n")
    assert available_memory_bytes(meminfo, tmp_path) == 3000 * 1024
    (tmp_path / "memory.max").write_text("2000000\n")
    (tmp_path / "memory.current").write_text("500000\n")
    assert available_memory_bytes(meminfo, tmp_path) == 1_500_000
    (tmp_path / "memory.max").write_text("max\n")
    assert available_memory_bytes(meminfo, tmp_path) == 3000 * 1024
