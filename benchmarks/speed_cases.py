"""The cases of `run.py`, each for a process of its own; see there.

Every case is a function of the options that gives numbers by name.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import rasterio
import torch

from benchmarks.plain_pipeline import plain_pipeline
from benchmarks.stage_clock import StageClock
from magnet_geo.compute.device import use_threads
from magnet_geo.compute.patch_executor import PatchExecutor
from magnet_geo.compute.peak_memory import peak_memory_bytes
from magnet_geo.inference import Segmenter, load_model
from magnet_geo.model import create_preset
from magnet_geo.model.bundle import ModelBundle
from magnet_geo.networks import create_backbone, create_refinement
from magnet_geo.progressive import winning_classes
from magnet_geo.scene import RefineMode, SegmentOptions

SIDE, INPUT, CLASSES = 2448, 508, 7
_DISK_BYTES = 256 * 2**20
_PATCHES_IN_TURN = 12

Numbers = dict[str, Any]


def run_case(name: str, options: argparse.Namespace) -> Numbers:
    """Run a case in this process; adds the process's peak of memory."""
    use_threads(options.threads)
    return CASES[name](options) | {"peak_gb": peak_memory_bytes() / 1e9}


class Stopwatch:
    """Wall seconds, and CPU seconds of all threads: what other work on the machine stretches, and what it does not."""

    def __init__(self) -> None:
        self._started = time.perf_counter(), time.process_time()

    def read(self) -> dict[str, float]:
        """Both since the beginning."""
        wall, cpu = self._started
        return {"seconds": time.perf_counter() - wall, "cpu_seconds": time.process_time() - cpu}


def deepglobe(options: argparse.Namespace) -> ModelBundle:
    """The DeepGlobe configuration, with the weights given or with random ones."""
    torch.manual_seed(0)
    backbone, refinement = create_backbone("fpn", num_classes=CLASSES).eval(), create_refinement(CLASSES).eval()
    if options.fpn:
        backbone.load_state_dict(torch.load(options.fpn, weights_only=True))
        refinement.load_state_dict(torch.load(options.magnet, weights_only=True))
    return ModelBundle(create_preset("deepglobe"), backbone, (refinement, refinement), sha256="")


def naive(options: argparse.Namespace) -> Numbers:
    """The paper's pipeline in plain float32 torch, one patch at a time; keeps the classes."""
    bundle, image = deepglobe(options), read_image(options.image, SIDE)
    with torch.inference_mode():
        own = bundle.backbone(torch.randn(1, 3, INPUT, INPUT)).softmax(1)
        bundle.refinements[0](scale_specific=own, cumulative=own)
    watch = Stopwatch()
    probabilities = plain_pipeline(bundle, image)
    taken = watch.read()
    np.save(Path(options.folder) / "naive.npy", winning_classes(probabilities).numpy())
    return taken


def deepglobe_pipeline(options: argparse.Namespace, precision: str) -> Numbers:
    """One image of 2448 x 2448 pixels through the pipeline, stage by stage."""
    model = Segmenter.from_bundle(deepglobe(options), device="cpu", precision=precision)
    image = read_image(options.image, SIDE)
    _warm_up(model, options)
    watch = Stopwatch()
    with StageClock().running() as stages:
        batches = _note_batches(model)
        probabilities = model.segment_image(image)
    taken = watch.read()
    (Path(options.folder) / f"{precision}.json").write_text(json.dumps(batches))
    np.save(Path(options.folder) / f"{precision}.npy", winning_classes(torch.from_numpy(probabilities)).numpy())
    return taken | {"stages": dict(stages)}


def deepglobe_bare(options: argparse.Namespace, precision: str) -> Numbers:
    """Our prepared networks alone, as many passes as the image takes."""
    model = Segmenter.from_bundle(deepglobe(options), device="cpu", precision=precision)
    return _bare(model, options, json.loads((Path(options.folder) / f"{precision}.json").read_text()))


def default_scene(options: argparse.Namespace, refine: str) -> Numbers:
    """A scene through the default model, file to file, stage by stage."""
    # Reading and writing scenes loads libraries that count as memory; the other cases do without.
    from magnet_geo.scene import segment_scene

    side = options.scene_side
    scene = Path(options.folder) / "scene.tif"
    if not scene.exists():
        profile = {"driver": "GTiff", "width": side, "height": side, "count": 3, "dtype": "uint8", "tiled": True}
        with rasterio.open(scene, "w", compress="deflate", photometric="rgb", **profile) as dataset:
            dataset.write(np.moveaxis(read_image(options.image, side), -1, 0))
    model = load_model(options.model, device="cpu", precision=options.precision)
    _warm_up(model, options)
    settings = SegmentOptions(refine=RefineMode(refine), overwrite=True)
    watch = Stopwatch()
    with StageClock().running() as stages:
        batches = _note_batches(model)
        result = segment_scene(scene, output=Path(options.folder) / f"{refine}.tif", model=model, options=settings)
    (Path(options.folder) / f"{refine}.json").write_text(json.dumps(batches))
    taken = watch.read()
    speed = side**2 / 1e6 / taken["seconds"]
    return taken | batches | {"mpx_per_s": speed, "refined": result.refined_share, "stages": dict(stages)}


def default_bare(options: argparse.Namespace) -> Numbers:
    """The default model's prepared networks alone, as many passes as the scene took at full refinement."""
    model = load_model(options.model, device="cpu", precision=options.precision)
    batches = json.loads((Path(options.folder) / "full.json").read_text())
    taken = _bare(model, options, batches)
    return taken | {"mpx_per_s": options.scene_side**2 / 1e6 / taken["seconds"]}


def disk(options: argparse.Namespace) -> Numbers:
    """Megabytes per second written to the folder's disk, down to the medium, and read back from the cache."""
    path, block = Path(options.folder) / "disk.bin", os.urandom(2**20)
    started = time.perf_counter()
    with path.open("wb") as file:
        for _ in range(_DISK_BYTES // len(block)):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    written = time.perf_counter()
    path.read_bytes()
    read = time.perf_counter()
    path.unlink()
    return {
        "write_mb_per_s": _DISK_BYTES / 1e6 / (written - started),
        "read_mb_per_s": _DISK_BYTES / 1e6 / (read - written),
    }


def read_image(path: Path | None, side: int) -> np.ndarray:
    """(side, side, 3) uint8: a photo, repeated by mirroring where it is too small, or the example scene."""
    path = path or Path(__file__).parents[1] / "examples/village/village_rgb_2m.tif"
    image = cv2.cvtColor(cv2.imread(str(path))[:side, :side], cv2.COLOR_BGR2RGB)
    rows, cols = side - image.shape[0], side - image.shape[1]
    while rows > 0 or cols > 0:
        grow = min(rows, image.shape[0] - 1), min(cols, image.shape[1] - 1)
        image = cv2.copyMakeBorder(image, 0, max(0, grow[0]), 0, max(0, grow[1]), cv2.BORDER_REFLECT_101)
        rows, cols = side - image.shape[0], side - image.shape[1]
    return image


def _note_batches(model: Segmenter) -> dict[str, list[int]]:
    """Sizes of the batches that go through the networks of a model from now on."""
    batches: dict[str, list[int]] = {"backbone_batches": [], "refinement_batches": []}
    predictor = model.predictor
    scale_specific, refined = predictor.scale_specific, predictor.refined

    def note_backbone(inputs: torch.Tensor) -> torch.Tensor:
        batches["backbone_batches"].append(len(inputs))
        return scale_specific(inputs)

    def note_refinement(level: int, *, scale_specific: torch.Tensor, cumulative: torch.Tensor) -> torch.Tensor:
        batches["refinement_batches"].append(len(cumulative))
        return refined(level, scale_specific=scale_specific, cumulative=cumulative)

    predictor.scale_specific, predictor.refined = note_backbone, note_refinement
    return batches


@torch.inference_mode()
def _warm_up(model: Segmenter, options: argparse.Namespace) -> None:
    """A pair of patches through both networks: oneDNN makes code for each layer when it first meets it."""

    def take(patch: torch.Tensor) -> None:
        own = model.predictor.scale_specific(patch)
        model.predictor.refined(1, scale_specific=own, cumulative=own)

    list(model.runner.imap(take, _photo_patches(model, options, 2).split(1)))


def _photo_patches(model: Segmenter, options: argparse.Namespace, count: int) -> torch.Tensor:
    """Network inputs cut from the photo along its diagonal; noise would light up more of the networks than it does."""
    pyramid, normalization = model.manifest.pyramid, model.manifest.normalization
    side = pyramid.network_input.height
    photo = read_image(options.image, SIDE)
    starts = np.linspace(0, SIDE - side, count).astype(int)
    patches = np.stack([photo[start : start + side, start : start + side] for start in starts])
    mean, std = torch.tensor(normalization.mean), torch.tensor(normalization.std)
    return ((torch.from_numpy(patches) / 255 - mean) / std).permute(0, 3, 1, 2).contiguous()


@torch.inference_mode()
def _bare(model: Segmenter, options: argparse.Namespace, batches: dict[str, list[int]]) -> dict[str, float]:
    """The pipeline's own passes, side by side as there, of several patches in turn: it does not meet just one."""
    predictor, inputs = model.predictor, _photo_patches(model, options, 2 * _PATCHES_IN_TURN)
    own = torch.cat([predictor.scale_specific(patch) for patch in inputs.split(1)])
    coarser = own.roll(1, 0)
    _warm_up(model, options)

    def take(number: int) -> None:
        first = number % _PATCHES_IN_TURN
        for count in batches["backbone_batches"][number : number + 1]:
            predictor.scale_specific(inputs[first:][:count])
        for count in batches["refinement_batches"][number : number + 1]:
            predictor.refined(1, scale_specific=own[first:][:count], cumulative=coarser[first:][:count])

    passes = range(max(map(len, batches.values())))
    executor = PatchExecutor(predictor.batch_size)
    watch = Stopwatch()
    for _ in executor.imap_unordered(take, passes):
        continue
    return watch.read()


CASES: dict[str, Callable[[argparse.Namespace], Numbers]] = {
    "disk": disk,
    "naive": naive,
    "deepglobe-fp32": lambda options: deepglobe_pipeline(options, "fp32"),
    "deepglobe-bf16": lambda options: deepglobe_pipeline(options, "bf16"),
    "deepglobe-bare-fp32": lambda options: deepglobe_bare(options, "fp32"),
    "deepglobe-bare-bf16": lambda options: deepglobe_bare(options, "bf16"),
    "default-full": lambda options: default_scene(options, "full"),
    "default-fast": lambda options: default_scene(options, "fast"),
    "default-off": lambda options: default_scene(options, "off"),
    "default-bare": default_bare,
}
