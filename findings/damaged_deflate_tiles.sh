#!/usr/bin/env bash
# A damaged deflate block of a GeoTIFF is often read without an error, although its checksum does not agree.
#
# One would guess: every deflate (zlib) stream ends with an Adler-32 of its data, so damage inside a tile is an error;
# at worst one in four thousand million damages goes unseen.
#
# What happens: where the damaged stream decodes to more bytes than the block has, the surplus is dropped and the
# checksum, which stands behind it, is never looked at. Of tiles in which 64 bytes were lost (set to 0), most are read
# without a word, with much of the tile wrong. Seen alike with GDAL 3.10.3 and 3.12.2, with libdeflate and with
# zlib (GDAL_TIFF_DEFLATE_SUBCODEC).
#
# Source: libtiff 4.7, libtiff/tif_zip.c, ZIPDecode(): surplus data is no error, so that files whose last strip holds
# more rows than it should can be read (its own sample: test/images/deflate-last-strip-extra-data.tiff); the way through
# zlib stops as soon as the block is full.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -qq --disable-pip-version-check rasterio==1.4.4 numpy==2.4.6
"$folder/venv/bin/python" - "$folder/tile.tif" <<'PYTHON'
import sys
import warnings
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import rasterio

warnings.simplefilter("ignore")
path, side, lost, tries = Path(sys.argv[1]), 256, 64, 100
print(f"Python {sys.version.split()[0]}, rasterio {rasterio.__version__}, GDAL {rasterio.__gdal_version__}")

generator = np.random.default_rng(0)
values = (np.add.outer(np.arange(side), np.arange(side)) // 4 + generator.integers(0, 32, (3, side, side))).astype("uint8")
tiled = {"tiled": True, "blockxsize": side, "blockysize": side, "interleave": "pixel", "compress": "deflate"}
with rasterio.open(path, "w", driver="GTiff", width=side, height=side, count=3, dtype="uint8", **tiled) as dataset:
    dataset.write(values)
with rasterio.open(path) as dataset:
    start, size = (int(dataset.get_tag_item(f"BLOCK_{of}_0_0", "TIFF", bidx=1)) for of in ("OFFSET", "SIZE"))
whole = path.read_bytes()
assert zlib.decompress(whole[start : start + size]) == values.transpose(1, 2, 0).tobytes()

found, wrong = Counter(), []
for at in generator.integers(0, size - lost, tries):
    block = bytearray(whole[start : start + size])
    block[at : at + lost] = bytes(lost)
    path.write_bytes(whole[:start] + block + whole[start + size :])
    try:
        zlib.decompress(bytes(block))
        by_zlib = "accepts"
    except zlib.error as error:
        by_zlib = "refuses"
    try:
        with rasterio.open(path) as dataset:
            wrong.append((dataset.read() != values).any(axis=0).mean())
        by_gdal = "reads without an error"
    except rasterio.errors.RasterioError:
        by_gdal = "refuses"
    found[by_zlib, by_gdal] += 1
for (by_zlib, by_gdal), count in sorted(found.items()):
    print(f"{count} of {tries} tiles with {lost} lost bytes: Python's zlib {by_zlib}, GDAL {by_gdal}")
print(f"Where GDAL reads, {np.median(wrong):.0%} of the pixels are wrong (median)")
sys.exit(found["refuses", "reads without an error"] < tries / 2)
PYTHON
