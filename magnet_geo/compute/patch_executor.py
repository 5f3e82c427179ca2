"""`PatchExecutor`: patches computed side by side on a CPU, as many at once as memory was planned for."""

from __future__ import annotations

import os
import threading
import weakref
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, as_completed, wait
from dataclasses import dataclass, field
from functools import partial
from itertools import count, islice
from queue import PriorityQueue
from typing import Any, TypeVar

import torch

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

_END_OF_WORK = 10**9
_own = threading.local()


@dataclass(frozen=True, slots=True, order=True)
class _Job:
    priority: int
    number: int
    work: Callable[[], Any] | None = field(compare=False, default=None)
    future: Future[Any] = field(compare=False, default_factory=Future)


class PatchExecutor:
    """Threads that each take the next patch as soon as they are done with one; torch's threads are shared out.

    One patch per thread needs no barriers: a network is a hundred short layers, and at the end of each the threads of
    one would wait for each other. In a batch all wait for the slowest patch, and one thread makes its inputs and uses
    its results while the others do nothing. Here each does all that belongs to its patch. What can wait, patches of the
    next image, fills the gaps at the ends of levels. A process forked later has threads of its own.

    Attributes:
        max_workers: Patches computed at a time, unless torch has fewer threads.
        is_patchwise: Patches come one by one, not in batches.
    """

    is_patchwise = True

    def __init__(self, max_workers: int) -> None:
        """Start the threads.

        Args:
            max_workers: Patches that memory holds at a time.
        """
        self.max_workers = max_workers
        self._start()

    def matches(self, max_workers: int) -> bool:
        """Whether this number of workers, torch's number of threads and the process are those it was made for."""
        return self._made_for == (os.getpid(), max_workers, torch.get_num_threads())

    def batches(self, items: Iterable[ItemT]) -> list[Sequence[ItemT]]:
        """Return what is computed at a time: each item alone."""
        return [[item] for item in items]

    def imap_unordered(
        self, function: Callable[[ItemT], ResultT], items: Iterable[ItemT], *, priority: int = 0
    ) -> Generator[ResultT]:
        """Yield a function's results as they come, in any order.

        Once the generator is closed, or has raised the error of an item, nothing goes on.

        Args:
            function: Called in any of the threads.
            items: What it is called with.
            priority: Lower runs first, whichever call it is from.
        """
        futures = [self._submit(priority, partial(function, item)) for item in items]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            _abandon(futures)

    def imap(
        self, function: Callable[[ItemT], ResultT], items: Iterable[ItemT], *, priority: int = 0
    ) -> Generator[ResultT]:
        """Yield a function's results in the order of its items, never more of them ahead than are computed at a time.

        Once the generator is closed, or has raised the error of an item, nothing goes on.

        Args:
            function: Called in any of the threads.
            items: What it is called with.
            priority: Lower runs first, whichever call it is from.
        """
        jobs = (partial(function, item) for item in items)
        pending = deque(self._submit(priority, job) for job in islice(jobs, self._workers))
        try:
            while pending:
                result = pending[0].result()
                pending.popleft()
                pending.extend(self._submit(priority, job) for job in islice(jobs, 1))
                yield result
        finally:
            _abandon(pending)

    def _submit(self, priority: int, work: Callable[[], object]) -> Future[Any]:
        if self._made_for[0] != os.getpid():
            # A fork does not copy threads.
            self._start()
        job = _Job(priority, next(self._numbers), work)
        self._jobs.put(job)
        return job.future

    def _start(self) -> None:
        threads, share = torch.get_num_threads(), threads_per_patch(self.max_workers)
        self._made_for = os.getpid(), self.max_workers, threads
        self._numbers, self._jobs = count(), PriorityQueue[_Job]()
        self._workers = min(self.max_workers, threads)
        ready = threading.Barrier(self._workers + 1)
        for _ in range(self._workers):
            threading.Thread(target=_work, args=(self._jobs, share, ready), name="patch", daemon=True).start()
        ready.wait()
        # A worker's number of threads became the default of threads to come; this thread's own never changed.
        torch.set_num_threads(threads)
        weakref.finalize(self, _dismiss, os.getpid(), self._jobs, self._workers)


def threads_per_patch(max_workers: int) -> int:
    """Return how many threads of torch compute one patch where this many are computed at a time."""
    share: int | None = getattr(_own, "share", None)
    return max(1, torch.get_num_threads() // max_workers) if share is None else share


def set_threads(count: int) -> None:
    """Set torch's intra-op threads for this thread, and the threads per patch that hold in it."""
    _own.share = count
    # A thread that has not asked yet would take the default of all threads at its first operation.
    torch.get_num_threads()
    torch.set_num_threads(count)


def _abandon(futures: Iterable[Future[Any]]) -> None:
    for future in futures:
        future.cancel()
    wait(futures)
    # Laying out weights made a worker's number of threads the default of threads to come.
    torch.set_num_threads(torch.get_num_threads())


def _dismiss(process: int, jobs: PriorityQueue[_Job], workers: int) -> None:
    if process == os.getpid():
        for _ in range(workers):
            jobs.put(_Job(_END_OF_WORK, 0))


@torch.inference_mode()
def _work(jobs: PriorityQueue[_Job], share: int, ready: threading.Barrier) -> None:
    set_threads(share)
    ready.wait()
    while (job := jobs.get()).work is not None:
        if job.future.set_running_or_notify_cancel():
            try:
                job.future.set_result(job.work())
            except BaseException as error:
                # Raised again in the thread that waits for the result.
                job.future.set_exception(error)
        del job
