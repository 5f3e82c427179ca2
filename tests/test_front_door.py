"""`import magnet_geo`: names what users call, explains them, and leaves the process as it was."""

from __future__ import annotations

import os
import pydoc
import subprocess
import sys
from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import from_origin

import magnet_geo

CHANGES_NOTHING = """
import ctypes, os, sys
before, calls = dict(os.environ), []
made = ctypes.CDLL
ctypes.CDLL = lambda *names, **more: (calls.append(names), made(*names, **more))[1]
import magnet_geo
assert dict(os.environ) == before, set(os.environ.items()) ^ set(before.items())
assert calls == [], calls
assert "torch" not in sys.modules
"""

SETTLES = """
import os, sys
import magnet_geo
magnet_geo.CancelToken, magnet_geo.SceneSource, magnet_geo.MagnetGeoError
assert "torch" not in sys.modules and "GOMP_SPINCOUNT" not in os.environ
seen = []
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            seen.append(os.environ.get("GOMP_SPINCOUNT"))
sys.meta_path.insert(0, Watch())
magnet_geo.load_model
assert seen == ["10000"], seen
"""


def test_dir_holds_what_users_call() -> None:
    assert set(magnet_geo.__all__) <= set(dir(magnet_geo))
    assert set(magnet_geo._HOMES) < set(magnet_geo.__all__)
    for name in magnet_geo.__all__:
        assert getattr(magnet_geo, name) is not None


def test_help_shows_the_functions_and_their_arguments() -> None:
    shown = pydoc.plain(pydoc.render_doc(magnet_geo))
    for name in ("segment_scene", "load_model", "polygonize", "sieve", "measure_areas", "evaluate_map", "write_report"):
        assert f"\n    {name}(" in shown
    assert "Class raster to write, a Cloud Optimized GeoTIFF" in shown


def test_importing_changes_neither_environment_nor_allocator() -> None:
    _holds(CHANGES_NOTHING)


def test_threads_are_settled_before_torch_is_loaded_where_openmp_reads_it() -> None:
    _holds(SETTLES)


def _holds(script: str) -> None:
    names = ("THP_MEM_ALLOC_ENABLE", "GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "MALLOC_ARENA_MAX")
    variables = {name: value for name, value in os.environ.items() if name not in names}
    done = subprocess.run([sys.executable, "-c", script], env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_path_is_enough_where_a_file_says_everything_itself(tmp_path: Path) -> None:
    classes = tmp_path / "classes.tif"
    values = np.repeat(np.array([[1, 2, 3, 2]], np.uint8), 30, 0).repeat(10, 1)
    profile = {"driver": "GTiff", "height": 30, "width": 40, "count": 1, "dtype": "uint8", "crs": "EPSG:32633"}
    with rasterio.open(classes, "w", **profile, transform=from_origin(500_000, 5_500_000, 10, 10)) as raster:
        raster.write(values, 1)

    assert magnet_geo.describe_scene(classes).grid.width == 40
    assert {c.value: c.pixels for c in magnet_geo.measure_areas(str(classes)).classes} == {1: 300, 2: 600, 3: 300}
    assert magnet_geo.polygonize(classes, str(tmp_path / "polygons.gpkg")).polygons == str(tmp_path / "polygons.gpkg")
    magnet_geo.sieve(classes, tmp_path / "sieved.tif", min_area=magnet_geo.PatchSize.parse("10px"))
    assert magnet_geo.evaluate_map(tmp_path / "sieved.tif", classes).scores.overall_accuracy == 1.0
    assert len(magnet_geo.draw_sample(classes, magnet_geo.SampleOptions()).points) == 300
    page = magnet_geo.write_report(
        magnet_geo.ReportSources(magnet_geo.SceneSource(str(classes))), str(tmp_path / "report.html")
    )
    assert page.stat().st_size > 10_000
