"""How fast a run will go on this machine, from one window of its scene taken through it before the run."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from torch import Tensor

from magnet_geo.grid import PixelRect, RasterGrid, Window
from magnet_geo.progressive import ListedPatches, NoPatches, PatchRule
from magnet_geo.raster import GeoTiffDraft, MapLayout
from magnet_geo.scene.core_map import CoreMap
from magnet_geo.scene.map_parts import MAP, map_streams
from magnet_geo.scene.model_window import ModelWindow
from magnet_geo.scene.options import SegmentOptions
from magnet_geo.scene.result import TimeEstimate
from magnet_geo.scene.run_plan import RunPlan
from magnet_geo.scene.seam_blender import SeamBlender
from magnet_geo.scene.segmenter import Segmenter, SelectionRules, last_stage
from magnet_geo.scene.wanted_patches import wanted_patches
from magnet_geo.scene.window_loader import WindowLoader

ResultT = TypeVar("ResultT")

# Windows that are looked at before one with a pixel to map turns up, and batches that are timed in it.
_TRIES, _BATCHES = 5, 2


@dataclass(frozen=True, slots=True)
class RunSpeed:
    """Seconds of the steps of a run, each for one window unless it says otherwise.

    Attributes:
        read_s: Reading it.
        coarse_read_s: Reading what ranking its patches needs.
        coarse_s: Its coarse prediction.
        map_s: Its part of the map.
        write_s: Writing this part into the outputs at the end.
        patch_s: Refining one patch.
        patches: How many patches it has that may be refined.
        overlapping: Whether reading goes on beside the networks, as with a GPU; otherwise both want the same cores.
    """

    read_s: float
    coarse_read_s: float
    coarse_s: float
    map_s: float
    write_s: float
    patch_s: float
    patches: int
    overlapping: bool

    @property
    def window_s(self) -> float:
        """A window in the pass that makes the map, without refinement."""
        return self._together(self.read_s, self.coarse_s + self.map_s)

    @property
    def ranking_s(self) -> float:
        """A window in the pass that ranks its patches."""
        return self._together(self.coarse_read_s, self.coarse_s)

    def _together(self, read_s: float, compute_s: float) -> float:
        return max(read_s, compute_s) if self.overlapping else read_s + compute_s

    def estimate(self, windows: int, *, refined_share: float, two_passes: bool) -> TimeEstimate:
        """What a run of so many windows will take.

        Args:
            windows: Of the run.
            refined_share: Share of the patches that will be refined.
            two_passes: Whether a coarse pass comes first.
        """
        patches = windows * self.patches * refined_share
        first = windows * self.ranking_s if two_passes else 0.0
        return TimeEstimate(
            seconds=first + windows * (self.window_s + self.write_s) + patches * self.patch_s,
            read_seconds=windows * (self.read_s + (self.coarse_read_s if two_passes else 0.0)),
            network_seconds=windows * self.coarse_s * (2 if two_passes else 1) + patches * self.patch_s,
            write_seconds=windows * (self.map_s + self.write_s),
            refined_share=refined_share,
        )


def measure_speed(plan: RunPlan, model: Segmenter, options: SegmentOptions) -> RunSpeed:
    """Take one window through the steps of a run; writes into a temporary folder only.

    Raises:
        SceneError: The window cannot be read.
    """
    model.predictor.batch_size = plan.memory.batch_size
    pyramid = model.manifest.pyramid_value()
    window, read_s = _load_window(plan, model)
    coarsest = int(pyramid.decimation(0))
    reduced = plan.reduced.overview(window.window, coarsest, for_map=False) is not None
    coarse_read_s = _timed(partial(_load, plan, model, window.window, coarsest))[1] if reduced else read_s
    wanted = wanted_patches(window, scale=plan.scale, pyramid=pyramid)
    some = _some_patches(wanted, _BATCHES * plan.memory.batch_size)
    points = model.rules("off").points

    def segment(patches: PatchRule) -> Tensor:
        rules = SelectionRules(patches, points)
        found = last_stage(model.stages(window.values, window.valid, rules=rules, wanted=wanted)).probabilities
        # A GPU is waited for.
        found[0, 0, 0].item()
        return found

    # The first pass is not timed: libraries prepare themselves for the shapes they meet.
    segment(some)
    probabilities, coarse_s = _timed(partial(segment, NoPatches()))
    _, refined_s = _timed(partial(segment, some))
    stream = map_streams(model, plan.scale, options)[MAP]
    blender = SeamBlender(window.window, plan.windows.taper, left=None, above=None)
    part, map_s = _timed(partial(stream.part, window, probabilities, blender))
    count = sum(int(level.sum()) for level in some.chosen)
    return RunSpeed(
        read_s=read_s,
        coarse_read_s=coarse_read_s,
        coarse_s=coarse_s,
        map_s=map_s,
        write_s=_write_seconds(part, plan, model),
        patch_s=max(0.0, refined_s - coarse_s) / max(1, count),
        patches=sum(int(level.sum()) for level in wanted),
        overlapping=model.predictor.device.type != "cpu",
    )


def estimate_time(plan: RunPlan, model: Segmenter, options: SegmentOptions) -> TimeEstimate:
    """Estimate the time of a run, from one of its windows.

    Raises:
        SceneError: The window cannot be read.
    """
    speed = measure_speed(plan, model, options)
    windows = sum(1 for _ in plan.windows.touching(plan.area.rect))
    ranked = options.budget_s is not None or (options.refine is not None and options.refine.share is not None)
    two_passes = ranked or options.preview is not None
    estimate = speed.estimate(windows, refined_share=_expected_share(model, options), two_passes=two_passes)
    if options.budget_s is None or estimate.seconds <= options.budget_s:
        return estimate
    none = speed.estimate(windows, refined_share=0.0, two_passes=True)
    spare = max(0.0, options.budget_s - none.seconds)
    patches_s = windows * speed.patches * speed.patch_s
    return speed.estimate(windows, refined_share=min(1.0, spare / max(patches_s, 1e-9)), two_passes=True)


def _expected_share(model: Segmenter, options: SegmentOptions) -> float:
    """Share of the patches that a mode refines; for the fast one, by its rule, all that can be said is at most all."""
    if options.refine is not None and options.refine.share is not None:
        return options.refine.share
    selection = model.manifest.selection
    off = selection is None or (options.refine is not None and options.refine.mode == "off")
    return 0.0 if off else 1.0


def _load_window(plan: RunPlan, model: Segmenter) -> tuple[ModelWindow, float]:
    """A window with a pixel to map if a few tries find one, from the middle on, and the seconds to read it."""
    windows = list(plan.windows.touching(plan.area.rect))
    tries = sorted(range(len(windows)), key=lambda number: abs(number - len(windows) // 2))[:_TRIES]
    loaded = [_timed(partial(_load, plan, model, windows[tries[0]], 1))]
    for number in tries[1:]:
        if loaded[-1][0].support_valid.any():
            break
        loaded = [_timed(partial(_load, plan, model, windows[number], 1))]
    return loaded[-1]


def _load(plan: RunPlan, model: Segmenter, window: Window, decimation: int) -> ModelWindow:
    loader = WindowLoader(plan, model.manifest.pyramid_value().window)
    with closing(loader.load([window], decimation=lambda _: decimation, for_map=decimation == 1)) as loaded:
        return next(loaded)


def _some_patches(wanted: Sequence[NDArray[np.bool_]], count: int) -> ListedPatches:
    """The first patches that may be refined, of the finest level that has any."""
    chosen = [np.zeros(len(level), np.bool_) for level in wanted]
    for level, of_use in reversed(list(zip(chosen, wanted, strict=True))):
        if of_use.any():
            level[np.flatnonzero(of_use)[:count]] = True
            break
    return ListedPatches(tuple(chosen))


def _write_seconds(part: CoreMap, plan: RunPlan, model: Segmenter) -> float:
    """Seconds to write a part as a raster of its own; other outputs count by their bytes."""
    layout = MapLayout.of_classes(plan.description, model.manifest.class_scheme())
    height, width = part.core.height, part.core.width
    layout = replace(layout, grid=RasterGrid(None, Affine.identity(), width, height), gcps=(), gcp_crs=None)
    arrays = [part.classes, part.confidence, part.probabilities]
    times = sum(array.nbytes for array in arrays if array is not None) / part.classes.nbytes

    def write(folder: str) -> None:
        with GeoTiffDraft(Path(folder) / "part.tif", layout) as draft:
            draft.write(PixelRect(0, 0, height, width), part.classes)
            draft.prepare()

    with TemporaryDirectory(prefix="magnet-geo-") as folder:
        return times * _timed(partial(write, folder))[1]


def _timed(run: Callable[[], ResultT]) -> tuple[ResultT, float]:
    begun = time.perf_counter()
    result = run()
    return result, time.perf_counter() - begun
