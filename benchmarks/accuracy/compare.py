"""How well a model maps labelled tiles: coarse only, fast, full, and its backbone slid at native resolution.

    python benchmarks/accuracy/compare.py DATA_FOLDER [--tiles 1 3] [--model landcover] [--json FILE] [--plot FILE]

DATA_FOLDER holds `tileN_rgb.jpg` and `tileN_mask.png`, whose value 0 (unlabelled) is left out. All rows but the
last two run the product, scene to map: `fast` by the model's own threshold, `fast 10 %` and the like by ranking the
patches of the whole scene. `25 %, chosen by the truth` refines those that set the most labelled pixels right: the best
that any ranking could do. The last row runs the backbone alone on overlapping patches of the full resolution and
keeps the middle of each. A pass is one patch through the backbone.
"""

from __future__ import annotations

import argparse
import json
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from chosen_by_truth import chosen_by_truth
from labeled_tiles import labels_beside, run_product, score_tiles, slide

from magnet_geo.inference import load_model
from magnet_geo.training.validation import class_iou

MODES = {
    "coarse only": "off",
    "fast 10 %": "0.10",
    "fast 25 %": "0.25",
    "fast 50 %": "0.50",
    "fast": "fast",
    "full": "full",
}
BEST = "25 %, chosen by the truth"
SLID = "slid at native resolution"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--tiles", type=int, nargs="+", default=[1, 3])
    parser.add_argument("--model", default="landcover")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    model = load_model(options.model, precision=options.precision)
    names = [c.name for c in model.manifest.classes]
    runs = {name: partial(run_product, model=model, mode=mode) for name, mode in MODES.items()}
    runs[BEST] = lambda scene: chosen_by_truth(scene, labels_beside(scene), model, 0.25)
    runs[SLID] = partial(slide, model=model)
    rows = {}
    for name, predict in runs.items():
        started = time.perf_counter()
        counts, passes, share = score_tiles(options.data, options.tiles, model, predict)
        iou = class_iou(counts)
        rows[name] = {
            "iou": dict(zip(names, iou.round(4).tolist(), strict=True)),
            "miou": round(float(np.nanmean(iou)), 4),
            "accuracy": round(float(np.trace(counts) / counts.sum()), 4),
            "refined_share": round(share, 3),
            "passes": passes,
            "seconds": round(time.perf_counter() - started, 1),
        }
    print_table(rows, names, options.tiles)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))
    if options.plot:
        draw(rows, options.tiles, options.plot)


def print_table(rows: dict[str, dict[str, Any]], names: list[str], tiles: list[int]) -> None:
    print(f"IoU on tiles {', '.join(map(str, tiles))} together\n")
    print(f"| | mIoU | {' | '.join(names)} | accuracy | patches refined | passes | seconds |")
    print("| --- " * (len(names) + 6) + "|")
    for mode, row in rows.items():
        cells = " | ".join(f"{row['iou'][name]:.3f}" for name in names)
        rest = f"{row['accuracy']:.3f} | {row['refined_share']:.0%} | {row['passes']} | {row['seconds']}"
        print(f"| {mode} | {row['miou']:.3f} | {cells} | {rest} |")


def draw(rows: dict[str, dict[str, Any]], tiles: list[int], path: Path) -> None:
    """Writes the plot of mean IoU against network passes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4), layout="constrained")
    axes = figure.add_subplot()
    ranked = [name for name in MODES if name != "fast"]
    axes.plot([rows[name]["passes"] for name in ranked], [rows[name]["miou"] for name in ranked], "o-", color="#2f6db3")
    axes.plot(rows["fast"]["passes"], rows["fast"]["miou"], "D", color="#1b9e77")
    axes.plot(rows[BEST]["passes"], rows[BEST]["miou"], "^", color="#e6a817")
    axes.plot(rows[SLID]["passes"], rows[SLID]["miou"], "s", color="#c8443c")
    places = dict.fromkeys(ranked[:-1], ((8, -10), "left"))
    places |= {"fast": ((0, -16), "center"), BEST: ((2, 7), "right"), SLID: ((0, -30), "right")}
    for name, row in rows.items():
        offset, side = places.get(name, ((0, 8), "center"))
        at = (row["passes"], row["miou"])
        axes.annotate(name, at, xytext=offset, textcoords="offset points", ha=side, fontsize=9)
    axes.set_xlabel(f"passes of the backbone, tiles {' and '.join(map(str, tiles))} together")
    axes.set_ylabel("mean IoU")
    axes.margins(0.12)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
