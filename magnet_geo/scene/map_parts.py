"""What a window adds to a run, as arrays by name: its part of every map, and what the run wants to know of it.

Shapes: P patches of a level.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from magnet_geo.grid import ReadScale, Window
from magnet_geo.progressive import MapBuffers, NoPatches
from magnet_geo.scene.coarse_pass import Uncertainties, coarse_uncertainties
from magnet_geo.scene.core_map import MapSettings
from magnet_geo.scene.familiarity import SceneLook
from magnet_geo.scene.map_stream import MapStream
from magnet_geo.scene.model_window import ModelWindow
from magnet_geo.scene.options import SegmentOptions
from magnet_geo.scene.ranking import PatchRanking
from magnet_geo.scene.refinement_tally import RefinementTally
from magnet_geo.scene.segmenter import Segmenter, SelectionRules, last_stage
from magnet_geo.scene.wanted_patches import wanted_patches
from magnet_geo.scene.window_pass import Blenders

_Arrays = dict[str, NDArray[Any]]
_LOOK, _WANTED, _REFINED, _UNCERTAINTY = "look.", "wanted_", "refined_", "uncertainty_"
MAP, PREVIEW = "map", "preview"


@dataclass(frozen=True, slots=True)
class PartMaker:
    """Takes windows through the networks, for one run.

    Attributes:
        model: The model.
        scale: Scene pixels per model pixel.
        rules: Which patches are refined and which points replaced.
        ranking: Chooses the patches where they were ranked over the whole run; None otherwise.
        streams: The maps to be made, by name.
        on_start: Told how many patches a window will take.
        on_batch: Told after each batch how many patches it had.
        buffers: Memory for a window's maps, used by window after window.
    """

    model: Segmenter
    scale: ReadScale
    rules: SelectionRules
    ranking: PatchRanking | None
    streams: Mapping[str, MapStream]
    on_start: Callable[[int], None]
    on_batch: Callable[[int], None]
    buffers: MapBuffers = field(default_factory=MapBuffers)

    def coarse(self, window: ModelWindow, blenders: Blenders) -> _Arrays:
        """The coarse pass: a preview, where it is wanted, and how uncertain each patch is."""
        pyramid, arrays = self.model.manifest.pyramid_value(), _Arrays()
        rules = SelectionRules(NoPatches(), self.rules.points)
        stages = self.model.stages(
            window.values,
            window.valid,
            rules=rules,
            on_batch=self.on_batch,
            decimation=window.decimation,
            buffers=self.buffers,
        )
        coarse = next(stages)
        found = coarse_uncertainties(coarse.probabilities, window.valid, pyramid, self._wanted(window))
        if PREVIEW in self.streams:
            # Level by level, as a run without refinement: one step to the finest would interpolate otherwise.
            finest = last_stage(chain([coarse], stages))
            stream = self.streams[PREVIEW]
            arrays.update(stream.pack(stream.part(window, finest.probabilities, blenders[PREVIEW])))
        return arrays | {f"{_UNCERTAINTY}{level}": values for level, values in enumerate(found, 1)}

    def full(self, window: ModelWindow, blenders: Blenders) -> _Arrays:
        """The pass that makes the map, and one map per stage where they are wanted."""
        wanted, arrays = self._wanted(window), _Arrays()
        self.on_start(sum(int(level.sum()) for level in wanted) + 1)
        rules = self.rules
        if self.ranking is not None:
            rules = SelectionRules(self.ranking.patches(window.window), rules.points)
        stages = self.model.stages(
            window.values,
            window.valid,
            rules=rules,
            wanted=wanted,
            on_batch=self.on_batch,
            decimation=window.decimation,
            buffers=self.buffers,
        )
        probabilities = None
        for stage in stages:
            probabilities = stage.probabilities
            if stage.level:
                arrays[f"{_WANTED}{stage.level}"] = wanted[stage.level - 1]
                arrays[f"{_REFINED}{stage.level}"] = stage.refined
            name = stage_name(stage.level)
            if name in self.streams:
                stream = self.streams[name]
                arrays.update(stream.pack(stream.part(window, probabilities, blenders[name])))
        if probabilities is None:
            raise AssertionError("a pyramid has at least one level")
        look = SceneLook(self.model.manifest)
        look.add(window.values, window.valid, probabilities, decimation=window.decimation)
        arrays.update({f"{_LOOK}{name}": counts for name, counts in look.counts().items()})
        stream = self.streams[MAP]
        arrays.update(stream.pack(stream.part(window, probabilities, blenders[MAP])))
        if self.ranking is not None:
            self.ranking.window_done(window.window)
        return arrays

    def _wanted(self, window: ModelWindow) -> tuple[NDArray[np.bool_], ...]:
        return wanted_patches(window, scale=self.scale, pyramid=self.model.manifest.pyramid_value())


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
