"""A training that is killed goes on as if nothing had happened; several processes train as one would."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from magnet_geo.errors import CancelledError, TrainingError
from magnet_geo.progress import CancelToken, ProgressEvent
from magnet_geo.training.backbone_training import RunOptions, TrainingData, train_backbone
from magnet_geo.training.history import read_history
from magnet_geo.training.initialization import begin_backbone
from magnet_geo.training.trainer import HISTORY, LAST
from tests.training.tiny_training import SETTINGS, fields_source, tiny_data, tiny_target, train_tiny

ROOT = Path(__file__).parents[2]


def start_program(folder: Path, settings: dict[str, Any], *arguments: str, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.training.tiny_training", str(folder), "--settings", json.dumps(settings)]
    return subprocess.Popen(
        [*command, *arguments],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(program: subprocess.Popen[str]) -> None:
    _, errors = program.communicate(timeout=300)
    assert program.returncode == 0, errors


def losses(folder: Path) -> list[float]:
    return [record["loss"] for record in read_history(folder / HISTORY).steps]


def kill_after(program: subprocess.Popen[str], folder: Path, *, steps: int) -> None:
    """Kills a program without a warning once its history holds so many steps and a checkpoint is there."""
    deadline = time.monotonic() + 240
    while len(losses(folder)) < steps or not (folder / LAST).exists():
        assert program.poll() is None, program.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.02)
    program.send_signal(signal.SIGKILL)
    program.wait(timeout=60)


@pytest.mark.slow
def test_killed_training_resumes_to_the_same_losses(tmp_path: Path) -> None:
    settings = {"steps": 32, "checkpoint_every": 5, "accumulation": 2, "averaging": 0.9}
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    finish(start_program(whole, settings))
    program = start_program(killed, settings)
    kill_after(program, killed, steps=12)
    done = len(losses(killed))
    assert 12 <= done < 32
    finish(start_program(killed, settings, "--resume"))
    assert len(losses(whole)) == 32
    assert losses(killed) == losses(whole)
    ends = [(folder / "model.safetensors").read_bytes() for folder in (whole, killed)]
    assert len(ends[0]) == len(ends[1])


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["cross-entropy", "ohem"])
def test_two_processes_train_as_one_with_the_doubled_batch(tmp_path: Path, loss: str) -> None:
    common = {"steps": 6, "loss": loss, "lovasz": 0.0, "freeze_batch_norm": True, "ohem_min_kept": 500}
    one, two = tmp_path / "one", tmp_path / "two"
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = str(found.getsockname()[1])
    ranks = [
        start_program(
            two,
            common | {"batch_size": 2},
            WORLD_SIZE="2",
            RANK=str(rank),
            LOCAL_RANK=str(rank),
            MASTER_ADDR="127.0.0.1",
            MASTER_PORT=port,
        )
        for rank in range(2)
    ]
    for program in ranks:
        finish(program)
    finish(start_program(one, common | {"batch_size": 4}))
    assert losses(two) == pytest.approx(losses(one), rel=2e-4)
    assert len({round(loss, 4) for loss in losses(one)}) > 1


def test_cancelled_training_keeps_its_last_step_and_goes_on(tmp_path: Path) -> None:
    token = CancelToken()

    def cancel_at_three(event: object) -> None:
        if isinstance(event, ProgressEvent) and event.message.startswith("step 3 of"):
            token.cancel()

    settings = replace(SETTINGS, steps=5)
    with pytest.raises(CancelledError, match="`resume=True`"):
        train_tiny(tmp_path / "cancelled", settings, progress=cancel_at_three, cancel=token)
    assert len(losses(tmp_path / "cancelled")) == 3
    train_tiny(tmp_path / "cancelled", settings, resume=True)
    train_tiny(tmp_path / "whole", settings)
    assert losses(tmp_path / "cancelled") == losses(tmp_path / "whole")


def test_resuming_without_a_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"no checkpoint .* without `resume` first"):
        train_tiny(tmp_path, resume=True)


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / LAST).write_bytes(b"no checkpoint")
    with pytest.raises(TrainingError, match=r"cannot be read .* start anew"):
        train_tiny(tmp_path, resume=True)


def test_resuming_with_other_bands_is_refused(tmp_path: Path) -> None:
    train_tiny(tmp_path, replace(SETTINGS, steps=1), data=tiny_data(validation=False))
    start = begin_backbone(None, num_classes=3, bands=4, init="random")
    data = TrainingData([fields_source(0, bands=4)])
    with pytest.raises(TrainingError, match="does not fit this network"):
        train_backbone(data, start, tiny_target(start), SETTINGS, RunOptions(tmp_path, resume=True))
