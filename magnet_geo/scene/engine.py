"""`segment_scene`: a scene of any size to a map, window by window."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from magnet_geo.errors import AreaOfInterestError, OutputError, SceneError
from magnet_geo.progress import (
    CancelToken,
    PreviewEvent,
    ProgressEvent,
    ProgressListener,
    WarningEvent,
    ignore_progress,
)
from magnet_geo.progressive import ListedPatches, NoPatches, Stage
from magnet_geo.scene.coarse_pass import Uncertainties, choose_share, coarse_uncertainties
from magnet_geo.scene.core_map import MapSettings
from magnet_geo.scene.familiarity import SceneLook
from magnet_geo.scene.map_stream import MapStream
from magnet_geo.scene.map_writer import MapWriter
from magnet_geo.scene.model_window import ModelWindow
from magnet_geo.scene.options import SegmentOptions
from magnet_geo.scene.outcome import make_result, make_run_record
from magnet_geo.scene.outputs import check_outputs, map_writer, preview_writer, stage_writers, written_scheme
from magnet_geo.scene.refinement_tally import RefinementTally
from magnet_geo.scene.result import SegmentResult
from magnet_geo.scene.run_plan import RunPlan, plan_run
from magnet_geo.scene.run_record import RUN_TAG
from magnet_geo.scene.seam_blender import SeamBlender
from magnet_geo.scene.segmenter import Segmenter, SelectionRules, last_stage, load_model
from magnet_geo.scene.wanted_patches import wanted_patches
from magnet_geo.scene.window_loader import WindowLoader

# Shares of the progress bar; the coarse pass reads the whole scene but runs few patches.
_COARSE_ENDS, _SEGMENT_ENDS = 0.15, 0.97

_DEFAULTS = SegmentOptions()


def segment_scene(
    scene: str | Path,
    *,
    output: str | Path,
    model: Segmenter | str | Path = "landcover",
    options: SegmentOptions = _DEFAULTS,
    progress: ProgressListener = ignore_progress,
    cancel: CancelToken | None = None,
) -> SegmentResult:
    """Map the land cover of a scene.

    Memory does not depend on the scene's size. The class of a pixel does not depend on the area of interest,
    save where patches are ranked over the whole run (`RefineMode` ``share``).

    Args:
        scene: Anything GDAL opens.
        output: Class raster to write, a Cloud Optimized GeoTIFF on the scene's own grid.
        model: A loaded model, a bundled name or a model file.
        options: Decisions about the run.
        progress: Receives events.
        cancel: Raised by another thread to stop between two batches.

    Returns:
        Where the outputs are and what the map holds.

    Raises:
        MagnetGeoError: With a sentence for the user; no output exists then.
    """
    started = time.monotonic()
    output = Path(output)
    check_outputs(output, str(scene), options)
    if not isinstance(model, Segmenter):
        model = load_model(model)
    if options.threads:
        torch.set_num_threads(options.threads)
    plan = plan_run(scene, model, options)
    for warning in plan.warnings:
        progress(WarningEvent(warning))
    tally = RefinementTally(plan.windows.scene, model.manifest.pyramid_value(), ratio=plan.scale.ratio)
    run = _Run(plan, model, options, tally, progress, cancel or CancelToken())
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
        tally=tally,
        seconds=time.monotonic() - started,
    )


@dataclass(slots=True)
class _Run:
    plan: RunPlan
    model: Segmenter
    options: SegmentOptions
    tally: RefinementTally
    progress: ProgressListener
    cancel: CancelToken
    _fraction: float = field(default=0.0, init=False)
    _passes_left: int = field(default=1, init=False)
    _window_end: float = field(default=0.0, init=False)
    _look: SceneLook = field(init=False)

    def __post_init__(self) -> None:
        self._look = SceneLook(self.model.manifest)

    def write_map(self, output: Path) -> MapWriter:
        """Both passes, and the finished outputs."""
        self.model.predictor.batch_size = self.plan.memory.batch_size
        mode = self.options.refine.mode if self.options.refine else None
        rules = self.model.rules("full" if mode == "share" else mode)
        ranked = self._coarse_pass(rules)
        with ExitStack() as open_writers:
            writer = open_writers.enter_context(map_writer(output, self.plan, self.model, self.options))
            stages = stage_writers(self.plan, self.model, self.options)
            for stage_writer in stages:
                open_writers.enter_context(stage_writer)
            scratch = open_writers.enter_context(_scratch_folder(output))
            streams = [self._stream(w, scratch / f"stage_{level}", plain=True) for level, w in enumerate(stages)]
            self._segment(self._stream(writer, scratch / "map"), streams, rules, ranked)
            self._refuse_empty(writer)
            self._warn_if_unfamiliar()
            record = make_run_record(self.plan, self.model, self.options, self.tally)
            writer.tag(RUN_TAG, record.model_dump_json())
            self._say(_SEGMENT_ENDS, "write", "Writing the outputs")
            self.cancel.raise_if_cancelled()
            writers = (*stages, writer)
            for prepared in writers:
                prepared.prepare()
            for prepared in writers:
                prepared.publish()
        self._say(1.0, "done", "Done")
        return writer

    def _coarse_pass(self, rules: SelectionRules) -> list[ListedPatches] | None:
        """A first pass where a preview or a ranking needs one; the ranked patches of each window."""
        share = self.options.refine.share if self.options.refine else None
        if self.options.preview is None and share is None:
            return None
        coarse = SelectionRules(NoPatches(), rules.points)
        found: list[Uncertainties] = []
        preview = preview_writer(self.plan, self.model, self.options)
        if preview is None:
            found.extend(self._coarse_uncertainties(coarse, None))
        else:
            with preview, _scratch_folder(preview.target) as scratch:
                stream = self._stream(preview, scratch / "preview", plain=True)
                found.extend(self._coarse_uncertainties(coarse, stream))
                self._refuse_empty(preview)
                preview.prepare()
                preview.publish()
            self.progress(PreviewEvent(self.options.preview or Path()))
        return None if share is None else [ListedPatches(levels) for levels in choose_share(found, share)]

    def _coarse_uncertainties(self, rules: SelectionRules, preview: MapStream | None) -> Iterator[Uncertainties]:
        pyramid = self.model.manifest.pyramid_value()
        for done, window in self._windows():
            stages = self.model.stages(window.values, window.valid, rules=rules, on_batch=self._on_batch)
            coarse = next(stages)
            if preview is not None:
                # Level by level, as a run without refinement: one step to the finest would interpolate otherwise.
                finest = last_stage(chain([coarse], stages))
                preview.put(window, finest.probabilities)
            yield coarse_uncertainties(coarse.probabilities, window.valid, pyramid, self._wanted(window))
            self._say(_COARSE_ENDS * done, "coarse", "Coarse pass")

    def _segment(
        self,
        stream: MapStream,
        stages: Sequence[MapStream],
        rules: SelectionRules,
        ranked: Sequence[ListedPatches] | None,
    ) -> None:
        begun = self._fraction
        for number, (done, window) in enumerate(self._windows()):
            self._window_end = begun + (_SEGMENT_ENDS - begun) * done
            own = rules if ranked is None else SelectionRules(ranked[number], rules.points)
            stream.put(window, self._segment_window(window, own, stages))
            self._say(self._window_end, "segment", "Segmenting")

    def _windows(self) -> Iterator[tuple[float, ModelWindow]]:
        """Windows with a pixel to map, each with the share of the pass that is done after it."""
        windows = list(self.plan.windows.touching(self.plan.area.rect))
        loader = WindowLoader(self.plan, self.model.manifest.pyramid_value().window)
        for number, window in enumerate(loader.load(windows), 1):
            self.cancel.raise_if_cancelled()
            if window.support_valid.any():
                yield number / len(windows), window

    def _segment_window(self, window: ModelWindow, rules: SelectionRules, stage_maps: Sequence[MapStream]) -> Tensor:
        wanted = self._wanted(window)
        self._passes_left = sum(int(level.sum()) for level in wanted) + 1
        stages = self.model.stages(window.values, window.valid, rules=rules, wanted=wanted, on_batch=self._on_batch)
        stage: Stage | None = None
        for stage in stages:
            if stage.level:
                self.tally.add(window.window, stage.level, wanted=wanted[stage.level - 1], refined=stage.refined)
            if stage_maps:
                stage_maps[stage.level].put(window, stage.probabilities)
        if stage is None:
            raise AssertionError("a pyramid has at least one level")
        self._look.add(window.values, window.valid, stage.probabilities)
        return stage.probabilities

    def _wanted(self, window: ModelWindow) -> tuple[NDArray[np.bool_], ...]:
        return wanted_patches(window, scale=self.plan.scale, pyramid=self.model.manifest.pyramid_value())

    def _stream(self, writer: MapWriter, scratch: Path, *, plain: bool = False) -> MapStream:
        """A map in the making; a plain one holds classes only."""
        scratch.mkdir()
        manifest = self.model.manifest
        settings = MapSettings(
            scheme=manifest.class_scheme(),
            temperature=manifest.temperature,
            min_confidence=0.0 if plain else self.options.min_confidence,
            with_confidence=self.options.confidence is not None and not plain,
            with_probabilities=self.options.probabilities is not None and not plain,
        )
        blender = SeamBlender(self.plan.windows, scratch)
        return MapStream(writer, blender, settings, self.plan.scale, manifest.pyramid_value().window)

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

    def _on_batch(self, patches: int) -> None:
        self.cancel.raise_if_cancelled()
        if self._window_end > self._fraction:
            step = (self._window_end - self._fraction) * min(1.0, patches / max(1, self._passes_left))
            self._passes_left -= patches
            self._say(self._fraction + step, "segment", "Segmenting")

    def _say(self, fraction: float, stage: str, message: str) -> None:
        self._fraction = max(self._fraction, fraction)
        self.progress(ProgressEvent(self._fraction, stage, message))


@contextmanager
def _scratch_folder(output: Path) -> Iterator[Path]:
    """A folder beside an output, removed with all that is in it."""
    try:
        folder = TemporaryDirectory(prefix=".magnet-geo-", dir=output.absolute().parent)
    except OSError as error:
        raise OutputError(
            f"Nothing can be written beside '{output}' ({error.strerror}); choose another folder."
        ) from error
    with folder as path:
        yield Path(path)
