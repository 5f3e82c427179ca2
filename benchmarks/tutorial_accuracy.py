"""Prints the figures of docs/tutorials/measure-accuracy.md: a tile mapped, sampled, answered from its labels, scored.

    python benchmarks/tutorial_accuracy.py DATA_FOLDER [--model landcover]

DATA_FOLDER holds `tile1_rgb.jpg` and `tile1_mask.png`, whose value 0 is unlabelled: such points stay unanswered.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pyogrio
import rasterio


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", default="landcover")
    options = parser.parse_args()
    image, labels = (options.data.absolute() / name for name in ("tile1_rgb.jpg", "tile1_mask.png"))
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        run("segment", image, "-o", "classes.tif", "--model", options.model, "--refine", "full", "--progress", "none")
        run("accuracy", "sample", "classes.tif", "points.gpkg", "--size", "400")
        answer(Path("points.gpkg"), labels)
        run("accuracy", "estimate", "points.gpkg", "classes.tif", "--drop-unanswered")
        run("evaluate", "classes.tif", labels, "--ignore-value", "0")
        os.chdir(options.data.anchor or "/")


def run(*arguments: object) -> None:
    print(f"\n$ magnet-geo {' '.join(map(str, arguments))}", flush=True)
    subprocess.run([sys.executable, "-m", "magnet_geo", *map(str, arguments)], check=True, stderr=subprocess.DEVNULL)


def answer(points: Path, labels: Path) -> None:
    """Write the label under each point of a map without georeference into its answer."""
    table = pyogrio.read_dataframe(points, layer="sample")
    with rasterio.open(labels) as dataset:
        values = dataset.read(1)
    found = values[np.floor(-table.geometry.y).astype(int), np.floor(table.geometry.x).astype(int)]
    with closing(sqlite3.connect(points)) as database, database:
        # The spatial index is kept by triggers that need functions of GDAL's own; answers do not touch it.
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        rows = [(int(value) or None, int(number)) for value, number in zip(found, table["id"], strict=True)]
        database.executemany("UPDATE sample SET reference = ? WHERE id = ?", rows)


if __name__ == "__main__":
    main()
