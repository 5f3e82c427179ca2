"""Strict loading of state dicts."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from magnet_geo.errors import ModelError
from magnet_geo.networks import Refinement, create_refinement, load_state


@pytest.fixture
def refinement() -> Refinement:
    return create_refinement(3)


@pytest.fixture
def state() -> dict[str, Tensor]:
    return create_refinement(3).state_dict()


@pytest.mark.parametrize("prefix", ["", "model.", "module.", "module.model."])
def test_wrapper_prefixes_are_dropped(refinement: Refinement, state: dict[str, Tensor], prefix: str) -> None:
    load_state(refinement, {prefix + key: value for key, value in state.items()}, what="weights")
    assert all(torch.equal(value, state[key]) for key, value in refinement.state_dict().items())


def test_a_prefix_that_few_keys_carry_is_kept(refinement: Refinement, state: dict[str, Tensor]) -> None:
    state["model.extra"] = torch.zeros(1)
    with pytest.raises(ModelError, match=r"1 unexpected \(model\.extra\)"):
        load_state(refinement, state, what="weights")


def test_missing_entries_are_counted_and_the_first_ones_named(refinement: Refinement, state: dict[str, Tensor]) -> None:
    short = {key: value for key, value in state.items() if not key.startswith("bn0.")}
    pattern = r"a\.pth: .* 5 missing \(bn0\.weight, bn0\.bias, bn0\.running_mean, \.\.\.\)\. Found 55 .* needed 60"
    with pytest.raises(ModelError, match=pattern):
        load_state(refinement, short, what="a.pth")


def test_another_class_count_is_named_by_its_shapes(refinement: Refinement) -> None:
    before = {key: value.clone() for key, value in refinement.state_dict().items()}
    with pytest.raises(ModelError, match=r"6 wrong in shape \(bn0\.weight \(8,\) instead of \(6,\)"):
        load_state(refinement, create_refinement(4).state_dict(), what="weights")
    assert all(torch.equal(value, before[key]) for key, value in refinement.state_dict().items())
