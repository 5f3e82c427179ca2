"""Why adjoining scenes are segmented as one VRT: the seam of two separate runs, measured and drawn.

    python benchmarks/adjoining_scenes.py SCENE [--model landcover] [--picture OUT.png]

The scene is cut down the middle. Its halves are segmented each for itself, then together through a VRT. Printed are
the pixel pairs of different class across the cut, those across all other columns near it, and the pixels that the
two ways map differently. The map through the VRT must be the map of the uncut scene, pixel for pixel.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import rasterio
from matplotlib.figure import Figure
from numpy.typing import NDArray
from rasterio.windows import Window

from magnet_geo.inference import load_model
from magnet_geo.records.segment_result import SegmentResult
from magnet_geo.scene import SegmentOptions, segment_scene

NEAR_PX = 150
SHOWN_PX = 120


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scene", type=Path)
    parser.add_argument("--model", default="landcover")
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args()
    model = load_model(options.model)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        halves = cut(options.scene, folder)
        vrt = write_vrt(options.scene, halves, folder / "area.vrt")
        runs = {
            path.stem: segment_scene(
                path, output=folder / f"{path.stem}_map.tif", model=model, options=SegmentOptions()
            )
            for path in (*halves, vrt, options.scene)
        }
        maps = {name: read(Path(result.raster)) for name, result in runs.items()}
    together, whole = maps["area"], maps[options.scene.stem]
    separate = np.hstack([maps["west"], maps["east"]])
    middle = maps["west"].shape[1]
    print(f"model {runs['area'].model.name} {runs['area'].model.version}")
    print(f"the map through the VRT is that of the uncut scene: {'yes' if (together == whole).all() else 'NO'}")
    print("| way | pairs that differ across the cut | across other columns |\n| --- | --- | --- |")
    for label, classes in (("two runs", separate), ("one run through a VRT", together)):
        across, elsewhere = changes(classes, middle)
        print(f"| {label} | {across:.1%} | {elsewhere:.1%} |")
    differ = separate != together
    print(f"pixels mapped differently: {differ.mean():.1%} of all, ", end="")
    print(f"{differ[:, middle - 16 : middle + 16].mean():.1%} within 16 px of the cut")
    if options.picture is not None:
        draw(options.scene, separate, together, middle, runs["area"]).savefig(options.picture, dpi=110)


def cut(scene: Path, folder: Path) -> tuple[Path, Path]:
    """West and east half, as files of their own."""
    with rasterio.open(scene) as dataset:
        middle = dataset.width // 2
        for name, start, stop in (("west", 0, middle), ("east", middle, dataset.width)):
            window = Window(start, 0, stop - start, dataset.height)
            profile = dataset.profile | {
                "width": window.width,
                "transform": dataset.window_transform(window),
                "driver": "GTiff",
                "compress": "deflate",
                "photometric": "RGB",
            }
            with rasterio.open(folder / f"{name}.tif", "w", **profile) as half:
                half.write(dataset.read(window=window))
    return folder / "west.tif", folder / "east.tif"


def write_vrt(scene: Path, halves: tuple[Path, Path], target: Path) -> Path:
    """What `gdalbuildvrt area.vrt west.tif east.tif` writes, in short."""
    with rasterio.open(scene) as dataset:
        root = ElementTree.Element("VRTDataset", rasterXSize=str(dataset.width), rasterYSize=str(dataset.height))
        ElementTree.SubElement(root, "SRS").text = dataset.crs.to_wkt()
        ElementTree.SubElement(root, "GeoTransform").text = ",".join(map(repr, dataset.transform.to_gdal()))
        for number, use in enumerate(dataset.colorinterp, 1):
            band = ElementTree.SubElement(root, "VRTRasterBand", dataType="Byte", band=str(number))
            ElementTree.SubElement(band, "ColorInterp").text = use.name.capitalize()
            left = 0
            for half in halves:
                left += add_source(band, half, number, left)
    ElementTree.ElementTree(root).write(target)
    return target


def add_source(band: ElementTree.Element, half: Path, number: int, left: int) -> int:
    """Place a file in a band and give its width."""
    with rasterio.open(half) as dataset:
        width, height = str(dataset.width), str(dataset.height)
    source = ElementTree.SubElement(band, "SimpleSource")
    ElementTree.SubElement(source, "SourceFilename", relativeToVRT="1").text = half.name
    ElementTree.SubElement(source, "SourceBand").text = str(number)
    ElementTree.SubElement(source, "SrcRect", xOff="0", yOff="0", xSize=width, ySize=height)
    ElementTree.SubElement(source, "DstRect", xOff=str(left), yOff="0", xSize=width, ySize=height)
    return int(width)


def read(path: Path) -> NDArray[np.uint8]:
    with rasterio.open(path) as dataset:
        values: NDArray[np.uint8] = dataset.read(1)
    return values


def changes(classes: NDArray[np.uint8], middle: int) -> tuple[float, float]:
    """Share of neighboring pixels of different class across the cut, and across the other columns near it."""
    differ = (classes[:, 1:] != classes[:, :-1]).mean(axis=0)
    near = np.delete(differ[middle - NEAR_PX : middle + NEAR_PX], NEAR_PX - 1)
    return float(differ[middle - 1]), float(near.mean())


def draw(
    scene: Path, separate: NDArray[np.uint8], together: NDArray[np.uint8], middle: int, result: SegmentResult
) -> Figure:
    """The same ground around the cut: the scene, two runs, one run."""
    most = int(np.argmax([(separate != together)[row : row + 2 * SHOWN_PX].mean() for row in rows(separate)]))
    top = list(rows(separate))[most]
    part = np.s_[top : top + 2 * SHOWN_PX, middle - SHOWN_PX : middle + SHOWN_PX]
    with rasterio.open(scene) as dataset:
        photo = dataset.read((1, 2, 3)).transpose(1, 2, 0)[part]
    palette = np.zeros((256, 3), np.uint8)
    for entry in result.classes:
        palette[entry.value] = [round(255 * share) for share in mpl.colors.to_rgb(entry.color)]
    figure = Figure(figsize=(9, 3.3), layout="constrained")
    pictures = (("Scene, cut in the middle", photo), ("Two runs", palette[separate[part]]))
    for axes, (title, picture) in zip(
        figure.subplots(1, 3), (*pictures, ("One run through a VRT", palette[together[part]])), strict=True
    ):
        axes.imshow(picture, interpolation="nearest")
        axes.axvline(SHOWN_PX - 0.5, ymin=0.96, color="black", linewidth=1)
        axes.axvline(SHOWN_PX - 0.5, ymax=0.04, color="black", linewidth=1)
        axes.set_title(title, loc="left", fontsize=10)
        axes.set_axis_off()
    return figure


def rows(classes: NDArray[np.uint8]) -> range:
    return range(0, classes.shape[0] - 2 * SHOWN_PX + 1, SHOWN_PX)


if __name__ == "__main__":
    main()
