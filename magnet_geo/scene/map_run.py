"""`MapRun`: both passes over a scene, and its finished outputs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from magnet_geo.errors import AreaOfInterestError, SceneError
from magnet_geo.grid import Window
from magnet_geo.progress import CancelToken, PreviewEvent, ProgressEvent, ProgressListener, WarningEvent
from magnet_geo.progressive import ListedPatches
from magnet_geo.scene.assembly import Arrays, assemble
from magnet_geo.scene.coarse_pass import choose_share
from magnet_geo.scene.familiarity import SceneLook
from magnet_geo.scene.map_parts import (
    MAP,
    PREVIEW,
    PartMaker,
    look_part,
    map_streams,
    stage_name,
    tally_part,
    uncertainties_of,
)
from magnet_geo.scene.map_stream import MapStream
from magnet_geo.scene.map_writer import MapWriter
from magnet_geo.scene.options import SegmentOptions
from magnet_geo.scene.outcome import make_run_record
from magnet_geo.scene.outputs import map_writer, preview_writer, stage_writers
from magnet_geo.scene.parts_store import PartsStore
from magnet_geo.scene.refinement_tally import RefinementTally
from magnet_geo.scene.run_plan import RunPlan
from magnet_geo.scene.run_record import RUN_TAG
from magnet_geo.scene.segmenter import Segmenter
from magnet_geo.scene.window_pass import MakePart, WindowPass
from magnet_geo.scene.work_folder import WorkFolder, published_outputs

# Shares of the progress bar; the coarse pass reads the whole scene but runs few patches.
_COARSE_ENDS, _SEGMENT_ENDS, _ASSEMBLY_ENDS = 0.15, 0.95, 0.98


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
        tally: What was refined, once the map is there.
    """

    plan: RunPlan
    model: Segmenter
    options: SegmentOptions
    work: WorkFolder
    progress: ProgressListener
    cancel: CancelToken
    tally: RefinementTally = field(init=False)
    _streams: dict[str, MapStream] = field(init=False)
    _look: SceneLook = field(init=False)
    _fraction: float = field(default=0.0, init=False)
    _passes_left: int = field(default=1, init=False)
    _window_end: float = field(default=0.0, init=False)
    _step: tuple[str, str] = field(default=("", ""), init=False)

    def __post_init__(self) -> None:
        pyramid = self.model.manifest.pyramid_value()
        self.tally = RefinementTally(self.plan.windows.scene, pyramid, ratio=self.plan.scale.ratio)
        self._streams = map_streams(self.model, self.plan.scale, self.options)
        self._look = SceneLook(self.model.manifest)

    def write_map(self, output: Path) -> MapWriter:
        """Both passes, and the finished outputs.

        Raises:
            MagnetGeoError: With a sentence for the user; no output is there then.
        """
        self.model.predictor.batch_size = self.plan.memory.batch_size
        ranked = self._coarse_pass(output)
        streams = {name: stream for name, stream in self._streams.items() if name != PREVIEW}
        with PartsStore(self.work.folder("map")) as store:
            maker = self._maker(streams, ranked)
            self._run_pass(store, streams, maker.full, ends=_SEGMENT_ENDS, stage="segment", message="Segmenting")
            return self._assemble_map(output, store, streams)

    def _coarse_pass(self, output: Path) -> dict[int, ListedPatches] | None:
        """A first pass where a preview or a ranking needs one; the ranked patches of each window."""
        share = self.options.refine.share if self.options.refine else None
        if self.options.preview is None and share is None:
            return None
        streams = {name: stream for name, stream in self._streams.items() if name == PREVIEW}
        with PartsStore(self.work.folder("coarse")) as store:
            maker = self._maker(streams, None)
            self._run_pass(store, streams, maker.coarse, ends=_COARSE_ENDS, stage="coarse", message="Coarse pass")
            if self.options.preview is not None:
                self._publish_preview(self.options.preview, output, store, streams)
            if share is None:
                return None
            parts = store.parts()
            chosen = choose_share([uncertainties_of(store.read(index)) for index in parts], share)
            return {index: ListedPatches(levels) for index, levels in zip(parts, chosen, strict=True)}

    def _maker(self, streams: dict[str, MapStream], ranked: dict[int, ListedPatches] | None) -> PartMaker:
        mode = self.options.refine.mode if self.options.refine else None
        rules = self.model.rules("full" if mode == "share" else mode)
        return PartMaker(self.model, self.plan.scale, rules, ranked, streams, self._on_start, self._on_batch)

    def _run_pass(
        self,
        store: PartsStore,
        streams: dict[str, MapStream],
        make: MakePart,
        *,
        ends: float,
        stage: str,
        message: str,
    ) -> None:
        begun = self._fraction

        def before(done: float) -> None:
            self._window_end, self._step = begun + (ends - begun) * done, (stage, message)

        WindowPass(
            self.plan,
            list(self.plan.windows.touching(self.plan.area.rect)),
            self.model.manifest.pyramid_value().window,
            tuple(streams),
            store,
            self.cancel,
        ).run(make, before=before, after=lambda done: self._say(self._window_end, stage, message))

    def _publish_preview(self, preview: Path, output: Path, store: PartsStore, streams: dict[str, MapStream]) -> None:
        if preview.absolute() not in published_outputs(output) or not preview.exists():
            writer = preview_writer(preview, self.plan, self.model, self.work.folder("drafts"))
            with writer:
                for _ in self._assembled(store, streams, {PREVIEW: writer}, ends=self._fraction):
                    pass
                self._refuse_empty(writer)
                self._publish([writer])
        self.progress(PreviewEvent(preview))

    def _assemble_map(self, output: Path, store: PartsStore, streams: dict[str, MapStream]) -> MapWriter:
        drafts = self.work.folder("drafts")
        stages = stage_writers(self.plan, self.model, self.options, drafts)
        writer = map_writer(output, self.plan, self.model, self.options, drafts)
        writers = {**{stage_name(level): found for level, found in enumerate(stages)}, MAP: writer}
        with ExitStack() as open_writers:
            for opened in writers.values():
                open_writers.enter_context(opened)
            for window, arrays in self._assembled(store, streams, writers, ends=_ASSEMBLY_ENDS):
                tally_part(self.tally, arrays, window)
                look_part(self._look, arrays)
            self._refuse_empty(writer)
            self._warn_if_unfamiliar()
            record = make_run_record(self.plan, self.model, self.options, self.tally)
            writer.tag(RUN_TAG, record.model_dump_json())
            self._publish(list(writers.values()))
        self._say(1.0, "done", "Done")
        return writer

    def _assembled(
        self, store: PartsStore, streams: dict[str, MapStream], writers: dict[str, MapWriter], *, ends: float
    ) -> Iterator[tuple[Window, Arrays]]:
        begun = self._fraction

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

    def _warn_if_unfamiliar(self) -> None:
        warning = self._look.warning()
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
            self._say(self._fraction + step, *self._step)

    def _say(self, fraction: float, stage: str, message: str) -> None:
        self._fraction = max(self._fraction, fraction)
        self.progress(ProgressEvent(self._fraction, stage, message))
