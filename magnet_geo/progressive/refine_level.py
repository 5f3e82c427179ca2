"""Refinement of one level: patches through both networks, then the points of highest error score.

Shapes: N patches of a batch, C classes, h and w a patch's rows and columns, H and W the level's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from magnet_geo.grid import PixelRect, PyramidManner, Size
from magnet_geo.progressive.certainty import certainty
from magnet_geo.progressive.image_pyramid import ImagePyramid
from magnet_geo.progressive.points import choose_cells, median_filter, nearest_cells, nearest_pixels
from magnet_geo.progressive.predictor import Predictor
from magnet_geo.progressive.resampling import resize_bilinear, roi_align
from magnet_geo.progressive.selection_rule import PointRule


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
    """

    level: int
    image: ImagePyramid
    predictor: Predictor
    patches: Sequence[PixelRect]
    rule: PointRule
    on_batch: Callable[[int], None]


def refine_patch_points(work: LevelRefinement, cumulative: Tensor) -> None:
    """Replace points patch by patch, in place (`PointScope.PATCH`).

    The score of a cell is the mean error score of its pixels; cells compete within their patch. Towards
    neighboring patches the prediction fades to the cumulative one, as the rule says.

    Args:
        work: Level and networks; its patches tile the level.
        cumulative: (C, H, W), upsampled to the level.
    """
    size = work.image.pyramid.levels[work.level]
    for patches, refined in _refined_batches(work, cumulative):
        for patch, prediction in zip(patches, refined, strict=True):
            old = cumulative[(slice(None), *patch.slices)]
            if work.rule.n_points != 1:
                prediction = torch.where(_patch_points(work.rule, prediction, old), prediction, old)
            if work.rule.fade_px:
                prediction = torch.lerp(old, prediction, _fade(patch, size, work.rule.fade_px).to(old.device))
            old.copy_(prediction)


def refine_image_points(work: LevelRefinement, cumulative: Tensor) -> tuple[Tensor, NDArray[np.float32]]:
    """Replace the points of highest error score in all refined patches together, in place (`PointScope.IMAGE`).

    Overlapping patches are averaged. The score is taken at every network-input cell, as published.

    Args:
        work: Level and networks.
        cumulative: (C, H, W), upsampled to the level.

    Returns:
        (H, W) boolean of the points replaced and the smoothed score on its cells.
    """
    refined, inside = _assemble(work, cumulative)
    cells = work.image.pyramid.network_input
    height, width = inside.shape
    score = _cell_scores(work, refined, cumulative, inside)
    cell_of = nearest_cells(cells.height, height)[:, None] * cells.width + nearest_cells(cells.width, width)[None, :]
    pixels = np.bincount(cell_of[inside], minlength=cells.pixels).reshape(cells.height, cells.width)
    chosen_cells = choose_cells(score, pixels, work.rule.count(int(pixels.sum())))
    chosen = torch.from_numpy(chosen_cells.ravel()[cell_of] & inside).to(cumulative.device)
    torch.where(chosen, refined, cumulative, out=cumulative)
    return chosen, score


def _refined_batches(work: LevelRefinement, cumulative: Tensor) -> Iterator[tuple[Sequence[PixelRect], Tensor]]:
    """Refined predictions (N, C, h, w) at the patches' own size, batch by batch."""
    published = work.image.pyramid.manner is PyramidManner.PUBLISHED
    network_input, patch_size = work.image.pyramid.network_input, work.image.pyramid.patch
    start = 0
    while start < len(work.patches):
        # Asked anew each time: a predictor that runs out of memory takes fewer from then on.
        batch = work.patches[start : start + work.predictor.batch_size]
        start += len(batch)
        if published:
            crops = [roi_align(cumulative, patch, network_input) for patch in batch]
        else:
            crops = [cumulative[(slice(None), *patch.slices)] for patch in batch]
        refined = work.predictor.refined(
            work.level,
            scale_specific=work.predictor.scale_specific(work.image.inputs(work.level, batch)),
            cumulative=torch.stack(crops),
        )
        work.on_batch(len(batch))
        yield batch, resize_bilinear(refined, patch_size)


def _patch_points(rule: PointRule, refined: Tensor, cumulative: Tensor) -> Tensor:
    """(h, w) True at the points of one patch that take the refined prediction."""
    score = F.avg_pool2d(_error_score(refined, cumulative)[None], rule.cell_px, ceil_mode=True)[0]
    smooth = median_filter(score.cpu().numpy(), rule.smooth_kernel)
    height, width = refined.shape[-2:]
    pixels = np.outer(_cell_lengths(height, rule.cell_px), _cell_lengths(width, rule.cell_px))
    cells = torch.from_numpy(choose_cells(smooth, pixels, rule.count(height * width))).to(refined.device)
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


def _assemble(work: LevelRefinement, cumulative: Tensor) -> tuple[Tensor, NDArray[np.bool_]]:
    """The level's refined prediction (C, H, W), overlaps averaged, and where there is one (H, W)."""
    times = np.zeros(cumulative.shape[-2:], np.uint16)
    for patch in work.patches:
        times[patch.slices] += 1
    overlap = bool(times.max() > 1)
    # Where no patch lies, nothing is ever taken from the result: without overlaps it need not be cleared.
    refined = torch.zeros_like(cumulative) if overlap else torch.empty_like(cumulative)
    for patches, predictions in _refined_batches(work, cumulative):
        for patch, prediction in zip(patches, predictions, strict=True):
            part = refined[(slice(None), *patch.slices)]
            part.add_(prediction) if overlap else part.copy_(prediction)
    if overlap:
        refined /= torch.from_numpy(times.clip(min=1)).to(refined)
    return refined, times > 0


def _cell_scores(
    work: LevelRefinement, refined: Tensor, cumulative: Tensor, inside: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Smoothed error score at the pixels that the network-input cells look at, zero outside refined patches."""
    cells = work.image.pyramid.network_input
    rows = nearest_pixels(cells.height, inside.shape[0])
    cols = nearest_pixels(cells.width, inside.shape[1])
    lattice = torch.from_numpy(rows).to(refined.device)[:, None], torch.from_numpy(cols).to(refined.device)[None, :]
    score = _error_score(refined[:, lattice[0], lattice[1]], cumulative[:, lattice[0], lattice[1]])
    counted = inside[rows[:, None], cols[None, :]]
    valid = work.image.valid(work.level)
    if valid is not None:
        counted &= valid[lattice].cpu().numpy()
    return median_filter(np.where(counted, score.cpu().numpy(), np.float32(0)), work.rule.smooth_kernel)


def _error_score(refined: Tensor, cumulative: Tensor) -> Tensor:
    return certainty(refined) * (1 - certainty(cumulative))
