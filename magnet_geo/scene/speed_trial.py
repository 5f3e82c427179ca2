"""What the steps of a run cost on this machine, from one window of its scene taken through them before the run."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
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

from magnet_geo.grid import PixelRect, RasterGrid, Window
from magnet_geo.progress import CancelToken
from magnet_geo.progressive import ListedPatches, NoPatches, PatchRule, SelectionRules
from magnet_geo.raster import GeoTiffDraft, MapLayout
from magnet_geo.scene.array_file import Arrays
from magnet_geo.scene.coarse_pass import Uncertainties
from magnet_geo.scene.core_map import CoreMap
from magnet_geo.scene.hardware import available_cores, use_threads
from magnet_geo.scene.map_parts import MAP, PartMaker, uncertainties_of
from magnet_geo.scene.model_window import ModelWindow
from magnet_geo.scene.neighbors import Neighbors
from magnet_geo.scene.options import SegmentOptions
from magnet_geo.scene.parts_store import PartsStore
from magnet_geo.scene.pass_recipe import pass_streams
from magnet_geo.scene.result import TimeEstimate
from magnet_geo.scene.run_plan import RunPlan
from magnet_geo.scene.run_speed import Cost, RunSpeed
from magnet_geo.scene.seam_blender import SeamBlender
from magnet_geo.scene.segmenter import Segmenter
from magnet_geo.scene.wanted_patches import reachable_patches, wanted_patches
from magnet_geo.scene.window_loader import WindowLoader

ResultT = TypeVar("ResultT")

# Windows that are looked at before one with a pixel to map turns up, and batches of patches that are refined in it.
_TRIES, _BATCHES = 5, 3
# The fastest try counts, as other programs come between.
_REPETITIONS, _PATIENCE_S = 4, 2.0


def measure_speed(
    plan: RunPlan, model: Segmenter, options: SegmentOptions, *, cancel: CancelToken | None = None
) -> RunSpeed:
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
    cancel = cancel or CancelToken()
    if options.threads:
        use_threads(options.threads)
    model.predictor.batch_size = plan.memory.batch_size
    pyramid = model.manifest.pyramid_value()
    windows = plan.area_windows
    coarsest, refines = int(pyramid.decimation(0)), _mode(model, options) != "off"
    load = partial(_load, plan, model, decimation=1 if refines else coarsest, for_map=True)
    window, read = _first_with_pixels(load, windows, cancel)
    rank = partial(_load, plan, model, window.window, decimation=coarsest, for_map=options.preview is not None)
    ranked, coarse_read = _cost(rank) if plan.reduced.overviews else (window, read)
    wanted = wanted_patches(window, scale=plan.scale, pyramid=pyramid)
    some = _some_patches(wanted, _BATCHES * plan.memory.batch_size if refines else 0)
    # Twice: libraries prepare themselves for the shapes they meet first.
    batches = [cost for _ in range(2) for cost in _refining(plan, model, options, window, some, cancel)]
    arrays, unrefined = _fastest(partial(_make, plan, model, options, window, NoPatches(), cancel))
    uncertainties, coarse = _fastest(partial(_rank, plan, model, ranked, cancel))
    reachable = partial(reachable_patches, scale=plan.scale, pyramid=pyramid)
    valid_share = _count(wanted) / max(1, _count(reachable(window.window)))
    final = window.window.final.size.pixels
    return RunSpeed(
        windows=len(windows),
        patches=round(valid_share * sum(count * _count(reachable(one)) for one, count in windows.kinds())),
        cores=available_cores(),
        read=read,
        coarse_read=coarse_read,
        coarse=coarse,
        window=unrefined,
        keep=_keeping(arrays, window.window.index),
        patch=_least(batches),
        # The outputs have the size of the scene, whatever part of it is mapped.
        write=_writing(arrays, window, plan, model, options).times(plan.description.grid.size.pixels / final),
        fast_share=_fast_share(model, uncertainties),
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
    speed = measure_speed(plan, model, options, cancel=cancel)
    share, budget_s = options.refine.share if options.refine else None, options.budget_s
    two_passes = share is not None or budget_s is not None or options.preview is not None
    estimate = speed.estimate(refined_share=_expected_share(model, options, speed), two_passes=two_passes)
    if budget_s is None or estimate.seconds <= budget_s:
        return estimate
    none = speed.estimate(refined_share=0.0, two_passes=True)
    affordable = max(0.0, budget_s - none.seconds) / max(speed.patches * speed.patch_s, 1e-9)
    return speed.estimate(refined_share=min(1.0, affordable), two_passes=True)


def _expected_share(model: Segmenter, options: SegmentOptions, speed: RunSpeed) -> float:
    """Share of the patches that a mode refines; for the fast one, that of the window that was tried."""
    if options.refine is not None and options.refine.share is not None:
        return options.refine.share
    shares = {"off": 0.0, "fast": speed.fast_share, "full": 1.0}
    return shares[_mode(model, options)] or 0.0


def _mode(model: Segmenter, options: SegmentOptions) -> str:
    selection = model.manifest.selection
    if selection is None:
        return "off"
    if options.budget_s is not None:
        return "full"
    return options.refine.mode if options.refine else selection.default


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


def _load(plan: RunPlan, model: Segmenter, window: Window, *, decimation: int, for_map: bool) -> ModelWindow:
    loader = WindowLoader(plan, model.manifest.pyramid_value().window)
    with closing(loader.load([window], decimation=lambda _: decimation, for_map=for_map)) as loaded:
        return next(loaded)


def _make(
    plan: RunPlan,
    model: Segmenter,
    options: SegmentOptions,
    window: ModelWindow,
    patches: PatchRule,
    cancel: CancelToken,
    on_batch: Callable[[int], None] = lambda patches: None,
) -> Arrays:
    streams = pass_streams("map", model, plan, options)
    rules = SelectionRules(patches, model.rules("off").points)
    how = model.runner, model.begins_ahead
    maker = PartMaker(model, plan.scale, rules, None, streams, cancel, _ignore, on_batch, *how)
    taper = plan.windows.taper
    blenders = {name: SeamBlender(window.window, taper, left=None, above=None) for name in streams}
    return maker.full(window, maker.begin(window), Neighbors(lambda: blenders))()


def _refining(
    plan: RunPlan,
    model: Segmenter,
    options: SegmentOptions,
    window: ModelWindow,
    some: ListedPatches,
    cancel: CancelToken,
) -> list[Cost]:
    """What a patch costs, by each of the last batches: from the end of one to the end of the next."""
    ends: list[tuple[int, float, float]] = []

    def note(patches: int) -> None:
        ends.append((patches, time.perf_counter(), time.process_time()))

    _make(plan, model, options, window, some, cancel, note)
    refined = _count(some.chosen)
    # Where patches come one by one, those that are done side by side end at nearly the same time.
    turn = model.predictor.batch_size if model.runner.is_patchwise else 1
    turns = ends[-1::-turn][:_BATCHES][::-1]
    return [
        Cost(clock - clock_before, cpu - cpu_before).times(1 / (turn * patches))
        for (_, clock_before, cpu_before), (patches, clock, cpu) in pairwise(turns)
        if refined
    ]


def _rank(plan: RunPlan, model: Segmenter, window: ModelWindow, cancel: CancelToken) -> Uncertainties:
    rules = model.rules("off")
    how = model.runner, model.begins_ahead
    maker = PartMaker(model, plan.scale, rules, None, {}, cancel, _ignore, _ignore, *how)
    return uncertainties_of(maker.coarse(window, maker.begin_coarse(window), Neighbors(dict))())


def _ignore(patches: int) -> None:
    """Nobody watches."""


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
    with TemporaryDirectory(prefix="magnet-geo-") as folder, PartsStore(Path(folder)) as store:
        return _cost(partial(store.commit, index, arrays, {}))[1]


def _writing(arrays: Arrays, window: ModelWindow, plan: RunPlan, model: Segmenter, options: SegmentOptions) -> Cost:
    """A part as a raster of its own; other outputs count by their bytes."""
    part = pass_streams("map", model, plan, options)[MAP].unpack(window.window.final, arrays)
    layout = MapLayout.of_classes(plan.description, model.manifest.class_scheme())
    height, width = part.core.height, part.core.width
    layout = replace(layout, grid=RasterGrid(None, Affine.identity(), width, height), gcps=(), gcp_crs=None, rpcs=None)

    def write(folder: str) -> None:
        with GeoTiffDraft(Path(folder) / "part.tif", layout) as draft:
            draft.write(PixelRect(0, 0, height, width), part.classes)
            draft.prepare()

    with TemporaryDirectory(prefix="magnet-geo-") as folder:
        return _cost(partial(write, folder))[1].times(_bytes(part) / part.classes.nbytes)


def _bytes(part: CoreMap) -> int:
    return sum(array.nbytes for array in (part.classes, part.confidence, part.probabilities) if array is not None)


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
