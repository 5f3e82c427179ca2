"""The best that a ranking of patches could do: those are refined that bring the most labelled pixels right.

W windows of a scene, P patches of a level, K patches of the finest level, S states: each tells which levels of a
place are refined, one bit per level.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from labeled_tiles import Predicted, read_scene
from numpy.typing import NDArray

from magnet_geo.datasets import IGNORE_INDEX, LabeledImage
from magnet_geo.grid import MagnificationPyramid, PixelRect, Size, Window, WindowPlan
from magnet_geo.inference import Segmenter
from magnet_geo.progressive import ListedPatches
from magnet_geo.training.validation import (
    RememberingPredictor,
    ValidationWindow,
    last_probabilities,
    validation_windows,
)

#: As in `magnet_geo.scene.window.candidates`.
CONTEXT_PX = 16
Taken = list[NDArray[np.bool_]]


def chosen_by_truth(scene: Path, labels: NDArray[np.uint8], model: Segmenter, share: float) -> Predicted:
    """Maps a scene with a share of its patches refined, chosen one by one for the pixels that each brings right.

    Args:
        scene: 8-bit image.
        labels: (H, W) class values, 0 where unlabelled.
        model: The model.
        share: Of the patches that the product would choose from.
    """
    pyramid, scheme = model.manifest.pyramid, model.manifest.class_scheme()
    index = np.full(256, IGNORE_INDEX, np.uint8)
    index[scheme.values] = np.arange(len(scheme.values))
    image = LabeledImage.of_bands(read_scene(scene), np.ones(labels.shape, np.bool_), index[labels])
    halo_px = model.manifest.halo_px
    windows = list(validation_windows(image, pyramid, model.manifest.normalization, halo_px=halo_px))
    plan = list(WindowPlan(Size(*labels.shape), pyramid.window, halo_px))
    mapping = _Mapping(model, RememberingPredictor(model.predictor))
    of_use = [np.stack([_wanted(pyramid, level, step) for step in plan]) for level in _levels(pyramid)]
    right = np.stack([_right_counts(window, mapping, pyramid) for window in windows])
    taken = _greedily(right, of_use, pyramid, round(share * sum(int(level.sum()) for level in of_use)))
    found = np.zeros(labels.shape, np.uint8)
    for number, (step, window) in enumerate(zip(plan, windows, strict=True)):
        found[step.core.slices] = mapping.classes(window, [level[number] for level in taken])[step.core_in_read.slices]
    refined = sum(int(level.sum()) for level in taken)
    possible = sum(int(level.sum()) for level in of_use)
    return Predicted(scheme.values[found], np.zeros((0, *found.shape)), len(windows) + refined, refined / possible)


@dataclass(frozen=True, slots=True, eq=False)
class _Mapping:
    model: Segmenter
    predictor: RememberingPredictor

    def classes(self, window: ValidationWindow, taken: Taken) -> NDArray[np.int64]:
        """(H, W) class indices of a window with the given patches of each level refined."""
        rule = self.model.rules("full").points
        last = last_probabilities(window, self.predictor, patch_rule=ListedPatches(tuple(taken)), point_rule=rule)
        return last.argmax(dim=0).cpu().numpy()


def _levels(pyramid: MagnificationPyramid) -> range:
    return range(1, len(pyramid.levels))


def _wanted(pyramid: MagnificationPyramid, level: int, window: Window) -> NDArray[np.bool_]:
    """(P,) True for the patches of a level that come near what a window adds to the map."""
    support = window.support.relative_to(window.read)
    near = PixelRect(
        support.row - CONTEXT_PX,
        support.col - CONTEXT_PX,
        support.height + 2 * CONTEXT_PX,
        support.width + 2 * CONTEXT_PX,
    )
    return np.array([_ground(pyramid, level, patch).intersection(near) is not None for patch in pyramid.patches(level)])


def _ground(pyramid: MagnificationPyramid, level: int, patch: PixelRect) -> PixelRect:
    factor = round(pyramid.decimation(level))
    return PixelRect(*(value * factor for value in (patch.row, patch.col, patch.height, patch.width)))


def _right_counts(window: ValidationWindow, mapping: _Mapping, pyramid: MagnificationPyramid) -> NDArray[np.int64]:
    """(K, S) labelled pixels under each finest patch that are mapped right."""
    finest, levels = pyramid.patches(len(pyramid.levels) - 1), _levels(pyramid)
    counts = np.zeros((len(finest), 2 ** len(levels)), np.int64)
    for state in range(counts.shape[1]):
        taken = [np.full(len(pyramid.patches(level)), bool(state >> level - 1 & 1)) for level in levels]
        right = mapping.classes(window, taken) == window.classes
        counts[:, state] = [np.count_nonzero(right[patch.slices]) for patch in finest]
    return counts


def _greedily(right: NDArray[np.int64], of_use: Taken, pyramid: MagnificationPyramid, count: int) -> Taken:
    """Patches of each level, (W, P) True where taken, that add most to the right pixels, one after the other."""
    finest = pyramid.patches(len(pyramid.levels) - 1)
    above = [np.array([_holding(pyramid, level, patch) for patch in finest]) for level in _levels(pyramid)]
    taken = [np.zeros_like(level) for level in of_use]

    def total() -> int:
        refined = [level[:, patches].astype(np.int64) for level, patches in zip(taken, above, strict=True)]
        state = sum(level << bit for bit, level in enumerate(refined))
        return int(np.take_along_axis(right, np.asarray(state)[..., None], axis=2).sum())

    def with_one(level: int, place: tuple[int, ...]) -> int:
        taken[level][place] = True
        reached = total()
        taken[level][place] = False
        return reached

    for _ in range(count):
        open_places = [
            (level, place)
            for level, possible in enumerate(of_use)
            for place in zip(*np.nonzero(possible & ~taken[level]), strict=True)
        ]
        level, place = max(open_places, key=lambda candidate: with_one(*candidate))
        taken[level][place] = True
    return taken


def _holding(pyramid: MagnificationPyramid, level: int, finest: PixelRect) -> int:
    """The patch of a level whose ground holds that of a finest patch."""
    grounds = [_ground(pyramid, level, patch) for patch in pyramid.patches(level)]
    return next(number for number, ground in enumerate(grounds) if ground.intersection(finest) == finest)
