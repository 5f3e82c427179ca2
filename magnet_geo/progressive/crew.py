"""Patches of a batch side by side on a CPU, each in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor


class Crew:
    """Shares torch's threads out among the patches of a batch.

    One patch per thread needs no barriers: a network is a hundred short layers, and at the end of each the threads of
    one would wait for each other, for long where the machine has other things to do.
    """

    def __init__(self) -> None:
        self._pool: tuple[int, ThreadPoolExecutor] | None = None

    def run(self, function: Callable[..., Tensor], *batches: Tensor, into: Tensor) -> Tensor:
        """Apply a function of batches, patch by patch.

        Args:
            function: Of batches of one patch, to (1, ...).
            batches: (N, ...) each.
            into: (N, ...) for the results in order, contiguous; each is copied there by the thread that made it.

        Returns:
            The results; where one thread makes them all, in memory of their own.
        """
        threads, patches = torch.get_num_threads(), len(batches[0])
        if threads == 1 or patches == 1:
            return function(*batches)
        each = max(1, threads // patches)

        @torch.inference_mode()
        def run_one(index: int) -> None:
            _use_threads(each)
            into[index].copy_(function(*(batch[index : index + 1] for batch in batches))[0])

        list(self._workers(threads).map(run_one, range(patches)))
        # A worker's number of threads became the default of threads to come; this thread's own never changed.
        torch.set_num_threads(threads)
        return into

    def _workers(self, threads: int) -> ThreadPoolExecutor:
        if self._pool is None or self._pool[0] != threads:
            self._pool = threads, ThreadPoolExecutor(threads, thread_name_prefix="patch")
        return self._pool[1]


def _use_threads(count: int) -> None:
    if torch.get_num_threads() != count:
        torch.set_num_threads(count)
