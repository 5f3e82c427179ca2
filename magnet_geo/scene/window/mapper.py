"""What is done to a window: `CoarseMapper` ranks its patches, `MapMapper` makes its chunk of the map.

Shapes: C classes, P patches of a level, H and W the rows and columns of a level.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from typing_extensions import override

from magnet_geo.grid import ReadScale, Window
from magnet_geo.inference.segmenter import Segmenter, last_stage
from magnet_geo.model import Manifest
from magnet_geo.progressive import MapBuffers, NoPatches, SelectionRules, Stage, segment_stages
from magnet_geo.scene.checkpoint.array_file import Arrays
from magnet_geo.scene.events import PassName, WindowEvents
from magnet_geo.scene.options import SegmentOptions
from magnet_geo.scene.plan import RunPlan
from magnet_geo.scene.refinement.selection import PatchSelector
from magnet_geo.scene.refinement.stats import RefinementStats
from magnet_geo.scene.refinement.uncertainty import Uncertainties, coarse_uncertainties
from magnet_geo.scene.window.candidates import candidate_patches
from magnet_geo.scene.window.chunk import MapProduct, MapSettings
from magnet_geo.scene.window.domain_check import DomainCheck
from magnet_geo.scene.window.model_window import ModelWindow
from magnet_geo.scene.window.pipeline import Seams, WindowMapper

_DOMAIN, _CANDIDATES, _REFINED, _UNCERTAINTY = "domain.", "candidates_", "refined_", "uncertainty_"
MAP, PREVIEW = "map", "preview"


@dataclass(slots=True, eq=False)
class BegunWindow:
    """A window up to its finest level, where patches are done one by one; otherwise, with its image on the device.

    Attributes:
        window: The window.
        candidates: Per level from 1 on, (P,) True for patches that may be refined.
        stages: What stands after each level, the first ones done already.
        patches: Counts its network passes.
    """

    window: ModelWindow
    candidates: tuple[NDArray[np.bool_], ...]
    stages: Iterator[Stage]
    patches: _PatchCount


@dataclass(frozen=True, slots=True, eq=False)
class SegmentedWindow:
    """A window whose networks are done.

    Attributes:
        window: The window.
        candidates: Per level from 1 on, (P,) True for patches that could be refined.
        refined: Those of them that were.
        coarse: (C, H, W) after level 0.
        maps: (C, H, W) probabilities of each product, at the size of the level that they stand for.
    """

    window: ModelWindow
    candidates: tuple[NDArray[np.bool_], ...]
    refined: tuple[NDArray[np.bool_], ...]
    coarse: Tensor | None
    maps: Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class CoarseMapper(WindowMapper[BegunWindow, SegmentedWindow]):
    """The cheap first pass: how uncertain each patch is, and a preview where it is wanted.

    Attributes:
        model: The model.
        scale: Scene pixels per model pixel.
        made: The preview, or nothing.
    """

    model: Segmenter
    scale: ReadScale
    made: Mapping[str, MapProduct]

    @property
    @override
    def products(self) -> Mapping[str, MapProduct]:
        return self.made

    @property
    @override
    def for_map(self) -> bool:
        return PREVIEW in self.made

    @override
    def decimation(self, window: Window) -> int:
        return int(self.model.manifest.pyramid.decimation(0))

    @override
    def begin(self, window: ModelWindow, buffers: MapBuffers, events: WindowEvents) -> BegunWindow:
        rules = SelectionRules(NoPatches(), self.model.rules("off").points)
        return _begun(self.model, window, rules, self.scale, buffers, events, levels=1)

    @override
    def finish(self, begun: BegunWindow) -> SegmentedWindow:
        begun.patches.report()
        coarse = next(begun.stages)
        maps = {}
        if PREVIEW in self.made:
            # Level by level, as a run without refinement: one step to the finest would interpolate otherwise.
            maps[PREVIEW] = last_stage(chain([coarse], begun.stages)).probabilities
        begun.stages = iter(())
        return SegmentedWindow(begun.window, begun.candidates, (), coarse.probabilities, maps)

    @override
    def chunk(self, done: SegmentedWindow, seams: Seams) -> Arrays:
        if done.coarse is None:
            raise AssertionError("a coarse pass keeps its prediction")
        pyramid = self.model.manifest.pyramid
        found = coarse_uncertainties(done.coarse, done.window.valid, pyramid, done.candidates)
        return _by_name(_UNCERTAINTY, found) | _map_chunks(self.made, done, seams)


@dataclass(frozen=True, slots=True)
class MapMapper(WindowMapper[BegunWindow, SegmentedWindow]):
    """The pass that makes the map, and one map per stage where they are wanted.

    Attributes:
        model: The model.
        scale: Scene pixels per model pixel.
        made: The maps by name, `MAP` among them.
        selector: Chooses the patches of each window.
        checks_domain: Whether to note how the window looks, for `DomainCheck`.
    """

    model: Segmenter
    scale: ReadScale
    made: Mapping[str, MapProduct]
    selector: PatchSelector
    checks_domain: bool = True

    @property
    @override
    def products(self) -> Mapping[str, MapProduct]:
        return self.made

    @property
    @override
    def for_map(self) -> bool:
        return True

    @override
    def decimation(self, window: Window) -> int:
        return self.selector.decimation(window)

    @override
    def begin(self, window: ModelWindow, buffers: MapBuffers, events: WindowEvents) -> BegunWindow:
        rules = self.selector.rules(window.window)
        levels = max(1, len(self.model.manifest.pyramid.levels) - 1)
        return _begun(self.model, window, rules, self.scale, buffers, events, levels=levels)

    @override
    def finish(self, begun: BegunWindow) -> SegmentedWindow:
        begun.patches.events.window_begun(1 + sum(int(level.sum()) for level in begun.candidates))
        begun.patches.report()
        refined, maps = [], {}
        for stage in begun.stages:
            maps[MAP] = stage.probabilities
            if stage_name(stage.level) in self.made:
                maps[stage_name(stage.level)] = stage.probabilities
            if stage.level:
                refined.append(stage.refined)
        begun.stages = iter(())
        self.selector.window_done(begun.window.window)
        return SegmentedWindow(begun.window, begun.candidates, tuple(refined), None, maps)

    @override
    def chunk(self, done: SegmentedWindow, seams: Seams) -> Arrays:
        counts = _by_name(_CANDIDATES, done.candidates) | _by_name(_REFINED, done.refined)
        if self.checks_domain:
            counts |= _domain_counts(self.model.manifest, done.window, done.maps[MAP])
        return counts | _map_chunks(self.made, done, seams)


def window_mapper(
    name: PassName, model: Segmenter, plan: RunPlan, options: SegmentOptions, selector: PatchSelector
) -> CoarseMapper | MapMapper:
    """Return the mapper of a pass, the same in every process that takes some of its windows."""
    products = pass_products(name, model, plan.scale, options)
    if name == "coarse":
        return CoarseMapper(model, plan.scale, products)
    return MapMapper(model, plan.scale, products, selector)


def stage_name(level: int) -> str:
    """Name of the map after a stage."""
    return f"stage_{level}"


def pass_products(name: PassName, model: Segmenter, scale: ReadScale, options: SegmentOptions) -> dict[str, MapProduct]:
    """Return the maps that one pass makes, by name; all but the map itself hold classes only."""
    manifest = model.manifest
    stages = range(len(manifest.pyramid.levels)) if options.stages is not None else ()
    names = [MAP, *map(stage_name, stages)]
    if name == "coarse":
        names = [PREVIEW] if options.preview is not None else []

    def product(product_name: str) -> MapProduct:
        is_map = product_name == MAP
        settings = MapSettings(
            scheme=manifest.class_scheme(),
            temperature=manifest.temperature,
            min_confidence=options.min_confidence if is_map else 0.0,
            with_confidence=options.confidence is not None and is_map,
            with_probabilities=options.probabilities is not None and is_map,
        )
        return MapProduct(product_name, settings, scale, manifest.pyramid.window)

    return {each: product(each) for each in names}


def uncertainties_of(chunk: Arrays) -> Uncertainties:
    """Return the uncertainties of a chunk of the coarse pass, per level from 1 on."""
    return tuple(_by_level(chunk, _UNCERTAINTY))


def patch_counts(chunk: Arrays) -> tuple[int, int]:
    """Return how many patches of a window could be refined, and how many were."""
    return tuple(sum(int(level.sum()) for level in _by_level(chunk, prefix)) for prefix in (_CANDIDATES, _REFINED))  # type: ignore[return-value]


def add_refinement(stats: RefinementStats, chunk: Arrays, window: Window) -> None:
    """Add what a chunk says of its refinement to the statistics of a run."""
    levels = zip(_by_level(chunk, _CANDIDATES), _by_level(chunk, _REFINED), strict=True)
    for level, (candidates, refined) in enumerate(levels, 1):
        stats.add(window, level, wanted=candidates, refined=refined)


def add_domain_counts(check: DomainCheck, chunk: Arrays) -> None:
    """Add what a chunk says of the scene's looks to those of a run."""
    check.join({name.removeprefix(_DOMAIN): array for name, array in chunk.items() if name.startswith(_DOMAIN)})


class _PatchCount:
    """Counts network passes; those that are made ahead of the window's turn are reported when it comes."""

    def __init__(self, events: WindowEvents) -> None:
        self.events = events
        self._ahead, self._is_ahead = 0, True

    def add(self, patches: int) -> None:
        self.events.raise_if_cancelled()
        if self._is_ahead:
            self._ahead += patches
        else:
            self.events.patches_done(patches)

    def report(self) -> None:
        self._is_ahead = False
        self.events.patches_done(self._ahead)


def _begun(
    model: Segmenter,
    window: ModelWindow,
    rules: SelectionRules,
    scale: ReadScale,
    buffers: MapBuffers,
    events: WindowEvents,
    *,
    levels: int,
) -> BegunWindow:
    candidates = candidate_patches(window, scale=scale, pyramid=model.manifest.pyramid)
    image = model.image_beside(window.values, window.valid, decimation=window.decimation)
    count = _PatchCount(events)

    def stages() -> Iterator[Stage]:
        yield from segment_stages(
            image(),
            model.predictor,
            rules,
            runner=model.runner,
            buffers=buffers,
            wanted=candidates,
            on_batch=count.add,
        )

    following = stages()
    coarser = list(islice(following, levels)) if model.begins_ahead else []
    return BegunWindow(window, candidates, chain(coarser, following), count)


def _domain_counts(manifest: Manifest, window: ModelWindow, probabilities: Tensor) -> dict[str, NDArray[Any]]:
    check = DomainCheck(manifest)
    check.add(window.values, window.valid, probabilities, decimation=window.decimation)
    return {f"{_DOMAIN}{name}": counts for name, counts in check.counts().items()}


def _map_chunks(products: Mapping[str, MapProduct], done: SegmentedWindow, seams: Seams) -> dict[str, NDArray[Any]]:
    packed: dict[str, NDArray[Any]] = {}
    for name, product in products.items():
        packed |= product.pack(product.chunk(done.window, done.maps[name], seams[name]))
    return packed


def _by_name(prefix: str, levels: tuple[NDArray[Any], ...]) -> dict[str, NDArray[Any]]:
    return {f"{prefix}{level}": values for level, values in enumerate(levels, 1)}


def _by_level(chunk: Arrays, prefix: str) -> list[NDArray[Any]]:
    levels = sorted(int(name.removeprefix(prefix)) for name in chunk if name.startswith(prefix))
    return [chunk[f"{prefix}{level}"] for level in levels]
