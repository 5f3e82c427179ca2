"""Shifts between classes that raise the mean IoU on the validation tiles: class weights after the fact.

    python recipes/landcover/balance.py DATA_FOLDER OUT_FOLDER backbone|refinement

Annotators differ in how readily they call a track a road or a shrub vegetation, so the habit that the validation
tiles follow cannot be learned from others. Five numbers, added to the logits, are chosen on them. OUT_FOLDER holds
the state file, which is changed in place, and receives `balance_NAME.json`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from networks import BACKBONE, REFINEMENT, load_state, save_state
from numpy.typing import NDArray
from scores import chain_map, slid_map, validation_windows
from tiles import CLASS_NAMES, IGNORE_INDEX
from torch import Tensor, nn
from window_cache import DECIMATIONS, CachedWindow

from magnet_geo.networks import create_backbone, create_refinement
from magnet_geo.training.validation import class_iou

STEPS = (0.4, 0.2, 0.1)
#: Only part of the backbone's shift is taken: the last shift corrects the rest.
SHRINKAGE = 0.7
STRIDE_PX = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("network", choices=["backbone", "refinement"])
    options = parser.parse_args()
    torch.set_num_threads(1)
    backbone = create_backbone(BACKBONE, num_classes=len(CLASS_NAMES))
    load_state(backbone, options.out / "backbone.pt")
    windows = list(validation_windows(options.data, backbone))
    if options.network == "backbone":
        shift = SHRINKAGE * best_shift(_level_scores(windows))
        _add(backbone.get_parameter("classifier.bias"), shift)
        save_state(backbone, options.out / "backbone.pt")
    else:
        refinement = create_refinement(len(CLASS_NAMES), name=REFINEMENT).eval()
        load_state(refinement, options.out / "refinement.pt")
        shift = best_shift(_last_scores(windows, refinement))
        _add(refinement.get_parameter("leave.bias"), shift)
        save_state(refinement, options.out / "refinement.pt")
    print(options.network, dict(zip(CLASS_NAMES, shift.round(3).tolist(), strict=True)))
    (options.out / f"balance_{options.network}.json").write_text(json.dumps(shift.round(4).tolist()))


def best_shift(score: Callable[[NDArray[np.float64]], float]) -> NDArray[np.float64]:
    """Gives the (C,) shift of mean 0 that scores best, found class by class."""
    best = np.zeros(len(CLASS_NAMES))
    reached = score(best)
    for step in STEPS:
        for index in range(len(CLASS_NAMES)):
            for sign in (-1, 1):
                tried = best.copy()
                tried[index] += sign * step
                value = score(tried)
                if value > reached + 1e-4:
                    best, reached = tried, value
    return best - best.mean()


def _level_scores(windows: list[CachedWindow]) -> Callable[[NDArray[np.float64]], float]:
    """Mean over the levels of the mean IoU of the backbone's own maps."""
    levels = [[_sampled(slid_map(w, level), w, DECIMATIONS[level]) for w in windows] for level in range(3)]

    def score(shift: NDArray[np.float64]) -> float:
        return float(np.mean([_miou(level, shift) for level in levels]))

    return score


def balanced_miou(windows: Sequence[CachedWindow], refinement: nn.Module) -> float:
    """Gives the mean IoU that the refined maps reach with the best shift of their last probabilities."""
    samples = [_sampled(chain_map(window, refinement), window, 1) for window in windows]
    shift = best_shift(lambda tried: _miou(samples, tried))
    return _miou(samples, shift)


def _last_scores(windows: Sequence[CachedWindow], refinement: nn.Module) -> Callable[[NDArray[np.float64]], float]:
    """Mean IoU of the refined maps, their last probabilities shifted."""
    samples = [_sampled(chain_map(window, refinement), window, 1) for window in windows]
    return lambda shift: _miou(samples, shift)


def _sampled(probabilities: Tensor, window: CachedWindow, factor: int) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """(C, M) logarithms and (M,) classes of labelled pixels on a lattice of a level."""
    classes = window.classes[factor // 2 :: factor, factor // 2 :: factor]
    lattice = (..., slice(None, None, STRIDE_PX), slice(None, None, STRIDE_PX))
    labeled = classes[lattice] != IGNORE_INDEX
    return probabilities[lattice].log().numpy()[:, labeled], classes[lattice][labeled]


def _miou(samples: list[tuple[NDArray[np.float32], NDArray[np.uint8]]], shift: NDArray[np.float64]) -> float:
    size = len(CLASS_NAMES)
    counts = np.zeros((size, size), np.int64)
    for logs, classes in samples:
        found = (logs + shift[:, None].astype(np.float32)).argmax(axis=0)
        counts += np.bincount(classes.astype(np.int64) * size + found, minlength=size**2).reshape(size, size)
    return float(np.nanmean(class_iou(counts)))


@torch.no_grad()
def _add(bias: Tensor, shift: NDArray[np.float64]) -> None:
    """Adds a (C,) shift to a bias whose entries come class by class, any number of them each."""
    per_class = len(bias) // len(shift)
    bias.add_(torch.from_numpy(shift).to(bias.dtype).repeat_interleave(per_class))


if __name__ == "__main__":
    main()
