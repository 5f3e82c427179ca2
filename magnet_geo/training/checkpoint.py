"""Everything a training needs to go on as if it had never stopped, in one file of tensors and JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor

from magnet_geo.atomic_file import atomic_path
from magnet_geo.errors import TrainingError

FORMAT = 1
_KEYS = {"format", "config", "progress", "network", "average", "optimizer", "scaler"}


@dataclass(slots=True)
class RunState:
    """How far a training has come.

    Attributes:
        step: Steps done.
        seconds: Time spent on them.
        loss: Running mean of the loss; NaN before the first step.
        averaged: States in the average of weights.
        best_score: Of the validations so far; minus infinity before the first.
        best_step: Step of that score.
        stale: Validations since without a better one.
    """

    step: int = 0
    seconds: float = 0.0
    loss: float = float("nan")
    averaged: int = 0
    best_score: float = float("-inf")
    best_step: int = 0
    stale: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """A training at one step.

    Attributes:
        config: Stage, settings and how the run was called, as plain JSON values.
        state: How far it has come.
        network: State dict of what learns.
        average: State dict of the average; empty where none is kept.
        optimizer: Its state dict.
        scaler: State dict of the gradient scaler; empty without one.
    """

    config: Mapping[str, Any]
    state: RunState
    network: Mapping[str, Tensor]
    average: Mapping[str, Tensor] = field(default_factory=dict)
    optimizer: Mapping[str, Any] = field(default_factory=dict)
    scaler: Mapping[str, Any] = field(default_factory=dict)

    @property
    def best_weights(self) -> Mapping[str, Tensor]:
        """What is kept of the network: the average where there is one."""
        return self.average or self.network

    def write(self, path: Path) -> None:
        """Write the file beside its place and rename it, so that a killed run leaves a whole one.

        Raises:
            OutputError: It cannot be written.
        """
        progress = {name: getattr(self.state, name) for name in RunState.__dataclass_fields__}
        content = {
            "format": FORMAT,
            "config": json.dumps(self.config),
            "progress": json.dumps(progress),
            "network": dict(self.network),
            "average": dict(self.average),
            "optimizer": dict(self.optimizer),
            "scaler": dict(self.scaler),
        }
        with atomic_path(path) as temporary:
            torch.save(content, temporary)


def read_checkpoint_file(path: Path) -> Checkpoint:
    """Read a training's checkpoint; nothing in it is executed.

    Raises:
        TrainingError: It is none, or damaged.
    """
    if not path.is_file():
        raise TrainingError(f"There is no checkpoint {path} to go on from; train without `resume` first.")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (UnpicklingError, RuntimeError, EOFError, OSError, ValueError, LookupError) as error:
        raise TrainingError(f"The checkpoint {path} cannot be read ({type(error).__name__}); start anew.") from error
    if not isinstance(content, dict) or set(content) != _KEYS or content["format"] != FORMAT:
        raise TrainingError(f"{path} is no checkpoint of a training by this version; start anew.")
    try:
        config, progress = json.loads(content["config"]), RunState(**json.loads(content["progress"]))
    except (ValueError, TypeError, RecursionError) as error:
        raise TrainingError(f"The checkpoint {path} is damaged ({error}); start anew.") from error
    return Checkpoint(
        config=config,
        state=progress,
        network=content["network"],
        average=content["average"],
        optimizer=content["optimizer"],
        scaler=content["scaler"],
    )
