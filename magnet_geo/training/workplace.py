"""Where a training runs: device, number type, threads, and the processes beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from magnet_geo.compute.device import choose_device, choose_dtype
from magnet_geo.training.ranks import Ranks, joined_ranks
from magnet_geo.training.settings import TrainingSettings


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where a training runs.

    Attributes:
        device: Of this process.
        dtype: Of mixed precision; float32 for none.
        ranks: The processes that train together.
    """

    device: torch.device
    dtype: torch.dtype
    ranks: Ranks


@contextmanager
def prepared_workplace(settings: TrainingSettings) -> Iterator[Workplace]:
    """Joins the processes of torchrun and gives this one its device.

    Raises:
        DeviceError: The device is absent or cannot run the precision.
    """
    device = choose_device(settings.device)
    with joined_ranks(cuda=device.type == "cuda") as ranks:
        if device.type == "cuda":
            device = torch.device("cuda", ranks.local_rank if device.index is None else device.index)
            torch.cuda.set_device(device)
        if settings.threads:
            torch.set_num_threads(settings.threads)
        yield Workplace(device, choose_dtype(settings.precision, device), ranks)
