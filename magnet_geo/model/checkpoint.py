"""State dicts from checkpoint files in the wild; nothing in them is ever executed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from struct import error as StructError

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from magnet_geo.errors import ModelError
from magnet_geo.model.model_file import METADATA_KEY, is_safetensors, read_metadata
from magnet_geo.networks.state import strip_wrapper_prefixes

_NESTS = ("state_dict", "model")
# Training wrappers keep the weights of their loss beside the network's.
_LOSS = "loss."
# What torch.load raises on damaged files, found by feeding it damaged files.
_DAMAGE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    StructError,
    TypeError,
    ValueError,
)


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """Read the state dict of one network.

    Args:
        path: A ``.pth`` file (a state dict, or one under ``state_dict`` or ``model``) or plain safetensors.

    Returns:
        Tensors on the CPU by key, in the file's order, without the ``module.`` and ``model.`` of wrappers.

    Raises:
        ModelError: It is no such file, is damaged, or holds anything but tensors.
    """
    if not path.is_file():
        raise ModelError(f"There is no checkpoint {path}; check the path.")
    content = _read_safetensors(path) if is_safetensors(path) else _read_torch(path)
    state = strip_wrapper_prefixes(_state_dict(content, path))
    return {key: tensor.detach() for key, tensor in state.items() if not key.startswith(_LOSS)}


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    if METADATA_KEY in read_metadata(path):
        raise ModelError(f"{path} is a complete model file, not the checkpoint of one network; use it as `model`.")
    try:
        return load_file(path, device="cpu")
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path} is damaged or incomplete ({error}); copy or download it again.") from error


def _read_torch(path: Path) -> object:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise ModelError(
            f"{path} holds more than weights, or is no checkpoint, and was not opened for safety; save the state dict "
            "alone with torch.save(network.state_dict(), ...) and give that file."
        ) from error
    except _DAMAGE as error:
        raise ModelError(f"{path} is no checkpoint or is damaged; copy or download it again.") from error


def _state_dict(content: object, path: Path) -> Mapping[str, Tensor]:
    for nest in _NESTS:
        if isinstance(content, Mapping) and isinstance(content.get(nest), Mapping):
            content = content[nest]
    if not isinstance(content, Mapping) or not content:
        raise ModelError(f"{path} holds {_kind(content)} where a state dict is needed; save network.state_dict().")
    for key, value in content.items():
        if not isinstance(key, str) or not isinstance(value, Tensor):
            raise ModelError(
                f"Entry {key!r} of {path} is {_kind(value)}, not a tensor; save network.state_dict() alone."
            )
    return content


def _kind(value: object) -> str:
    return "nothing" if isinstance(value, Mapping) else f"a value of type {type(value).__name__}"
