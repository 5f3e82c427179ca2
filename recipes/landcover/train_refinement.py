"""Trains the refinement module of `landcover` on windows of the training tiles.

    python recipes/landcover/train_refinement.py DATA_FOLDER OUT_FOLDER [--minutes 12] [--windows 36]

OUT_FOLDER holds `backbone.pt` and receives `refinement.pt` and `refinement_training.json`. Every third window shows
a part of the tiles that the backbone has never seen (`tiles.py` keeps them back); on the others its predictions are
made less sure. How much of the learned correction is kept, is chosen on the validation tiles.
"""

from __future__ import annotations

import argparse
import copy
import json
import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from balance import balanced_miou
from networks import BACKBONE, REFINEMENT, load_state, prediction, save_state
from numpy.random import Generator
from numpy.typing import NDArray
from scores import validation_windows
from tiles import CLASS_NAMES, DECIMATIONS, IGNORE_INDEX, KEPT_BACK, TRAIN_TILES, Tile
from torch import Tensor, nn
from torch.nn import functional as F
from window_cache import PYRAMID, WINDOW_PX, CachedWindow, cache_window, crop_coarser

from magnet_geo.networks import create_backbone, create_refinement
from magnet_geo.training.augmentation import ColorJitter, Dihedral
from magnet_geo.training.losses import lovasz_softmax

CROP_PX = 256
CLASS_WEIGHTS = (1.2, 0.8, 1.4, 1.1, 1.2)
LOVASZ_WEIGHT = 0.5
#: How much the finer prediction counts in the mean that the module corrects; chosen on the validation tiles.
SCALE_SPECIFIC_SHARE = 0.9
#: The correction is learned from other annotators than those of the validation tiles: perhaps too strong.
STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
_logger = logging.getLogger("train_refinement")


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how the module is trained.

    Attributes:
        minutes: Wall-clock minutes at most.
        steps: Steps at most; the rate falls to 0 at whichever limit comes first.
        batch: Places per step.
        rate: Highest learning rate of AdamW.
    """

    minutes: float = 12
    steps: int = 1_000_000
    batch: int = 6
    rate: float = 1.5e-3


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=12)
    parser.add_argument("--windows", type=int, default=36)
    options = parser.parse_args()
    torch.set_num_threads(1)
    backbone = create_backbone(BACKBONE, num_classes=len(CLASS_NAMES))
    load_state(backbone, options.out / "backbone.pt")
    schedule = Schedule(minutes=options.minutes)
    tiles = [Tile.read(options.data, number) for number in TRAIN_TILES]
    learned = list(lessons(tiles, KEPT_BACK, backbone, options.windows))
    judged = list(validation_windows(options.data, backbone))
    refinement, note = train(learned, judged, schedule)
    save_state(refinement, options.out / "refinement.pt")
    (options.out / "refinement_training.json").write_text(json.dumps(note, indent=1))


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """A window to learn from.

    Attributes:
        window: The backbone's predictions and the classes.
        annotators: (W, W) uint8: which annotator of all tiles labelled a pixel.
        sharpness: Range of the power that predictions are raised to: the backbone is surer of ground it was
            trained on than it will be elsewhere.
    """

    window: CachedWindow
    annotators: NDArray[np.uint8]
    sharpness: tuple[float, float]


def lessons(
    tiles: Sequence[Tile], kept_back: Mapping[int, Sequence[int]], backbone: nn.Module, count: int
) -> Iterator[Lesson]:
    """Yields windows of the tiles as the backbone sees them, changed in color, size and orientation.

    Every third shows a kept-back part, and of that alone the labels; the others hide the kept-back parts.
    """
    predict, generator, jitter = prediction(backbone), np.random.default_rng(5), ColorJitter()
    shares = np.sqrt([tile.classes.size for tile in tiles])
    parts = [(index, part) for index, tile in enumerate(tiles) for part in kept_back.get(tile.number, ())]
    for number in range(count):
        kept = number % 3 == 0
        index, part = parts[number // 3 % len(parts)] if kept else (_drawn(shares, generator), None)
        tile = tiles[index]
        unseen = np.isin(tile.parts, kept_back.get(tile.number, ()))
        shown = (tile.parts == part) if kept else ~unseen
        scale = 1.0 if generator.random() < 0.7 else float(np.exp(generator.uniform(-0.7, 0.7)))
        arrays = tile.pixels, np.where(shown, tile.classes, np.uint8(IGNORE_INDEX)), tile.parts + np.uint8(9 * index)
        pixels, classes, annotators = _cut(arrays, shown, scale, generator)
        dihedral, color = Dihedral.draw(generator), jitter.draw(generator)
        yield Lesson(
            cache_window(
                color.apply(np.ascontiguousarray(dihedral.apply(pixels))),
                np.ascontiguousarray(dihedral.apply(classes)),
                predict,
            ),
            np.ascontiguousarray(dihedral.apply(annotators)),
            (0.85, 1.1) if kept else (0.5, 1.0),
        )
        _logger.info("window %d of %d is predicted", number + 1, count)


def _drawn(shares: NDArray[np.float64], generator: Generator) -> int:
    return int(generator.choice(len(shares), p=shares / shares.sum()))


def _cut(
    arrays: Sequence[NDArray[np.uint8]], shown: NDArray[np.bool_], scale: float, generator: Generator
) -> list[NDArray[np.uint8]]:
    """A window, at a scale, of a tile's pixels, classes and annotators, placed where labels are shown."""
    side = round(WINDOW_PX * scale)
    rows, cols = np.nonzero(shown[::16, ::16])
    top, left = (_offset(int(axis.min()) * 16, int(axis.max()) * 16 + 16, side, generator) for axis in (rows, cols))
    cuts = [_padded(array, top, left, side, fill) for array, fill in zip(arrays, (0, IGNORE_INDEX, 0), strict=True)]
    ways = (cv2.INTER_AREA if scale > 1 else cv2.INTER_LINEAR, cv2.INTER_NEAREST, cv2.INTER_NEAREST)
    size = (WINDOW_PX, WINDOW_PX)
    return [np.asarray(cv2.resize(cut, size, interpolation=way), np.uint8) for cut, way in zip(cuts, ways, strict=True)]


def _offset(first: int, last: int, side: int, generator: Generator) -> int:
    """Where a window of a side begins so that it holds the stretch, or lies within it where it is shorter."""
    low, high = sorted((last - side, first))
    return int(generator.integers(low, high + 1))


def _padded(array: NDArray[np.uint8], top: int, left: int, side: int, fill: int) -> NDArray[np.uint8]:
    window = np.full((side, side, *array.shape[2:]), fill, np.uint8)
    row, col = max(top, 0), max(left, 0)
    part = array[row : top + side, col : left + side]
    window[row - top : row - top + part.shape[0], col - left : col - left + part.shape[1]] = part
    return window


def train(
    learned: Sequence[Lesson], judged: Sequence[CachedWindow], schedule: Schedule
) -> tuple[nn.Module, dict[str, object]]:
    """Gives the module and what is to be told of its training."""
    torch.manual_seed(3)
    refinement = create_refinement(len(CLASS_NAMES), name=REFINEMENT).train()
    refinement.get_buffer("scale_specific_share").fill_(SCALE_SPECIFIC_SHARE)
    average = copy.deepcopy(refinement).eval().requires_grad_(False)
    habits = nn.Parameter(torch.zeros(256, len(CLASS_NAMES)))
    optimizer = torch.optim.AdamW([*refinement.parameters(), habits], lr=schedule.rate, weight_decay=1e-3)
    known = torch.from_numpy(np.unique(np.concatenate([np.unique(lesson.annotators) for lesson in learned]))).long()
    generator, start, step = np.random.default_rng(9), time.monotonic(), 0
    while (progress := max(step / schedule.steps, (time.monotonic() - start) / 60 / schedule.minutes)) < 1:
        for group in optimizer.param_groups:
            group["lr"] = schedule.rate * min(1.0, (step + 1) / 50) * (0.5 + 0.5 * np.cos(np.pi * progress))
        loss = _loss(refinement, habits - habits[known].mean(dim=0), learned, schedule, generator)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(refinement.parameters(), 5.0)
        optimizer.step()
        step += 1
        _move(average, refinement, min(0.98, step / (step + 9)))
        if step % 50 == 0:
            _logger.info("step %d, loss %.4f", step, float(loss.detach()))
    note = {"steps": step, "minutes": (time.monotonic() - start) / 60}
    return _best_strength(average, judged, note), note


def _best_strength(average: nn.Module, judged: Sequence[CachedWindow], note: dict[str, object]) -> nn.Module:
    """The module with as much of its correction as the validation windows like, half of it without any."""
    if not judged:
        return _weakened(average, 0.5)
    scores = {}
    for strength in STRENGTHS:
        scores[strength] = balanced_miou(judged, _weakened(average, strength))
        _logger.info("strength %.2f: mean IoU %.4f", strength, scores[strength])
    note |= {"miou_per_strength": scores}
    return _weakened(average, max(scores, key=lambda strength: scores[strength]))


@torch.no_grad()
def _weakened(network: nn.Module, strength: float) -> nn.Module:
    weaker = copy.deepcopy(network)
    for name in ("leave.weight", "leave.bias"):
        weaker.get_parameter(name).mul_(strength)
    return weaker


def _loss(
    refinement: nn.Module, habits: Tensor, drawn: Sequence[Lesson], schedule: Schedule, generator: Generator
) -> Tensor:
    """Loss of the middle level and of the finest one, which meets what the module made of the middle one."""
    places = [_place(drawn[generator.integers(len(drawn))], generator) for _ in range(schedule.batch)]
    own, coarser, labels, annotators = _columns(place.middle for place in places)
    logits = refinement(scale_specific=own, cumulative=coarser)
    losses = [_level_loss(logits, labels, habits[annotators])]
    refined = F.interpolate(logits.detach().softmax(dim=1), scale_factor=2, mode="bilinear", align_corners=False)
    crops = [
        maps[:, row : row + CROP_PX, col : col + CROP_PX]
        for maps, (row, col) in zip(refined, (place.offset for place in places), strict=True)
    ]
    own, labels, annotators = _columns(place.finest for place in places)
    logits = refinement(scale_specific=own, cumulative=torch.stack(crops))
    losses.append(_level_loss(logits, labels, habits[annotators]))
    return torch.stack(losses).mean()


def _columns(places: Iterable[tuple[Tensor, ...]]) -> list[Tensor]:
    return [torch.stack(column) for column in zip(*places, strict=True)]


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """A quarter of a middle patch, and a part of the finest patch that covers the same ground.

    Attributes:
        middle: Own and coarser probabilities (C, 256, 256), classes (256, 256) and annotators likewise.
        finest: Own probabilities, classes and annotators.
        offset: Row and column of the finest part in the quarter, at the finest level's size.
    """

    middle: tuple[Tensor, ...]
    finest: tuple[Tensor, ...]
    offset: tuple[int, int]


def _place(lesson: Lesson, generator: Generator) -> _Place:
    window = lesson.window
    while True:
        patch, row, col = int(generator.integers(4)), *(int(v) * CROP_PX for v in generator.integers(2, size=2))
        quarter = slice(row, row + CROP_PX), slice(col, col + CROP_PX)
        labels = _labels(window.classes, 1, patch, quarter)
        if bool((labels != IGNORE_INDEX).any()):
            break
    rect = PYRAMID.patches(1)[patch]
    finest = _patch_at(2, rect.row * 2 + 2 * row, rect.col * 2 + 2 * col)
    top, left = (int(v) * 4 for v in generator.integers(CROP_PX // 4 + 1, size=2))
    inner = slice(top, top + CROP_PX), slice(left, left + CROP_PX)
    powers = generator.uniform(*lesson.sharpness, 3)
    coarse = crop_coarser(window.probabilities(0, 0), 1, patch)[:, *quarter]
    return _Place(
        (
            _sharpened(window.probabilities(1, patch, *quarter), powers[1]),
            _sharpened(coarse, powers[0]),
            labels,
            _labels(lesson.annotators, 1, patch, quarter),
        ),
        (
            _sharpened(window.probabilities(2, finest, *inner), powers[2]),
            _labels(window.classes, 2, finest, inner),
            _labels(lesson.annotators, 2, finest, inner),
        ),
        (top, left),
    )


def _labels(values: NDArray[np.uint8], level: int, patch: int, part: tuple[slice, slice]) -> Tensor:
    """A part of what a patch shows of values at full resolution, those at the centers of its pixels' blocks."""
    factor, rect = DECIMATIONS[level], PYRAMID.patches(level)[patch]
    rows, cols = (
        slice((start + s.start) * factor + factor // 2, (start + s.stop) * factor, factor)
        for start, s in zip((rect.row, rect.col), part, strict=True)
    )
    return torch.from_numpy(np.ascontiguousarray(values[rows, cols])).long()


def _patch_at(level: int, row: int, col: int) -> int:
    return next(index for index, rect in enumerate(PYRAMID.patches(level)) if (rect.row, rect.col) == (row, col))


def _sharpened(probabilities: Tensor, power: float) -> Tensor:
    raised = probabilities.clamp_min(1e-4) ** power
    return raised / raised.sum(dim=0)


def _level_loss(logits: Tensor, labels: Tensor, habit: Tensor) -> Tensor:
    """Loss of (N, C, h, w) logits, shifted by the annotators' (N, h, w, C) habits."""
    if not bool((labels != IGNORE_INDEX).any()):
        return logits.sum() * 0
    shifted = logits + habit.permute(0, 3, 1, 2)
    loss = F.cross_entropy(shifted, labels, torch.tensor(CLASS_WEIGHTS), ignore_index=IGNORE_INDEX)
    return loss + LOVASZ_WEIGHT * lovasz_softmax(shifted, labels, stride_px=3)


@torch.no_grad()
def _move(average: nn.Module, network: nn.Module, decay: float) -> None:
    pairs = zip(average.state_dict().values(), network.state_dict().values(), strict=True)
    for kept, value in pairs:
        if kept.is_floating_point():
            kept.lerp_(value, 1 - decay)


if __name__ == "__main__":
    main()
