"""How well a model maps labelled tiles: coarse only, fast, full, and its backbone slid at native resolution.

    python benchmarks/accuracy.py DATA_FOLDER [--tiles 1 3] [--model landcover] [--json FILE]

DATA_FOLDER holds `tileN_rgb.jpg` and `tileN_mask.png`, whose value 0 (unlabelled) is left out. The first three
columns run the product, scene to map; the last one runs the backbone alone on overlapping patches of the full
resolution and keeps the middle of each.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import rasterio
import torch

from magnet_geo.grid import MagnificationPyramid, PixelRect, Size, WindowPlan
from magnet_geo.progressive import build_image_pyramid
from magnet_geo.scene import RefineMode, Segmenter, SegmentOptions, load_model, segment_scene
from magnet_geo.training.validation import class_iou

SLID_HALO = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--tiles", type=int, nargs="+", default=[1, 3])
    parser.add_argument("--model", default="landcover")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    model = load_model(options.model, precision=options.precision)
    names = [c.name for c in model.manifest.classes]
    rows = {}
    for mode in ("coarse only", "fast", "full", "slid at native resolution"):
        started = time.perf_counter()
        counts, share = np.zeros((len(names), len(names)), np.int64), []
        for number in options.tiles:
            predicted, refined = _predict(options.data / f"tile{number}_rgb.jpg", model, mode)
            counts += _confusion(predicted, _labels(options.data / f"tile{number}_mask.png"), model)
            share.append(refined)
        rows[mode] = {
            "iou": dict(zip(names, class_iou(counts).round(4).tolist(), strict=True)),
            "miou": round(float(class_iou(counts).mean()), 4),
            "accuracy": round(float(np.trace(counts) / counts.sum()), 4),
            "refined_share": round(float(np.mean(share)), 3),
            "seconds": round(time.perf_counter() - started, 1),
        }
    _print(rows, names, options.tiles)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


def _predict(scene: Path, model: Segmenter, mode: str) -> tuple[np.ndarray, float]:
    if mode.startswith("slid"):
        return _slide(scene, model), 0.0
    refine = RefineMode("off" if mode == "coarse only" else mode)
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "map.tif"
        result = segment_scene(scene, output=output, model=model, options=SegmentOptions(refine=refine))
        with rasterio.open(output) as dataset:
            return dataset.read(1), result.refined_share


def _slide(scene: Path, model: Segmenter) -> np.ndarray:
    with rasterio.open(scene) as dataset:
        image = dataset.read()
    patch = model.manifest.pyramid_value().patch
    size = Size(*image.shape[1:])
    classes = np.zeros((size.height, size.width), np.uint8)
    for window in WindowPlan(size, patch, SLID_HALO):
        part = image[(slice(None), *window.read.intersection(PixelRect(0, 0, size.height, size.width)).slices)]
        probabilities = _one_pass(np.ascontiguousarray(part), model, patch)
        index = probabilities[(slice(None), *window.core_in_read.slices)].argmax(0).numpy()
        classes[window.core.slices] = model.manifest.class_scheme().values[index]
    return classes


@torch.inference_mode()
def _one_pass(values: np.ndarray, model: Segmenter, patch: Size) -> torch.Tensor:
    pyramid = MagnificationPyramid.from_decimations(patch.height, (1,))
    image = build_image_pyramid(
        values, None, pyramid=pyramid, normalization=model.manifest.normalization_value(), device=model.predictor.device
    )
    return model.predictor.scale_specific(image.inputs(0, pyramid.patches(0)))[0].cpu()


def _labels(path: Path) -> np.ndarray:
    with rasterio.open(path) as dataset:
        return dataset.read(1)


def _confusion(predicted: np.ndarray, labels: np.ndarray, model: Segmenter) -> np.ndarray:
    index = np.full(256, -1)
    index[model.manifest.class_scheme().values] = np.arange(len(model.manifest.classes))
    truth, found = index[labels], index[predicted]
    counted = (truth >= 0) & (found >= 0)
    classes = len(model.manifest.classes)
    return np.bincount(truth[counted] * classes + found[counted], minlength=classes**2).reshape(classes, classes)


def _print(rows: dict, names: list[str], tiles: list[int]) -> None:
    print(f"IoU on tiles {', '.join(map(str, tiles))} together\n")
    print(f"| | mIoU | {' | '.join(names)} | accuracy | patches refined | seconds |")
    print("| --- " * (len(names) + 5) + "|")
    for mode, row in rows.items():
        cells = " | ".join(f"{row['iou'][name]:.3f}" for name in names)
        rest = f"{row['accuracy']:.3f} | {row['refined_share']:.0%} | {row['seconds']}"
        print(f"| {mode} | {row['miou']:.3f} | {cells} | {rest} |")


if __name__ == "__main__":
    main()
