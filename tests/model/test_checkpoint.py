from __future__ import annotations

import argparse
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from magnet_geo.errors import ModelError
from magnet_geo.model import read_checkpoint

STATE = {"conv.weight": torch.arange(4.0), "bn.num_batches_tracked": torch.tensor(3)}


class Exploit:
    """Writes a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (self.target,)  # type: ignore[return-value]


def saved(path: Path, content: object, **options: bool) -> Path:
    torch.save(content, path, **options)
    return path


def assert_is_state(found: dict[str, Tensor]) -> None:
    assert list(found) == list(STATE)
    assert all(torch.equal(found[key], tensor) for key, tensor in STATE.items())


@pytest.mark.parametrize(
    "content",
    [
        STATE,
        {"state_dict": STATE, "epoch": 3},
        {"model": STATE, "optimizer": {"lr": 0.1}},
        {"state_dict": {"model": STATE}},
        {f"model.{key}": tensor for key, tensor in STATE.items()},
        {f"module.model.{key}": tensor for key, tensor in STATE.items()},
        {f"model.{key}": tensor for key, tensor in STATE.items()} | {"loss.criterion.weight": torch.ones(2)},
    ],
    ids=["plain", "state_dict", "model", "nested twice", "model.", "module.model.", "with a loss"],
)
def test_a_state_dict_is_found_in_its_wrappings(tmp_path: Path, content: object) -> None:
    assert_is_state(read_checkpoint(saved(tmp_path / "c.pth", content)))


def test_the_old_format_of_torch_is_read(tmp_path: Path) -> None:
    assert_is_state(read_checkpoint(saved(tmp_path / "c.pth", STATE, _use_new_zipfile_serialization=False)))


def test_plain_safetensors_are_read(tmp_path: Path) -> None:
    save_file(STATE, tmp_path / "c.safetensors")
    assert set(read_checkpoint(tmp_path / "c.safetensors")) == set(STATE)


def test_parameters_come_back_as_plain_tensors(tmp_path: Path) -> None:
    path = saved(tmp_path / "c.pth", {"a": torch.nn.Parameter(torch.ones(2))})
    assert not read_checkpoint(path)["a"].requires_grad


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_nothing_in_a_checkpoint_is_executed(tmp_path: Path, protocol: int) -> None:
    proof = tmp_path / "executed"
    path = tmp_path / "c.pth"
    path.write_bytes(pickle.dumps({"a": Exploit(proof)}, protocol=protocol))
    with pytest.raises(ModelError, match=r"c\.pth"):
        read_checkpoint(path)
    torch.save({"state_dict": STATE, "extra": Exploit(proof)}, path)
    with pytest.raises(ModelError, match=r"holds more than weights.*save the state dict alone"):
        read_checkpoint(path)
    assert not proof.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"state_dict": STATE, "options": argparse.Namespace(lr=1)}, "holds more than weights"),
        ({**STATE, "epoch": 3}, "Entry 'epoch' of .* is a value of type int, not a tensor"),
        ({7: torch.zeros(1)}, "Entry 7 "),
        ({}, "holds nothing where a state dict is needed"),
        ([torch.zeros(1)], "value of type list where a state dict is needed"),
        (torch.zeros(1), "value of type Tensor where a state dict is needed"),
        ({"a": np.zeros(3)}, r"c\.pth"),
    ],
)
def test_anything_but_a_state_dict_is_an_error(tmp_path: Path, content: object, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        read_checkpoint(saved(tmp_path / "c.pth", content))


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("old_format", [False, True])
def test_damage_gives_no_error_but_ours(tmp_path: Path, old_format: bool) -> None:
    path = saved(tmp_path / "c.pth", STATE, _use_new_zipfile_serialization=not old_format)
    whole = path.read_bytes()
    generator = np.random.default_rng(0)
    for _ in range(150):
        damaged = bytearray(whole[: generator.integers(len(whole)) or None])
        for position in generator.integers(len(damaged), size=3):
            damaged[position] = generator.integers(256)
        path.write_bytes(damaged)
        try:
            read_checkpoint(path)
        except ModelError:
            continue


@pytest.mark.parametrize("content", [b"", b"hello world", b"<html>"])
def test_other_files_are_an_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "c.pth"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"c\.pth"):
        read_checkpoint(path)


def test_a_missing_checkpoint_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="There is no checkpoint"):
        read_checkpoint(tmp_path / "none.pth")


def test_a_complete_model_file_is_no_checkpoint(model_path: Path) -> None:
    with pytest.raises(ModelError, match="complete model file"):
        read_checkpoint(model_path)
