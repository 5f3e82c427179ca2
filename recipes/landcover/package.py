"""Packs what the other scripts of this folder made into the bundled model file, with its card.

    python recipes/landcover/package.py OUT_FOLDER [--version 0.4] [--target FILE] [--card]

OUT_FOLDER holds `backbone.pt`, `refinement.pt`, `calibration.json`, the notes of the trainings and, as far as they
have been measured with a file packed before, `accuracy.json`, `robustness.json`, `reliability.json` and
`cross_validation.json` of `benchmarks/accuracy/`. With `--card` the weights and rules of the target stay as they are:
texts are renewed, and of the tables those whose figures OUT_FOLDER holds.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import torch
from networks import BACKBONE, REFINEMENT
from safetensors.torch import load_file
from tiles import CLASS_NAMES

from magnet_geo.model import Manifest, read_manifest
from magnet_geo.model.catalog import SUFFIX
from magnet_geo.model.model_file import ModelWeights, write_model

DATA = Path(__file__).parents[2] / "magnet_geo" / "model" / "data"
COLORS = ("#3b7dc4", "#dcc48e", "#6e6a6f", "#c8443c", "#5a9e4b")
DESCRIPTION = (
    "Five classes of land cover from RGB imagery of about 1 m: water, bare and built-up land, road, building and "
    "vegetation. A light network for machines without a GPU."
)
DOMAIN = (
    "Trained on a desert city and its coast (Dubai), about 1 m per pixel by the width of roads. Elsewhere, on dry "
    "and built-up ground, it seems to separate vegetation, bare ground and large buildings sensibly; that was looked "
    "at, not measured. Do not trust it on green countryside: it has seen no forest, crop, snow or cloud, of meadows "
    "only desert ground painted green, and takes dark ground for water: 3.4 % of the example scene, English farmland "
    "(version 0.3: 8.1 %). Its figures below say nothing about such ground. Roads, buildings and vegetation are its "
    "weak classes at home too."
)
#: Of the card's tables, in their order.
TITLES = (
    "IoU on tiles 1 and 3 together (held out from training)",
    "Cross-validation over ground that does not overlap, mean IoU",
    "Changed scenes, tiles 1 and 3, full",
    "Certainty, tiles 1 and 3, full",
    "Training",
)
#: Notes of the trainings, and what the card calls them.
STAGES = {"backbone": "backbone", "refinement": "refinement", "countryside": "backbone, green fields"}
TRAINING_NOTE = (
    "The backbone holds 60 % of the weights it had before the green fields and 40 % of those after them; their minutes "
    "are those of the last 225 steps. recipes/landcover/"
)
LICENCE = (
    "Apache-2.0 for the weights. The encoder began with ImageNet weights of the EfficientNet-Lite family "
    "(Apache-2.0); the training data are stated to be CC0, known second-hand only."
)
TRAINING_DATA = (
    "Humans in the Loop and Mohammed Bin Rashid Space Centre, 'Semantic segmentation of aerial imagery': 8-bit RGB, "
    "no georeference, pixel size not stated. Tiles 4, 6, 7 and 8 trained; of them, one part in nine of tiles 6, 7 "
    "and 8 was kept from the backbone and trained the refinement module. In the last steps of the backbone, the land "
    "of 15 % of the crops was painted green and called vegetation. Tiles 1 and 3 validated, none else was used. Labels "
    "are noisy: where tiles overlap, two sets of labels agree on 69-90 % of the pixels (mean IoU 0.52-0.62). Licence "
    "as stated by cards that repeat the original page: CC0; the original page could not be reached."
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--version", default="0.4")
    parser.add_argument("--target", type=Path, default=DATA / f"landcover{SUFFIX}")
    parser.add_argument("--card", action="store_true", help="renew the card of the target only")
    options = parser.parse_args()
    if options.card:
        renew_card(options.target, options.out)
    else:
        manifest = landcover_manifest(options.out, version=options.version)
        weights = ModelWeights(_half(options.out / "backbone.pt"), (_half(options.out / "refinement.pt"),))
        write_model(options.target, manifest, weights.tensors(manifest))
    print(f"{options.target}: {options.target.stat().st_size / 1e6:.1f} MB")


def renew_card(target: Path, out: Path) -> None:
    """Writes a packed model again with today's texts, and the tables that a folder holds the figures of."""
    manifest = read_manifest(target)
    kept = {table.title: table.model_dump() for table in manifest.card}
    made = {table["title"]: table for table in card_tables(out)}
    titles = dict.fromkeys([*TITLES, *kept, *made])
    card = [table for title in titles if (table := made.get(title) or kept.get(title)) is not None]
    texts = {"description": DESCRIPTION, "domain": DOMAIN, "licence": LICENCE, "data": TRAINING_DATA}
    write_model(target, manifest.changed(card=card, **texts), load_file(target))


def landcover_manifest(out: Path, *, version: str) -> Manifest:
    """The manifest of the bundled model, its rules and card from the figures in a folder."""
    found = json.loads((out / "calibration.json").read_text())
    patch, decimations = found["patch_px"], found["decimations"]
    window = patch * decimations[0]
    classes = zip(range(1, len(CLASS_NAMES) + 1), CLASS_NAMES, COLORS, strict=True)
    return Manifest.from_values(
        {
            "name": "landcover",
            "title": "Land cover from RGB at about 1 m, five classes",
            "version": version,
            "description": DESCRIPTION,
            "domain": DOMAIN,
            "architecture": {"backbone": BACKBONE, "refinement": REFINEMENT, "num_classes": len(CLASS_NAMES)},
            "classes": [{"value": value, "name": name, "color": color} for value, name, color in classes],
            "scaling": {"dtype": "uint8", "low": (0, 0, 0), "high": (255, 255, 255)},
            "normalization": found["normalization"],
            "gsd_m": 1.0,
            "pyramid": {
                "levels": [(window // d, window // d) for d in decimations],
                "patch": (patch, patch),
                "network_input": (patch, patch),
                "manner": "decimation",
            },
            "halo_px": found["halo_px"],
            "selection": {
                "full": found["points"],
                "fast": found["points"] | {"patch_thresholds": found["patch_thresholds"]},
            },
            "temperature": found["temperature"],
            "training_statistics": found["colors"]["bands"],
            "training_spread": found["colors"]["spread"][0],
            "expected_certainty": found["certainty"],
            "licence": LICENCE,
            "data": TRAINING_DATA,
            "card": card_tables(out),
        }
    )


def card_tables(out: Path) -> list[dict[str, Any]]:
    """The tables whose figures a folder holds, in the order of the card."""
    makers = (accuracy_table, cross_validation_table, robustness_table, reliability_table, training_table)
    return [table for make in makers if (table := make(out)) is not None]


def accuracy_table(out: Path) -> dict[str, Any] | None:
    """IoU per mode and class."""
    rows = _read(out / "accuracy.json")
    if rows is None:
        return None
    cells = [
        [mode, row["miou"], *row["iou"].values(), row["accuracy"], row["refined_share"], row["passes"]]
        for mode, row in rows.items()
    ]
    return {
        "title": TITLES[0],
        "columns": ("", "mean IoU", *CLASS_NAMES, "accuracy", "patches refined", "passes"),
        "rows": [[row[0], *(round(value, 3) for value in row[1:-1]), row[-1]] for row in cells],
        "note": "Measured scene to map by benchmarks/accuracy/compare.py. The same tiles chose the settings of the "
        "training, a shift between the classes, the thresholds and the temperature. Unlabelled pixels are left out. "
        + _gains({mode: row["miou"] for mode, row in rows.items()}),
    }


def _gains(miou: dict[str, float]) -> str:
    """What refinement brings, in a sentence."""
    whole = miou["full"] - miou["coarse only"]
    part = (miou["fast 25 %"] - miou["coarse only"]) / whole
    beside = miou["full"] - miou["slid at native resolution"]
    return (
        f"Full refinement is {100 * whole:.1f} points above coarse only, {100 * beside:+z.1f} against the backbone "
        f"slid over the scene; a quarter of the patches keeps {part:.0%} of the gain."
    )


def cross_validation_table(out: Path) -> dict[str, Any] | None:
    """Mean IoU per fold and mode."""
    folds = _read(out / "cross_validation.json")
    if folds is None:
        return None
    modes = list(next(iter(folds.values())))
    return {
        "title": TITLES[1],
        "columns": ("tiles held out", *modes),
        "rows": [[fold, *(round(scores[mode], 3) for mode in modes)] for fold, scores in folds.items()],
        "note": "Networks of the same kind, trained anew without the tiles held out, 350 backbone steps in place "
        "of 3110 and no green fields; no state and no shift between classes was chosen on the tiles held out (the "
        "settings as a whole were chosen on tiles 1 and 3). benchmarks/accuracy/cross_validate.py",
    }


def robustness_table(out: Path) -> dict[str, Any] | None:
    """Mean IoU on changed scenes."""
    rows = _read(out / "robustness.json")
    if rows is None:
        return None
    base = rows["as it is"]
    return {
        "title": TITLES[2],
        "columns": ("change", "mean IoU", "loss in points"),
        "rows": [[name, round(value, 3), float(f"{100 * (base - value):z.1f}")] for name, value in rows.items()],
        "note": "benchmarks/accuracy/robustness.py",
    }


def reliability_table(out: Path) -> dict[str, Any] | None:
    """Expected calibration error with and without the temperature."""
    found = _read(out / "reliability.json")
    if found is None:
        return None
    return {
        "title": TITLES[3],
        "columns": ("temperature", "expected calibration error"),
        "rows": [[1.0, round(found["before"], 3)], [found["temperature"], round(found["after"], 3)]],
        "note": "benchmarks/accuracy/reliability.py; the diagram is docs/models/landcover_reliability.png.",
    }


def training_table(out: Path) -> dict[str, Any] | None:
    """Steps and minutes of each stage."""
    notes = {name: _read(out / f"{name}_training.json") for name in STAGES}
    rows = [[STAGES[name], note["steps"], round(note["minutes"], 1)] for name, note in notes.items() if note]
    if not rows:
        return None
    return {
        "title": TITLES[4],
        "columns": ("stage", "steps", "minutes on one CPU core"),
        "rows": rows,
        "note": TRAINING_NOTE,
    }


def _read(path: Path) -> dict[str, Any] | None:
    return json.loads(path.read_text()) if path.exists() else None


def _half(path: Path) -> dict[str, torch.Tensor]:
    state = torch.load(path, weights_only=True)
    return {key: value.half() if value.is_floating_point() else value for key, value in state.items()}


if __name__ == "__main__":
    main()
