#!/bin/sh
# A raster without a geotransform has a transform of random numbers once it is opened with OVERVIEW_LEVEL=NONE.
#
# One would guess: the open option leaves overviews out and nothing else, so that rasterio gives the identity matrix for
# a raster without a geotransform, as GDAL's documentation of GDALGetGeoTransform promises ("the default transform ...
# should be returned even when a CE_Failure error is returned"), and as rasterio does without the option.
#
# What happens: the six numbers are memory that nobody wrote. GDAL wraps the dataset in a GDALOverviewDataset
# (gcore/gdaloverviewdataset.cpp), whose GetGeoTransform returns CE_Failure without touching its argument, and rasterio
# (rasterio/_base.pyx, DatasetBase.read_transform) reads the array all the same. With control points or RPCs there is
# not even a warning. So "the transform is the identity" is no test for "has no geotransform" on such a handle.
#
# Prints versions and transforms; ends with 1 once the identity comes back.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet rasterio==1.4.4 numpy==2.2.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import sys
import warnings

import rasterio
from rasterio.control import GroundControlPoint

print("rasterio", rasterio.__version__, "GDAL", rasterio.__gdal_version__)
points = [GroundControlPoint(row, col, 10 + col / 9, 50 - row / 9) for row in (0, 9) for col in (0, 9)]
with rasterio.open(
    "scan.tif", "w", driver="GTiff", width=10, height=10, count=1, dtype="uint8", gcps=points, crs="EPSG:4326"
):
    pass
found = {}
with warnings.catch_warnings(record=True) as warned:
    warnings.simplefilter("always")
    for options in ({}, {"OVERVIEW_LEVEL": "NONE"}):
        with rasterio.open("scan.tif", **options) as dataset:
            found[bool(options)] = dataset.transform
            print(options, tuple(dataset.transform)[:6], "identity:", dataset.transform.is_identity)
print("warnings:", [str(warning.message) for warning in warned])
sys.exit(0 if found[False].is_identity and not found[True].is_identity and not warned else 1)
PYTHON
