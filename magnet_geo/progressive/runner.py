"""How patches go through the networks: side by side on a CPU's cores, or batch by batch on a GPU.

Shapes: N patches of a batch, B bands, C classes, h and w a patch's rows and columns.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol, TypeVar

import torch
from torch import Tensor

from magnet_geo.compute.patch_executor import PatchExecutor
from magnet_geo.grid import PixelRect
from magnet_geo.progressive.image_pyramid import ImagePyramid
from magnet_geo.progressive.predictor import Predictor

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")


class Runner(Protocol):
    """Calls functions of batches of patches; `PatchExecutor` and `BatchRunner` are the two.

    Attributes:
        is_patchwise: Whether patches come one by one, so that other work may come between two of them.
    """

    is_patchwise: bool

    def batches(self, items: Sequence[ItemT]) -> Iterable[Sequence[ItemT]]:
        """Return what is computed at a time."""
        ...

    def imap(
        self, function: Callable[[ItemT], ResultT], items: Iterable[ItemT], *, priority: int = 0
    ) -> Generator[ResultT]:
        """Yield a function's results in the order of its items; the lowest priority runs first."""
        ...

    def imap_unordered(
        self, function: Callable[[ItemT], ResultT], items: Iterable[ItemT], *, priority: int = 0
    ) -> Generator[ResultT]:
        """Yield a function's results as they come; the lowest priority runs first."""
        ...


class BatchRunner(Runner):
    """Whole batches one after the other, in the thread that asks."""

    is_patchwise = False

    def __init__(self, predictor: Predictor) -> None:
        """Take the size of batches from a predictor."""
        self._predictor = predictor

    def batches(self, items: Sequence[ItemT]) -> Iterator[Sequence[ItemT]]:
        """Yield batches; a predictor that runs out of memory takes smaller ones from then on."""
        start = 0
        while start < len(items):
            batch = items[start : start + self._predictor.batch_size]
            start += len(batch)
            yield batch

    def imap(
        self, function: Callable[[ItemT], ResultT], items: Iterable[ItemT], *, priority: int = 0
    ) -> Generator[ResultT]:
        """Yield a function's results in the order of its items."""
        for item in items:
            yield function(item)

    def imap_unordered(
        self, function: Callable[[ItemT], ResultT], items: Iterable[ItemT], *, priority: int = 0
    ) -> Generator[ResultT]:
        """Yield a function's results in the order of its items, as good as any."""
        return self.imap(function, items, priority=priority)


def choose_runner(predictor: Predictor) -> Runner:
    """Return the runner for a predictor's device."""
    return PatchExecutor(predictor.batch_size) if predictor.device.type == "cpu" else BatchRunner(predictor)


@dataclass(frozen=True, slots=True, eq=False)
class ImageNetworks:
    """The networks on the patches of one image.

    Attributes:
        image: Where patches are cut from.
        predictor: The networks.
        runner: Does the patches; those of finer levels first.
        on_batch: Called with the number of patches after each batch; may raise to stop.
    """

    image: ImagePyramid
    predictor: Predictor
    runner: Runner
    on_batch: Callable[[int], None]

    def scale_specific(self, level: int, batch: Sequence[PixelRect]) -> Tensor:
        """Return the backbone's predictions of some patches: (N, C, h, w)."""
        return self.predictor.scale_specific(self.image.inputs(level, batch))

    def refined(self, level: int, batch: Sequence[PixelRect], cumulative: Sequence[Tensor]) -> Tensor:
        """Return the refined predictions of some patches: (N, C, h, w).

        Args:
            level: 1 or more.
            batch: The patches.
            cumulative: (C, h, w) each, the coarser levels' prediction there.
        """
        return self.predictor.refined(
            level,
            scale_specific=self.scale_specific(level, batch),
            cumulative=torch.stack(tuple(cumulative)) if len(cumulative) > 1 else cumulative[0][None],
        )

    def each_batch(
        self, function: Callable[[Sequence[PixelRect]], object], level: int, patches: Sequence[PixelRect]
    ) -> None:
        """Call a function with all patches of a level, in batches that may come in any order, in any thread."""

        def run(batch: Sequence[PixelRect]) -> int:
            function(batch)
            return len(batch)

        batches = self.runner.batches(patches)
        with closing(self.runner.imap_unordered(run, batches, priority=self.priority(level))) as done:
            for count in done:
                self.on_batch(count)

    def in_order(
        self, function: Callable[[Sequence[PixelRect]], Tensor], level: int, patches: Sequence[PixelRect]
    ) -> Iterator[tuple[PixelRect, Tensor]]:
        """Yield each patch of a level with its part of the (N, C, h, w) that a function of batches returns."""

        def run(batch: Sequence[PixelRect]) -> tuple[Sequence[PixelRect], Tensor]:
            return batch, function(batch)

        batches = self.runner.batches(patches)
        with closing(self.runner.imap(run, batches, priority=self.priority(level))) as done:
            for batch, results in done:
                yield from zip(batch, results, strict=True)
                self.on_batch(len(batch))

    def priority(self, level: int) -> int:
        """Return when patches of a level come, lower first: what the finest levels finish makes room."""
        return len(self.image.pyramid.levels) - 1 - level
