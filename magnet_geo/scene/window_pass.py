"""`WindowPass`: takes the windows of a run through the networks, once each, whatever happened before."""

from __future__ import annotations

from collections.abc import Callable, Container, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import torch
from numpy.typing import NDArray
from torch import Tensor

from magnet_geo.compute import threads_per_patch
from magnet_geo.grid import Size, Window
from magnet_geo.progress import CancelToken
from magnet_geo.raster.gdal_environment import limit_block_cache
from magnet_geo.scene.model_window import ModelWindow
from magnet_geo.scene.neighbors import Blenders, Neighbors
from magnet_geo.scene.part_writer import FinishedWindow, PartWriter
from magnet_geo.scene.parts_store import PartsStore, Side
from magnet_geo.scene.resident_memory import keep_within
from magnet_geo.scene.run_plan import RunPlan
from magnet_geo.scene.seam_blender import SeamBlender
from magnet_geo.scene.window_loader import WindowLoader
from magnet_geo.scene.window_steps import Step, plan_steps

# Beside the bands of the maps, where an open top is joined later: which of its pixels are valid.
VALID = "valid"

NewArrays = dict[str, NDArray[Any]]
BegunT = TypeVar("BegunT")
ItemT = TypeVar("ItemT")
# What is left to do for a window that was segmented; gives what it adds to the run.
Finish = Callable[[], NewArrays]
MakePart = Callable[[ModelWindow, BegunT, Neighbors], Finish]


@dataclass(frozen=True, slots=True)
class WindowPass:
    """A pass over some windows of a run.

    Attributes:
        plan: The run.
        windows: Those to take, in plan order.
        window_size: A window in model pixels.
        maps: Names of the maps that are made, each with seams of its own.
        store: What is finished already, and where the rest goes.
        cancel: Stops between two windows.
        kept_below: Windows whose band below is needed by a window that is not among these.
        open_above: Windows that are not among these, but above some of them.
        decimation: Asked when a window is about to be read: model pixels per pixel that are needed of it.
        for_map: Whether the pass decides what is mapped; otherwise it only ranks patches.
    """

    plan: RunPlan
    windows: Sequence[Window]
    window_size: Size
    maps: tuple[str, ...]
    store: PartsStore
    cancel: CancelToken
    kept_below: Iterable[int] = ()
    open_above: Container[int] = ()
    decimation: Callable[[Window], int] = lambda window: 1
    for_map: bool = True

    def run(
        self,
        begin: Callable[[ModelWindow], BegunT],
        make: MakePart[BegunT],
        *,
        before: Callable[[float], None],
        after: Callable[[float], None],
    ) -> None:
        """Finish the windows that are not finished.

        Three windows go on side by side: one is read and begun, one is segmented, one is finished and kept.

        Args:
            begin: Does of a window what needs no other, in a thread of its own.
            make: Segments a window; what it gives is called in another thread.
            before: Told, before a window is segmented, what share of the pass will be done after it.
            after: Told the same when it is.

        Raises:
            SceneError: A window cannot be read.
            OutputError: A part cannot be kept.
            CancelledError: The token was raised; all finished windows are kept.
        """
        limit_block_cache(self.plan.memory.cache_bytes)
        steps = plan_steps(
            self.windows,
            self.plan.windows.shape[1],
            self.store,
            kept_below=self.kept_below,
            open_above=self.open_above,
        )
        skipped = len(self.windows) - sum(step.has_part for step in steps)
        if skipped:
            before(skipped / (skipped + len(steps)))
            after(skipped / (skipped + len(steps)))
        loader = WindowLoader(self.plan, self.window_size)
        loaded = loader.load([step.window for step in steps], decimation=self.decimation, for_map=self.for_map)
        writing = PartWriter(self.store, threads=threads_per_patch(self.plan.memory.batch_size))
        with closing(loaded), writing as writer, closing(_ahead(_begun(loaded, begin, writer))) as begun:
            for number, (step, (window, started)) in enumerate(zip(steps, begun, strict=True), 1):
                self.cancel.raise_if_cancelled()
                done = (skipped + number) / (skipped + len(steps))
                before(done)
                writer.put(self._segmented(step, window, started, make, writer))
                after(done)
                keep_within(self.plan.memory.main_bytes, is_limit=self.plan.memory.is_limited)

    def _segmented(
        self, step: Step, window: ModelWindow, started: BegunT | None, make: MakePart[BegunT], writer: PartWriter
    ) -> Callable[[], FinishedWindow]:
        """Segments a window; gives what is left to do, for the writer alone: the window's memory hangs on it."""
        neighbors = Neighbors(partial(self._blenders, step, writer), writer.wait)
        finish = None if started is None else make(window, started, neighbors)
        return partial(self._finished, step, window, finish, neighbors)

    def _finished(self, step: Step, window: ModelWindow, finish: Finish | None, neighbors: Neighbors) -> FinishedWindow:
        stale = tuple((index, side) for index, side in _used(step) if index is not None)
        if finish is None:
            return FinishedWindow(step.window.index, None, {}, True, stale)
        arrays, blenders = finish(), neighbors.blenders()
        bands: dict[Side, NewArrays] = {side: _packed(blenders, side) for side in step.sides}
        if step.open_top:
            band = 2 * self.plan.windows.taper
            bands["top"] = _packed(blenders, "top") | {VALID: window.final_valid[:band]}
        return FinishedWindow(step.window.index, arrays if step.has_part else None, bands, False, stale)

    def _blenders(self, step: Step, writer: PartWriter) -> Blenders:
        left, above = ({} if index is None else writer.band(index, side) for index, side in _used(step))
        return {
            name: SeamBlender(
                step.window,
                self.plan.windows.taper,
                left=_tensor(left.get(name)),
                above=_tensor(above.get(name)),
                open_top=step.open_top,
            )
            for name in self.maps
        }


def _begun(
    loaded: Iterable[ModelWindow], begin: Callable[[ModelWindow], BegunT], writer: PartWriter
) -> Iterator[tuple[ModelWindow, BegunT | None]]:
    """Windows with what was begun of them; None for those without a pixel to map."""
    for window in loaded:
        writer.admit()
        yield window, begin(window) if window.support_valid.any() else None


def _ahead(items: Iterator[ItemT]) -> Generator[ItemT]:
    """The items of a generator, each made by another thread while the one before is being used."""
    with ThreadPoolExecutor(1, "begin") as thread:
        following = thread.submit(next, items, None)
        while (item := following.result()) is not None:
            following = thread.submit(next, items, None)
            yield item


def _used(step: Step) -> tuple[tuple[int | None, Side], ...]:
    return (step.left, "right"), (step.above, "below")


def _packed(blenders: Blenders, side: Side) -> dict[str, NDArray[Any]]:
    bands = {name: getattr(blender, side) for name, blender in blenders.items()}
    return {name: band.cpu().numpy() for name, band in bands.items() if band is not None}


def _tensor(array: NDArray[Any] | None) -> Tensor | None:
    return None if array is None else torch.from_numpy(array)
