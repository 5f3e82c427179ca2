"""Packs what `train_landcover.py` made into the bundled model file, with its card.

    python benchmarks/package_landcover.py OUT_FOLDER [--accuracy FILE.json] [--version 1.0] [--target FILE]

OUT_FOLDER holds `backbone.pt`, `refinement.pt` and `figures.json`. The card's figures are those of
`benchmarks/accuracy.py --json`, which runs the product itself; without that file, those of the training's own
validation.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import torch

from magnet_geo.model import Manifest
from magnet_geo.model.catalog import SUFFIX
from magnet_geo.model.model_file import ModelWeights, write_model

DATA = Path(__file__).parents[1] / "magnet_geo" / "model" / "data"
CLASSES = (
    {"value": 1, "name": "water", "color": "#3b7dc4"},
    {"value": 2, "name": "land", "color": "#dcc48e"},
    {"value": 3, "name": "road", "color": "#6e6a6f"},
    {"value": 4, "name": "building", "color": "#c8443c"},
    {"value": 5, "name": "vegetation", "color": "#5a9e4b"},
)
DESCRIPTION = (
    "Five classes of land cover from RGB imagery of about 1 m: water, bare and built-up land, road, building and "
    "vegetation. A light network for machines without a GPU."
)
DOMAIN = (
    "Trained on a desert city and its coast (Dubai), about 1 m per pixel by the width of roads. Elsewhere it "
    "separates vegetation, bare ground and large buildings sensibly, but it has seen no forest, snow, cropland or "
    "cloud, dark fields can be taken for water, and its figures below say nothing about such ground. Roads and "
    "vegetation are its weak classes at home too."
)
LICENCE = (
    "Apache-2.0 for the weights. The encoder began with ImageNet weights of the EfficientNet-Lite family "
    "(Apache-2.0); the training data are stated to be CC0, known second-hand only."
)
TRAINING_DATA = (
    "Humans in the Loop and Mohammed Bin Rashid Space Centre, 'Semantic segmentation of aerial imagery': 8-bit RGB, "
    "no georeference, pixel size not stated. Tiles 4, 6, 7 and 8 trained, tiles 1 and 3 validated, none else was "
    "used. Labels are noisy: where tiles overlap, two sets of labels agree on 69-90 % of the pixels. Licence as "
    "stated by cards that repeat the original page: CC0; the original page could not be reached."
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--accuracy", type=Path)
    parser.add_argument("--version", default="0.1")
    parser.add_argument("--halo", type=int, help="pixels; what the training assumed without it")
    parser.add_argument("--target", type=Path, default=DATA / f"landcover{SUFFIX}")
    options = parser.parse_args()
    figures = json.loads((options.out / "figures.json").read_text())
    accuracy = json.loads(options.accuracy.read_text()) if options.accuracy else None
    manifest = landcover_manifest(figures, accuracy, version=options.version, halo=options.halo)
    weights = ModelWeights(_half(options.out / "backbone.pt"), (_half(options.out / "refinement.pt"),))
    write_model(options.target, manifest, weights.tensors(manifest))
    print(f"{options.target}: {options.target.stat().st_size / 1e6:.1f} MB")


def landcover_manifest(
    figures: dict[str, Any], accuracy: dict[str, Any] | None, *, version: str, halo: int | None
) -> Manifest:
    """The manifest of the bundled model, its rules and card from the figures."""
    patch, decimations = figures["patch_px"], figures["decimations"]
    window = patch * decimations[0]
    points = {"n_points": figures["n_points"], "smooth_kernel": figures["smooth_kernel"], "points_per": "patch"}
    points |= {"cell_px": figures["cell_px"], "fade_px": figures["fade_px"]}
    return Manifest.from_values(
        {
            "name": "landcover",
            "title": "Land cover from RGB at about 1 m, five classes",
            "version": version,
            "description": DESCRIPTION,
            "domain": DOMAIN,
            "architecture": {"backbone": "light-fpn", "refinement": "light", "num_classes": len(CLASSES)},
            "classes": CLASSES,
            "scaling": {"dtype": "uint8", "low": (0, 0, 0), "high": (255, 255, 255)},
            "normalization": figures["normalization"],
            "gsd_m": 1.0,
            "pyramid": {
                "levels": [(window // d, window // d) for d in decimations],
                "patch": (patch, patch),
                "network_input": (patch, patch),
                "manner": "decimation",
            },
            "halo_px": figures["halo_px"] if halo is None else halo,
            "selection": {"full": points, "fast": points | {"patch_thresholds": figures["patch_thresholds"]}},
            "temperature": figures["temperature"],
            "training_statistics": _statistics(figures["colors"]),
            "licence": LICENCE,
            "data": TRAINING_DATA,
            "card": [_accuracy_table(figures, accuracy), _training_table(figures["training"])],
        }
    )


def _statistics(colors: dict[str, list[float]]) -> list[dict[str, Any]]:
    percents = sorted(int(key[1:]) for key in colors if key[1:].isdecimal())
    return [
        {
            "mean": colors["mean"][band],
            "std": colors["std"][band],
            "percentiles": [{"percent": p, "value": colors[f"p{p}"][band]} for p in percents],
        }
        for band in range(len(colors["mean"]))
    ]


def _accuracy_table(figures: dict[str, Any], accuracy: dict[str, Any] | None) -> dict[str, Any]:
    names = figures["classes"]
    if accuracy is None:
        modes = {"coarse only": "coarse", "fast": "fast", "full": "full", "slid at native resolution": "slid"}
        rows = [[mode, figures[key]["miou"], *figures[key]["iou"]] for mode, key in modes.items()]
        how = "Measured by the training's own validation."
    else:
        rows = [[mode, row["miou"], *row["iou"].values()] for mode, row in accuracy.items()]
        how = "Measured scene to map by benchmarks/accuracy.py."
    return {
        "title": "IoU on tiles 1 and 3 together (held out from training)",
        "columns": ("", "mean IoU", *names),
        "rows": [[row[0], *(round(value, 3) for value in row[1:])] for row in rows],
        "note": f"{how} The same tiles chose the point share, the thresholds and the temperature. Unlabelled pixels "
        "are left out.",
    }


def _training_table(training: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": "Training",
        "columns": ("stage", "steps", "minutes on 2 CPU cores"),
        "rows": [[stage, note["steps"], round(note["minutes"], 1)] for stage, note in training.items()],
        "note": "benchmarks/train_landcover.py",
    }


def _half(path: Path) -> dict[str, torch.Tensor]:
    state = torch.load(path, weights_only=True)
    return {key: value.half() if value.is_floating_point() else value for key, value in state.items()}


if __name__ == "__main__":
    main()
