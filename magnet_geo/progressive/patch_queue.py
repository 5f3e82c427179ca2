"""`PatchQueue`: patches of an image done one by one on a CPU, as many at once as memory was planned for."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, as_completed, wait
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from queue import PriorityQueue
from typing import Any, TypeVar

import torch

ItemT = TypeVar("ItemT")

_NEVER_AGAIN = 10**9
_own = threading.local()


@dataclass(frozen=True, slots=True, order=True)
class _Job:
    after: int
    number: int
    work: Callable[[], Any] | None = field(compare=False, default=None)
    future: Future[Any] = field(compare=False, default_factory=Future)


class PatchQueue:
    """Threads that each take the next patch as soon as they are done with one; torch's threads are shared out.

    In a batch all wait for the slowest patch, and one thread makes its inputs and uses its results while the others do
    nothing. Here each does all that belongs to its patch. What can wait, patches of the next image, fills the gaps at
    the ends of levels.
    """

    def __init__(self, at_once: int) -> None:
        """Start the threads.

        Args:
            at_once: Patches that memory holds at a time.
        """
        threads, share = torch.get_num_threads(), threads_of_a_patch(at_once)
        self._made_for = at_once, threads
        self._numbers, self._jobs = count(), PriorityQueue[_Job]()
        workers = min(at_once, threads)
        ready = threading.Barrier(workers + 1)
        for _ in range(workers):
            threading.Thread(target=_work, args=(self._jobs, share, ready), name="patch", daemon=True).start()
        ready.wait()
        # A worker's number of threads became the default of threads to come; this thread's own never changed.
        torch.set_num_threads(threads)
        weakref.finalize(self, _dismiss, self._jobs, workers)

    def fits(self, at_once: int) -> bool:
        """Whether one made now would be the same."""
        return self._made_for == (at_once, torch.get_num_threads())

    def each(self, function: Callable[[ItemT], object], items: Iterable[ItemT], *, after: int = 0) -> Generator[ItemT]:
        """Do something with each item; yields the items as they are done, in any order.

        Whoever stops asking, or meets an error of an item, is sure that nothing goes on then.

        Args:
            function: Called in any of the threads.
            items: What it is called with.
            after: Items of lower numbers, from whatever call, come first.
        """
        futures = {self._put(after, partial(function, item)): item for item in items}
        try:
            for future in as_completed(futures):
                future.result()
                yield futures[future]
        finally:
            for future in futures:
                future.cancel()
            wait(futures)
            # Laying out weights made a worker's number of threads the default of threads to come.
            torch.set_num_threads(torch.get_num_threads())

    def _put(self, after: int, work: Callable[[], object]) -> Future[Any]:
        job = _Job(after, next(self._numbers), work)
        self._jobs.put(job)
        return job.future


def threads_of_a_patch(at_once: int) -> int:
    """Threads of torch that compute one patch where so many are computed at once."""
    share: int | None = getattr(_own, "share", None)
    return max(1, torch.get_num_threads() // at_once) if share is None else share


def take_share(share: int) -> None:
    """Have operations of this thread use so many threads of torch."""
    _own.share = share
    # A thread that has not asked yet would take the default of all threads at its first operation.
    torch.get_num_threads()
    torch.set_num_threads(share)


def _dismiss(jobs: PriorityQueue[_Job], workers: int) -> None:
    for _ in range(workers):
        jobs.put(_Job(_NEVER_AGAIN, 0))


@torch.inference_mode()
def _work(jobs: PriorityQueue[_Job], share: int, ready: threading.Barrier) -> None:
    take_share(share)
    ready.wait()
    while (job := jobs.get()).work is not None:
        if job.future.set_running_or_notify_cancel():
            try:
                job.future.set_result(job.work())
            except BaseException as error:
                # Raised again in the thread that waits for the result.
                job.future.set_exception(error)
        del job
