"""`segment_scene`: a scene of any size to a map, window by window."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from magnet_geo.compute.device import use_threads
from magnet_geo.errors import MagnetGeoError, OptionError
from magnet_geo.inference.segmenter import Segmenter, load_model
from magnet_geo.progress import CancelToken, ProgressListener, WarningEvent, ignore_progress
from magnet_geo.records.segment_result import SegmentResult
from magnet_geo.scene.checkpoint.resume import take_up
from magnet_geo.scene.checkpoint.work_folder import WorkFolder
from magnet_geo.scene.cluster.workers import Workers
from magnet_geo.scene.options import SegmentOptions
from magnet_geo.scene.outcome import make_result
from magnet_geo.scene.outputs import check_outputs, written_scheme
from magnet_geo.scene.plan import plan_run
from magnet_geo.scene.refinement.budget import TimeBudget
from magnet_geo.scene.run import MapRun

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
) -> SegmentResult:
    """Map the land cover of a scene.

    Memory does not depend on the scene's size. The class of a pixel does not depend on the area of interest,
    save where patches are ranked over the whole run (`RefineMode` ``share``, or a budget of time), and where coarse
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
        Where the outputs are and what the map holds.

    Raises:
        MagnetGeoError: With a sentence for the user; no output exists then.
    """
    started, cancel = time.monotonic(), cancel or CancelToken()
    if workers is not None and options.budget_s is not None:
        raise OptionError("A budget of time is kept by one process: leave out either `budget_s` or `workers`.")
    budget = None if options.budget_s is None else TimeBudget(options.budget_s)
    output = Path(output)
    check_outputs(output, str(scene), options)
    if not isinstance(model, Segmenter):
        model = load_model(model)
    if options.threads:
        use_threads(options.threads)
    cancel.raise_if_cancelled()
    plan = plan_run(scene, model, options, cancel=cancel)
    for warning in plan.warnings:
        progress(WarningEvent(warning))
    work = WorkFolder(output)
    with _opened(workers, options) as cluster, _what_is_kept_is_told(work), work:
        plan = take_up(work, output, plan, model, options, progress, computes_here=cluster is None)
        run = MapRun(plan, model, options, work, progress, cancel, budget, cluster)
        writer = run.write_map(output)
    return make_result(
        output,
        plan=run.plan,
        model=model,
        scheme=written_scheme(model.manifest, options),
        options=options,
        pixels=writer.pixels,
        areas_m2=writer.areas_m2,
        measured=writer.measured,
        tally=run.tally,
        seconds=time.monotonic() - started,
    )


@contextmanager
def _opened(workers: Workers | str | None, options: SegmentOptions) -> Iterator[Workers | None]:
    if not isinstance(workers, str):
        yield workers
        return
    with Workers(workers, threads=options.threads) as opened:
        yield opened


@contextmanager
def _what_is_kept_is_told(work: WorkFolder) -> Iterator[None]:
    """Errors that leave work to be taken up say so."""
    try:
        yield
    except MagnetGeoError as error:
        if work.holds_work():
            error.args = (f"{str(error).rstrip('.')}; what is finished is kept, the same command continues.",)
        raise
