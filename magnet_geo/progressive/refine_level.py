"""Refinement of one level: patches through both networks, then the points of highest error score.

Shapes: N patches of a batch, C classes, h and w a patch's rows and columns, H and W the level's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from magnet_geo.grid import PixelRect, PyramidManner, Size
from magnet_geo.progressive.certainty import certainty
from magnet_geo.progressive.enlarged_map import EnlargedMap
from magnet_geo.progressive.image_pyramid import ImagePyramid
from magnet_geo.progressive.patch_cover import PatchCover
from magnet_geo.progressive.patch_queue import PatchQueue
from magnet_geo.progressive.points import choose_smoothed_cells, nearest_cells, nearest_pixels
from magnet_geo.progressive.predictor import Predictor
from magnet_geo.progressive.resampling import resize_bilinear
from magnet_geo.progressive.selection_rule import PointRule

_SCORE_ROWS = 64


@dataclass(frozen=True, slots=True, eq=False)
class LevelRefinement:
    """What refining a level needs.

    Attributes:
        level: 1 or more.
        image: Where patches are cut from.
        predictor: The networks.
        patches: The patches to refine, at least one.
        rule: How many points are replaced.
        on_batch: Called with the number of patches after each batch.
        queue: Where patches that do not overlap are refined side by side; None for batch by batch.
        after: What comes first in the queue.
    """

    level: int
    image: ImagePyramid
    predictor: Predictor
    patches: Sequence[PixelRect]
    rule: PointRule
    on_batch: Callable[[int], None]
    queue: PatchQueue | None = None
    after: int = 0


def refine_patch_points(work: LevelRefinement, cumulative: Tensor) -> None:
    """Replace points patch by patch, in place (`PointScope.PATCH`).

    The score of a cell is the mean error score of its pixels; cells compete within their patch. Towards
    neighboring patches the prediction fades to the cumulative one, as the rule says.

    Args:
        work: Level and networks; its patches tile the level.
        cumulative: (C, H, W), upsampled to the level.
    """
    coarser = EnlargedMap(cumulative, work.image.pyramid.levels[work.level])
    _refine_patches(work, coarser, lambda patch, refined: _replace_points(work, patch, refined, cumulative), work.queue)


@dataclass(frozen=True, slots=True, eq=False)
class ReplacedPoints:
    """Which points of a level took the refined prediction (`PointScope.IMAGE`).

    Attributes:
        score: Error score on the network-input cells, zero outside refined patches.
        cells: Cells chosen, of the same shape.
        cover: Where the refined patches lie.
        size: H and W.
    """

    score: NDArray[np.float32]
    cells: NDArray[np.bool_]
    cover: PatchCover
    size: Size

    def pixels(self, rows: slice = slice(None)) -> NDArray[np.bool_]:
        """True where a pixel was replaced, in some rows: (rows, W)."""
        height, width = self.cells.shape
        cell_rows = nearest_cells(height, self.size.height)[rows]
        chosen = self.cells[cell_rows][:, nearest_cells(width, self.size.width)]
        return chosen & (self.cover.times(rows, slice(None)) > 0)


def refine_image_points(work: LevelRefinement, coarser: EnlargedMap, cumulative: Tensor) -> ReplacedPoints:
    """Replace the points of highest error score in all refined patches together (`PointScope.IMAGE`).

    Overlapping patches are averaged. The score is taken at every network-input cell, as published. The level's map
    is filled with the refined prediction, in which points that are not chosen go back to the coarser one.

    Args:
        work: Level and networks.
        coarser: The coarser levels' prediction, at the level's size.
        cumulative: (C, H, W) float32 of any values, for the level's prediction.

    Returns:
        The points replaced.
    """
    size = coarser.size
    cover = PatchCover(work.patches, size)
    _assemble(work, coarser, cover, cumulative)
    score = _cell_scores(work, coarser, cover, cumulative)
    pixels = cover.pixels_per_cell(work.image.pyramid.network_input)
    chosen = choose_smoothed_cells(score, work.rule.smooth_kernel, pixels, work.rule.count(int(pixels.sum())))
    points = ReplacedPoints(score, chosen, cover, size)
    for rows in coarser.strips():
        replaced = points.pixels(rows)
        if not replaced.all():
            strip = cumulative[:, rows]
            torch.where(torch.from_numpy(replaced).to(strip.device), strip, coarser.strip(rows), out=strip)
    return points


def _refine_patches(
    work: LevelRefinement,
    coarser: EnlargedMap,
    place: Callable[[PixelRect, Tensor], object],
    queue: PatchQueue | None,
) -> None:
    """Refine all patches.

    Args:
        work: Level and networks.
        coarser: The coarser levels' prediction, at the level's size.
        place: Takes each patch and its refined prediction, (C, h, w) at the network's input size.
        queue: Does the patches, in any order, each with its place; None for batch by batch.
    """
    if queue is not None:

        def refine(patch: PixelRect) -> None:
            place(patch, _refined(work, [patch], coarser)[0])

        with closing(queue.each(refine, work.patches, after=work.after)) as done:
            for _ in done:
                work.on_batch(1)
        return
    start = 0
    while start < len(work.patches):
        # Asked anew each time: a predictor that runs out of memory takes fewer from then on.
        batch = work.patches[start : start + work.predictor.batch_size]
        start += len(batch)
        for patch, prediction in zip(batch, _refined(work, batch, coarser), strict=True):
            place(patch, prediction)
        work.on_batch(len(batch))


def _refined(work: LevelRefinement, batch: Sequence[PixelRect], coarser: EnlargedMap) -> Tensor:
    published, network_input = work.image.pyramid.manner is PyramidManner.PUBLISHED, work.image.pyramid.network_input
    crops = [coarser.crop(patch, network_input) if published else coarser.cut(patch) for patch in batch]
    return work.predictor.refined(
        work.level,
        scale_specific=work.predictor.scale_specific(work.image.inputs(work.level, batch)),
        cumulative=torch.stack(crops) if len(crops) > 1 else crops[0][None],
    )


def _replace_points(work: LevelRefinement, patch: PixelRect, refined: Tensor, cumulative: Tensor) -> None:
    rule, old = work.rule, cumulative[(slice(None), *patch.slices)]
    refined = resize_bilinear(refined[None], patch.size)[0]
    if rule.n_points != 1:
        refined = torch.where(_patch_points(rule, refined, old), refined, old)
    if rule.fade_px:
        old.lerp_(refined, _fade(patch, work.image.pyramid.levels[work.level], rule.fade_px).to(old.device))
    else:
        old.copy_(refined)


def _patch_points(rule: PointRule, refined: Tensor, cumulative: Tensor) -> Tensor:
    """(h, w) True at the points of one patch that take the refined prediction."""
    score = F.avg_pool2d(_error_score(refined, cumulative)[None], rule.cell_px, ceil_mode=True)[0]
    height, width = refined.shape[-2:]
    pixels = np.outer(_cell_lengths(height, rule.cell_px), _cell_lengths(width, rule.cell_px))
    chosen = choose_smoothed_cells(score.cpu().numpy(), rule.smooth_kernel, pixels, rule.count(height * width))
    cells = torch.from_numpy(chosen).to(refined.device)
    return cells.repeat_interleave(rule.cell_px, 0)[:height].repeat_interleave(rule.cell_px, 1)[:, :width]


def _fade(patch: PixelRect, size: Size, fade_px: int) -> Tensor:
    """(h, w) weight of a patch's refined prediction: near 0 where it meets another patch, 1 inside."""
    rows = _ramp(patch.height, fade_px, before=patch.row > 0, after=patch.row + patch.height < size.height)
    cols = _ramp(patch.width, fade_px, before=patch.col > 0, after=patch.col + patch.width < size.width)
    return rows[:, None] * cols


def _ramp(length: int, fade_px: int, *, before: bool, after: bool) -> Tensor:
    rise = ((torch.arange(length) + 0.5) / fade_px).clamp(max=1)
    flat = torch.ones(length)
    return (rise if before else flat) * (rise.flip(0) if after else flat)


def _cell_lengths(length: int, cell: int) -> NDArray[np.int64]:
    """Pixels of each score cell along an axis; the last one may be cut short by the patch."""
    return np.minimum(cell, length - np.arange(0, length, cell))


def _assemble(work: LevelRefinement, coarser: EnlargedMap, cover: PatchCover, refined: Tensor) -> None:
    """Fill a map with the level's refined prediction where there is one, overlaps averaged."""
    if cover.overlaps:
        refined.zero_()

    def place(patch: PixelRect, prediction: Tensor) -> None:
        part = refined[(slice(None), *patch.slices)]
        if cover.overlaps:
            part.add_(resize_bilinear(prediction[None], patch.size)[0])
        else:
            resize_bilinear(prediction[None], patch.size, part[None])

    # What is summed is summed in one order, so that each run gives the same bytes.
    _refine_patches(work, coarser, place, None if cover.overlaps else work.queue)
    if cover.overlaps:
        for rows in coarser.strips():
            refined[:, rows] /= torch.from_numpy(cover.times(rows, slice(None)).clip(min=1)).to(refined)


def _cell_scores(
    work: LevelRefinement, coarser: EnlargedMap, cover: PatchCover, refined: Tensor
) -> NDArray[np.float32]:
    """Error score at the pixels that the network-input cells look at, zero outside refined patches."""
    cells = work.image.pyramid.network_input
    rows, cols = nearest_pixels(cells.height, coarser.size.height), nearest_pixels(cells.width, coarser.size.width)
    counted = cover.times(rows, cols) > 0
    across = torch.from_numpy(cols)
    valid = work.image.valid(work.level)
    score = np.empty(counted.shape, np.float32)
    for first in range(0, cells.height, _SCORE_ROWS):
        down = torch.from_numpy(rows[first : first + _SCORE_ROWS])
        lattice = down.to(refined.device)[:, None], across.to(refined.device)[None, :]
        part = _error_score(refined[:, lattice[0], lattice[1]], coarser.at(rows=down, cols=across))
        score[first : first + _SCORE_ROWS] = part.cpu().numpy()
        if valid is not None:
            counted[first : first + _SCORE_ROWS] &= valid[lattice].cpu().numpy()
    return np.where(counted, score, np.float32(0))


def _error_score(refined: Tensor, cumulative: Tensor) -> Tensor:
    return certainty(refined) * (1 - certainty(cumulative))
