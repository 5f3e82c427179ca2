"""Our method: patches tile a level, each replaces its own points and fades into its neighbors.

Patches do not depend on each other, so that each can be refined as a whole in a thread of its own, in place.
Shapes: B bands, C classes, N patches of a batch, h and w a patch's rows and columns, H and W the level's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from magnet_geo.grid import MagnificationPyramid, PixelRect, Size
from magnet_geo.normalization import Normalization
from magnet_geo.progressive.buffers import MapBuffers
from magnet_geo.progressive.certainty import error_score
from magnet_geo.progressive.image_pyramid import ImagePyramid, NormalizingAffine, on_device
from magnet_geo.progressive.points import choose_smoothed_cells
from magnet_geo.progressive.resampling import block_mean, resize_bilinear
from magnet_geo.progressive.runner import ImageNetworks
from magnet_geo.progressive.selection_rule import PointRule


class DecimatedMethod:
    """Coarse to fine on a `DecimatedImage`."""

    def __init__(self, networks: ImageNetworks, buffers: MapBuffers) -> None:
        self._networks, self._buffers = networks, buffers
        self._pyramid = networks.image.pyramid

    def coarse(self) -> Tensor:
        """Return the prediction of level 0, patch by patch: (C, H, W)."""
        predictor, size = self._networks.predictor, self._pyramid.levels[0]
        cumulative = torch.zeros((predictor.num_classes, size.height, size.width), device=predictor.device)

        def predict(batch: Sequence[PixelRect]) -> None:
            for patch, probabilities in zip(batch, self._networks.scale_specific(0, batch), strict=True):
                self.cut(cumulative, patch).copy_(probabilities)

        self._networks.each_batch(predict, 0, self._pyramid.patches(0))
        return cumulative

    def upsample(self, cumulative: Tensor, level: int) -> Tensor:
        """Return the prediction so far at the size of the next level, which is refined in place: (C, H, W)."""
        upsampled = self._buffers.of_level(level, pyramid=self._pyramid, like=cumulative)
        return resize_bilinear(cumulative[None], self._pyramid.levels[level], upsampled[None])[0]

    def cut(self, upsampled: Tensor, patch: PixelRect) -> Tensor:
        """Return a view of the pixels of a patch: (C, h, w)."""
        return upsampled[(slice(None), *patch.slices)]

    def refine(
        self, upsampled: Tensor, level: int, patches: Sequence[PixelRect], rule: PointRule
    ) -> tuple[Tensor, None]:
        """Replace points of some patches of a level, in place.

        The score of a cell is the mean error score of its pixels; cells compete within their patch. Towards
        neighboring patches the prediction fades to the cumulative one, as the rule says.

        Args:
            upsampled: (C, H, W) the coarser levels' prediction.
            level: 1 or more.
            patches: Those to refine.
            rule: How many points are replaced.

        Returns:
            The level's prediction, and nothing of its points.
        """

        def refine(batch: Sequence[PixelRect]) -> None:
            old = [self.cut(upsampled, patch) for patch in batch]
            for patch, refined in zip(batch, self._networks.refined(level, batch, old), strict=True):
                self._replace_points(upsampled, level, patch, refined, rule)

        self._networks.each_batch(refine, level, patches)
        return upsampled, None

    def _replace_points(
        self, cumulative: Tensor, level: int, patch: PixelRect, refined: Tensor, rule: PointRule
    ) -> None:
        old = self.cut(cumulative, patch)
        if rule.n_points != 1:
            refined = torch.where(_patch_points(rule, refined, old), refined, old)
        if rule.fade_px:
            old.lerp_(refined, _fade(patch, self._pyramid.levels[level], rule.fade_px).to(old.device))
        else:
            old.copy_(refined)


def _patch_points(rule: PointRule, refined: Tensor, cumulative: Tensor) -> Tensor:
    """Return (h, w) True at the points of one patch that take the refined prediction."""
    score = F.avg_pool2d(error_score(refined, cumulative)[None], rule.cell_px, ceil_mode=True)[0]
    height, width = refined.shape[-2:]
    pixels = np.outer(_cell_lengths(height, rule.cell_px), _cell_lengths(width, rule.cell_px))
    chosen = choose_smoothed_cells(score.cpu().numpy(), rule.smooth_kernel, pixels, rule.count(height * width))
    cells = torch.from_numpy(chosen).to(refined.device)
    return cells.repeat_interleave(rule.cell_px, 0)[:height].repeat_interleave(rule.cell_px, 1)[:, :width]


def _fade(patch: PixelRect, size: Size, fade_px: int) -> Tensor:
    """Return the (h, w) weight of a patch's refined prediction: near 0 where it meets another patch, 1 inside."""
    rows = _ramp(patch.height, fade_px, before=patch.row > 0, after=patch.row + patch.height < size.height)
    cols = _ramp(patch.width, fade_px, before=patch.col > 0, after=patch.col + patch.width < size.width)
    return rows[:, None] * cols


def _ramp(length: int, fade_px: int, *, before: bool, after: bool) -> Tensor:
    rise = ((torch.arange(length) + 0.5) / fade_px).clamp(max=1)
    flat = torch.ones(length)
    return (rise if before else flat) * (rise.flip(0) if after else flat)


def _cell_lengths(length: int, cell: int) -> NDArray[np.int64]:
    """Return the pixels of each score cell along an axis; the last one may be cut short by the patch."""
    return np.minimum(cell, length - np.arange(0, length, cell))


class DecimatedImage(ImagePyramid):
    """Levels by averaging the valid pixels of whole blocks; what lies outside the image is invalid."""

    def __init__(
        self,
        values: NDArray[np.generic],
        valid: NDArray[np.bool_] | None,
        *,
        pyramid: MagnificationPyramid,
        normalization: Normalization,
        device: torch.device,
        decimation: int = 1,
    ) -> None:
        self.pyramid, self._affine = pyramid, NormalizingAffine(normalization, device)
        self._given = decimation
        height, width = pyramid.window.height // decimation, pyramid.window.width // decimation
        padding = (0, width - values.shape[-1], 0, height - values.shape[-2])
        # Patches are normalized when they are asked for: many of the finest ones never are.
        self._finest = _padded(on_device(values, device), padding)
        self._all_valid = not any(padding) and (valid is None or bool(valid.all()))
        if not self._all_valid:
            usable = np.ones(values.shape[-2:], np.bool_) if valid is None else valid
            self._finest_valid = _padded(on_device(usable, device), padding)
        self._means: dict[int, Tensor] = {}
        self._shares: dict[int, Tensor] = {}

    def inputs(self, level: int, patches: Sequence[PixelRect]) -> Tensor:
        """Return network inputs of some patches: (N, B, h, w) float32."""
        side = self._side(level)
        image = self._finest if side == 1 else self._mean(side)
        values = torch.stack([image[(slice(None), *patch.slices)] for patch in patches])
        if self._all_valid:
            return self._affine(values)
        share = torch.stack([self._valid_share(side)[patch.slices] for patch in patches])[:, None]
        if side > 1:
            values = values / share.clamp(min=1 / side**2)
        return self._affine(values).masked_fill_(share == 0, 0)

    def valid(self, level: int) -> Tensor | None:
        """Return the usable pixels of a level: (H, W), or None where all are."""
        if self._all_valid:
            return None
        side = self._side(level)
        if side == 0:
            times = self._given // self._decimation(level)
            return self._finest_valid.repeat_interleave(times, 0).repeat_interleave(times, 1)
        return self._valid_share(side) > 0

    def used_by(self, stream: torch.cuda.Stream) -> None:
        """Keep all levels' memory until a stream of a GPU has done what it was told."""
        self._affine.used_by(stream)
        validity = () if self._all_valid else (self._finest_valid,)
        for tensor in (self._finest, *validity, *self._means.values(), *self._shares.values()):
            tensor.record_stream(stream)

    def _decimation(self, level: int) -> int:
        return self.pyramid.window.height // self.pyramid.levels[level].height

    def _side(self, level: int) -> int:
        """Pixels of the image as given per pixel of a level, along each axis; 0 where the level is finer."""
        return self._decimation(level) // self._given

    def _mean(self, side: int) -> Tensor:
        """Mean of each block's pixels, the invalid ones taken as 0; from the next finer mean where there is one."""
        if side == 1:
            return self._finest if self._all_valid else self._finest.masked_fill(~self._finest_valid, 0)
        if side not in self._means:
            step = 2 if side % 2 == 0 else side
            self._means[side] = block_mean(self._mean(side // step), step)
        return self._means[side]

    def _valid_share(self, side: int) -> Tensor:
        """Share of valid pixels in each block: (h, w), float32, boolean for single pixels."""
        if side == 1:
            return self._finest_valid
        if side not in self._shares:
            self._shares[side] = block_mean(self._finest_valid[None], side)[0]
        return self._shares[side]


def _padded(planes: Tensor, padding: tuple[int, int, int, int]) -> Tensor:
    """Return planes with rows and columns of 0 behind them, themselves where none are needed."""
    return F.pad(planes, padding) if any(padding) else planes
