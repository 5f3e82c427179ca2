"""Scores of networks on ground they have never seen: cross-validation over the groups {1, 3}, {4, 7, 8} and {6}.

    python benchmarks/accuracy/cross_validate.py DATA_FOLDER OUT_FOLDER [--steps 350] [--refinement-steps 200]

Tiles of one group overlap on the ground, tiles of two groups do not. For each group, both stages of `landcover` are
trained anew on the other tiles by `benchmarks/landcover/`, for a fixed, shorter schedule, and the product's
coarse-to-fine code is scored on the group. OUT_FOLDER receives a folder per fold and `cross_validation.json`; folds
that are there already are not trained again.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

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
    PointRule,
    PointScope,
)
from magnet_geo.training.calibration import patch_thresholds
from magnet_geo.training.validation import RememberingPredictor, chain_confusion, class_iou, validation_windows

FADE_PX = 24
FAST_SHARE = 0.25
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
    parser.add_argument("--refinement-steps", type=int, default=200)
    parser.add_argument("--windows", type=int, default=15)
    options = parser.parse_args()
    torch.set_num_threads(1)
    folds = {}
    for held_out, kept_back in FOLDS.items():
        out = options.out / "_".join(map(str, held_out))
        out.mkdir(parents=True, exist_ok=True)
        networks = fold_networks(options, held_out, kept_back, out)
        name = ", ".join(map(str, held_out))
        folds[name] = scores(options.data, held_out, *networks)
        print(name, folds[name], flush=True)
    (options.out / "cross_validation.json").write_text(json.dumps(folds, indent=1))


def fold_networks(
    options: argparse.Namespace, held_out: Sequence[int], kept_back: Mapping[int, Sequence[int]], out: Path
) -> tuple[LightFPN, nn.Module]:
    """Gives backbone and refinement of a fold, trained if its folder does not hold them."""
    backbone = LightFPN(len(CLASS_NAMES), encoder="lite2").eval()
    refinement = create_refinement(len(CLASS_NAMES), name=REFINEMENT).eval()
    tiles = [Tile.read(options.data, number) for number in TILES if number not in held_out]
    if not (out / "backbone.pt").exists():
        schedule = train_backbone.Schedule(minutes=60, steps=options.steps, averaging=0.98)
        trained, _ = train_backbone.train(tiles, kept_back, schedule)
        save_state(trained, out / "backbone.pt")
    load_state(backbone, out / "backbone.pt")
    if not (out / "refinement.pt").exists():
        learned = list(train_refinement.lessons(tiles, kept_back, backbone, options.windows))
        pace = train_refinement.Schedule(minutes=60, steps=options.refinement_steps)
        module, _ = train_refinement.train(learned, (), pace)
        save_state(module, out / "refinement.pt")
    load_state(refinement, out / "refinement.pt")
    return backbone, refinement


def scores(data: Path, held_out: Sequence[int], backbone: nn.Module, refinement: nn.Module) -> dict[str, float]:
    """Gives the mean IoU of every mode on the tiles held out, which chose nothing."""
    tiles = [Tile.read(data, number) for number in held_out]
    images = [LabeledImage(tile.pixels, tile.classes) for tile in tiles]
    windows = [
        window for image in images for window in validation_windows(image, PYRAMID, NORMALIZATION, halo_px=HALO_PX)
    ]
    networks = NetworkPredictor(
        backbone,
        [refinement] * (len(DECIMATIONS) - 1),
        num_classes=len(CLASS_NAMES),
        device=torch.device("cpu"),
        dtype=torch.bfloat16,
        batch_size=4,
    )
    predictor = RememberingPredictor(networks)
    slid = Slid(networks, predictor.remembered)
    rule = PointRule(n_points=1.0, smooth_kernel=5, scope=PointScope.PATCH, cell_px=1, fade_px=FADE_PX)
    # Thresholds look at the predictions only, not at the labels.
    found = patch_thresholds(windows, predictor, point_rule=rule, levels=len(DECIMATIONS), share=FAST_SHARE)
    modes = {
        "coarse only": (predictor, NoPatches(), rule),
        "fast 25 %": (predictor, PatchesAbove(found), rule),
        "full": (predictor, AllPatches(), rule),
        "slid": (slid, AllPatches(), PointRule(1.0, 1, PointScope.PATCH, 1)),
    }
    return {
        name: round(float(class_iou(chain_confusion(windows, by, patch_rule=patches, point_rule=points)[0]).mean()), 4)
        for name, (by, patches, points) in modes.items()
    }


if __name__ == "__main__":
    main()
