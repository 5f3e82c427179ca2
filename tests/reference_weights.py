"""Weights and inputs of the reference runs, drawn by recipe from the names of the entries."""

from __future__ import annotations

import json
import zlib
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

REFERENCE = Path(__file__).parent / "data" / "reference"
GAINS = {"fpn": 0.6, "psp": 0.7, "hrnet18+ocr": 0.7, "hrnet48+ocr": 0.5, "refinement": 1.3}


def _generator(text: str) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(zlib.crc32(text.encode())))


def _normal(generator: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float32]:
    return generator.standard_normal(shape).astype(np.float32)


def reference_entries(network: str) -> list[tuple[str, tuple[int, ...], str]]:
    """Gives (key, shape, dtype name) of every entry of a published checkpoint, such as `fpn/7`."""
    networks = json.loads((REFERENCE / "state_dicts.json").read_text())
    return [(key, tuple(shape), dtype) for key, shape, dtype in networks[network]]


@cache
def reference_state(network: str) -> dict[str, Tensor]:
    """Gives the whole state dict of a network, such as `fpn/7`."""
    gain = GAINS[network.split("/")[0]]
    return {key: _entry(key, shape, dtype, gain) for key, shape, dtype in reference_entries(network)}


def _entry(key: str, shape: tuple[int, ...], dtype: str, gain: float) -> Tensor:
    if "int64" in dtype:
        return torch.zeros(shape, dtype=torch.int64)
    noise = _normal(_generator(key), shape)
    if key.endswith("running_var"):
        value = 1 + 0.1 * np.abs(noise)
    elif key.endswith("running_mean"):
        value = 0.1 * noise
    elif len(shape) == 4:
        value = noise * np.sqrt(2 / np.prod(shape[1:]))
    elif key.endswith("weight"):
        value = gain * (1 + 0.1 * noise)
    else:
        value = 0.1 * noise
    return torch.from_numpy(np.asarray(value, dtype=np.float32))


def reference_images(model: str) -> Tensor:
    """Gives the (1, 3, 96, 128) input of a backbone, such as `fpn`."""
    return torch.from_numpy(_normal(_generator(f"input:{model}"), (1, 3, 96, 128)))


def reference_predictions(num_classes: int) -> tuple[Tensor, Tensor]:
    """Gives the scale-specific and the cumulative (2, C, 64, 80) probabilities of a refinement run."""
    generator = _generator(f"input:refinement/{num_classes}")
    shape = (2, num_classes, 64, 80)
    first, second = (torch.from_numpy(_normal(generator, shape)).softmax(dim=1) for _ in range(2))
    return first, second


def reference_outputs(name: str) -> dict[str, NDArray[np.float32]]:
    """Gives the published outputs of `forward_<name>.npz`, every second row and column."""
    with np.load(REFERENCE / f"forward_{name}.npz") as file:
        return {key: file[key] for key in file.files}
