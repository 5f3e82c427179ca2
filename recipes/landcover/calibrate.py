"""The numbers that the model file carries beside its weights: point share, thresholds, temperature, statistics.

    python recipes/landcover/calibrate.py DATA_FOLDER OUT_FOLDER

OUT_FOLDER holds `backbone.pt` and `refinement.pt` and receives `calibration.json`. The product's own code runs on
the windows that the validation tiles get as scenes.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from networks import BACKBONE, REFINEMENT, load_state
from numpy.typing import NDArray
from scores import HALO_PX
from tiles import CLASS_NAMES, DECIMATIONS, NORMALIZATION, PATCH_PX, TRAIN_TILES, VALIDATION_TILES, Tile
from window_cache import PYRAMID

from magnet_geo.datasets import IGNORE_INDEX, LabeledImage
from magnet_geo.inference.segmenter import final_probabilities
from magnet_geo.networks import create_backbone, create_refinement
from magnet_geo.progressive import AllPatches, NetworkPredictor, PointRule, certainty
from magnet_geo.training.calibration import best_temperature, patch_thresholds, point_share_scores
from magnet_geo.training.validation import (
    RememberingPredictor,
    ValidationWindow,
    last_probabilities,
    validation_windows,
)

FAST_SHARE = 0.25
FADE_PX = 24
WORTH_MIOU = 0.001
POINT_SHARES = (0.75, 0.9, 1.0)
TEMPERATURES = tuple(round(0.6 + 0.05 * step, 2) for step in range(40))
PERCENTILES = (1, 5, 50, 95, 99)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    predictor = _predictor(options.out)
    windows = [
        window
        for tile in (Tile.read(options.data, number) for number in VALIDATION_TILES)
        for window in validation_windows(
            LabeledImage(tile.pixels, tile.pixels.any(axis=2), tile.classes), PYRAMID, NORMALIZATION, halo_px=HALO_PX
        )
    ]
    figures = calibration(windows, predictor)
    figures["colors"] = color_statistics([Tile.read(options.data, number) for number in TRAIN_TILES])
    (options.out / "calibration.json").write_text(json.dumps(figures, indent=1))
    print({key: value for key, value in figures.items() if key not in ("colors", "nll_per_temperature")})


def calibration(windows: Sequence[ValidationWindow], predictor: RememberingPredictor) -> dict[str, Any]:
    """Gives rules, temperature and mean certainty as plain values for JSON."""
    whole = PointRule(n_points=1.0, smooth_kernel=5, cell_px=1, fade_px=FADE_PX)
    shares = point_share_scores(windows, predictor, point_rule=whole, shares=POINT_SHARES)
    # Replacing every point needs no score: a smaller share has to be worth its time.
    share = max(share for share in shares if shares[share] >= max(shares.values()) - WORTH_MIOU)
    rule = replace(whole, n_points=share)
    thresholds = patch_thresholds(windows, predictor, point_rule=rule, levels=len(DECIMATIONS), share=FAST_SHARE)
    temperature, likelihoods = best_temperature(windows, predictor, point_rule=rule, temperatures=TEMPERATURES)
    return {
        "points": {
            "n_points": share,
            "smooth_kernel": rule.smooth_kernel,
            "points_per": "patch",
            "cell_px": rule.cell_px,
            "fade_px": rule.fade_px,
        },
        "miou_per_n_points": shares,
        "patch_thresholds": thresholds,
        "temperature": temperature,
        "nll_per_temperature": likelihoods,
        "certainty": mean_certainty(windows, predictor, rule, temperature),
        "halo_px": HALO_PX,
        "patch_px": PATCH_PX,
        "decimations": DECIMATIONS,
        "normalization": asdict(NORMALIZATION),
    }


def mean_certainty(
    windows: Sequence[ValidationWindow], predictor: RememberingPredictor, rule: PointRule, temperature: float
) -> float:
    """Gives the mean certainty of the refined maps over labelled pixels."""
    total = pixels = 0.0
    for window in windows:
        last = last_probabilities(window, predictor, patch_rule=AllPatches(), point_rule=rule)
        sure = certainty(final_probabilities(last.clone(), temperature)).numpy()[window.classes != IGNORE_INDEX]
        total, pixels = total + float(sure.sum(dtype=np.float64)), pixels + sure.size
    return round(total / pixels, 4)


def color_statistics(tiles: Sequence[Tile]) -> dict[str, list[dict[str, Any]]]:
    """Gives statistics of each band, and of the difference between a pixel's highest and lowest, 0-255."""
    pixels = np.concatenate([tile.pixels[::4, ::4].reshape(-1, tile.pixels.shape[2]) for tile in tiles])
    spread = pixels.max(axis=1).astype(np.int16) - pixels.min(axis=1)
    return {"bands": [_statistics(band) for band in pixels.T], "spread": [_statistics(spread)]}


def _statistics(values: NDArray[np.generic]) -> dict[str, Any]:
    percentiles = zip(PERCENTILES, np.percentile(values, PERCENTILES), strict=True)
    return {
        "mean": round(float(values.mean()), 2),
        "std": round(float(values.std()), 2),
        "percentiles": [{"percent": percent, "value": float(value)} for percent, value in percentiles],
    }


def _predictor(out: Path) -> RememberingPredictor:
    backbone = create_backbone(BACKBONE, num_classes=len(CLASS_NAMES))
    refinement = create_refinement(len(CLASS_NAMES), name=REFINEMENT)
    load_state(backbone, out / "backbone.pt")
    load_state(refinement, out / "refinement.pt")
    return RememberingPredictor(
        NetworkPredictor(
            backbone,
            [refinement] * (len(DECIMATIONS) - 1),
            num_classes=len(CLASS_NAMES),
            device=torch.device("cpu"),
            dtype=torch.bfloat16,
            batch_size=4,
        )
    )


if __name__ == "__main__":
    main()
