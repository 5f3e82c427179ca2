"""Speed of the pipeline against the bare network, everything in one run.

    python benchmarks/speed.py [--image FILE] [--fpn CHECKPOINT --magnet CHECKPOINT] [--json FILE]

Part 1, DeepGlobe configuration (fpn, 2448 x 2448, 612 px patches at 508 px): naive float32 forward passes one
patch at a time, as published scripts make them (21 backbone and 20 refinement passes), against our pipeline at
float32 and bf16. Part 2, the default model: a scene end to end, file to file, against the bare networks on the
same number of patches. Each case runs in a process of its own, so that peaks of memory do not mix.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import rasterio

SIDE = 2448
INPUT = 508
CASES = ("naive", "ours-fp32", "ours-bf16", "default-scene", "default-bare", "default-scene-fast")


def main() -> None:
    options = _parse_options()
    if options.case:
        print(json.dumps(_run_case(options)))
        return
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            done = subprocess.run(
                [sys.executable, __file__, *sys.argv[1:], "--case", case, "--folder", folder],
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                sys.exit(f"{case} failed:\n{done.stderr}")
            results[case] = json.loads(done.stdout.splitlines()[-1])
            print(f"{case:<20}{json.dumps(results[case])}", flush=True)
        results["agreement"] = _agreement(Path(folder))
    _print_table(results)
    if options.json:
        options.json.write_text(json.dumps({"machine": _machine(), **results}, indent=1))


def _run_case(options: argparse.Namespace) -> dict[str, float]:
    import torch

    torch.set_num_threads(options.threads)
    image = _image(options.image, SIDE)
    runs = {
        "naive": lambda: _naive(options, image),
        "ours-fp32": lambda: _ours(options, image, "fp32"),
        "ours-bf16": lambda: _ours(options, image, "bf16"),
        "default-scene": lambda: _default_scene(options, "full"),
        "default-scene-fast": lambda: _default_scene(options, "fast"),
        "default-bare": lambda: _default_bare(options),
    }
    result = runs[options.case]()
    from magnet_geo.scene.peak_memory import peak_memory_bytes

    return result | {"peak_gb": peak_memory_bytes() / 1e9}


def _deepglobe(options: argparse.Namespace):
    import torch

    from magnet_geo.model import create_preset
    from magnet_geo.model.bundle import ModelBundle
    from magnet_geo.networks import create_backbone, create_refinement

    torch.manual_seed(0)
    manifest = create_preset("deepglobe")
    backbone, refinement = create_backbone("fpn", num_classes=7).eval(), create_refinement(7).eval()
    if options.fpn:
        backbone.load_state_dict(torch.load(options.fpn, weights_only=True))
        refinement.load_state_dict(torch.load(options.magnet, weights_only=True))
    return ModelBundle(manifest, backbone, (refinement, refinement), sha256="")


def _naive(options: argparse.Namespace, image: np.ndarray) -> dict[str, float]:
    import torch

    bundle = _deepglobe(options)
    patch = torch.randn(1, 3, INPUT, INPUT)
    maps = torch.softmax(torch.randn(1, 7, INPUT, INPUT), 1)
    with torch.inference_mode():
        bundle.backbone(patch)
        started = time.perf_counter()
        for _ in range(21):
            bundle.backbone(patch)
        backbone = time.perf_counter() - started
        for _ in range(20):
            bundle.refinements[0](scale_specific=maps, cumulative=maps)
    total = time.perf_counter() - started
    return {"seconds": total, "backbone_seconds": backbone, "refinement_seconds": total - backbone}


def _ours(options: argparse.Namespace, image: np.ndarray, precision: str) -> dict[str, float]:
    from magnet_geo.scene import Segmenter

    model = Segmenter.from_bundle(_deepglobe(options), device="cpu", precision=precision)
    model.segment_image(image[:612, :612])
    started = time.perf_counter()
    probabilities = model.segment_image(image)
    seconds = time.perf_counter() - started
    np.save(Path(options.folder) / f"{precision}.npy", probabilities.argmax(0).astype(np.uint8))
    return {"seconds": seconds}


def _default_scene(options: argparse.Namespace, refine: str) -> dict[str, float]:
    from magnet_geo.scene import RefineMode, SegmentOptions, load_model, segment_scene

    scene = Path(options.folder) / "scene.tif"
    if not scene.exists():
        image = _image(options.image, 4096)
        profile = {"driver": "GTiff", "width": 4096, "height": 4096, "count": 3, "dtype": "uint8", "tiled": True}
        with rasterio.open(scene, "w", compress="deflate", photometric="rgb", **profile) as dataset:
            dataset.write(np.moveaxis(image, -1, 0))
    model = load_model(options.model, device="cpu")
    model.segment_image(_image(options.image, 512))
    result = segment_scene(
        scene,
        output=Path(options.folder) / f"{refine}.tif",
        model=model,
        options=SegmentOptions(refine=RefineMode(refine), overwrite=True),
    )
    return {"seconds": result.seconds, "mpx_per_s": 4096**2 / 1e6 / result.seconds, "refined": result.refined_share}


def _default_bare(options: argparse.Namespace) -> dict[str, float]:
    """The networks alone on as many patches as the scene of `_default_scene` needs, and nothing else."""
    import torch

    from magnet_geo.grid import Size, WindowPlan
    from magnet_geo.scene import load_model

    model = load_model(options.model, device="cpu")
    pyramid, predictor = model.manifest.pyramid_value(), model.predictor
    predictor.batch_size = options.batch
    windows = len(WindowPlan(Size(4096, 4096), pyramid.window, model.manifest.halo_px))
    refined = windows * sum(len(pyramid.patches(level)) for level in range(1, len(pyramid.levels)))
    batch = torch.randn(options.batch, len(model.manifest.bands), pyramid.patch.height, pyramid.patch.width)
    with torch.inference_mode():
        maps = predictor.scale_specific(batch)
        started = time.perf_counter()
        for _ in range(-(-(windows + refined) // options.batch)):
            predictor.scale_specific(batch)
        for _ in range(-(-refined // options.batch)):
            predictor.refined(1, scale_specific=maps, cumulative=maps)
    return {"seconds": time.perf_counter() - started, "passes": windows + 2 * refined}


def _image(path: Path | None, side: int) -> np.ndarray:
    """(side, side, 3) uint8: a photo, repeated by mirroring where it is too small, or the example scene."""
    path = path or Path(__file__).parents[1] / "examples/village/village_rgb_2m.tif"
    image = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)[:side, :side]
    rows, cols = side - image.shape[0], side - image.shape[1]
    while rows > 0 or cols > 0:
        grow = min(rows, image.shape[0] - 1), min(cols, image.shape[1] - 1)
        image = cv2.copyMakeBorder(image, 0, max(0, grow[0]), 0, max(0, grow[1]), cv2.BORDER_REFLECT_101)
        rows, cols = side - image.shape[0], side - image.shape[1]
    return image


def _agreement(folder: Path) -> dict[str, float]:
    with rasterio.open(folder / "full.tif") as dataset:
        classes = dataset.read(1)
    same = float((np.load(folder / "fp32.npy") == np.load(folder / "bf16.npy")).mean())
    return {"fpn_bf16_equals_fp32": same, "classes_in_default_map": len(np.unique(classes))}


def _machine() -> str:
    with open("/proc/cpuinfo") as info:
        names = [line.partition(":")[2].strip() for line in info if line.startswith("model name")]
    return f"{len(names)} x {names[0]}, {platform.system()}, Python {platform.python_version()}"


def _print_table(results: dict[str, dict[str, float]]) -> None:
    naive = results["naive"]["seconds"]
    print(f"\nMachine: {_machine()}\n")
    print("| DeepGlobe configuration, fpn, 2448 x 2448 | seconds | naive / this | peak GB |\n| --- | --- | --- | --- |")
    for case, name in (("naive", "naive float32 passes"), ("ours-fp32", "ours, float32"), ("ours-bf16", "ours, bf16")):
        row = results[case]
        print(f"| {name} | {row['seconds']:.1f} | {naive / row['seconds']:.1f} | {row['peak_gb']:.2f} |")
    print(f"\nSame class bf16 and float32: {results['agreement']['fpn_bf16_equals_fp32']:.2%}\n")
    bare = results["default-bare"]["seconds"]
    print(
        "| default model, 4096 x 4096 scene | seconds | Mpx/s | against the bare networks |\n| --- | --- | --- | --- |"
    )
    for case, name in (("default-scene", "full, file to file"), ("default-scene-fast", "fast, file to file")):
        row = results[case]
        ratio = f"{row['seconds'] / bare:.2f}" if case == "default-scene" else "-"
        print(f"| {name} | {row['seconds']:.1f} | {row['mpx_per_s']:.2f} | {ratio} |")
    print(f"| bare networks, same patches | {bare:.1f} | {4096**2 / 1e6 / bare:.2f} | 1 |")


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--image", type=Path, help="RGB photo; the example scene, mirrored, without it")
    parser.add_argument("--fpn", type=Path, help="state dict of an fpn of 7 classes; random weights without it")
    parser.add_argument("--magnet", type=Path, help="state dict of its refinement module")
    parser.add_argument("--model", default="landcover")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--case", choices=CASES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
