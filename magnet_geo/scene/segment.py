"""`segment_scene`: a scene of any size to a map, window by window."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from magnet_geo.compute.device import use_threads
from magnet_geo.errors import MagnetGeoError, OptionError
from magnet_geo.inference.segmenter import Segmenter, load_model
from magnet_geo.progress import CancelToken, ProgressListener, ignore_progress
from magnet_geo.scene.checkpoint.resume import resume_or_start
from magnet_geo.scene.checkpoint.work_folder import WorkFolder
from magnet_geo.scene.cluster.workers import Workers
from magnet_geo.scene.events import RunEvents
from magnet_geo.scene.options import SegmentOptions
from magnet_geo.scene.outcome import make_result
from magnet_geo.scene.outputs import check_outputs, written_scheme
from magnet_geo.scene.plan import plan_run, run_limits
from magnet_geo.scene.refinement.budget import TimeBudget
from magnet_geo.scene.run import Run
from magnet_geo.scene.scene_map import SceneMap

_DEFAULTS = SegmentOptions()


def segment_scene(
    scene: str | Path,
    *,
    output: str | Path,
    model: Segmenter | str | Path = "landcover",
    options: SegmentOptions = _DEFAULTS,
    progress: ProgressListener = ignore_progress,
    cancel: CancelToken | None = None,
    workers: Workers | str | None = None,
) -> SceneMap:
    """Map the land cover of a scene.

    Memory does not depend on the scene's size. The class of a pixel does not depend on the area of interest,
    save where patches are ranked over the whole run (by a share, or a budget of time), and where coarse
    windows are read from overviews that do not say how they were made: a small area may not pay for the comparison.

    A run that is interrupted, however hard, leaves its finished windows in a hidden folder beside the output. The
    same call goes on from there, and ends with the same bytes.

    Args:
        scene: Anything GDAL opens.
        output: Class raster to write, a Cloud Optimized GeoTIFF on the scene's own grid.
        model: A loaded model, a bundled name or a model file.
        options: Decisions about the run.
        progress: Receives events.
        cancel: Raised by another thread to stop between two batches.
        workers: A cluster that takes the windows, open or as text: ``local:N`` or the address of a Dask scheduler;
            None to work in this process alone.

    Returns:
        The map: where its files are, what they hold, and what to go on with.

    Raises:
        MagnetGeoError: With a sentence for the user; no output exists then.
    """
    started = time.monotonic()
    if workers is not None and options.budget_s is not None:
        raise OptionError("A budget of time is kept by one process: leave out either `budget_s` or `workers`.")
    budget = None if options.budget_s is None else TimeBudget(options.budget_s)
    output, events = Path(output), RunEvents(progress, cancel)
    check_outputs(output, str(scene), options)
    if not isinstance(model, Segmenter):
        model = load_model(model)
    events.raise_if_cancelled()
    work = WorkFolder(output)
    with use_threads(options.threads):
        plan = plan_run(scene, model, options, cancel=events.cancel)
        for warning in plan.warnings:
            events.warn(warning)
        with _opened(workers, options) as cluster, _saying_what_is_kept(work), work, run_limits(plan, model):
            resume_or_start(work, output, plan, model, options, events, computes_here=cluster is None)
            run = Run(plan, model, options, work, events, cluster)
            selector = plan.refinement.selector(model)
            if plan.refinement.needs_coarse_pass:
                selector = run.coarse_pass(output, budget) or selector
            map_writer, stats = run.write_outputs(output, run.take_windows("map", selector), budget)
    record = make_result(
        output,
        plan=plan,
        model=model,
        scheme=written_scheme(model.manifest, options),
        options=options,
        pixels=map_writer.pixels,
        areas_m2=map_writer.areas_m2,
        measured=map_writer.measured,
        stats=stats,
        warnings=events.warnings,
        seconds=time.monotonic() - started,
    )
    return SceneMap(record)


@contextmanager
def _opened(workers: Workers | str | None, options: SegmentOptions) -> Iterator[Workers | None]:
    if not isinstance(workers, str):
        yield workers
        return
    with Workers(workers, threads=options.threads) as opened:
        yield opened


@contextmanager
def _saying_what_is_kept(work: WorkFolder) -> Iterator[None]:
    """Have errors say so where the work can be continued."""
    try:
        yield
    except MagnetGeoError as error:
        if work.holds_work():
            error.add_clause("what is finished is kept, the same command continues")
        raise
