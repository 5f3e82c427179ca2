"""A short training of the published networks (fpn and refinement), so that measures run on trained weights.

    python benchmarks/train_fpn.py DATA_FOLDER OUT_FOLDER [--backbone-minutes 6] [--refinement-minutes 2]

Not a good model: a few minutes on CPU from random weights. OUT_FOLDER receives `fpn.pth` and `magnet.pth`, plain
state dicts of seven classes, five of which occur in the data of `train_landcover.py`.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from train_landcover import DECIMATIONS, TRAIN_TILES, read_tile

from magnet_geo.networks import create_backbone, create_refinement
from magnet_geo.normalization import Normalization
from magnet_geo.training.loop import LoopSettings, train
from magnet_geo.training.losses import cross_entropy
from magnet_geo.training.samples import CropSettings, LabeledPyramid, draw_batches, network_input

CLASSES = 7
IMAGENET = Normalization((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
CROPS = CropSettings(crop_px=256)


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--backbone-minutes", type=float, default=6, help="0 takes the fpn.pth that is there")
    parser.add_argument("--refinement-minutes", type=float, default=2)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    cv2.setNumThreads(1)
    torch.manual_seed(0)
    pyramids = [LabeledPyramid(read_tile(options.data, number), DECIMATIONS) for number in TRAIN_TILES]
    backbone = create_backbone("fpn", num_classes=CLASSES)
    if options.backbone_minutes > 0:
        backbone = _train(backbone, lambda images: backbone(images), pyramids, options.backbone_minutes, batch_size=4)
        torch.save(backbone.state_dict(), options.out / "fpn.pth")
    backbone.load_state_dict(torch.load(options.out / "fpn.pth", weights_only=True))
    backbone.eval()
    refinement = create_refinement(CLASSES)
    for module in refinement.modules():
        if isinstance(module, nn.BatchNorm2d):
            # the published 0.01 needs far more steps than there are here
            module.momentum = 0.1

    def refined(images: Tensor) -> Tensor:
        with torch.no_grad():
            own = backbone(images).float().softmax(1)
            coarse = nn.functional.interpolate(images, scale_factor=0.5, mode="area")
            coarse = nn.functional.interpolate(backbone(coarse).float().softmax(1), scale_factor=2.0, mode="bilinear")
        return refinement(scale_specific=own, cumulative=coarse)

    trained = _train(refinement, refined, pyramids, options.refinement_minutes, batch_size=2)
    torch.save(trained.state_dict(), options.out / "magnet.pth")


def _train(
    model: nn.Module, logits_of, pyramids: list[LabeledPyramid], minutes: float, *, batch_size: int
) -> nn.Module:
    model.train()
    batches = draw_batches(pyramids, CROPS, batch_size=batch_size, generator=np.random.default_rng(0))

    def loss_of(batch: tuple[Tensor, Tensor]) -> Tensor:
        images, classes = batch
        with torch.autocast("cpu", torch.bfloat16):
            logits = logits_of(network_input(images, IMAGENET))
        return cross_entropy(logits.float(), classes)

    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.02)
    settings = LoopSettings(steps=100_000, minutes=minutes, averaging_decay=0.9, log_every=10)
    return train(model, batches, loss_of, optimizer, settings).model


if __name__ == "__main__":
    main()
