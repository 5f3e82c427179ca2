"""Counts what a run refines at each level, and notes where, on a grid whose size does not grow with the scene."""

from __future__ import annotations

import base64
import zlib
from math import ceil

import numpy as np
from numpy.typing import NDArray

from magnet_geo.grid import MagnificationPyramid, Size, Window
from magnet_geo.records.refinement_record import MOST_CELLS, LevelRecord, RefinedGrid

_NOTHING = 255


class RefinementStats:
    """Takes the windows of a run, each level once."""

    def __init__(self, scene: Size, pyramid: MagnificationPyramid, *, ratio: float) -> None:
        """Begin a run.

        Args:
            scene: Size of the scene.
            pyramid: Levels of a window.
            ratio: Scene pixels per model pixel.
        """
        self._cell_px = max(1, ceil(max(scene.height, scene.width) / MOST_CELLS))
        self._shape = ceil(scene.height / self._cell_px), ceil(scene.width / self._cell_px)
        self._pixel = [pyramid.decimation(level) * ratio for level in range(1, len(pyramid.levels))]
        self._patches = [pyramid.patches(level) for level in range(1, len(pyramid.levels))]
        # Areas in scene pixels: what could be refined, and what was.
        self._areas = np.zeros((len(self._pixel), 2, *self._shape))
        self._counts = np.zeros((len(self._pixel), 2), np.int64)

    def add(self, window: Window, level: int, *, wanted: NDArray[np.bool_], refined: NDArray[np.bool_]) -> None:
        """Add one level of a window.

        Args:
            window: Step of the plan.
            level: Of the pyramid, from 1 on: level 0 is never refined.
            wanted: (P,) patches that could be refined.
            refined: (P,) those that were.
        """
        of_level, pixel = level - 1, self._pixel[level - 1]
        self._counts[of_level] += wanted.sum(), refined.sum()
        for patch, could, was in zip(self._patches[of_level], wanted, refined, strict=True):
            if not could:
                continue
            rows = self._overlaps(window.read.row, patch.row, patch.row_stop, pixel, axis=0, window=window)
            cols = self._overlaps(window.read.col, patch.col, patch.col_stop, pixel, axis=1, window=window)
            area = np.outer(rows, cols)
            self._areas[of_level, 0] += area
            if was:
                self._areas[of_level, 1] += area

    @property
    def share(self) -> float:
        """Share of all patches that was refined, 0-1."""
        wanted, refined = self._counts.sum(axis=0)
        return float(refined) / max(1, int(wanted))

    def levels(self, gsd_m: float | None) -> tuple[LevelRecord, ...]:
        """Return the record of each level from 1 on.

        Args:
            gsd_m: Pixel size of the scene; None where unknown.
        """
        return tuple(
            LevelRecord(
                level=level,
                pixel_m=None if gsd_m is None else gsd_m * pixel,
                patches=int(wanted),
                refined=int(refined),
            )
            for level, (pixel, (wanted, refined)) in enumerate(zip(self._pixel, self._counts, strict=True), 1)
        )

    def grid(self) -> RefinedGrid | None:
        """Return where the run refined; None where there is no level to refine."""
        if not self._pixel:
            return None
        return RefinedGrid(
            cell_px=self._cell_px,
            height=self._shape[0],
            width=self._shape[1],
            levels=tuple(_packed(could, was) for could, was in self._areas),
        )

    def _overlaps(
        self, origin: int, start: int, stop: int, pixel: float, *, axis: int, window: Window
    ) -> NDArray[np.float64]:
        """Length of a patch in each cell of one axis, within the window's core: neighbors overlap beyond it."""
        core = (window.core.row, window.core.row_stop) if axis == 0 else (window.core.col, window.core.col_stop)
        first, last = max(core[0], origin + start * pixel), min(core[1], origin + stop * pixel)
        edges = np.arange(self._shape[axis] + 1) * float(self._cell_px)
        lengths: NDArray[np.float64] = np.clip(np.minimum(last, edges[1:]) - np.maximum(first, edges[:-1]), 0, None)
        return lengths


def _packed(could: NDArray[np.float64], was: NDArray[np.float64]) -> str:
    percents = np.full(could.shape, _NOTHING, np.uint8)
    np.copyto(percents, np.rint(100 * was / np.maximum(could, 1e-9)).astype(np.uint8), where=could > 0)
    return base64.b64encode(zlib.compress(percents.tobytes(), 9)).decode("ascii")
