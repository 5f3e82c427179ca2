"""Where a run's CPU seconds go: functions of the library timed in the threads that run them, without what they call.

A stage's time leaves out that of stages inside it: together with "the rest" they add up to the process's CPU seconds.
Networks count with all threads of torch that compute them; other stages with their own thread, so that what OpenMP and
OpenCV do for them in other threads is part of the rest. Where nothing else goes on, all threads count.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from importlib import import_module
from inspect import isgeneratorfunction
from typing import Any
from unittest.mock import patch

import torch

Clock = Callable[[], float]


def _networks() -> float:
    return time.thread_time() * torch.get_num_threads()


_own, _all = time.thread_time, time.process_time

#: Stage, its clock, then module and names that belong to it. A generator counts what it takes to give its next item.
STAGES: tuple[tuple[str, Clock, str, tuple[str, ...]], ...] = (
    ("planning", _all, "magnet_geo.scene.segment", ("plan_run", "resume_or_start")),
    ("reading pixels", _own, "magnet_geo.scene.window.reader", ("_Lane._read",)),
    (
        "image levels and patches",
        _own,
        "magnet_geo.progressive.decimated",
        ("DecimatedImage.__init__", "DecimatedImage.inputs"),
    ),
    (
        "image levels and patches",
        _own,
        "magnet_geo.progressive.published",
        ("PublishedImage.__init__", "PublishedImage.inputs"),
    ),
    ("backbone and softmax", _networks, "magnet_geo.progressive.predictor", ("NetworkPredictor._scale_specific",)),
    ("refinement and softmax", _networks, "magnet_geo.progressive.predictor", ("NetworkPredictor._refined",)),
    ("resizing and cropping maps", _own, "magnet_geo.progressive.coarse_to_fine", ("resize_bilinear",)),
    ("resizing and cropping maps", _own, "magnet_geo.progressive.decimated", ("resize_bilinear",)),
    ("resizing and cropping maps", _own, "magnet_geo.progressive.published", ("resize_bilinear",)),
    (
        "resizing and cropping maps",
        _own,
        "magnet_geo.progressive.upsampled_map",
        ("UpsampledMap.whole", "UpsampledMap.crop", "UpsampledMap.at", "UpsampledMap.strip"),
    ),
    ("choosing patches and points", _own, "magnet_geo.progressive.coarse_to_fine", ("_uncertainty",)),
    ("choosing patches and points", _own, "magnet_geo.progressive.certainty", ("_mean_uncertainty",)),
    ("choosing patches and points", _own, "magnet_geo.progressive.decimated", ("choose_smoothed_cells",)),
    (
        "choosing patches and points",
        _own,
        "magnet_geo.progressive.published",
        ("PublishedMethod._cell_scores", "choose_smoothed_cells"),
    ),
    ("replacing points", _own, "magnet_geo.progressive.decimated", ("DecimatedMethod._replace_points",)),
    ("replacing points", _own, "magnet_geo.progressive.published", ("PublishedMethod.refine",)),
    ("joining windows, classes", _own, "magnet_geo.scene.window.mapper", ("MapMapper.chunk", "CoarseMapper.chunk")),
    (
        "keeping finished windows",
        _own,
        "magnet_geo.scene.window.pipeline",
        ("_ChunkWriter._keep",),
    ),
    ("assembling the raster", _all, "magnet_geo.scene.run", ("assemble",)),
    ("writing the COG with overviews", _all, "magnet_geo.scene.outputs", ("MapWriter.prepare", "MapWriter.publish")),
)


class StageClock:
    """Seconds per stage, exclusive."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._adding = threading.Lock()
        # Per thread: CPU seconds of the stages inside each stage that is running.
        self._of_thread = threading.local()

    @contextmanager
    def running(self) -> Iterator[dict[str, float]]:
        """Time all stages within a ``with`` block; yields the seconds, complete at its end with "the rest"."""
        started = time.process_time()
        patches = [self._patch(stage, clock, module, name) for stage, clock, module, names in STAGES for name in names]
        for one in patches:
            one.start()
        try:
            yield self.seconds
        finally:
            for one in patches:
                one.stop()
            self.seconds["the rest"] = time.process_time() - started - sum(self.seconds.values())

    def _patch(self, stage: str, clock: Clock, module: str, name: str) -> Any:
        holder, _, attribute = name.rpartition(".")
        owner = getattr(import_module(module), holder) if holder else import_module(module)
        return patch.object(owner, attribute, self._timed(stage, clock, getattr(owner, attribute)))

    def _timed(self, stage: str, clock: Clock, function: Callable[..., Any]) -> Callable[..., Any]:
        if isgeneratorfunction(function):

            @wraps(function)
            def generate(*args: Any, **kwargs: Any) -> Iterator[Any]:
                items = function(*args, **kwargs)
                with self._stage(stage, clock):
                    item = next(items, self)
                while item is not self:
                    yield item
                    with self._stage(stage, clock):
                        item = next(items, self)

            return generate

        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            with self._stage(stage, clock):
                return function(*args, **kwargs)

        return call

    @contextmanager
    def _stage(self, stage: str, clock: Clock) -> Iterator[None]:
        inner: list[float] = self._of_thread.__dict__.setdefault("inner", [0.0])
        inner.append(0.0)
        started = clock()
        try:
            yield
        finally:
            whole = clock() - started
            with self._adding:
                self.seconds[stage] += whole - inner.pop()
            inner[-1] += whole
