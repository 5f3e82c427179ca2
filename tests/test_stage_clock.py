"""The benchmarks name functions of the library by text: each of them is there."""

from __future__ import annotations

from functools import reduce
from importlib import import_module

import pytest

from benchmarks.stage_clock import STAGES

NAMES = sorted({(module, name) for _, _, module, names in STAGES for name in names})


@pytest.mark.parametrize(("module", "name"), NAMES, ids=lambda text: text.removeprefix("magnet_geo."))
def test_a_timed_function_is_one_of_the_library(module: str, name: str) -> None:
    assert callable(reduce(getattr, name.split("."), import_module(module)))
