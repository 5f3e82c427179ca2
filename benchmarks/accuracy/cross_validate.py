"""Scores of networks on ground they have never seen: cross-validation over the groups {1, 3}, {4, 7, 8} and {6}.

    python benchmarks/accuracy/cross_validate.py DATA_FOLDER OUT_FOLDER [--steps 350] [--parts 1]

Tiles of one group overlap on the ground, tiles of two groups do not. For each group, both stages of `landcover` are
trained anew on the other tiles by `recipes/landcover/`, for a fixed, shorter schedule, and the product's
coarse-to-fine code is scored on the group. OUT_FOLDER receives a folder per fold with `backbone.pt`, `refinement.pt`
and `scores.json`; what is there already is not made again, so that a run may be broken off, or split by `--parts`.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parents[1] / "landcover"))

import train_backbone
import train_refinement
from networks import REFINEMENT, load_state, save_state
from scores import HALO_PX
from tiles import CLASS_NAMES, DECIMATIONS, NORMALIZATION, Tile
from window_cache import PYRAMID

from magnet_geo.datasets import LabeledImage
from magnet_geo.networks import create_refinement
from magnet_geo.networks.light import LightFPN
from magnet_geo.progressive import (
    AllPatches,
    NetworkPredictor,
    NoPatches,
    PatchesAbove,
    PatchRule,
    PointRule,
    Predictor,
)
from magnet_geo.training.calibration import patch_thresholds
from magnet_geo.training.validation import (
    RememberingPredictor,
    ValidationWindow,
    chain_confusion,
    class_iou,
    validation_windows,
)

FADE_PX = 24
WHOLE = PointRule(n_points=1.0, smooth_kernel=5, cell_px=1, fade_px=FADE_PX)
SIDE_BY_SIDE = PointRule(n_points=1.0, smooth_kernel=1, cell_px=1)
FAST_SHARE = 0.25
BACKBONE_FILE, REFINEMENT_FILE, SCORES_FILE = "backbone.pt", "refinement.pt", "scores.json"
#: Far above what the steps take: only their number ends a training.
LIMIT_MINUTES = 600
TILES = (1, 3, 4, 6, 7, 8)
#: Parts of the training tiles on which a fold's refinement module learns, per group held out.
FOLDS: dict[tuple[int, ...], dict[int, tuple[int, ...]]] = {
    (1, 3): {6: (3,), 7: (4,), 8: (1,)},
    (4, 7, 8): {1: (5,), 3: (1,), 6: (3,)},
    (6,): {1: (5,), 7: (4,), 8: (1,)},
}


class Slid(RememberingPredictor):
    """Takes the backbone's own prediction of every patch for the refined one: a plain sliding window."""

    def refined(self, level: int, *, scale_specific: Tensor, cumulative: Tensor) -> Tensor:
        """See `Predictor.refined`."""
        return scale_specific


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=350)
    parser.add_argument("--refinement-steps", type=int, default=100)
    parser.add_argument("--windows", type=int, default=9)
    parser.add_argument("--parts", type=int, help="files to make in this run; the next run goes on")
    parser.add_argument("--folds", type=int, nargs="+", default=range(1, len(FOLDS) + 1), help="which, from 1 on")
    options = parser.parse_args()
    torch.set_num_threads(1)
    missing = (
        partial(make, options, held_out, path)
        for number, held_out in enumerate(FOLDS, 1)
        if number in options.folds
        for make, name in (
            (make_backbone, BACKBONE_FILE),
            (make_refinement, REFINEMENT_FILE),
            (make_scores, SCORES_FILE),
        )
        if not (path := fold_folder(options.out, held_out) / name).exists()
    )
    for make_file in islice(missing, options.parts):
        make_file()
    summarize(options.out)


def fold_folder(out: Path, held_out: Sequence[int]) -> Path:
    """Gives the folder of a fold; it exists."""
    folder = out / "_".join(map(str, held_out))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def make_backbone(options: argparse.Namespace, held_out: tuple[int, ...], path: Path) -> None:
    """Trains the backbone of a fold."""
    schedule = train_backbone.Schedule(minutes=LIMIT_MINUTES, steps=options.steps, averaging=0.98)
    checkpoint = path.with_name("checkpoint.pt")
    tiles = learned_tiles(options.data, held_out)
    network, _ = train_backbone.train(tiles, FOLDS[held_out], schedule, checkpoint=checkpoint)
    save_state(network, path)
    checkpoint.unlink(missing_ok=True)


def make_refinement(options: argparse.Namespace, held_out: tuple[int, ...], path: Path) -> None:
    """Trains the refinement module of a fold, on what its backbone says."""
    backbone = LightFPN(len(CLASS_NAMES), encoder="lite2").eval()
    load_state(backbone, path.with_name(BACKBONE_FILE))
    tiles = learned_tiles(options.data, held_out)
    learned = list(train_refinement.lessons(tiles, FOLDS[held_out], backbone, options.windows))
    schedule = train_refinement.Schedule(minutes=LIMIT_MINUTES, steps=options.refinement_steps)
    module, _ = train_refinement.train(learned, (), schedule)
    save_state(module, path)


def make_scores(options: argparse.Namespace, held_out: tuple[int, ...], path: Path) -> None:
    """Scores both networks of a fold on the tiles held out."""
    backbone = LightFPN(len(CLASS_NAMES), encoder="lite2").eval()
    refinement = create_refinement(len(CLASS_NAMES), name=REFINEMENT).eval()
    load_state(backbone, path.with_name(BACKBONE_FILE))
    load_state(refinement, path.with_name(REFINEMENT_FILE))
    path.write_text(json.dumps(scores(options.data, held_out, backbone, refinement), indent=1))


def learned_tiles(data: Path, held_out: Sequence[int]) -> list[Tile]:
    """Reads the tiles of the other groups."""
    return [Tile.read(data, number) for number in TILES if number not in held_out]


def scores(
    data: Path, held_out: Sequence[int], backbone: nn.Module, refinement: nn.Module
) -> dict[str, dict[str, float]]:
    """Gives the IoU of every mode on the tiles held out, which chose nothing."""
    windows = held_out_windows(data, held_out)
    predictor = RememberingPredictor(networks(backbone, [refinement] * (len(DECIMATIONS) - 1)))
    # Thresholds look at the predictions only, not at the labels.
    found = patch_thresholds(windows, predictor, point_rule=WHOLE, levels=len(DECIMATIONS), share=FAST_SHARE)
    return {
        "coarse only": iou(windows, predictor, NoPatches()),
        "fast 25 %": iou(windows, predictor, PatchesAbove(found)),
        "full": iou(windows, predictor, AllPatches()),
        "slid": iou(windows, Slid(predictor, predictor.remembered), AllPatches(), SIDE_BY_SIDE),
    }


def held_out_windows(data: Path, held_out: Sequence[int]) -> list[ValidationWindow]:
    """Gives the windows that the tiles get as scenes."""
    tiles = (Tile.read(data, number) for number in held_out)
    images = (LabeledImage(tile.pixels, tile.pixels.any(axis=2), tile.classes) for tile in tiles)
    return [window for image in images for window in validation_windows(image, PYRAMID, NORMALIZATION, halo_px=HALO_PX)]


def networks(backbone: nn.Module, refinements: Sequence[nn.Module]) -> NetworkPredictor:
    """Gives networks as the product runs them."""
    return NetworkPredictor(
        backbone,
        refinements,
        num_classes=len(CLASS_NAMES),
        device=torch.device("cpu"),
        dtype=torch.bfloat16,
        batch_size=4,
    )


def iou(
    windows: Sequence[ValidationWindow], predictor: Predictor, patch_rule: PatchRule, point_rule: PointRule = WHOLE
) -> dict[str, float]:
    """Gives the mean IoU and that of each class."""
    counts, _ = chain_confusion(windows, predictor, patch_rule=patch_rule, point_rule=point_rule)
    found = class_iou(counts)
    return {"miou": float(np.nanmean(found)), **dict(zip(CLASS_NAMES, found.tolist(), strict=True))}


def summarize(out: Path) -> None:
    """Prints the mean IoU of every fold that is scored, and their mean; keeps them in `cross_validation.json`."""
    scored = {
        ", ".join(map(str, held_out)): json.loads(path.read_text())
        for held_out in FOLDS
        if (path := fold_folder(out, held_out) / SCORES_FILE).exists()
    }
    if not scored:
        return
    rows = {name: {mode: found["miou"] for mode, found in row.items()} for name, row in scored.items()}
    (out / "cross_validation.json").write_text(json.dumps(rows, indent=1))
    modes = list(next(iter(rows.values())))
    mean = {mode: float(np.mean([row[mode] for row in rows.values()])) for mode in modes}
    print(f"| tiles held out | {' | '.join(modes)} | full - coarse | full - slid |")
    print("| --- " * (len(modes) + 3) + "|")
    for name, row in (rows | {"mean": mean}).items():
        gains = [f"{100 * (row['full'] - row[other]):+.1f}" for other in ("coarse only", "slid")]
        print(f"| {name} | {' | '.join([f'{row[mode]:.3f}' for mode in modes] + gains)} |")


if __name__ == "__main__":
    main()
