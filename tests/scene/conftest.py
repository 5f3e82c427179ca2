"""What several of these tests need: one thread, as small tensors are quicker so; a folder; a scene with a hole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.scene.stub_model import texture, write_scene


@pytest.fixture(autouse=True, scope="package")
def single_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for the outputs."""
    path = tmp_path / "out"
    path.mkdir()
    return path


@pytest.fixture(scope="module")
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A scene of as many rows as the module's ``ROWS``; one of its windows is empty, and so has no seams."""
    values = texture(3, request.module.ROWS, 300)
    values[:, 90:230, 90:230] = 0
    return write_scene(tmp_path_factory.mktemp("scene") / "scene.tif", values, nodata=0)
