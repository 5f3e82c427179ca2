"""Feeds damaged and odd files to every reader of files by others; each must be read, or refused by one line.

    python -m tests.fuzz.readers [CASES] [SEED]

Outside the test suite: it takes minutes. Files are mutated as bytes and as texts; the same seed makes the same files.
"""

from __future__ import annotations

import json
import random
import sys
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import rasterio

from magnet_geo.classes import ClassScheme, LandClass
from magnet_geo.datasets import ClassTable
from magnet_geo.datasets.archives import unpacked
from magnet_geo.datasets.class_file import read_class_table
from magnet_geo.datasets.dataset import open_truth
from magnet_geo.errors import MagnetGeoError
from magnet_geo.grid import RasterGrid
from magnet_geo.model.manifest_text import read_manifest_fields
from magnet_geo.raster import ClassMap, SceneReader, SceneSource, describe_scene
from magnet_geo.records.run_record import RUN_TAG, read_run_record
from magnet_geo.scene import Area
from magnet_geo.scene.area_of_interest import AreaOfInterest
from tests.raster.rasters import TRANSFORM, write_raster

TABLE = ClassTable.of_scheme(ClassScheme((LandClass(1, "a", "#ff0000"), LandClass(2, "b", "#00ff00"))))
GRID = RasterGrid(rasterio.crs.CRS.from_epsg(32633), TRANSFORM, 80, 60)
# What mutations put in: numbers and words at which readers stumble.
ODD = [
    b"NaN", b"-1", b"1e999", b"9" * 400, b"null", b"[]", b"{}", b"\x00", b"\xff\xfe", b"2026-13-45", b"!!int x", b"&a",
    b"*a", b"<", b"&lt;", b'"', b"'", b":", b"- ", b"\n", b"0x", b"true", b".inf", b"~", b"%", b"|", b">",
]  # fmt: skip


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Gives a damaged copy: pieces removed, doubled, moved, replaced by odd ones, bits turned."""
    found = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        at = chance.randrange(len(found) + 1)
        length = chance.choice((1, 2, 4, 16, 64))
        match chance.randrange(6):
            case 0:
                del found[at : at + length]
            case 1:
                found[at:at] = found[at : at + length]
            case 2:
                found[at : at + length] = chance.choice(ODD)
            case 3:
                found[at:at] = chance.choice(ODD)
            case 4 if at < len(found):
                found[at] ^= 1 << chance.randrange(8)
            case _:
                other = chance.randrange(len(found) + 1)
                found[at:at] = found[other : other + length]
    return bytes(found)


def packed_files(folder: Path) -> bytes:
    """Gives a ZIP archive of two files."""
    with zipfile.ZipFile(folder / "two.zip", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("images/one_sat.jpg", b"one" * 50)
        made.writestr("labels/one_mask.png", b"two")
    return (folder / "two.zip").read_bytes()


def seeds(folder: Path) -> dict[str, tuple[bytes, str, Callable[[Path], object]]]:
    """Gives for each reader a valid file, its suffix and what reads it."""
    ones = np.ones((1, 60, 80), np.uint8)
    plain = Path(write_raster(folder / "plain.tif", ones, tiled=True, blockxsize=16, blockysize=16)).read_bytes()
    packed = Path(write_raster(folder / "packed.tif", ones, compress="deflate", nodata=0)).read_bytes()
    box = [[TRANSFORM @ corner for corner in ((5, 5), (50, 5), (50, 40), (5, 40), (5, 5))]]
    shape = {"type": "Feature", "properties": {"kind": "a"}, "geometry": {"type": "Polygon", "coordinates": box}}
    layer = {
        "type": "FeatureCollection",
        "features": [shape],
        "crs": {"type": "name", "properties": {"name": "EPSG:32633"}},
    }
    classes = "classes:\n- {name: road, value: 1, color: '#ff0000', labels: [1, 4]}\n- {name: field}\nignore: [0, 9]\n"
    table = "value,name,color,r,g,b\n1,road,#ff0000,255,0,0\n2,field,#00ff00,0,255,0\n"
    style = (
        '<!DOCTYPE qgis><qgis version="3.22"><pipe><rasterrenderer type="paletted"><colorPalette>'
        '<paletteEntry value="1" color="#ff0000" label="road"/><paletteEntry value="2" color="#00ff00" label="field"/>'
        "</colorPalette></rasterrenderer></pipe></qgis>"
    )
    record = {
        "version": 1, "software": "magnet-geo 0.1.0", "scene": "a.tif",
        "model": {"name": "m", "version": "1", "sha256": "0", "title": "t"},
        "model_gsd_m": 1.0, "networks": "x", "domain": "", "licence": "", "data": "", "bands": [1, 2, 3],
        "band_names": ["red", "green", "blue"], "scaling": "", "gsd_m": 1.0, "scene_pixels_per_model_pixel": 1.0,
        "refine": "full", "min_confidence": 0.0, "part_of_scene": False, "windows": 1, "window": [64, 64], "halo": 8,
        "device": "cpu", "precision": "fp32", "levels": [], "refined": None, "warnings": [],
    }  # fmt: skip
    manifest = "name: clouds\ntitle: Clouds\nlicence: none\nbands: [red]\nclasses:\n  - {name: a, color: '#ff0000'}\n"

    def scene(path: Path) -> None:
        source = SceneSource(str(path))
        found = describe_scene(source)
        with SceneReader(source, found.data_bands) as reader:
            if found.grid.width * found.grid.height < 10**6 and found.data_bands:
                reader.read(found.grid.rect)

    def truth(path: Path) -> None:
        found = open_truth(str(path), GRID, TABLE, image_name="a", class_column="kind")
        found.read(GRID.rect, GRID.size)

    def archive(path: Path) -> None:
        with TemporaryDirectory(dir=folder) as root, unpacked([path], Path(root) / "made", lambda name: name):
            pass

    def run_record(path: Path) -> None:
        read_run_record({RUN_TAG: path.read_text("utf-8", "replace")}, name="map.tif")

    return {
        "class table (YAML)": (classes.encode(), ".yaml", lambda path: read_class_table(str(path))),
        "class table (CSV)": (table.encode(), ".csv", lambda path: read_class_table(str(path))),
        "class table (QML)": (style.encode(), ".qml", lambda path: read_class_table(str(path))),
        "class map": (
            packed,
            ".tif",
            lambda path: ClassMap(SceneSource(str(path))).__enter__().__exit__(None, None, None),
        ),
        "scene (plain)": (plain, ".tif", scene),
        "scene (deflate)": (packed, ".tif", scene),
        "area of interest": (
            json.dumps(layer).encode(),
            ".geojson",
            lambda path: AreaOfInterest.of(Area(vector=path), GRID),
        ),
        "truth polygons": (
            json.dumps(layer).encode(),
            ".geojson",
            lambda path: open_truth(str(path), GRID, TABLE, image_name="a", class_column="kind").read(
                GRID.rect, GRID.size
            ),
        ),
        "archive": (packed_files(folder), ".zip", archive),
        "run record": (json.dumps(record).encode(), ".json", run_record),
        "manifest": (manifest.encode(), ".yaml", read_manifest_fields),
    }


def main(cases: int = 2000, seed: int = 0) -> int:
    """Prints a table of what became of all cases, and the first fault of each reader; gives the number of faults."""
    faults = 0
    with TemporaryDirectory(prefix="magnet-geo-fuzz-") as name:
        for reader, (content, suffix, read) in seeds(Path(name)).items():
            chance, ends, began = random.Random(f"{seed} {reader}"), Counter[str](), time.monotonic()
            first = ""
            # In a folder of its own: a style beside a raster is read with it.
            place = Path(name) / f"{len(list(Path(name).iterdir()))}"
            place.mkdir()
            for number in range(cases):
                path = place / f"case{suffix}"
                path.write_bytes(content if number == 0 else mutated(content, chance))
                try:
                    read(path)
                    ends["read"] += 1
                except MagnetGeoError as error:
                    said = str(error)
                    fine = "\n" not in said and said.strip() and "Traceback" not in said
                    ends["refused" if fine else "fault"] += 1
                    first = first or ("" if fine else said)
                except Exception:
                    ends["fault"] += 1
                    first = first or traceback.format_exc(limit=-3)
            faults += ends["fault"]
            told = ", ".join(f"{ends[end]} {end}" for end in ("read", "refused", "fault"))
            print(f"{reader:<20} {cases} cases: {told} ({time.monotonic() - began:.0f} s)\n{first}", flush=True)
    return faults


if __name__ == "__main__":
    sys.exit(1 if main(*map(int, sys.argv[1:])) else 0)
