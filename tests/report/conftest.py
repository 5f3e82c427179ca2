"""One map for all tests of the report."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.report.maps import HEIGHT, WIDTH, MadeMap, make_map, quadrants, write_classes


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> MadeMap:
    return make_map(tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="session")
def foreign(made: MadeMap, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A map that was not made by a run, on the same grid: half water, a quarter each of wood and town."""
    return write_classes(tmp_path_factory.mktemp("foreign") / "foreign.tif", quadrants(HEIGHT, WIDTH), made.scene)
