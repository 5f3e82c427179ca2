"""What the steps of a run cost on this machine, from one window of its scene taken through them before the run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from typing_extensions import override

from magnet_geo.compute.device import available_cores, use_threads
from magnet_geo.grid import PixelRect, RasterGrid, Window
from magnet_geo.inference.segmenter import Segmenter
from magnet_geo.progress import CancelToken
from magnet_geo.progressive import ListedPatches, SelectionRules
from magnet_geo.raster import GeoTiffDraft, MapLayout
from magnet_geo.records.segment_result import TimeEstimate
from magnet_geo.scene.checkpoint.array_file import Arrays
from magnet_geo.scene.checkpoint.chunk_store import ChunkStore
from magnet_geo.scene.events import WindowEvents
from magnet_geo.scene.options import SegmentOptions
from magnet_geo.scene.plan import RunPlan, run_limits
from magnet_geo.scene.refinement.cost import Cost, StepCosts
from magnet_geo.scene.refinement.selection import EachWindow
from magnet_geo.scene.refinement.uncertainty import Uncertainties
from magnet_geo.scene.window.candidates import candidate_patches, reachable_patches
from magnet_geo.scene.window.chunk import MapChunk, MapProduct
from magnet_geo.scene.window.mapper import (
    MAP,
    CoarseMapper,
    MapMapper,
    pass_products,
    uncertainties_of,
    window_mapper,
)
from magnet_geo.scene.window.model_window import ModelWindow
from magnet_geo.scene.window.pipeline import map_alone
from magnet_geo.scene.window.reader import WindowReader

ResultT = TypeVar("ResultT")

# Windows that are looked at before one with a pixel to map turns up, and batches of patches that are refined in it.
_TRIES, _BATCHES = 5, 3
# The fastest try counts, as other programs come between.
_REPETITIONS, _PATIENCE_S = 4, 2.0


def time_one_window(
    plan: RunPlan, model: Segmenter, options: SegmentOptions, *, cancel: CancelToken | None = None
) -> StepCosts:
    """Take one window through the steps of a run; writes into a temporary folder only.

    Args:
        plan: The run.
        model: The model.
        options: The user's decisions.
        cancel: Raised by another thread to stop between two steps.

    Raises:
        SceneError: The window cannot be read.
        CancelledError: The token was raised.
    """
    with use_threads(options.threads), run_limits(plan, model):
        return _step_costs(plan, model, options, cancel or CancelToken())


def _step_costs(plan: RunPlan, model: Segmenter, options: SegmentOptions, cancel: CancelToken) -> StepCosts:
    pyramid, windows = model.manifest.pyramid, plan.area_windows
    refines = plan.refinement.mode != "off"
    products = pass_products("map", model, plan.scale, options)
    ranking = window_mapper("coarse", model, plan, options, EachWindow.nothing(model))
    coarse_only = MapMapper(model, plan.scale, products, EachWindow.nothing(model))
    whole = MapMapper(model, plan.scale, products, EachWindow(model.rules("off"))) if refines else coarse_only
    events, taper = WindowEvents(cancel), plan.windows.taper
    window, read = _first_with_pixels(partial(_read, plan, model, whole), windows, cancel)
    read_coarsely = partial(_read, plan, model, ranking, window.window)
    ranked, coarse_read = _cost(read_coarsely) if plan.overviews.overviews else (window, read)
    candidates = candidate_patches(window, scale=plan.scale, pyramid=pyramid)
    some = _some_patches(candidates, _BATCHES * plan.memory.batch_size if refines else 0)
    # Twice: libraries prepare themselves for the shapes they meet first.
    batches = [cost for _ in range(2) for cost in _refining(plan, model, products, window, some, cancel)]
    chunk, unrefined = _fastest(partial(map_alone, coarse_only, window, taper, events))
    found, coarse = _fastest(partial(map_alone, replace(ranking, made={}), ranked, taper, events))
    reachable = partial(reachable_patches, scale=plan.scale, pyramid=pyramid)
    valid_share = _count(candidates) / max(1, _count(reachable(window.window)))
    written = window.window.write.size.pixels
    return StepCosts(
        windows=len(windows),
        patches=round(valid_share * sum(count * _count(reachable(one)) for one, count in windows.kinds())),
        cores=available_cores(),
        read=read,
        coarse_read=coarse_read,
        coarse=coarse,
        window=unrefined,
        keep=_keeping(chunk, window.window.index),
        patch=_least(batches),
        # The outputs have the size of the scene, whatever part of it is mapped.
        write=_writing(chunk, window, plan, model, products).times(plan.description.grid.size.pixels / written),
        fast_share=_fast_share(model, uncertainties_of(found)),
    )


def estimate_time(
    plan: RunPlan, model: Segmenter, options: SegmentOptions, *, cancel: CancelToken | None = None
) -> TimeEstimate:
    """Estimate the time of a run, from one of its windows.

    Args:
        plan: The run.
        model: The model.
        options: The user's decisions.
        cancel: Raised by another thread to stop between two steps.

    Raises:
        SceneError: The window cannot be read.
        CancelledError: The token was raised.
    """
    costs, refinement = time_one_window(plan, model, options, cancel=cancel), plan.refinement
    share = refinement.expected_share(costs.fast_share)
    estimate = costs.estimate(refined_share=share, two_passes=refinement.needs_coarse_pass)
    if refinement.budget_s is None or estimate.seconds <= refinement.budget_s:
        return estimate
    none = costs.estimate(refined_share=0.0, two_passes=True)
    affordable = max(0.0, refinement.budget_s - none.seconds) / max(costs.patches * costs.patch_s, 1e-9)
    return costs.estimate(refined_share=min(1.0, affordable), two_passes=True)


def _fast_share(model: Segmenter, found: Uncertainties) -> float | None:
    """By the coarse prediction alone: what finer levels make of it is not known beforehand."""
    if model.manifest.selection is None or model.manifest.selection.fast is None:
        return None
    rule = model.rules("fast").patches
    chosen = sum(int(np.count_nonzero(rule.choose(level, values))) for level, values in enumerate(found, 1))
    return chosen / max(1, sum(int(np.count_nonzero(~np.isnan(values))) for values in found))


def _first_with_pixels(
    load: Callable[[Window], ModelWindow], windows: Sequence[Window], cancel: CancelToken
) -> tuple[ModelWindow, Cost]:
    """A window with a pixel to map if a few tries find one, from the middle on, and what reading it costs."""
    middle = len(windows) // 2
    around = windows[max(0, middle - _TRIES + 1) : middle + _TRIES]
    tries = sorted(around, key=lambda window: abs(window.index - windows[middle].index))[:_TRIES]
    loaded = _cost(partial(load, tries[0]))
    for window in tries[1:]:
        cancel.raise_if_cancelled()
        if loaded[0].support_valid.any():
            break
        loaded = _cost(partial(load, window))
    return loaded


def _read(plan: RunPlan, model: Segmenter, mapper: CoarseMapper | MapMapper, window: Window) -> ModelWindow:
    reader = WindowReader(plan, model.manifest.pyramid.window)
    ahead = reader.read_ahead([window], decimation=mapper.decimation, for_map=mapper.for_map)
    with closing(ahead):
        return next(ahead)


class _BatchEnds(WindowEvents):
    """Notes when each batch of patches ends: patches, seconds by the clock, seconds of all cores."""

    def __init__(self, cancel: CancelToken) -> None:
        super().__init__(cancel)
        self.ends: list[tuple[int, float, float]] = []

    @override
    def patches_done(self, count: int) -> None:
        self.ends.append((count, time.perf_counter(), time.process_time()))


def _refining(
    plan: RunPlan,
    model: Segmenter,
    products: Mapping[str, MapProduct],
    window: ModelWindow,
    some: ListedPatches,
    cancel: CancelToken,
) -> list[Cost]:
    """What a patch costs, by each of the last batches: from the end of one to the end of the next."""
    events, points = _BatchEnds(cancel), model.rules("off").points
    mapper = MapMapper(model, plan.scale, products, EachWindow(SelectionRules(some, points)))
    map_alone(mapper, window, plan.windows.taper, events)
    refined = _count(some.chosen)
    # Where patches come one by one, those that are done side by side end at nearly the same time.
    turn = model.predictor.batch_size if model.runner.is_patchwise else 1
    turns = events.ends[-1::-turn][:_BATCHES][::-1]
    return [
        Cost(clock - clock_before, cpu - cpu_before).times(1 / (turn * patches))
        for (_, clock_before, cpu_before), (patches, clock, cpu) in pairwise(turns)
        if refined
    ]


def _some_patches(wanted: Sequence[NDArray[np.bool_]], count: int) -> ListedPatches:
    """The first patches that may be refined, of the finest level that has any."""
    chosen = [np.zeros(len(level), np.bool_) for level in wanted]
    for level, of_use in reversed(list(zip(chosen, wanted, strict=True))):
        if of_use.any():
            level[np.flatnonzero(of_use)[:count]] = True
            break
    return ListedPatches(tuple(chosen))


def _count(levels: Sequence[NDArray[np.bool_]]) -> int:
    return sum(int(level.sum()) for level in levels)


def _keeping(arrays: Arrays, index: int) -> Cost:
    with TemporaryDirectory(prefix="magnet-geo-") as folder, ChunkStore(Path(folder)) as store:
        return _cost(partial(store.commit, index, arrays, {}))[1]


def _writing(
    arrays: Arrays, window: ModelWindow, plan: RunPlan, model: Segmenter, products: Mapping[str, MapProduct]
) -> Cost:
    """A chunk as a raster of its own; other outputs count by their bytes."""
    chunk = products[MAP].unpack(window.window.write, arrays)
    layout = MapLayout.of_classes(plan.description, model.manifest.class_scheme())
    height, width = chunk.rect.height, chunk.rect.width
    layout = replace(layout, grid=RasterGrid(None, Affine.identity(), width, height), gcps=(), gcp_crs=None, rpcs=None)

    def write(folder: str) -> None:
        with GeoTiffDraft(Path(folder) / "chunk.tif", layout) as draft:
            draft.write(PixelRect(0, 0, height, width), chunk.classes)
            draft.prepare()

    with TemporaryDirectory(prefix="magnet-geo-") as folder:
        return _cost(partial(write, folder))[1].times(_bytes(chunk) / chunk.classes.nbytes)


def _bytes(chunk: MapChunk) -> int:
    return sum(array.nbytes for array in (chunk.classes, chunk.confidence, chunk.probabilities) if array is not None)


def _fastest(run: Callable[[], ResultT]) -> tuple[ResultT, Cost]:
    tries, begun = [_cost(run)], time.perf_counter()
    while len(tries) < _REPETITIONS and time.perf_counter() - begun < _PATIENCE_S:
        tries.append(_cost(run))
    return tries[-1][0], _least([cost for _, cost in tries])


def _least(costs: Sequence[Cost]) -> Cost:
    none = [Cost(0.0, 0.0)]
    return Cost(min(cost.clock_s for cost in costs or none), min(cost.cpu_s for cost in costs or none))


def _cost(run: Callable[[], ResultT]) -> tuple[ResultT, Cost]:
    clock, cpu = time.perf_counter(), time.process_time()
    result = run()
    return result, Cost(time.perf_counter() - clock, time.process_time() - cpu)
