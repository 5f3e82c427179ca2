"""The processes of one training: alone, or started side by side by torchrun."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import Tensor
from torch import distributed as dist

#: The others wait while the first process validates.
LONGEST_WAIT = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Ranks:
    """Which of how many processes this one is.

    Attributes:
        rank: Number of this process, from 0.
        world_size: How many there are.
        local_rank: Number among those of this machine: its GPU.
    """

    rank: int = 0
    world_size: int = 1
    local_rank: int = 0

    @property
    def is_first(self) -> bool:
        """Whether this process writes the files and talks."""
        return self.rank == 0

    def total(self, values: Tensor) -> Tensor:
        """Return the sum over all processes; no gradient flows through it."""
        values = values.detach().clone()
        if self.world_size > 1:
            dist.all_reduce(values)
        return values

    def greatest(self, values: Tensor) -> Tensor:
        """Return the greatest value over all processes, element by element."""
        values = values.detach().clone()
        if self.world_size > 1:
            dist.all_reduce(values, op=dist.ReduceOp.MAX)
        return values

    def gathered(self, values: Tensor) -> Tensor:
        """Return the values of all processes, one after the other along the first axis; shapes must agree."""
        if self.world_size == 1:
            return values
        parts = [torch.empty_like(values) for _ in range(self.world_size)]
        dist.all_gather(parts, values.contiguous())
        return torch.cat(parts)

    def mean_of_sums(self, total: Tensor, weight: Tensor) -> Tensor:
        """Return this process's part of sum / weight over all processes.

        Gradients are averaged over the processes, which is why each part is scaled up by their number.

        Args:
            total: Sum of this process, with gradient.
            weight: What it is to be divided by, of this process.
        """
        everyone = self.total(weight.to(total.dtype))
        return total * self.world_size / everyone.clamp_min(torch.finfo(total.dtype).tiny)


ALONE = Ranks()


@contextmanager
def joined_ranks(*, cuda: bool) -> Iterator[Ranks]:
    """Joins the processes that torchrun started; alone where it did not.

    Args:
        cuda: Whether the networks run on GPUs: NCCL connects them, gloo else.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield ALONE
        return
    dist.init_process_group("nccl" if cuda else "gloo", timeout=LONGEST_WAIT)
    try:
        yield Ranks(dist.get_rank(), dist.get_world_size(), int(os.environ.get("LOCAL_RANK", "0")))
    finally:
        dist.destroy_process_group()
