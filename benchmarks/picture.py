"""Draw a scene and its class map side by side: picture.py SCENE CLASSES OUT.png [--bands 3,2,1]."""

from __future__ import annotations

import argparse
import io
import xml.etree.ElementTree as ElementTree
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
import rasterio
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from matplotlib.patheffects import AbstractPathEffect, withStroke
from numpy.typing import NDArray
from PIL import Image
from pyproj import Geod
from rasterio.enums import ColorInterp, Resampling
from rasterio.io import DatasetReader
from rasterio.warp import transform as transform_points

WIDTH_PX, DPI, MARGIN_PX, TITLE_PX, LEGEND_ROW_PX = 1600, 160, 24, 64, 44
LEGEND_COLUMNS = 6
MAX_BYTES = 600_000
INK, PAPER, QUIET = "#1f2933", "#ffffff", "#616e7c"


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """One class as people see it; share is its part of all pixels that have a class, 0-1."""

    value: int
    name: str
    color: str
    share: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scene", type=Path)
    parser.add_argument("classes", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--bands", type=parse_bands, help="red, green and blue (or one band) of the scene, 1-based")
    options = parser.parse_args()
    with rasterio.open(options.scene) as scene, rasterio.open(options.classes) as classes:
        if (scene.width, scene.height) != (classes.width, classes.height):
            parser.error(
                f"{options.scene} has {scene.width} x {scene.height} pixels, {options.classes} "
                f"{classes.width} x {classes.height}: not a scene and its map"
            )
        figure = draw(scene, classes, options.bands)
    encoded = encode(figure)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_bytes(encoded)
    print(f"Picture: {options.output} ({len(encoded) / 1000:.0f} kB)")


def parse_bands(text: str) -> tuple[int, ...]:
    bands = tuple(int(part) for part in text.split(","))
    if len(bands) not in (1, 3) or min(bands) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not one band or three, as in 3,2,1")
    return bands


def draw(scene: DatasetReader, classes: DatasetReader, bands: tuple[int, ...] | None) -> Figure:
    legend = read_legend(classes)
    side_by_side = scene.width < 2 * scene.height
    columns, rows = (2, 1) if side_by_side else (1, 2)
    panel_width = (WIDTH_PX - (columns + 1) * MARGIN_PX) // columns
    panel_height = round(panel_width * scene.height / scene.width)
    legend_px = LEGEND_ROW_PX * -(-len(legend) // LEGEND_COLUMNS) + MARGIN_PX
    height_px = rows * (panel_height + TITLE_PX) + legend_px

    mpl.rcParams.update({"font.family": "DejaVu Sans", "font.size": 9, "text.color": INK})
    figure = Figure(figsize=(WIDTH_PX / DPI, height_px / DPI), dpi=DPI, facecolor=PAPER)
    pictures = (
        ("Scene", describe(scene), read_scene(scene, bands, height=panel_height, width=panel_width)),
        ("Map", describe_model(classes), read_map(classes, legend, height=panel_height, width=panel_width)),
    )
    for index, (title, subtitle, picture) in enumerate(pictures):
        left = MARGIN_PX + (panel_width + MARGIN_PX) * (index % columns)
        top = TITLE_PX + (panel_height + TITLE_PX) * (index // columns)
        axes = figure.add_axes(
            (
                left / WIDTH_PX,
                1 - (top + panel_height) / height_px,
                panel_width / WIDTH_PX,
                panel_height / height_px,
            )
        )
        axes.imshow(picture, interpolation="nearest", aspect="auto")
        axes.set_axis_off()
        axes.set_title(title, loc="left", fontsize=11, fontweight="bold", pad=7)
        axes.set_title(subtitle, loc="right", fontsize=8, color=QUIET, pad=7)
        if index == 0:
            draw_scale_bar(axes, width_m(scene))
    figure.legend(
        handles=[
            Patch(facecolor=entry.color, edgecolor=QUIET, linewidth=0.4, label=f"{entry.name}  {entry.share:.1%}")
            for entry in legend
        ],
        loc="lower center",
        bbox_to_anchor=(0.5, MARGIN_PX / 4 / height_px),
        ncols=min(len(legend), LEGEND_COLUMNS),
        frameon=False,
        handlelength=1.4,
        handleheight=1.1,
        columnspacing=2,
    )
    return figure


def read_scene(scene: DatasetReader, bands: tuple[int, ...] | None, *, height: int, width: int) -> NDArray[np.uint8]:
    """(height, width, 4) uint8 RGBA; transparent where the scene is not valid."""
    bands = bands or visible_bands(scene)
    values = scene.read(list(bands), out_shape=(len(bands), height, width), resampling=Resampling.average)
    valid = scene.dataset_mask(out_shape=(height, width)) > 0
    valid &= np.isfinite(values).all(axis=0)
    if values.dtype != np.uint8:
        values = np.stack([stretch(band, valid) for band in values])
    if len(values) == 1:
        values = values.repeat(3, axis=0)
    return np.dstack([*values, np.where(valid, 255, 0).astype(np.uint8)])


def visible_bands(scene: DatasetReader) -> tuple[int, ...]:
    kinds = list(scene.colorinterp)
    wanted = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
    if all(kind in kinds for kind in wanted):
        return tuple(kinds.index(kind) + 1 for kind in wanted)
    return (1, 2, 3) if scene.count >= 3 else (1,)


def stretch(band: NDArray[np.generic], valid: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Spread the 2nd to 98th percentile of the valid pixels over 0-255."""
    values = np.nan_to_num(band.astype(np.float64))
    low, high = np.percentile(values[valid], (2, 98)) if valid.any() else (0.0, 1.0)
    scaled = (values - low) * (255 / max(high - low, 1e-9))
    return scaled.clip(0, 255).astype(np.uint8)


def read_map(classes: DatasetReader, legend: tuple[LegendEntry, ...], *, height: int, width: int) -> NDArray[np.uint8]:
    """(height, width, 4) uint8 RGBA in the classes' own colors; transparent where there is no class."""
    shrinks = height < classes.height
    values = classes.read(1, out_shape=(height, width), resampling=Resampling.mode if shrinks else Resampling.nearest)
    palette = np.zeros((256, 4), np.uint8)
    for entry in legend:
        palette[entry.value] = (*(round(255 * part) for part in mpl.colors.to_rgb(entry.color)), 255)
    picture: NDArray[np.uint8] = palette[values]
    return picture


def read_legend(classes: DatasetReader) -> tuple[LegendEntry, ...]:
    """The classes that occur, largest first, as the raster or its sidecars name and color them."""
    counts = count_values(classes)
    total = max(sum(counts.values()), 1)
    names, colors = read_class_table(classes)
    return tuple(
        LegendEntry(value, names.get(value, f"class {value}"), colors.get(value, "#b0b0b0"), count / total)
        for value, count in counts.most_common()
    )


def count_values(classes: DatasetReader) -> Counter[int]:
    counts = np.zeros(256, np.int64)
    for _, window in classes.block_windows(1):
        counts += np.bincount(classes.read(1, window=window).ravel(), minlength=256)
    if classes.nodata is not None:
        counts[int(classes.nodata)] = 0
    return Counter({value: int(count) for value, count in enumerate(counts) if count})


def read_class_table(classes: DatasetReader) -> tuple[dict[int, str], dict[int, str]]:
    """Names and colors by class value: from the .qml style, else from category names and the color table."""
    path = Path(classes.name)
    names: dict[int, str] = {}
    colors: dict[int, str] = {}
    if classes.colorinterp[0] == ColorInterp.palette:
        colors = {value: "#{:02x}{:02x}{:02x}".format(*rgba[:3]) for value, rgba in classes.colormap(1).items()}
    categories = path.with_name(path.name + ".aux.xml")
    if categories.exists():
        found = ElementTree.parse(categories).iterfind(".//PAMRasterBand[@band='1']/CategoryNames/Category")
        names = {value: category.text for value, category in enumerate(found) if category.text}
    style = path.with_suffix(".qml")
    if style.exists():
        for entry in ElementTree.parse(style).iter("paletteEntry"):
            value = int(entry.attrib["value"])
            names[value], colors[value] = entry.attrib["label"], entry.attrib["color"][:7]
    return names, colors


def describe(scene: DatasetReader) -> str:
    size = f"{scene.width} × {scene.height} px"
    across = width_m(scene)
    return f"{size}, {across / scene.width:.2g} m" if across else size


def describe_model(classes: DatasetReader) -> str:
    tags = {key.lower(): value for key, value in classes.tags().items()}
    model = next((value for key, value in tags.items() if key.endswith("model")), "")
    return f"model: {model}" if model else ""


def width_m(scene: DatasetReader) -> float | None:
    """Length on the ground of the scene's middle row, in metres; None without a CRS."""
    if scene.crs is None or scene.transform.is_identity:
        return None
    ends = [scene.transform @ (column, scene.height / 2) for column in (0, scene.width)]
    longitudes, latitudes = transform_points(scene.crs, "EPSG:4326", *zip(*ends, strict=True))[:2]
    return float(Geod(ellps="WGS84").line_length(longitudes, latitudes))


def draw_scale_bar(axes: Axes, across_m: float | None) -> None:
    if not across_m:
        return
    length_m = max(
        step * 10.0**power for power in range(-3, 8) for step in (1, 2, 5) if step * 10.0**power <= 0.3 * across_m
    )
    label = f"{length_m / 1000:g} km" if length_m >= 1000 else f"{length_m:g} m"
    share = length_m / across_m
    outline: list[AbstractPathEffect] = [withStroke(linewidth=2.5, foreground="#00000099")]
    bar = Rectangle((0.03, 0.03), share, 0.008, transform=axes.transAxes, facecolor="white", edgecolor="none")
    bar.set_path_effects(outline)
    axes.add_patch(bar)
    axes.text(
        0.03 + share / 2,
        0.048,
        label,
        transform=axes.transAxes,
        color="white",
        fontsize=8.5,
        ha="center",
        va="bottom",
        path_effects=outline,
    )


def encode(figure: Figure) -> bytes:
    """PNG with as many palette colors as the size limit lets through."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=DPI)
    picture = Image.open(drawn).convert("RGB")
    encoded = b""
    for colors in (256, 128, 64, 32):
        small = io.BytesIO()
        picture.quantize(colors, kmeans=1, dither=Image.Dither.NONE).save(small, format="png", optimize=True)
        encoded = small.getvalue()
        if len(encoded) <= MAX_BYTES:
            break
    return encoded


if __name__ == "__main__":
    main()
