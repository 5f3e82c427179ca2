"""`MapRun`: both passes over a scene, and its finished outputs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import uuid4

from magnet_geo.errors import AreaOfInterestError, OptionError, OutputError, SceneError
from magnet_geo.grid import Window
from magnet_geo.inference.segmenter import Segmenter
from magnet_geo.progress import CancelToken, PreviewEvent, ProgressEvent, ProgressListener, WarningEvent
from magnet_geo.records.run_record import RUN_TAG
from magnet_geo.scene.checkpoint.array_file import Arrays
from magnet_geo.scene.checkpoint.chunk_store import PartsStore
from magnet_geo.scene.checkpoint.resume import mixed_conditions, note_conditions
from magnet_geo.scene.checkpoint.work_folder import WorkFolder, published_outputs
from magnet_geo.scene.cluster.joins import join_open_tops
from magnet_geo.scene.cluster.shard import PassTask, plan_shards
from magnet_geo.scene.cluster.workers import Workers
from magnet_geo.scene.estimate import measure_speed
from magnet_geo.scene.options import SegmentOptions
from magnet_geo.scene.outcome import budget_record, make_run_record
from magnet_geo.scene.outputs import MapWriter, assemble, map_writer, preview_writer, stage_writers
from magnet_geo.scene.plan import RunPlan
from magnet_geo.scene.refinement.budget import TimeBudget, budget_warning, short_budget_warning
from magnet_geo.scene.refinement.cost import RunSpeed
from magnet_geo.scene.refinement.selection import NothingRanked, ShareRanking
from magnet_geo.scene.refinement.stats import RefinementTally
from magnet_geo.scene.refinement.uncertainty import Uncertainties
from magnet_geo.scene.window.domain_check import SceneLook
from magnet_geo.scene.window.mapper import (
    MAP,
    PREVIEW,
    look_part,
    map_streams,
    stage_name,
    tally_part,
    uncertainties_of,
)
from magnet_geo.scene.window.pass_recipe import PassName, pass_recipe
from magnet_geo.scene.window.pipeline import WindowPass


@dataclass(frozen=True, slots=True)
class _Step:
    """A pass as the user sees it: short name, line for people, and where the progress bar is at its end."""

    name: str
    message: str
    ends: float


# The coarse pass reads the whole scene but runs few patches.
_STEPS: dict[PassName, _Step] = {
    "coarse": _Step("coarse", "Coarse pass", 0.15),
    "map": _Step("segment", "Segmenting", 0.95),
}
_ASSEMBLY_ENDS = 0.98


@dataclass(slots=True)
class MapRun:
    """A run in its work folder.

    Attributes:
        plan: The run; warnings are added to it.
        model: The model.
        options: The user's decisions.
        work: Where unfinished work lies.
        progress: Receives events.
        cancel: Stops the run between two batches.
        budget: The time it may take; None for no limit.
        workers: A cluster that takes the windows; None to do it here.
        tally: What was refined, once the map is there.
    """

    plan: RunPlan
    model: Segmenter
    options: SegmentOptions
    work: WorkFolder
    progress: ProgressListener
    cancel: CancelToken
    budget: TimeBudget | None = None
    workers: Workers | None = None
    tally: RefinementTally = field(init=False)
    _look: SceneLook = field(init=False)
    _coarse_s: float = field(default=0.0, init=False)
    _short: bool = field(default=False, init=False)
    _fraction: float = field(default=0.0, init=False)
    _passes_left: int = field(default=1, init=False)
    _window_end: float = field(default=0.0, init=False)
    _step: _Step = field(default=_STEPS["map"], init=False)

    def __post_init__(self) -> None:
        pyramid = self.model.manifest.pyramid_value()
        self.tally = RefinementTally(self.plan.windows.scene, pyramid, ratio=self.plan.scale.ratio)
        self._look = SceneLook(self.model.manifest)

    def write_map(self, output: Path) -> MapWriter:
        """Both passes, and the finished outputs.

        Raises:
            MagnetGeoError: With a sentence for the user; no output is there then.
        """
        self.model.predictor.batch_size = self.plan.memory.batch_size
        ranking = self._coarse_pass(output)
        return self._assemble_map(output, self._run_pass("map", ranking))

    def _coarse_pass(self, output: Path) -> NothingRanked | None:
        """A first pass where a preview or a ranking needs one; None where every window decides for itself."""
        options, pyramid = self.options, self.model.manifest.pyramid_value()
        share = options.refine.share if options.refine else None
        speed = self._speed() if self.budget else None
        ranks = share is not None or (speed is not None and self._allows_ranking(speed))
        found = self._uncertainties(output) if ranks or options.preview is not None else {}
        if self.budget is not None and speed is not None and ranks:
            return self.budget.ranking(found, pyramid, speed=speed, coarse_s=self._coarse_s)
        if share is not None:
            return ShareRanking(found, share, pyramid)
        off = options.refine is not None and options.refine.mode == "off"
        return NothingRanked(pyramid) if off or self.budget is not None else None

    def _uncertainties(self, output: Path) -> dict[int, Uncertainties]:
        """The pass itself: what it finds of each window that has a pixel to map; publishes the preview."""
        begun = time.monotonic()
        store = self._run_pass("coarse", None)
        self._coarse_s = time.monotonic() - begun
        if self.options.preview is not None:
            self._publish_preview(self.options.preview, output, store)
        return {index: uncertainties_of(store.read(index)) for index in store.parts()}

    def _speed(self) -> RunSpeed:
        self._say(0.0, "plan", "Measuring the speed")
        return measure_speed(self.plan, self.model, self.options, cancel=self.cancel)

    def _allows_ranking(self, speed: RunSpeed) -> bool:
        """Whether the budget is worth a ranking; the user is told where it is not."""
        if self.budget is None or self.budget.allows(speed.estimate(refined_share=0.0, two_passes=True)):
            return True
        alone = speed.estimate(refined_share=0.0, two_passes=False)
        self._short = True
        self._warn(short_budget_warning(self.budget.seconds, alone))
        return False

    def _run_pass(self, name: PassName, ranking: NothingRanked | None) -> PartsStore:
        """Finish all windows of a pass; the store they can be read from."""
        folder, windows = self.work.folder(name), self.plan.area_windows
        begun, step = self._fraction, _STEPS[name]

        def before(done: float) -> None:
            self._window_end, self._step = begun + (step.ends - begun) * done, step

        def after(done: float) -> None:
            self._say(begun + (step.ends - begun) * done, step.name, step.message)

        if self.workers is None:
            with PartsStore(folder) as store:
                self._run_here(name, store, windows, ranking, before=before, after=after)
        else:
            self._run_on_workers(self.workers, name, folder, windows, ranking, after)
            store = PartsStore(folder)
        missing = sum(not store.is_whole(window.index) for window in windows)
        if missing:
            raise OutputError(f"{missing} finished windows cannot be read back; check the disk of the output.")
        return store

    def _run_here(
        self,
        name: PassName,
        store: PartsStore,
        windows: Sequence[Window],
        ranking: NothingRanked | None,
        *,
        before: Callable[[float], None],
        after: Callable[[float], None],
    ) -> None:
        recipe = pass_recipe(
            name,
            self.model,
            self.plan,
            self.options,
            ranking,
            cancel=self.cancel,
            on_start=self._on_start,
            on_batch=self._on_batch,
        )
        WindowPass(
            self.plan,
            windows,
            self.model.manifest.pyramid_value().window,
            tuple(recipe.streams),
            store,
            self.cancel,
            decimation=recipe.decimation,
            for_map=recipe.for_map,
        ).run(recipe.begin, recipe.make, before=before, after=after)
        # Tops that a cluster left open when it was stopped.
        device = self.model.predictor.device
        join_open_tops(store, self.plan.windows, store.parts(), streams=recipe.streams, device=device)

    def _run_on_workers(
        self,
        workers: Workers,
        name: PassName,
        folder: Path,
        windows: Sequence[Window],
        ranking: NothingRanked | None,
        after: Callable[[float], None],
    ) -> None:
        if self.model.source is None:
            raise OptionError("Workers load the model from a file, but this one is in no file: save it first.")
        token, finished = uuid4().hex, 0

        def on_windows(count: int) -> None:
            nonlocal finished
            finished += count
            after(min(1.0, finished / max(1, len(windows))))

        task = PassTask(
            plan=self.plan,
            options=self.options,
            source=self.model.source,
            model_hash=self.model.model_hash,
            name=name,
            folder=folder,
            owner=self.work.own(token),
            token=token,
            threads=workers.threads,
            device_type=self.model.predictor.device.type,
        )
        columns = self.plan.windows.shape[1]
        shards = plan_shards(windows, columns, PartsStore(folder), workers=workers.count, ranking=ranking)
        for conditions in workers.run(task, shards, cancel=self.cancel, on_windows=on_windows):
            note_conditions(self.work, conditions)

    def _publish_preview(self, preview: Path, output: Path, store: PartsStore) -> None:
        if preview.absolute() not in published_outputs(output) or not preview.exists():
            writer = preview_writer(preview, self.plan, self.model, self.work.folder("drafts"))
            with writer:
                for _ in self._assembled(store, {PREVIEW: writer}, ends=self._fraction):
                    pass
                self._refuse_empty(writer)
                self._publish([writer])
        self.progress(PreviewEvent(preview))

    def _assemble_map(self, output: Path, store: PartsStore) -> MapWriter:
        drafts = self.work.folder("drafts")
        stages = stage_writers(self.plan, self.model, self.options, drafts)
        writer = map_writer(output, self.plan, self.model, self.options, drafts)
        writers = {**{stage_name(level): found for level, found in enumerate(stages)}, MAP: writer}
        with ExitStack() as open_writers:
            for opened in writers.values():
                open_writers.enter_context(opened)
            for window, arrays in self._assembled(store, writers, ends=_ASSEMBLY_ENDS):
                tally_part(self.tally, arrays, window)
                look_part(self._look, arrays)
            self._refuse_empty(writer)
            self._warn(self._look.warning())
            self._warn_of_budget()
            if self.workers is not None:
                self._warn(mixed_conditions(self.work))
            record = make_run_record(self.plan, self.model, self.options, self.tally)
            writer.tag(RUN_TAG, record.model_dump_json())
            self._publish(list(writers.values()))
        self._say(1.0, "done", "Done")
        return writer

    def _assembled(
        self, store: PartsStore, writers: dict[str, MapWriter], *, ends: float
    ) -> Iterator[tuple[Window, Arrays]]:
        begun, streams = self._fraction, map_streams(self.model, self.plan.scale, self.options)

        def on_part(done: float) -> None:
            self.cancel.raise_if_cancelled()
            self._say(begun + (ends - begun) * done, "write", "Writing the outputs")

        return assemble(store, self.plan.windows, streams=streams, writers=writers, on_part=on_part)

    def _publish(self, writers: list[MapWriter]) -> None:
        """Complete all outputs before the first of them appears."""
        self.cancel.raise_if_cancelled()
        for writer in writers:
            writer.prepare()
        self.work.announce(target for writer in writers for target in writer.targets)
        for writer in writers:
            writer.publish()

    def _warn_of_budget(self) -> None:
        """Say what was left coarse, unless the budget was told to be too short already."""
        record = budget_record(self.options.budget_s, self.tally)
        if record is not None and self.budget is not None and not self._short:
            self._warn(budget_warning(record, overdrawn=self.budget.overdrawn))

    def _warn(self, warning: str | None) -> None:
        if warning is not None:
            self.plan = replace(self.plan, warnings=(*self.plan.warnings, warning))
            self.progress(WarningEvent(warning))

    def _refuse_empty(self, writer: MapWriter) -> None:
        if writer.count_valid() > 0:
            return
        name = self.plan.description.name
        if self.plan.area.geometry is not None:
            raise AreaOfInterestError(
                f"No pixel of '{name}' inside the area of interest is valid; choose another area."
            )
        raise SceneError(f"No pixel of '{name}' is valid; there is nothing to segment.")

    def _on_start(self, patches: int) -> None:
        self._passes_left = patches

    def _on_batch(self, patches: int) -> None:
        self.cancel.raise_if_cancelled()
        if self._window_end > self._fraction:
            step = (self._window_end - self._fraction) * min(1.0, patches / max(1, self._passes_left))
            self._passes_left -= patches
            self._say(self._fraction + step, self._step.name, self._step.message)

    def _say(self, fraction: float, stage: str, message: str) -> None:
        self._fraction = max(self._fraction, fraction)
        self.progress(ProgressEvent(self._fraction, stage, message))
