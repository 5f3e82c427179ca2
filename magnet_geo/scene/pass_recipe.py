"""`PassRecipe`: what a pass makes of its windows, the same in every process that takes some of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from magnet_geo.grid import Window
from magnet_geo.progress import CancelToken
from magnet_geo.scene.map_parts import PREVIEW, BegunWindow, PartMaker, map_streams
from magnet_geo.scene.map_stream import MapStream
from magnet_geo.scene.model_window import ModelWindow
from magnet_geo.scene.options import SegmentOptions
from magnet_geo.scene.ranking import PatchRanking, needed_decimation
from magnet_geo.scene.run_plan import RunPlan
from magnet_geo.scene.segmenter import Segmenter
from magnet_geo.scene.window_pass import MakePart

PassName = Literal["coarse", "map"]


@dataclass(frozen=True, slots=True)
class PassRecipe:
    """A pass over windows.

    Attributes:
        begin: Begins a window, ahead of its turn.
        make: Makes the part of a window.
        streams: The maps that are made, by name.
        decimation: Asked when a window is about to be read: model pixels per pixel that are needed of it.
        for_map: Whether the pass decides what is mapped; otherwise it only ranks patches.
    """

    begin: Callable[[ModelWindow], BegunWindow]
    make: MakePart[BegunWindow]
    streams: Mapping[str, MapStream]
    decimation: Callable[[Window], int]
    for_map: bool


def pass_recipe(
    name: PassName,
    model: Segmenter,
    plan: RunPlan,
    options: SegmentOptions,
    ranking: PatchRanking | None,
    *,
    cancel: CancelToken,
    on_start: Callable[[int], None] = lambda patches: None,
    on_batch: Callable[[int], None] = lambda patches: None,
) -> PassRecipe:
    """The recipe of a pass.

    Args:
        name: The pass: ``coarse`` where a preview or a ranking is wanted, or the one that makes the ``map``.
        model: The model.
        plan: The run.
        options: The user's decisions.
        ranking: Chooses the patches where they were ranked over the whole run; None otherwise.
        cancel: Looked at after each batch.
        on_start: Told how many patches a window will take.
        on_batch: Told now and then how many patches more are done.
    """
    mode = options.refine.mode if options.refine else None
    rules = model.rules("full" if mode == "share" or options.budget_s is not None else mode)
    streams = pass_streams(name, model, plan, options)
    how = model.runner, model.begins_ahead
    maker = PartMaker(model, plan.scale, rules, ranking, streams, cancel, on_start, on_batch, *how)
    pyramid = model.manifest.pyramid_value()
    if name == "coarse":
        coarsest = int(pyramid.decimation(0))
        return PassRecipe(
            maker.begin_coarse, maker.coarse, streams, lambda window: coarsest, options.preview is not None
        )
    if ranking is None:
        return PassRecipe(maker.begin, maker.full, streams, lambda window: 1, True)

    def needed(window: Window) -> int:
        return needed_decimation(pyramid, ranking.patches(window))

    return PassRecipe(maker.begin, maker.full, streams, needed, True)


def pass_streams(name: PassName, model: Segmenter, plan: RunPlan, options: SegmentOptions) -> dict[str, MapStream]:
    """The maps that one pass makes, by name."""
    streams = map_streams(model, plan.scale, options)
    return {key: stream for key, stream in streams.items() if (key == PREVIEW) == (name == "coarse")}
