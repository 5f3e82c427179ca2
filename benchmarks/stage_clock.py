"""Where a run's seconds go: functions of the library timed in the thread that computes, each without what it calls.

A stage's time leaves out that of stages inside it: together with "the rest" they add up to the whole.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from importlib import import_module
from inspect import isgeneratorfunction
from typing import Any
from unittest.mock import patch

#: Stage, then module and names that belong to it. A generator counts what it takes to give its next item.
STAGES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("waiting for pixels", "magnet_geo.scene.window_loader", ("WindowLoader.load",)),
    (
        "image levels and patches",
        "magnet_geo.progressive.image_pyramid",
        ("DecimatedImage.__init__", "DecimatedImage.inputs", "PublishedImage.__init__", "PublishedImage.inputs"),
    ),
    ("backbone and softmax", "magnet_geo.progressive.predictor", ("NetworkPredictor.scale_specific",)),
    ("refinement and softmax", "magnet_geo.progressive.predictor", ("NetworkPredictor.refined",)),
    ("resizing and cropping maps", "magnet_geo.progressive.coarse_to_fine", ("resize_bilinear",)),
    ("resizing and cropping maps", "magnet_geo.progressive.refine_level", ("resize_bilinear",)),
    (
        "resizing and cropping maps",
        "magnet_geo.progressive.enlarged_map",
        ("EnlargedMap.whole", "EnlargedMap.crop", "EnlargedMap.at", "EnlargedMap.strip"),
    ),
    ("choosing patches and points", "magnet_geo.progressive.coarse_to_fine", ("_choose_patches",)),
    ("choosing patches and points", "magnet_geo.progressive.refine_level", ("_cell_scores", "choose_smoothed_cells")),
    ("replacing points", "magnet_geo.progressive.coarse_to_fine", ("refine_patch_points", "refine_image_points")),
    ("joining windows, classes", "magnet_geo.scene.map_stream", ("make_core_map", "resize_bilinear")),
    (
        "waiting for finished windows to be kept",
        "magnet_geo.scene.part_writer",
        ("PartWriter.put", "PartWriter.__exit__"),
    ),
    ("assembling the raster", "magnet_geo.scene.map_run", ("assemble",)),
    ("writing the COG with overviews", "magnet_geo.scene.map_writer", ("MapWriter.prepare", "MapWriter.publish")),
)


class StageClock:
    """Seconds per stage, exclusive."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._inner = [0.0]

    @contextmanager
    def running(self) -> Iterator[dict[str, float]]:
        """Time all stages within a ``with`` block; yields the seconds, complete at its end with "the rest"."""
        started = time.perf_counter()
        patches = [self._patch(stage, module, name) for stage, module, names in STAGES for name in names]
        for one in patches:
            one.start()
        try:
            yield self.seconds
        finally:
            for one in patches:
                one.stop()
            self.seconds["the rest"] = time.perf_counter() - started - sum(self.seconds.values())

    def _patch(self, stage: str, module: str, name: str) -> Any:
        holder, _, attribute = name.rpartition(".")
        owner = getattr(import_module(module), holder) if holder else import_module(module)
        return patch.object(owner, attribute, self._timed(stage, getattr(owner, attribute)))

    def _timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        if isgeneratorfunction(function):

            @wraps(function)
            def generate(*args: Any, **kwargs: Any) -> Iterator[Any]:
                items = function(*args, **kwargs)
                with self._stage(stage):
                    item = next(items, self)
                while item is not self:
                    yield item
                    with self._stage(stage):
                        item = next(items, self)

            return generate

        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            with self._stage(stage):
                return function(*args, **kwargs)

        return call

    @contextmanager
    def _stage(self, stage: str) -> Iterator[None]:
        self._inner.append(0.0)
        started = time.perf_counter()
        try:
            yield
        finally:
            whole = time.perf_counter() - started
            self.seconds[stage] += whole - self._inner.pop()
            self._inner[-1] += whole
