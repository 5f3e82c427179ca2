"""Patches side by side give what they give one after the other."""

from __future__ import annotations

import threading

import pytest
import torch
from torch import Tensor

from magnet_geo.progressive.crew import Crew


def test_results_come_in_order_and_the_number_of_threads_stays(threads: int) -> None:
    first, second = torch.arange(5.0)[:, None], torch.arange(5.0)[:, None] * 10
    with torch.inference_mode():
        results = Crew().run(lambda a, b: a + b, first, second, into=torch.empty(5, 1))
    assert torch.equal(results, first + second)
    assert torch.get_num_threads() == threads


def test_each_patch_has_its_share_of_the_threads_and_no_gradients(threads: int) -> None:
    seen: list[tuple[int, bool, bool]] = []

    def note(batch: Tensor) -> Tensor:
        own = threading.current_thread() is threading.main_thread()
        seen.append((torch.get_num_threads(), own, torch.is_inference_mode_enabled()))
        return batch

    with torch.inference_mode():
        Crew().run(note, torch.zeros(2, 1), into=torch.empty(2, 1))
    expected = [(1, True, True)] if threads == 1 else [(threads // 2, False, True)] * 2
    assert seen == expected


def test_what_goes_wrong_in_a_patch_is_raised(threads: int) -> None:
    def fail(batch: Tensor) -> Tensor:
        raise RuntimeError("broken patch")

    with pytest.raises(RuntimeError, match="broken patch"):
        Crew().run(fail, torch.zeros(3, 1), into=torch.empty(3, 1))
