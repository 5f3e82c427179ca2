"""A tiny model and tiny scenes for the tests of the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.raster.rasters import write_raster
from tests.tiny_model import write_tiny_model

HEIGHT, WIDTH = 150, 210


def fields(height: int, width: int, *, bands: int = 3, seed: int = 0) -> NDArray[np.uint8]:
    """Gives (B, H, W) values from 1 to 255 in squares of 10 pixels, so that a model finds several classes."""
    squares = np.random.default_rng(seed).integers(1, 256, (bands, -(-height // 10), -(-width // 10)))
    return squares.repeat(10, axis=1).repeat(10, axis=2)[:, :height, :width].astype(np.uint8)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(scope="session")
def tiny_model(shared_folder: Path) -> Path:
    return write_tiny_model(shared_folder / "tiny.safetensors")


@pytest.fixture(scope="session")
def metre_model(shared_folder: Path) -> Path:
    """The tiny model, for pixels of one metre."""
    return write_tiny_model(shared_folder / "metre.safetensors", gsd_m=1.0)


@pytest.fixture(scope="session")
def scene(shared_folder: Path) -> Path:
    return Path(write_raster(shared_folder / "scene.tif", fields(HEIGHT, WIDTH)))


@pytest.fixture(scope="session")
def wide_scene(shared_folder: Path) -> Path:
    """A scene of so many windows that a run can be cancelled."""
    values = fields(2000, 2400)
    return Path(write_raster(shared_folder / "wide.tif", values, tiled=True, compress="deflate"))


@pytest.fixture
def maps(tmp_path: Path) -> Path:
    """An empty folder for the outputs."""
    folder = tmp_path / "maps"
    folder.mkdir()
    return folder
