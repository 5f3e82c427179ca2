"""A foreign cloud mask (PyPI ukis-csmask) on a Sentinel-2 scene, as it is and with clouds painted into it.

    pip install 'magnet-geo[onnx]' ukis-csmask
    python benchmarks/foreign_model.py SCENE [--bands 3,2,1,4]

SCENE is Level-2A, uint16; the bands are its blue, green, red and near infrared. The manifest is that of
docs/tutorials/sensors-and-onnx.md. A painted cloud counts where it hides more than half of the ground.
"""

from __future__ import annotations

import argparse
import re
from importlib.metadata import files
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
import onnxruntime
import rasterio
from numpy.typing import NDArray

from magnet_geo.inference import load_model
from magnet_geo.model.graph_import import import_graph
from magnet_geo.model.manifest import Manifest
from magnet_geo.scene import SegmentOptions, segment_scene

TUTORIAL = Path(__file__).parents[1] / "docs" / "tutorials" / "sensors-and-onnx.md"
# Angle, length and weight of the waves along their edges.
RIPPLES = ((0.3, 7, 0.15), (1.7, 11, 0.2), (2.5, 5, 0.1))
# Row and column of the middle and radius, as shares of the scene's rows and columns.
CLOUDS = ((0.24, 0.26, 0.09), (0.66, 0.73, 0.13), (0.79, 0.21, 0.065))


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scene", type=Path)
    parser.add_argument("--bands", type=lambda text: tuple(map(int, text.split(","))), default=(3, 2, 1, 4))
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        model = make_model(Path(folder))
        painted = Path(folder) / "painted.tif"
        density = paint_clouds(options.scene, painted)
        print("| scene | pixels | called clear | cloud | cloud shadow |\n| --- | --- | --- | --- | --- |")
        everywhere = np.ones(density.shape, bool)
        print_shares("as it is", "all", run(options.scene, model, options.bands), everywhere)
        classes = run(painted, model, options.bands)
        print_shares("clouds painted", "under a cloud", classes, density > 0.5)
        print_shares("clouds painted", "under none, in no shadow", classes, untouched(density))
        native = run(painted, model, options.bands, gsd="native")
        print_shares("clouds painted, `--gsd native`", "under a cloud", native, density > 0.5)
        compare_with_runtime(painted, native, model, options.bands)


def make_model(folder: Path) -> Path:
    """Imports the graph of the installed package with the tutorial's manifest, and gives the model file."""
    packed = next(file for file in files("ukis-csmask") or [] if file.name == "model_4b_l2a.onnx")
    copyfile(Path(str(packed.locate())), folder / "clouds.onnx")
    found = re.search(r"```yaml\n(.*?)```", TUTORIAL.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert found
    (folder / "clouds.yaml").write_text(found[1], encoding="utf-8")
    import_graph(folder / "clouds.onnx", folder / "clouds.yaml", folder / "clouds.safetensors")
    return folder / "clouds.safetensors"


def paint_clouds(scene: Path, target: Path) -> NDArray[np.float64]:
    """Writes a copy of a scene with clouds and their shadows; gives the clouds' density, 0-1."""
    with rasterio.open(scene) as dataset:
        values, profile = dataset.read(), dataset.profile
    height, width = values.shape[1:]
    rows, cols = np.mgrid[:height, :width]
    ripple = sum(np.sin((cols * np.cos(a) + rows * np.sin(a)) / s) * w for a, s, w in RIPPLES)
    density = np.zeros((height, width))
    for row, col, radius in CLOUDS:
        distance = ((rows - row * height) / (radius * height)) ** 2 + ((cols - col * width) / (radius * width)) ** 2
        density = np.maximum(density, np.clip(1.3 * np.exp(-distance * (1 + ripple)) - 0.15, 0, 1))
    lit = values * (1 - 0.65 * shadow(density))
    lit = lit * (1 - density) + density * (6500 + 700 * ripple)
    with rasterio.open(target, "w", **profile) as dataset:
        dataset.write(np.clip(lit, 1, 65535).astype(values.dtype))
    return density


def shadow(density: NDArray[np.float64]) -> NDArray[np.float64]:
    """The density, moved to the lower left."""
    return np.roll(density, (density.shape[0] // 9, -density.shape[1] // 14), (0, 1))


def untouched(density: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where there is neither cloud nor shadow."""
    return (density == 0) & (shadow(density) == 0)


def run(scene: Path, model: Path, bands: tuple[int, ...], gsd: Literal["native"] | None = None) -> NDArray[np.uint8]:
    """Maps a scene."""
    options = SegmentOptions(bands=bands, sensor="sentinel2", gsd=gsd, overwrite=True)
    target = model.with_name("map.tif")
    segment_scene(scene, output=target, model=load_model(model, device="cpu"), options=options)
    with rasterio.open(target) as dataset:
        classes: NDArray[np.uint8] = dataset.read(1)
    return classes


def print_shares(scene: str, pixels: str, classes: NDArray[np.uint8], where: NDArray[np.bool_]) -> None:
    """Prints the shares of the classes."""
    shares = np.bincount(classes[where], minlength=3)[:3] / where.sum()
    print(f"| {scene} | {pixels} | {' | '.join(f'{share:.1%}' for share in shares)} |")


def compare_with_runtime(scene: Path, found: NDArray[np.uint8], model: Path, bands: tuple[int, ...]) -> None:
    """Prints how much of the first window's core, at native resolution, equals onnxruntime's own answer."""
    manifest: Manifest = load_model(model, device="cpu").manifest
    side, core = manifest.pyramid.patch.height, manifest.pyramid.patch.height - 2 * manifest.halo_px
    with rasterio.open(scene) as dataset:
        reflectance = dataset.read(bands)[:, :side, :side] / 1e4
    scaling, normal = manifest.scaling, manifest.normalization
    shares = np.clip((reflectance.T - scaling.low) / (np.array(scaling.high) - scaling.low), 0, 1)
    image = ((shares - normal.mean) / normal.std).T[None].astype(np.float32)
    session = onnxruntime.InferenceSession(model.with_suffix(".onnx"), providers=["CPUExecutionProvider"])
    expected = session.run(None, {session.get_inputs()[0].name: image})[0][0].argmax(0)
    equal = (found[:core, :core] == expected[:core, :core]).mean()
    print(f"\nFirst window, native pixels: {equal:.2%} of {core} x {core} pixels as onnxruntime alone.")


if __name__ == "__main__":
    main()
