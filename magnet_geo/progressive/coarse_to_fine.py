"""The coarse-to-fine loop of MagNet on one image (paper, section 3).

Shapes: B bands, C classes, H and W the level's rows and columns, P patches of the level.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from magnet_geo.grid import PixelRect, PyramidManner, Size
from magnet_geo.progressive.certainty import patch_uncertainty, valid_patches
from magnet_geo.progressive.enlarged_map import EnlargedMap
from magnet_geo.progressive.image_pyramid import ImagePyramid
from magnet_geo.progressive.patch_queue import PatchQueue
from magnet_geo.progressive.predictor import Predictor
from magnet_geo.progressive.refine_level import (
    LevelRefinement,
    ReplacedPoints,
    refine_image_points,
    refine_patch_points,
)
from magnet_geo.progressive.resampling import resize_bilinear
from magnet_geo.progressive.selection_rule import (
    AllPatches,
    ListedPatches,
    NoPatches,
    PatchRule,
    PointRule,
    PointScope,
)


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """What stands after one level.

    Attributes:
        level: 0 is the coarsest.
        probabilities: (C, H, W) float32 cumulative prediction; the next level may write over it.
        refined: (P,) True where the level's patch was refined; empty at level 0.
        points: Which points took the refined prediction, where they competed over the whole level.
    """

    level: int
    probabilities: Tensor
    refined: NDArray[np.bool_]
    points: ReplacedPoints | None = None


class MapBuffers:
    """Memory of the cumulative maps, for image after image: fresh main memory costs more time than filling it.

    On a GPU, torch itself keeps what is freed.
    """

    def __init__(self, *, finest: FinestBuffer | None = None) -> None:
        """Begin with nothing.

        Args:
            finest: Memory of the finest level, which others may use too.
        """
        self._finest = finest or FinestBuffer()
        self._maps: dict[int, Tensor] = {}

    @classmethod
    def in_turn(cls, wait: Callable[[], object]) -> tuple[MapBuffers, MapBuffers]:
        """Make the buffers of images that come in turn, each begun, up to its finest level, beside the one before.

        Args:
            wait: Returns once nobody reads the finest map of an earlier image any more.
        """
        finest = FinestBuffer(wait)
        return cls(finest=finest), cls(finest=finest)

    def of_level(self, level: int, *, classes: int, size: Size, device: torch.device, is_finest: bool) -> Tensor:
        """(C, H, W) float32 of any values; in main memory the same each time a level asks for the same shape."""
        shape = (classes, size.height, size.width)
        if device.type != "cpu":
            return torch.empty(shape, device=device)
        if is_finest:
            return self._finest.of_shape(shape)
        held = self._maps.get(level)
        if held is None or held.shape != shape:
            held = self._maps[level] = torch.empty(shape)
        return held


class FinestBuffer:
    """The largest map by far: there is one of them, whatever else goes on."""

    def __init__(self, wait: Callable[[], object] = lambda: None) -> None:
        """Begin with nothing.

        Args:
            wait: Returns once nobody reads the map any more.
        """
        self._map, self._wait = torch.empty(0), wait

    def of_shape(self, shape: tuple[int, int, int]) -> Tensor:
        """(C, H, W) float32 of any values, once nobody reads the last ones."""
        self._wait()
        if self._map.shape != shape:
            self._map = torch.empty(shape)
        return self._map


@torch.inference_mode()
def segment_stages(
    image: ImagePyramid,
    predictor: Predictor,
    *,
    patch_rule: PatchRule,
    point_rule: PointRule,
    wanted: Sequence[NDArray[np.bool_]] | None = None,
    on_batch: Callable[[int], None] = lambda patches: None,
    buffers: MapBuffers | None = None,
    queue: PatchQueue | None = None,
) -> Iterator[Stage]:
    """Yield the cumulative prediction after each level, coarse to fine.

    Args:
        image: The image at every level.
        predictor: The networks.
        patch_rule: Which patches are refined.
        point_rule: How many of their points are replaced.
        wanted: Per level from 1 on, (P,) False for patches whose result is of no use; None where all are.
        on_batch: Called with the number of patches after each batch; may raise to stop.
        buffers: Memory for the maps of this image; those of the image before are written over.
        queue: Does patches that do not overlap, those of finer levels first; None for batch by batch.
    """
    buffers, last = buffers or MapBuffers(), len(image.pyramid.levels) - 1
    cumulative = _coarse_prediction(image, predictor, on_batch, queue)
    yield Stage(0, cumulative, np.zeros(0, dtype=np.bool_))
    for level, size in enumerate(image.pyramid.levels[1:], 1):
        coarser = EnlargedMap(cumulative, size)
        cumulative = buffers.of_level(
            level, classes=len(cumulative), size=size, device=cumulative.device, is_finest=level == last
        )
        if point_rule.scope is PointScope.PATCH:
            # Whoever refines patch by patch needs all of it anyway, and looks at it in place.
            coarser = EnlargedMap(coarser.whole(cumulative), size)
        patches = image.pyramid.patches(level)
        of_use = None if wanted is None else wanted[level - 1]
        refined = _choose_patches(level, coarser, patches, image, patch_rule, of_use, queue)
        if not refined.any():
            yield Stage(level, coarser.whole(cumulative), refined)
            continue
        work = LevelRefinement(
            level=level,
            image=image,
            predictor=predictor,
            patches=[patch for patch, chosen in zip(patches, refined, strict=True) if chosen],
            rule=point_rule,
            on_batch=on_batch,
            queue=queue,
            after=last - level,
        )
        if point_rule.scope is PointScope.PATCH:
            refine_patch_points(work, cumulative)
            yield Stage(level, cumulative, refined)
        else:
            yield Stage(level, cumulative, refined, refine_image_points(work, coarser, cumulative))


def _coarse_prediction(
    image: ImagePyramid, predictor: Predictor, on_batch: Callable[[int], None], queue: PatchQueue | None
) -> Tensor:
    pyramid = image.pyramid
    canvas = pyramid.coarse_canvas
    patches = pyramid.patches(0)
    if pyramid.manner is PyramidManner.PUBLISHED:
        probabilities = predictor.scale_specific(image.inputs(0, patches))[0]
        on_batch(1)
        return probabilities
    cumulative = torch.zeros((predictor.num_classes, canvas.height, canvas.width), device=predictor.device)

    def predict(batch: Sequence[PixelRect]) -> None:
        for patch, probabilities in zip(batch, predictor.scale_specific(image.inputs(0, batch)), strict=True):
            cumulative[(slice(None), *patch.slices)] = probabilities

    if queue is not None:
        with closing(queue.each(predict, [[patch] for patch in patches], after=len(pyramid.levels) - 1)) as done:
            for _ in done:
                on_batch(1)
        return cumulative
    start = 0
    while start < len(patches):
        batch = patches[start : start + predictor.batch_size]
        start += len(batch)
        predict(batch)
        on_batch(len(batch))
    return cumulative


def _choose_patches(
    level: int,
    coarser: EnlargedMap,
    patches: Sequence[PixelRect],
    image: ImagePyramid,
    rule: PatchRule,
    of_use: NDArray[np.bool_] | None,
    queue: PatchQueue | None,
) -> NDArray[np.bool_]:
    valid, last = image.valid(level), len(image.pyramid.levels) - 1
    if isinstance(rule, AllPatches | ListedPatches | NoPatches):
        uncertainty = valid_patches(patches, valid)
        if of_use is not None:
            uncertainty = np.where(of_use, uncertainty, np.nan)
    else:
        uncertainty = patch_uncertainty(coarser.cut, patches, valid, of_use=of_use, queue=queue, after=last - level)
    return rule.choose(level, uncertainty)


def full_size(stage: Stage, size: Size) -> Tensor:
    """The stage's probabilities at the size of the finest level: (C, H, W) float32."""
    return resize_bilinear(stage.probabilities[None], size)[0]
