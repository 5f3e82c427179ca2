"""`WindowPass`: takes the windows of a run through the networks, once each, whatever happened before."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from magnet_geo.grid import Size, Window
from magnet_geo.progress import CancelToken
from magnet_geo.raster.gdal_environment import limit_block_cache
from magnet_geo.scene.model_window import ModelWindow
from magnet_geo.scene.part_writer import FinishedWindow, PartWriter
from magnet_geo.scene.parts_store import PartsStore, Side
from magnet_geo.scene.resident_memory import keep_within
from magnet_geo.scene.run_plan import RunPlan
from magnet_geo.scene.seam_blender import SeamBlender
from magnet_geo.scene.window_loader import WindowLoader
from magnet_geo.scene.window_steps import Step, plan_steps

# Beside the bands of the maps, where an open top is joined later: which of its pixels are valid.
VALID = "valid"

Blenders = dict[str, SeamBlender]
# Makes of a window, with one blender per map, what it adds to the run.
MakePart = Callable[[ModelWindow, Blenders], dict[str, NDArray[Any]]]


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

    def run(self, make: MakePart, *, before: Callable[[float], None], after: Callable[[float], None]) -> None:
        """Finish the windows that are not finished.

        Args:
            make: Makes the part of a window.
            before: Told, before a window, what share of the pass will be done after it.
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
        with closing(loaded), PartWriter(self.store) as writer:
            for number, (step, window) in enumerate(zip(steps, loaded, strict=True), 1):
                self.cancel.raise_if_cancelled()
                done = (skipped + number) / (skipped + len(steps))
                before(done)
                writer.put(self._finished(step, window, make, writer))
                after(done)
                keep_within(self.plan.memory.main_bytes)

    def _finished(self, step: Step, window: ModelWindow, make: MakePart, writer: PartWriter) -> FinishedWindow:
        stale = tuple((index, side) for index, side in _used(step) if index is not None)
        if not window.support_valid.any():
            return FinishedWindow(step.window.index, None, {}, True, stale)
        blenders = self._blenders(step, writer)
        arrays = make(window, blenders)
        bands: dict[Side, dict[str, NDArray[Any]]] = {side: _packed(blenders, side) for side in step.sides}
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


def _used(step: Step) -> tuple[tuple[int | None, Side], ...]:
    return (step.left, "right"), (step.above, "below")


def _packed(blenders: Blenders, side: Side) -> dict[str, NDArray[Any]]:
    bands = {name: getattr(blender, side) for name, blender in blenders.items()}
    return {name: band.cpu().numpy() for name, band in bands.items() if band is not None}


def _tensor(array: NDArray[Any] | None) -> Tensor | None:
    return None if array is None else torch.from_numpy(array)
