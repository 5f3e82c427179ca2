"""Scores of whole coarse-to-fine chains over cached windows.

C classes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from networks import prediction
from numpy.typing import NDArray
from tiles import CLASS_NAMES, IGNORE_INDEX, VALIDATION_TILES, Tile
from torch import Tensor, nn
from window_cache import DECIMATIONS, PYRAMID, CachedWindow, assemble, cache_window, crop_coarser

from magnet_geo.grid import Size, WindowPlan

HALO_PX = 128


def tile_windows(tile: Tile, backbone: nn.Module) -> Iterator[CachedWindow]:
    """Yields the windows of the plan that a scene gets; classes outside a window's core are left out."""
    predict = prediction(backbone)
    for step in WindowPlan(Size(*tile.classes.shape), PYRAMID.window, HALO_PX):
        side = PYRAMID.window.height
        pixels = np.zeros((side, side, 3), np.uint8)
        classes = np.full((side, side), IGNORE_INDEX, np.uint8)
        top, left = max(-step.read.row, 0), max(-step.read.col, 0)
        row, col = max(step.read.row, 0), max(step.read.col, 0)
        part = tile.pixels[row : step.read.row_stop, col : step.read.col_stop]
        pixels[top : top + part.shape[0], left : left + part.shape[1]] = part
        classes[step.core_in_read.slices] = tile.classes[step.core.slices]
        yield cache_window(pixels, classes, predict)


def validation_windows(folder: Path, backbone: nn.Module) -> Iterator[CachedWindow]:
    """Yields the windows of the validation tiles."""
    for number in VALIDATION_TILES:
        yield from tile_windows(Tile.read(folder, number), backbone)


@torch.no_grad()
def chain_map(window: CachedWindow, refinement: nn.Module | None) -> Tensor:
    """Gives the (C, H, W) map of a window after its last level; without a refinement, coarse only."""
    cumulative = window.probabilities(0, 0)
    for level in range(1, len(DECIMATIONS)):
        patches = range(len(PYRAMID.patches(level)))
        crops = [crop_coarser(cumulative, level, patch) for patch in patches]
        if refinement is not None:
            crops = [
                refinement(scale_specific=window.probabilities(level, patch)[None], cumulative=crop[None])[0].softmax(
                    dim=0
                )
                for patch, crop in zip(patches, crops, strict=True)
            ]
        cumulative = assemble(crops, level)
    return cumulative


def slid_map(window: CachedWindow, level: int) -> Tensor:
    """Gives the (C, h, w) map of one level's own predictions side by side."""
    return assemble([window.probabilities(level, patch) for patch in range(len(PYRAMID.patches(level)))], level)


def counts_of(probabilities: Tensor, classes: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Gives the (C, C) counts of truth (rows) against prediction (columns) over labelled pixels."""
    found = probabilities.argmax(dim=0).numpy()
    labeled = classes != IGNORE_INDEX
    size = len(CLASS_NAMES)
    pairs = classes[labeled].astype(np.int64) * size + found[labeled]
    return np.bincount(pairs, minlength=size**2).reshape(size, size)


def chain_counts(windows: Sequence[CachedWindow], refinement: nn.Module | None) -> NDArray[np.int64]:
    """Gives the confusion of all windows together."""
    return np.sum([counts_of(chain_map(window, refinement), window.classes) for window in windows], axis=0)
