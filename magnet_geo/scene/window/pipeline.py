"""The route of a window: read and begun ahead of its turn, finished by the networks, blended and kept by a writer.

What is done to a window is a `WindowMapper`; this module only drives it.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Collection, Container, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import cycle
from types import TracebackType
from typing import Any, Generic, Protocol, TypeVar

import torch
from numpy.typing import NDArray
from torch import Tensor

from magnet_geo.compute.allocator import trim_above
from magnet_geo.compute.patch_executor import set_threads, threads_per_patch
from magnet_geo.grid import Window, WindowPlan
from magnet_geo.progressive import MapBuffers
from magnet_geo.scene.checkpoint.array_file import Arrays
from magnet_geo.scene.checkpoint.chunk_store import ChunkStore, Side
from magnet_geo.scene.checkpoint.remaining import WindowTask, remaining_windows
from magnet_geo.scene.events import WindowEvents
from magnet_geo.scene.memory_plan import MemoryPlan
from magnet_geo.scene.window.model_window import ModelWindow
from magnet_geo.scene.window.seams import SeamBlender

# Beside the edges of the maps, where a top is joined later: which of its pixels are valid.
VALID = "valid"
# Windows that a kill costs at most.
_MAX_IN_FLIGHT = 2

BegunT = TypeVar("BegunT")
DoneT = TypeVar("DoneT")
ItemT = TypeVar("ItemT")
Seams = Mapping[str, SeamBlender]


class WindowMapper(Protocol[BegunT, DoneT]):
    """What is done to a window: all in which the passes of a run, the estimate of its time and ``test`` differ."""

    @property
    def products(self) -> Collection[str]:
        """Names of the maps that are made, each with seams of its own."""
        ...

    @property
    def for_map(self) -> bool:
        """Whether the windows decide what is mapped; otherwise they only rank patches."""
        ...

    def decimation(self, window: Window) -> int:
        """Return how many model pixels, along each axis, one pixel that is read may stand for; asked before reading."""
        ...

    def begin(self, window: ModelWindow, buffers: MapBuffers, events: WindowEvents) -> BegunT:
        """Do what may be done ahead of the window's turn, in a thread of its own: up to the finest level on a CPU."""
        ...

    def finish(self, begun: BegunT) -> DoneT:
        """Do the rest of what the networks do, in the networks' thread."""
        ...

    def chunk(self, done: DoneT, seams: Seams) -> Arrays:
        """Blend the window with its neighbors and decide the classes, in the writer's thread.

        Args:
            done: What `finish` returned.
            seams: One for each product, to be exhausted.

        Returns:
            What the window adds to the run, by name.
        """
        ...


class WindowPlanned(Protocol):
    """What the pipeline needs to know of a run."""

    @property
    def windows(self) -> WindowPlan:
        """The windows over the whole scene."""
        ...

    @property
    def area_windows(self) -> Sequence[Window]:
        """Those that the run takes, in plan order."""
        ...

    @property
    def memory(self) -> MemoryPlan:
        """Batch size and limits."""
        ...


class ReadsAhead(Protocol):
    """Where windows come from."""

    def read_ahead(
        self, windows: Iterable[Window], *, decimation: Callable[[Window], int], for_map: bool
    ) -> Generator[ModelWindow]:
        """Yield the windows in order, each while the next one is being read."""
        ...


def run_windows(
    plan: WindowPlanned,
    chunks: ChunkStore,
    mapper: WindowMapper[BegunT, DoneT],
    events: WindowEvents,
    *,
    reader: ReadsAhead,
    windows: Sequence[Window] | None = None,
    kept_below: Iterable[int] = (),
    open_above: Container[int] = (),
) -> None:
    """Take the windows that are not in the store yet through the mapper: three go on side by side.

    One is read and begun, one is finished by the networks, one is blended and kept.

    Args:
        plan: The run.
        chunks: What is finished already, and where the rest goes.
        mapper: What is done to a window.
        events: Called for every window; may raise to stop.
        reader: Where windows come from.
        windows: Those to take, in plan order; None for all of the run.
        kept_below: Windows among them whose lower edge is needed by a window that is not.
        open_above: Windows that are not among these, but above some of them.

    Raises:
        SceneError: A window cannot be read.
        OutputError: A chunk cannot be kept.
        CancelledError: The run was cancelled; all finished windows are kept.
    """
    taken = plan.area_windows if windows is None else windows
    tasks = remaining_windows(taken, plan.windows.shape[1], chunks, kept_below=kept_below, open_above=open_above)
    events.planned(finished=len(taken) - sum(task.has_chunk for task in tasks), remaining=len(tasks))
    pixels = reader.read_ahead([task.window for task in tasks], decimation=mapper.decimation, for_map=mapper.for_map)
    with closing(pixels), _ChunkWriter(chunks, mapper, plan) as writer:
        buffers = cycle(MapBuffers.in_turn(writer.wait))

        def begin_each() -> Iterator[tuple[ModelWindow, BegunT | None]]:
            for window in pixels:
                writer.acquire()
                yield window, mapper.begin(window, next(buffers), events) if window.support_valid.any() else None

        with closing(_made_ahead(begin_each())) as ahead:
            for task, (window, begun) in zip(tasks, ahead, strict=True):
                events.raise_if_cancelled()
                # The writer alone holds what is done: the window's memory hangs on it.
                writer.put(task, window, None if begun is None else mapper.finish(begun))
                events.window_done()
                trim_above(plan.memory.main_bytes, is_limit=plan.memory.is_limited)


def map_alone(mapper: WindowMapper[BegunT, DoneT], window: ModelWindow, taper: int, events: WindowEvents) -> Arrays:
    """Take one window through a mapper as if it had no neighbors.

    Args:
        mapper: What is done to it.
        window: The window, with a pixel to map.
        taper: Of the plan.
        events: Called for its patches.
    """
    done = mapper.finish(mapper.begin(window, MapBuffers(), events))
    seams = {name: SeamBlender(window.window, taper, left=None, above=None) for name in mapper.products}
    return mapper.chunk(done, seams)


class _ChunkWriter(Generic[DoneT]):
    """Blends and keeps windows in a thread of its own; leaving the ``with`` block waits until all of them are kept."""

    def __init__(self, chunks: ChunkStore, mapper: WindowMapper[Any, DoneT], plan: WindowPlanned) -> None:
        self._chunks, self._mapper, self._plan = chunks, mapper, plan
        self._queue: queue.Queue[tuple[WindowTask, ModelWindow, DoneT | None] | None] = queue.Queue(1)
        self._room = threading.Semaphore(_MAX_IN_FLIGHT)
        self._latest: tuple[int, Mapping[Side, Arrays]] = (-1, {})
        self._failure: BaseException | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._work, name="write", daemon=True)

    def __enter__(self) -> _ChunkWriter[DoneT]:
        threads = torch.get_num_threads()
        self._thread.start()
        self._ready.wait()
        # The writer's number of threads became the default of threads to come.
        torch.set_num_threads(threads)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._queue.put(None)
        self._thread.join()
        if error is None:
            self._raise_failure()
        if self._failure is None:
            self._chunks.sync()

    def acquire(self) -> None:
        """Block while two windows are in flight: a kill costs those two at most."""
        self._room.acquire()

    def put(self, task: WindowTask, window: ModelWindow, done: DoneT | None) -> None:
        """Hand over a window that was acquired; blocks until the one before is kept.

        Raises:
            OutputError: An earlier window could not be kept.
        """
        self.wait()
        self._queue.put((task, window, done))

    def wait(self) -> None:
        """Block until all windows so far are kept.

        Raises:
            OutputError: One could not be kept.
        """
        self._queue.join()
        self._raise_failure()

    def _work(self) -> None:
        set_threads(threads_per_patch(self._plan.memory.batch_size))
        self._ready.set()
        while (item := self._queue.get()) is not None:
            if self._failure is None:
                try:
                    self._keep(*item)
                except BaseException as error:
                    # Raised again in the run's own thread.
                    self._failure = error
            del item
            self._room.release()
            self._queue.task_done()

    def _keep(self, task: WindowTask, window: ModelWindow, done: DoneT | None) -> None:
        edges: dict[Side, Arrays] = {}
        if done is None:
            self._chunks.commit_empty(task.window.index)
        else:
            seams = self._seams(task)
            chunk = self._mapper.chunk(done, seams)
            edges = {side: _edges(seams, side) for side in task.sides}
            if task.open_top:
                valid = window.write_valid[: 2 * self._plan.windows.taper]
                edges["top"] = _edges(seams, "top") | {VALID: valid}
            self._chunks.commit(task.window.index, chunk if task.has_chunk else None, edges)
        self._latest = task.window.index, edges
        self._chunks.drop_edges([(index, side) for index, side in _used(task) if index is not None])
        self._chunks.sync_now_and_then()

    def _seams(self, task: WindowTask) -> dict[str, SeamBlender]:
        left, above = (self._edge(index, side) for index, side in _used(task))
        return {
            name: SeamBlender(
                task.window,
                self._plan.windows.taper,
                left=_tensor(left.get(name)),
                above=_tensor(above.get(name)),
                open_top=task.open_top,
            )
            for name in self._mapper.products
        }

    def _edge(self, index: int | None, side: Side) -> Arrays:
        """What a window that is kept left for a neighbor; nothing where it has no pixel to map."""
        if index is None or self._chunks.is_empty(index):
            return {}
        latest, edges = self._latest
        return edges[side] if index == latest and side in edges else self._chunks.read_edge(index, side)

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure


def _made_ahead(items: Iterator[ItemT]) -> Generator[ItemT]:
    """The items of a generator, each made by another thread while the one before is being used."""
    with ThreadPoolExecutor(1, "begin") as thread:
        following = thread.submit(next, items, None)
        while (item := following.result()) is not None:
            following = thread.submit(next, items, None)
            yield item


def _used(task: WindowTask) -> tuple[tuple[int | None, Side], ...]:
    return (task.left, "right"), (task.above, "below")


def _edges(seams: Seams, side: Side) -> dict[str, NDArray[Any]]:
    edges = {name: getattr(seam, side) for name, seam in seams.items()}
    return {name: edge.cpu().numpy() for name, edge in edges.items() if edge is not None}


def _tensor(array: NDArray[Any] | None) -> Tensor | None:
    return None if array is None else torch.from_numpy(array)
