"""Draws docs/images/polygons.png, a corner of the example scene's map as polygons: python docs/make_polygon_picture.py.

Maps the scene with the bundled model, then runs `magnet-geo polygonize` three ways.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import geopandas as gpd
import matplotlib as mpl
import numpy as np
import rasterio
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

ROOT = Path(__file__).parents[1]
SCENE = ROOT / "examples/village/village_rgb_2m.tif"
PICTURE = ROOT / "docs/images/polygons.png"
# Left, bottom, right, top.
CORNER = 321450, 129570, 321690, 129750
WAYS = {
    "as the pixels lie": [],
    "--smooth": ["--smooth"],
    "--min-area 200m2 --simplify 3m": ["--min-area", "200m2", "--simplify", "3m"],
}


def main() -> None:
    """The picture."""
    mpl.rcParams.update({"font.family": "DejaVu Sans", "font.size": 9})
    figure = Figure(figsize=(9, 7.5), dpi=130, layout="constrained")
    axes = figure.subplots(2, 2).ravel()
    legend: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        classes = Path(folder) / "classes.tif"
        run("segment", SCENE, "-o", classes)
        draw_scene(axes[0])
        for axis, (title, options) in zip(axes[1:], WAYS.items(), strict=True):
            layer = Path(folder) / "layer.gpkg"
            run("polygonize", classes, layer, "--overwrite", *options)
            table = gpd.read_file(layer, layer="layer", bbox=CORNER)
            table.plot(ax=axis, color=table.color, edgecolor="white", linewidth=0.7)
            axis.set_title(title)
            legend |= dict(zip(table.class_name, table.color, strict=True))
    for axis in axes:
        axis.set(xlim=CORNER[::2], ylim=CORNER[1::2], xticks=[], yticks=[], xlabel="", ylabel="", aspect="equal")
    patches = [Patch(color=color, label=name) for name, color in sorted(legend.items())]
    figure.legend(handles=patches, loc="outside lower center", ncols=5, frameon=False)
    figure.savefig(PICTURE)


def draw_scene(axis: Axes) -> None:
    """What was mapped."""
    with rasterio.open(SCENE) as scene:
        image = np.moveaxis(scene.read((1, 2, 3)), 0, -1)
        left, bottom, right, top = scene.bounds
    axis.imshow(image, extent=(left, right, bottom, top))
    axis.set_title("scene, 240 x 180 m")


def run(*arguments: object) -> None:
    """One command of magnet-geo."""
    command = [sys.executable, "-m", "magnet_geo", *map(str, arguments), "--progress", "none"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
