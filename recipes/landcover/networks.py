"""Networks of the model `landcover` in the making: their state files, and predictions as a function."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from magnet_geo.networks.cpu.prepare import prepare_for_inference

BACKBONE = "light-fpn-lite2"
REFINEMENT = "light-weighted"


def load_state(network: nn.Module, path: Path) -> None:
    """Fills a network with what a file holds; every name must fit."""
    network.load_state_dict(torch.load(path, weights_only=True))


def save_state(network: nn.Module, path: Path) -> None:
    """Writes a network's state; the file exists only when it is complete."""
    save_values({key: value.contiguous() for key, value in network.state_dict().items()}, path)


def save_values(values: Mapping[str, Any], path: Path) -> None:
    """Writes tensors and plain values; the file exists only when it is complete."""
    partial = path.with_suffix(".partial")
    torch.save(dict(values), partial)
    os.replace(partial, path)


def prediction(backbone: nn.Module) -> Callable[[Tensor], Tensor]:
    """Gives the backbone as a function from (N, B, H, W) inputs to (N, C, H, W) float32 probabilities, in bfloat16."""
    ready = prepare_for_inference(backbone, device="cpu", dtype=torch.bfloat16)

    @torch.inference_mode()
    def predict(inputs: Tensor) -> Tensor:
        logits = ready(inputs.bfloat16().contiguous(memory_format=torch.channels_last))
        return logits.float().softmax(dim=1)

    return predict
