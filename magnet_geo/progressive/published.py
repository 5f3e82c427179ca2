"""The paper's method: patches may overlap, and the points of all patches of a level compete with each other.

Patches are stretched to the network's input, the coarser prediction is cropped to them by RoI-align; overlaps are
averaged. Shapes: B bands, C classes, N patches of a batch, h and w the network's input, H and W the level.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from magnet_geo.grid import MagnificationPyramid, PixelRect, Size
from magnet_geo.normalization import Normalization
from magnet_geo.progressive.buffers import MapBuffers
from magnet_geo.progressive.certainty import error_score
from magnet_geo.progressive.image_pyramid import ImagePyramid, NormalizingAffine, on_device
from magnet_geo.progressive.points import choose_smoothed_cells, nearest_cells, nearest_pixels
from magnet_geo.progressive.resampling import resize_bilinear
from magnet_geo.progressive.runner import ImageNetworks
from magnet_geo.progressive.selection_rule import PointRule
from magnet_geo.progressive.upsampled_map import UpsampledMap

_SCORE_ROWS = 64


@dataclass(frozen=True, slots=True, eq=False)
class ReplacedPoints:
    """Which points of a level took the refined prediction.

    Attributes:
        score: Error score on the network-input cells, zero outside refined patches.
        cells: Cells chosen, of the same shape.
        coverage: Where the refined patches lie.
        size: H and W.
    """

    score: NDArray[np.float32]
    cells: NDArray[np.bool_]
    coverage: Coverage
    size: Size

    def pixels(self, rows: slice = slice(None)) -> NDArray[np.bool_]:
        """Return True where a pixel was replaced, in some rows: (rows, W)."""
        height, width = self.cells.shape
        cell_rows = nearest_cells(height, self.size.height)[rows]
        chosen = self.cells[cell_rows][:, nearest_cells(width, self.size.width)]
        return chosen & (self.coverage.times(rows, slice(None)) > 0)


class PublishedMethod:
    """Coarse to fine on a `PublishedImage`."""

    def __init__(self, networks: ImageNetworks, buffers: MapBuffers) -> None:
        self._networks, self._buffers = networks, buffers
        self._pyramid = networks.image.pyramid

    def coarse(self) -> Tensor:
        """Return the prediction of the whole image at the network's input size: (C, h, w)."""
        probabilities = self._networks.scale_specific(0, self._pyramid.patches(0))[0]
        self._networks.on_batch(1)
        return probabilities

    def upsample(self, cumulative: Tensor, level: int) -> UpsampledMap:
        """Return the prediction so far at the size of the next level, computed where it is looked at."""
        return UpsampledMap(cumulative, self._pyramid.levels[level])

    def cut(self, upsampled: UpsampledMap, patch: PixelRect) -> Tensor:
        """Return the pixels of a patch, C outermost."""
        return upsampled.cut(patch)

    def refine(
        self, upsampled: UpsampledMap, level: int, patches: Sequence[PixelRect], rule: PointRule
    ) -> tuple[Tensor, ReplacedPoints | None]:
        """Replace the points of highest error score in some patches of a level, all patches together.

        The score is taken at every network-input cell. The level's map is filled with the refined prediction, in which
        points that are not chosen go back to the coarser one.

        Args:
            upsampled: The coarser levels' prediction.
            level: 1 or more.
            patches: Those to refine.
            rule: How many points are replaced.

        Returns:
            (C, H, W) the level's prediction, and which points were replaced.
        """
        cumulative = self._buffers.of_level(level, pyramid=self._pyramid, like=upsampled.maps)
        if not patches:
            return upsampled.whole(cumulative), None
        coverage = Coverage(patches, upsampled.size)
        self._assemble(upsampled, level, patches, coverage, cumulative)
        score = self._cell_scores(upsampled, level, coverage, cumulative)
        pixels = coverage.pixels_per_cell(self._pyramid.network_input)
        chosen = choose_smoothed_cells(score, rule.smooth_kernel, pixels, rule.count(int(pixels.sum())))
        points = ReplacedPoints(score, chosen, coverage, upsampled.size)
        for rows in upsampled.strips():
            replaced = points.pixels(rows)
            if not replaced.all():
                strip = cumulative[:, rows]
                torch.where(torch.from_numpy(replaced).to(strip.device), strip, upsampled.strip(rows), out=strip)
        return cumulative, points

    def _assemble(
        self,
        upsampled: UpsampledMap,
        level: int,
        patches: Sequence[PixelRect],
        coverage: Coverage,
        into: Tensor,
    ) -> None:
        """Fill a map with the level's refined prediction where there is one, overlaps averaged."""

        def refined(batch: Sequence[PixelRect]) -> Tensor:
            crops = [upsampled.crop(patch, self._pyramid.network_input) for patch in batch]
            return self._networks.refined(level, batch, crops)

        def place(batch: Sequence[PixelRect]) -> None:
            for patch, prediction in zip(batch, refined(batch), strict=True):
                resize_bilinear(prediction[None], patch.size, into[(None, slice(None), *patch.slices)])

        if not coverage.overlaps:
            self._networks.each_batch(place, level, patches)
            return
        into.zero_()
        # What is summed is summed in one order, so that each run gives the same bytes.
        for patch, prediction in self._networks.in_order(refined, level, patches):
            into[(slice(None), *patch.slices)].add_(resize_bilinear(prediction[None], patch.size)[0])
        for rows in upsampled.strips():
            into[:, rows] /= torch.from_numpy(coverage.times(rows, slice(None)).clip(min=1)).to(into)

    def _cell_scores(
        self, upsampled: UpsampledMap, level: int, coverage: Coverage, refined: Tensor
    ) -> NDArray[np.float32]:
        """Return the error score at the pixels that the network-input cells look at, zero outside refined patches."""
        cells, size = self._pyramid.network_input, upsampled.size
        rows, cols = nearest_pixels(cells.height, size.height), nearest_pixels(cells.width, size.width)
        counted = coverage.times(rows, cols) > 0
        across = torch.from_numpy(cols)
        valid = self._networks.image.valid(level)
        score = np.empty(counted.shape, np.float32)
        for first in range(0, cells.height, _SCORE_ROWS):
            down = torch.from_numpy(rows[first : first + _SCORE_ROWS])
            lattice = down.to(refined.device)[:, None], across.to(refined.device)[None, :]
            part = error_score(refined[:, lattice[0], lattice[1]], upsampled.at(rows=down, cols=across))
            score[first : first + _SCORE_ROWS] = part.cpu().numpy()
            if valid is not None:
                counted[first : first + _SCORE_ROWS] &= valid[lattice].cpu().numpy()
        return np.where(counted, score, np.float32(0))


class Coverage:
    """How many of some patches cover each pixel of a level.

    Patches lie on a lattice, so that few rows differ, and few columns.

    Attributes:
        overlaps: Whether any pixel is covered more than once.
    """

    def __init__(self, patches: Sequence[PixelRect], size: Size) -> None:
        self._size = size
        self._row_kinds = _kinds([(patch.row, patch.row + patch.height) for patch in patches], size.height)
        self._col_kinds = _kinds([(patch.col, patch.col + patch.width) for patch in patches], size.width)
        self._times = np.zeros((self._row_kinds[-1] + 1, self._col_kinds[-1] + 1), np.int64)
        for patch in patches:
            rows, cols = (kinds[part] for kinds, part in zip(self._kinds, patch.slices, strict=True))
            self._times[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1] += 1
        self.overlaps = bool(self._times.max() > 1)

    @property
    def _kinds(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        return self._row_kinds, self._col_kinds

    def times(self, rows: slice | NDArray[np.int64], cols: slice | NDArray[np.int64]) -> NDArray[np.int64]:
        """Count the patches that cover the pixels where some rows and columns cross: (rows, columns)."""
        return self._times[self._row_kinds[rows]][:, self._col_kinds[cols]]

    def pixels_per_cell(self, cells: Size) -> NDArray[np.int64]:
        """Count the covered pixels that are nearest to each cell: (cells.height, cells.width)."""
        rows = _shares(self._row_kinds, nearest_cells(cells.height, self._size.height), cells.height)
        cols = _shares(self._col_kinds, nearest_cells(cells.width, self._size.width), cells.width)
        return rows.T @ (self._times > 0).astype(np.int64) @ cols


def _kinds(spans: Sequence[tuple[int, int]], length: int) -> NDArray[np.int64]:
    """Number the stretches along an axis over which nothing begins or ends: (length,)."""
    edges = np.unique([edge for span in spans for edge in span])
    return np.searchsorted(edges, np.arange(length), side="right")


def _shares(kinds: NDArray[np.int64], owners: NDArray[np.int64], cells: int) -> NDArray[np.int64]:
    """Return (kinds, cells), how many positions along an axis are of a kind and belong to a cell."""
    shares = np.zeros((kinds[-1] + 1, cells), np.int64)
    np.add.at(shares, (kinds, owners), 1)
    return shares


class PublishedImage(ImagePyramid):
    """Levels by OpenCV's bilinear rule without antialiasing, in the image's own dtype, as published."""

    def __init__(
        self,
        values: NDArray[np.generic],
        valid: NDArray[np.bool_] | None,
        *,
        pyramid: MagnificationPyramid,
        normalization: Normalization,
        device: torch.device,
    ) -> None:
        self.pyramid = pyramid
        self._affine = NormalizingAffine(normalization, device)
        self._device = device
        self._image = np.ascontiguousarray(np.moveaxis(values, 0, -1))
        self._valid = None if valid is None or valid.all() else valid
        if self._valid is not None:
            self._image = self._image.copy()
            self._image[~self._valid] = np.asarray(normalization.mean) * 255
        self._level = (-1, self._image)

    def inputs(self, level: int, patches: Sequence[PixelRect]) -> Tensor:
        """Return network inputs of some patches: (N, B, h, w) float32."""
        if self._level[0] != level:
            self._level = level, _resize_hwc(self._image, self.pyramid.levels[level], cv2.INTER_LINEAR)
        image = self._level[1]
        crops = [_resize_hwc(image[patch.slices], self.pyramid.network_input, cv2.INTER_LINEAR) for patch in patches]
        return self._affine(on_device(np.stack(crops), self._device).permute(0, 3, 1, 2))

    def valid(self, level: int) -> Tensor | None:
        """Return the usable pixels of a level: (H, W), or None where all are."""
        if self._valid is None:
            return None
        size = self.pyramid.levels[level]
        nearest = cv2.resize(self._valid.astype(np.uint8), (size.width, size.height), interpolation=cv2.INTER_NEAREST)
        return torch.from_numpy(nearest > 0).to(self._device)

    def used_by(self, stream: torch.cuda.Stream) -> None:
        """Keep what is on the device already; crops go there when they are asked for."""
        self._affine.used_by(stream)


def _resize_hwc(image: NDArray[Any], size: Size, interpolation: int) -> NDArray[Any]:
    if image.shape[:2] == (size.height, size.width):
        return image
    resized = np.asarray(cv2.resize(image, (size.width, size.height), interpolation=interpolation))
    return resized.reshape(size.height, size.width, -1)
