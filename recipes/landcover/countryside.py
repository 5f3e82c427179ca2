"""Teaches the backbone of a finished model green fields: further steps on crops with painted meadows.

    python recipes/landcover/countryside.py DATA_FOLDER OUT_FOLDER --model FILE [--steps 300] [--share 0.4]

Version 0.4 of `landcover` came from version 0.3 this way. The new weights are mixed with the model's, which keeps most
of what both know. OUT_FOLDER receives `backbone.pt` and `countryside_training.json`, and `refinement.pt` as the model
has it; `balance.py`, `calibrate.py` and `package.py` go on from there.
"""

from __future__ import annotations

import argparse
import copy
import json
import logging
from dataclasses import replace
from pathlib import Path

import torch
from networks import save_state
from tiles import KEPT_BACK, TRAIN_TILES, Tile
from torch import nn
from train_backbone import DEFAULT_CROPS, Schedule, train

from magnet_geo.model import load_bundle

MEADOW_SHARE = 0.15
LIMIT_MINUTES = 600


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--model", required=True, help="what to go on from: its file")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--share", type=float, default=0.4, help="of the new weights, 0-1")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    bundle = load_bundle(options.model)
    schedule = Schedule(
        minutes=LIMIT_MINUTES, steps=options.steps, decoder_rate=4e-4, encoder_rate=1.2e-4, averaging=0.99
    )
    tiles = [Tile.read(options.data, number) for number in TRAIN_TILES]
    crops = replace(DEFAULT_CROPS, meadow_share=MEADOW_SHARE)
    learned, note = train(tiles, KEPT_BACK, schedule, crops=crops, begin=copy.deepcopy(bundle.backbone))
    save_state(mixed(bundle.backbone, learned, options.share), options.out / "backbone.pt")
    save_state(bundle.refinements[0], options.out / "refinement.pt")
    (options.out / "countryside_training.json").write_text(json.dumps(note, indent=1))


@torch.no_grad()
def mixed(network: nn.Module, other: nn.Module, share: float) -> nn.Module:
    """Gives a network whose weights hold a share of another's."""
    result = copy.deepcopy(network)
    pairs = zip(result.state_dict().values(), other.state_dict().values(), strict=True)
    for kept, value in pairs:
        if kept.is_floating_point():
            kept.lerp_(value, share)
    return result


if __name__ == "__main__":
    main()
