"""Fixtures of the tests of what computes side by side."""

from __future__ import annotations

import pytest
import torch


@pytest.fixture(params=[1, 2, 4])
def threads(request: pytest.FixtureRequest):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)
