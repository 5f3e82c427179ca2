"""What a window adds to a run, as arrays by name: its part of every map, and what the run wants to know of it.

Shapes: P patches of a level.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, cycle, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from magnet_geo.grid import ReadScale, Window
from magnet_geo.progress import CancelToken
from magnet_geo.progressive import ImagePyramid, MapBuffers, NoPatches, Runner, SelectionRules, Stage, segment_stages
from magnet_geo.scene.coarse_pass import Uncertainties, coarse_uncertainties
from magnet_geo.scene.core_map import MapSettings
from magnet_geo.scene.familiarity import SceneLook
from magnet_geo.scene.map_stream import MapStream
from magnet_geo.scene.model_window import ModelWindow
from magnet_geo.scene.neighbors import Neighbors
from magnet_geo.scene.options import SegmentOptions
from magnet_geo.scene.ranking import PatchRanking
from magnet_geo.scene.refinement_tally import RefinementTally
from magnet_geo.scene.segmenter import Segmenter, last_stage
from magnet_geo.scene.wanted_patches import wanted_patches
from magnet_geo.scene.window_pass import Finish, NewArrays

_LOOK, _WANTED, _REFINED, _UNCERTAINTY = "look.", "wanted_", "refined_", "uncertainty_"
MAP, PREVIEW = "map", "preview"


@dataclass(slots=True, eq=False)
class BegunWindow:
    """A window whose coarser levels are done, where its patches are done one by one; otherwise, whose image is ready.

    Attributes:
        wanted: Per level from 1 on, patches that may be refined.
        buffers: Memory of its maps.
        coarser: What stands after the levels that are done.
        finer: Does the others.
        patches: Those that are done.
        runs_ahead: Whether it is still being begun.
    """

    wanted: tuple[NDArray[np.bool_], ...]
    buffers: MapBuffers
    coarser: list[Stage] = field(default_factory=list)
    finer: Iterator[Stage] = field(default_factory=lambda: iter(()))
    patches: int = 0
    runs_ahead: bool = True

    def take_stages(self) -> Iterator[Stage]:
        """All stages, once. The window lets go of them: they know it, and a circle would keep its pixels in memory."""
        stages, self.coarser, self.finer = chain(self.coarser, self.finer), [], iter(())
        return stages


@dataclass(frozen=True, slots=True)
class PartMaker:
    """Takes windows through the networks, for one run.

    Attributes:
        model: The model.
        scale: Scene pixels per model pixel.
        rules: Which patches are refined and which points replaced.
        ranking: Chooses the patches where they were ranked over the whole run; None otherwise.
        streams: The maps to be made, by name.
        cancel: Looked at after each batch.
        on_start: Told how many patches a window will take.
        on_batch: Told how many patches of it are done, now and then.
        runner: Does the patches.
        begins_ahead: Whether those of two windows may take turns.
        buffers: Memory for a window's maps, used by window after window.
    """

    model: Segmenter
    scale: ReadScale
    rules: SelectionRules
    ranking: PatchRanking | None
    streams: Mapping[str, MapStream]
    cancel: CancelToken
    on_start: Callable[[int], None]
    on_batch: Callable[[int], None]
    runner: Runner
    begins_ahead: bool
    buffers: Iterator[MapBuffers] = field(default_factory=lambda: cycle(MapBuffers.in_turn()))

    def begin_coarse(self, window: ModelWindow) -> BegunWindow:
        """The networks' part of the coarse pass."""
        return self._begun(window, SelectionRules(NoPatches(), self.rules.points), levels=1)

    def coarse(self, window: ModelWindow, begun: BegunWindow, neighbors: Neighbors) -> Finish:
        """The coarse pass: a preview, where it is wanted, and how uncertain each patch is."""
        self.on_batch(begun.patches)
        stages = begun.take_stages()
        coarse = next(stages)

        def finish() -> NewArrays:
            arrays = NewArrays()
            pyramid = self.model.manifest.pyramid_value()
            found = coarse_uncertainties(coarse.probabilities, window.valid, pyramid, begun.wanted)
            if PREVIEW in self.streams:
                # Level by level, as a run without refinement: one step to the finest would interpolate otherwise.
                finest = last_stage(chain([coarse], stages))
                arrays |= self._part(PREVIEW, window, finest.probabilities, neighbors)
            return arrays | {f"{_UNCERTAINTY}{level}": values for level, values in enumerate(found, 1)}

        return finish

    def begin(self, window: ModelWindow) -> BegunWindow:
        """All levels but the finest, which may be done, in another thread, while the window before is at its finest."""
        rules = self.rules
        if self.ranking is not None:
            rules = SelectionRules(self.ranking.patches(window.window), rules.points)
        return self._begun(window, rules, levels=max(1, len(self.model.manifest.pyramid.levels) - 1))

    def full(self, window: ModelWindow, begun: BegunWindow, neighbors: Neighbors) -> Finish:
        """The pass that makes the map, and one map per stage where they are wanted."""
        arrays = NewArrays()
        self.on_start(sum(int(level.sum()) for level in begun.wanted) + 1)
        self.on_batch(begun.patches)
        probabilities = None
        for stage in begun.take_stages():
            probabilities = stage.probabilities
            if stage.level:
                arrays[f"{_WANTED}{stage.level}"] = begun.wanted[stage.level - 1]
                arrays[f"{_REFINED}{stage.level}"] = stage.refined
            if stage_name(stage.level) in self.streams:
                neighbors.wait()
                arrays |= self._part(stage_name(stage.level), window, probabilities, neighbors)
        if probabilities is None:
            raise AssertionError("a pyramid has at least one level")
        begun.buffers.lend_finest(neighbors.wait)
        if self.ranking is not None:
            self.ranking.window_done(window.window)

        def finish() -> NewArrays:
            return arrays | self._look(window, probabilities) | self._part(MAP, window, probabilities, neighbors)

        return finish

    def _begun(self, window: ModelWindow, rules: SelectionRules, *, levels: int) -> BegunWindow:
        wanted = wanted_patches(window, scale=self.scale, pyramid=self.model.manifest.pyramid_value())
        begun = BegunWindow(wanted, next(self.buffers))
        image = self.model.image_beside(window.values, window.valid, decimation=window.decimation)
        begun.finer = self._stages(image, begun, rules)
        if self.begins_ahead:
            begun.coarser = list(islice(begun.finer, levels))
        begun.runs_ahead = False
        return begun

    def _stages(self, image: Callable[[], ImagePyramid], begun: BegunWindow, rules: SelectionRules) -> Iterator[Stage]:
        def on_batch(patches: int) -> None:
            self.cancel.raise_if_cancelled()
            if begun.runs_ahead:
                begun.patches += patches
            else:
                self.on_batch(patches)

        yield from segment_stages(
            image(),
            self.model.predictor,
            rules,
            runner=self.runner,
            buffers=begun.buffers,
            wanted=begun.wanted,
            on_batch=on_batch,
        )

    def _look(self, window: ModelWindow, probabilities: Tensor) -> NewArrays:
        look = SceneLook(self.model.manifest)
        look.add(window.values, window.valid, probabilities, decimation=window.decimation)
        return {f"{_LOOK}{name}": counts for name, counts in look.counts().items()}

    def _part(self, name: str, window: ModelWindow, probabilities: Tensor, neighbors: Neighbors) -> NewArrays:
        stream = self.streams[name]
        return stream.pack(stream.part(window, probabilities, neighbors.blenders()[name]))


def stage_name(level: int) -> str:
    """Name of the map after a stage."""
    return f"stage_{level}"


def map_streams(model: Segmenter, scale: ReadScale, options: SegmentOptions) -> dict[str, MapStream]:
    """The maps of a run by name; all but the map itself hold classes only."""
    manifest = model.manifest
    stages = range(len(manifest.pyramid.levels)) if options.stages is not None else ()
    plain = [*(stage_name(level) for level in stages), *([PREVIEW] if options.preview is not None else [])]

    def stream(name: str, is_plain: bool) -> MapStream:
        settings = MapSettings(
            scheme=manifest.class_scheme(),
            temperature=manifest.temperature,
            min_confidence=0.0 if is_plain else options.min_confidence,
            with_confidence=options.confidence is not None and not is_plain,
            with_probabilities=options.probabilities is not None and not is_plain,
        )
        return MapStream(name, settings, scale, manifest.pyramid_value().window)

    return {MAP: stream(MAP, False), **{name: stream(name, True) for name in plain}}


def uncertainties_of(arrays: Mapping[str, NDArray[Any]]) -> Uncertainties:
    """The uncertainties of a part of the coarse pass, per level from 1 on."""
    return tuple(_by_level(arrays, _UNCERTAINTY))


def tally_part(tally: RefinementTally, arrays: Mapping[str, NDArray[Any]], window: Window) -> None:
    """Add what a part says of its refinement to the tally of a run."""
    levels = zip(_by_level(arrays, _WANTED), _by_level(arrays, _REFINED), strict=True)
    for level, (wanted, refined) in enumerate(levels, 1):
        tally.add(window, level, wanted=wanted, refined=refined)


def look_part(look: SceneLook, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Add what a part says of the scene's looks to those of a run."""
    look.join({name.removeprefix(_LOOK): array for name, array in arrays.items() if name.startswith(_LOOK)})


def _by_level(arrays: Mapping[str, NDArray[Any]], prefix: str) -> list[NDArray[Any]]:
    levels = sorted(int(name.removeprefix(prefix)) for name in arrays if name.startswith(prefix))
    return [arrays[f"{prefix}{level}"] for level in levels]
