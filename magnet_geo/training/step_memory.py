"""What a training step needs of memory, known before the first: a Linux out of memory ends a program without a word."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from magnet_geo.errors import MemoryLimitError
from magnet_geo.training.settings import TrainingSettings

_KIBIBYTE = 1024
_PROBED = 2
# Gradients, two moments and the running average.
_COPIES_OF_WEIGHTS = 4
# What the backward pass holds beside what the forward pass left, measured on light and published networks.
_BACKWARD_SHARE = 0.2


def require_step_memory(
    learner: nn.Module,
    make_batch: Callable[[Sequence[int]], Any],
    settings: TrainingSettings,
    *,
    available_bytes: int | None,
) -> None:
    """Raise the error of a step that cannot fit into main memory, and say which options make it fit.

    Args:
        learner: Gives the loss of a batch; a copy of it is tried.
        make_batch: Gives the batch of samples of some numbers.
        settings: The batch size.
        available_bytes: Main memory that is free; None where it is not known, and nothing is tried.

    Raises:
        MemoryLimitError: The step needs more.
    """
    if available_bytes is None:
        return
    probed = min(_PROBED, settings.batch_size)
    try:
        kept = _kept_for_backward(copy.deepcopy(learner), make_batch(range(probed)))
    except (MemoryError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise too_large(error, settings, torch.device("cpu")) from error
        raise
    per_sample = kept * (1 + _BACKWARD_SHARE) / probed
    weights = _COPIES_OF_WEIGHTS * sum(p.numel() * p.element_size() for p in learner.parameters() if p.requires_grad)
    needed = weights + per_sample * settings.batch_size
    if needed <= available_bytes:
        return
    size, parts = settings.batch_size, settings.accumulation
    while size > 1 and weights + per_sample * size > available_bytes:
        size, parts = size // 2, parts * 2
    fits = weights + per_sample * size <= available_bytes
    raise MemoryLimitError(
        f"A step of {settings.batch_size} samples needs about {needed / 1e9:.1f} GB of memory, but "
        f"{available_bytes / 1e9:.1f} GB are free; {_way_out(settings, size, parts, fits=fits)}."
    )


def available_memory_bytes(meminfo: Path = Path("/proc/meminfo"), group: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Return the main memory this process may still take, None where the system does not tell.

    Args:
        meminfo: What Linux says of the machine.
        group: What it says of this process's control group, such as a container's.
    """
    try:
        lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
        free = int(lines["MemAvailable"].split()[0]) * _KIBIBYTE
    except (OSError, KeyError, ValueError):
        return None
    try:
        limit = int((group / "memory.max").read_text())
        return min(free, max(0, limit - int((group / "memory.current").read_text())))
    except (OSError, ValueError):
        return free


def too_large(error: BaseException, settings: TrainingSettings, device: torch.device) -> MemoryLimitError:
    """Return the error of a step that did not fit, with the options that lower its need."""
    size, parts = settings.batch_size, settings.accumulation
    way = _way_out(settings, max(1, size // 2), parts * 2, fits=size > 1)
    text = " ".join(str(error).split())[:120]
    return MemoryLimitError(f"A step does not fit in the memory of {device} ({text}); {way}.")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out."""
    named = isinstance(error, MemoryError | torch.OutOfMemoryError)
    return named or "can't allocate memory" in str(error) or "out of memory" in str(error)


def _way_out(settings: TrainingSettings, size: int, parts: int, *, fits: bool) -> str:
    if fits:
        return f"set `batch_size={size}, accumulation={parts}`, which trains alike"
    smaller = "set a smaller `crop_px`" if hasattr(settings, "crop_px") else "train on a larger machine"
    return smaller if settings.batch_size == 1 else f"set `batch_size=1`, and {smaller}"


def _kept_for_backward(learner: nn.Module, batch: Any) -> int:
    """Bytes of all that a forward pass keeps for the backward one, weights left out."""
    seen = {parameter.untyped_storage().data_ptr() for parameter in learner.parameters()}
    total = 0

    def note(tensor: Tensor) -> Tensor:
        nonlocal total
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in seen:
            seen.add(storage.data_ptr())
            total += storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        # The loss holds what was kept: no storage is used twice while it is counted.
        loss = learner(batch)
    del loss
    return total
