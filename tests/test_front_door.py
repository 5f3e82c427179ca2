"""`import magnet_geo`: names what users call, explains them, and leaves the process as it was."""

from __future__ import annotations

import os
import pydoc
import subprocess
import sys

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
