"""`Run`: the passes over the windows of a scene, here or on a cluster, and the outputs that are made of them."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from magnet_geo.errors import AreaOfInterestError, OptionError, OutputError, SceneError
from magnet_geo.inference.segmenter import Segmenter
from magnet_geo.progress import PreviewEvent
from magnet_geo.records.run_record import RUN_TAG
from magnet_geo.scene.checkpoint.chunk_store import ChunkStore
from magnet_geo.scene.checkpoint.resume import mixed_conditions, note_conditions
from magnet_geo.scene.checkpoint.work_folder import WorkFolder, published_outputs
from magnet_geo.scene.cluster.joins import join_pending_tops
from magnet_geo.scene.cluster.shard import PassTask, plan_shards
from magnet_geo.scene.cluster.workers import Workers
from magnet_geo.scene.estimate import time_one_window
from magnet_geo.scene.events import PassName, RunEvents, WindowEvents
from magnet_geo.scene.options import SegmentOptions
from magnet_geo.scene.outcome import budget_record, make_run_record
from magnet_geo.scene.outputs import MapWriter, assemble, map_writer, preview_writer, stage_writers
from magnet_geo.scene.plan import RunPlan
from magnet_geo.scene.refinement.budget import TimeBudget, budget_warning, short_budget_warning
from magnet_geo.scene.refinement.cost import StepCosts
from magnet_geo.scene.refinement.selection import EachWindow, PatchSelector, TopShare
from magnet_geo.scene.refinement.stats import RefinementStats
from magnet_geo.scene.refinement.uncertainty import Uncertainties
from magnet_geo.scene.window.domain_check import DomainCheck
from magnet_geo.scene.window.mapper import (
    MAP,
    PREVIEW,
    add_domain_counts,
    add_refinement,
    pass_products,
    stage_name,
    uncertainties_of,
    window_mapper,
)
from magnet_geo.scene.window.pipeline import run_windows
from magnet_geo.scene.window.reader import WindowReader


@dataclass(frozen=True, slots=True)
class Run:
    """A run in its work folder.

    Attributes:
        plan: What was decided.
        model: The model.
        options: The user's decisions.
        work: Where unfinished work lies.
        events: Called as the run goes on; may raise to stop.
        workers: A cluster that takes the windows; None to do it here.
    """

    plan: RunPlan
    model: Segmenter
    options: SegmentOptions
    work: WorkFolder
    events: RunEvents
    workers: Workers | None = None

    def take_windows(self, name: PassName, selector: PatchSelector) -> ChunkStore:
        """Finish all windows of a pass.

        Returns:
            The store that their chunks can be read from.

        Raises:
            MagnetGeoError: With a sentence for the user.
        """
        folder, events = self.work.folder(name), self.events.windows_of(name)
        if self.workers is None:
            with ChunkStore(folder) as chunks:
                self._run_here(name, selector, chunks, events)
        else:
            self._run_on_workers(self.workers, name, selector, folder, events)
            chunks = ChunkStore(folder)
        missing = sum(not chunks.is_whole(window.index) for window in self.plan.area_windows)
        if missing:
            raise OutputError(f"{missing} finished windows cannot be read back; check the disk of the output.")
        return chunks

    def coarse_pass(self, output: Path, budget: TimeBudget | None) -> PatchSelector | None:
        """Look at all windows coarsely: for a preview, and to rank their patches.

        Returns:
            The selector of the ranked patches; None where every window still decides alone.
        """
        refinement = self.plan.refinement
        costs = self._costs() if budget is not None else None
        ranks = refinement.share is not None or (
            budget is not None and costs is not None and self._allows_ranking(budget, costs)
        )
        found, coarse_s = self._uncertainties(output) if ranks or refinement.with_preview else ({}, 0.0)
        pyramid, points = self.model.manifest.pyramid, self.model.rules("full").points
        if budget is not None and costs is not None:
            if not ranks:
                return EachWindow.nothing(self.model)
            return budget.selector(found, pyramid, points, speed=costs, coarse_s=coarse_s)
        return TopShare(found, refinement.share, pyramid, points) if refinement.share is not None else None

    def write_outputs(
        self, output: Path, chunks: ChunkStore, budget: TimeBudget | None
    ) -> tuple[MapWriter, RefinementStats]:
        """Write all outputs from the finished chunks, and give them their names when all of them are complete.

        Raises:
            MagnetGeoError: With a sentence for the user; no output is there then.
        """
        plan, model, options = self.plan, self.model, self.options
        drafts = self.work.folder("drafts")
        stats = RefinementStats(plan.windows.scene, model.manifest.pyramid, ratio=plan.scale.ratio)
        domain = DomainCheck(model.manifest)
        classes = map_writer(output, plan, model, options, drafts)
        writers = {stage_name(level): found for level, found in enumerate(stage_writers(plan, model, options, drafts))}
        writers[MAP] = classes
        products = pass_products("map", model, plan.scale, options)
        with ExitStack() as open_writers:
            for writer in writers.values():
                open_writers.enter_context(writer)
            for window, chunk in assemble(
                chunks, plan.windows, products=products, writers=writers, on_share=self.events.writing
            ):
                add_refinement(stats, chunk, window)
                add_domain_counts(domain, chunk)
            self._refuse_empty(classes)
            self.events.warn(domain.warning())
            if budget is not None and (record := budget_record(options.budget_s, stats)) is not None:
                self.events.warn(budget_warning(record, overdrawn=budget.overdrawn) if not budget.is_short else None)
            if self.workers is not None:
                self.events.warn(mixed_conditions(self.work))
            record_of_run = make_run_record(plan, model, options, stats, self.events.warnings)
            classes.tag(RUN_TAG, record_of_run.model_dump_json())
            self._publish(list(writers.values()))
        self.events.done()
        return classes, stats

    def _run_here(self, name: PassName, selector: PatchSelector, chunks: ChunkStore, events: WindowEvents) -> None:
        reader = WindowReader(self.plan, self.model.manifest.pyramid.window)
        mapper = window_mapper(name, self.model, self.plan, self.options, selector)
        run_windows(self.plan, chunks, mapper, events, reader=reader)
        # Tops that a cluster left open when it was stopped.
        join_pending_tops(
            chunks,
            self.plan.windows,
            chunks.chunks(),
            products=mapper.products,
            device=self.model.predictor.device,
        )

    def _run_on_workers(
        self, workers: Workers, name: PassName, selector: PatchSelector, folder: Path, events: WindowEvents
    ) -> None:
        if self.model.source is None:
            raise OptionError("Workers load the model from a file, but this one is in no file: save it first.")
        token, windows = uuid4().hex, self.plan.area_windows
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
        shards = plan_shards(windows, columns, ChunkStore(folder), workers=workers.count, selector=selector)
        events.planned(finished=0, remaining=len(windows))

        def on_windows(count: int) -> None:
            for _ in range(count):
                events.window_done()

        for conditions in workers.run(task, shards, cancel=events.cancel, on_windows=on_windows):
            note_conditions(self.work, conditions)

    def _uncertainties(self, output: Path) -> tuple[dict[int, Uncertainties], float]:
        """What the coarse pass finds of each window that has a pixel to map, and its seconds."""
        begun = time.monotonic()
        chunks = self.take_windows("coarse", EachWindow.nothing(self.model))
        seconds = time.monotonic() - begun
        if self.options.preview is not None:
            self._publish_preview(self.options.preview, output, chunks)
        return {index: uncertainties_of(chunks.read(index)) for index in chunks.chunks()}, seconds

    def _costs(self) -> StepCosts:
        self.events.measuring()
        return time_one_window(self.plan, self.model, self.options, cancel=self.events.cancel)

    def _allows_ranking(self, budget: TimeBudget, costs: StepCosts) -> bool:
        """Whether the budget is worth a ranking; the user is warned where it is not."""
        if budget.allows(costs.estimate(refined_share=0.0, two_passes=True)):
            return True
        budget.is_short = True
        alone = costs.estimate(refined_share=0.0, two_passes=False)
        self.events.warn(short_budget_warning(budget.seconds, alone))
        return False

    def _publish_preview(self, preview: Path, output: Path, chunks: ChunkStore) -> None:
        if preview.absolute() not in published_outputs(output) or not preview.exists():
            products = pass_products("coarse", self.model, self.plan.scale, self.options)
            writer = preview_writer(preview, self.plan, self.model, self.work.folder("drafts"))
            with writer:
                for _ in assemble(
                    chunks,
                    self.plan.windows,
                    products=products,
                    writers={PREVIEW: writer},
                    on_share=self.events.writing_preview,
                ):
                    pass
                self._refuse_empty(writer)
                self._publish([writer])
        self.events.tell(PreviewEvent(preview))

    def _publish(self, writers: list[MapWriter]) -> None:
        """Complete all outputs before the first of them appears."""
        self.events.raise_if_cancelled()
        for writer in writers:
            writer.prepare()
        self.work.announce(target for writer in writers for target in writer.targets)
        for writer in writers:
            writer.publish()

    def _refuse_empty(self, writer: MapWriter) -> None:
        if writer.count_valid() > 0:
            return
        name = self.plan.description.name
        if self.plan.area.geometry is not None:
            raise AreaOfInterestError(
                f"No pixel of '{name}' inside the area of interest is valid; choose another area."
            )
        raise SceneError(f"No pixel of '{name}' is valid; there is nothing to segment.")
