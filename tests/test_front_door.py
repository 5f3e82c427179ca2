"""`import magnet_geo`: names what users call, explains them, and leaves the process as it was."""

from __future__ import annotations

import os
import pydoc
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

import magnet_geo

VILLAGE = Path(__file__).parents[1] / "examples" / "village" / "village_rgb_2m.tif"
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
    for name in ("segment_scene", "load_model", "polygonize", "sieve", "measure_areas", "evaluate", "write_report"):
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
    assert magnet_geo.evaluate(tmp_path / "sieved.tif", classes).scores.overall_accuracy == 1.0
    assert len(magnet_geo.draw_sample(classes, magnet_geo.SampleOptions()).points) == 300
    page = magnet_geo.write_report(
        magnet_geo.ReportSources(magnet_geo.SceneSource(str(classes))), str(tmp_path / "report.html")
    )
    assert page.stat().st_size > 10_000


def test_how_much_is_refined_is_given_as_text_or_number() -> None:
    options = [magnet_geo.SegmentOptions(refine=value) for value in ("fast", "0.3", 0.3)]
    assert [each.refine for each in options] == [magnet_geo.RefineMode.parse(text) for text in ("fast", "0.3", "0.3")]
    with pytest.raises(magnet_geo.MagnetGeoError, match="neither full, fast, off nor a share"):
        magnet_geo.SegmentOptions(refine="much")


@pytest.fixture(scope="module")
def village_map(tmp_path_factory: pytest.TempPathFactory) -> magnet_geo.SceneMap:
    folder = tmp_path_factory.mktemp("village")
    options = magnet_geo.SegmentOptions(refine="off", confidence=str(folder / "certainty.tif"))
    return magnet_geo.segment_scene(VILLAGE, output=folder / "map.tif", options=options)


def test_a_map_is_opened_measured_and_traced(village_map: magnet_geo.SceneMap) -> None:
    with village_map.open() as dataset:
        counts = np.bincount(dataset.read(1).ravel(), minlength=256)
    areas = village_map.areas
    assert areas["pixels"].to_dict() == {value: int(counts[value]) for value in areas.index}
    assert areas["share"].sum() == pytest.approx(1)
    polygons = village_map.polygons(magnet_geo.PolygonOptions(min_area="500m2"))
    assert polygons.area.sum() == pytest.approx(900 * 900 * 4, rel=1e-3)
    assert (polygons.area >= 499).all()
    assert village_map.valid_pixels == village_map.record.valid_pixels == 810_000


def test_a_map_is_an_array_with_its_crs(village_map: magnet_geo.SceneMap) -> None:
    pytest.importorskip("rioxarray")
    array = village_map.to_xarray()
    assert (array.shape, array.dtype, array.rio.crs.to_epsg()) == ((1, 900, 900), np.uint8, 27700)


def test_without_rioxarray_one_sentence_says_what_to_install(
    village_map: magnet_geo.SceneMap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rioxarray", None)
    with pytest.raises(magnet_geo.MagnetGeoError, match=r"pip install magnet-geo\[xarray\]"):
        village_map.to_xarray()


def test_a_map_shows_itself_in_a_notebook(village_map: magnet_geo.SceneMap) -> None:
    page = village_map._repr_html_()
    assert "data:image/png;base64," in page
    assert all(entry.name in page and entry.color in page for entry in village_map.classes)
    odd = village_map.record.model_copy(update={"raster": "<b>.tif", "scene": "<i>.tif"})
    assert "SceneMap('<b>.tif'" in repr(magnet_geo.SceneMap(odd))
    harmless = magnet_geo.SceneMap(village_map.record.model_copy(update={"scene": '"><script>.tif'}))
    assert "<script>" not in harmless._repr_html_()


def test_the_facts_of_a_map_are_kept_as_json(village_map: magnet_geo.SceneMap, tmp_path: Path) -> None:
    read = magnet_geo.SceneMap.read(village_map.write(tmp_path / "map.json"))
    assert read.record == village_map.record
    (tmp_path / "no.json").write_text("[]")
    with pytest.raises(magnet_geo.MagnetGeoError, match="is no result of a run in JSON"):
        magnet_geo.SceneMap.read(tmp_path / "no.json")


def test_a_map_that_is_gone_is_one_sentence(village_map: magnet_geo.SceneMap, tmp_path: Path) -> None:
    gone = magnet_geo.SceneMap(village_map.record.model_copy(update={"raster": str(tmp_path / "gone.tif")}))
    with pytest.raises(magnet_geo.MagnetGeoError, match="cannot be opened"):
        gone.open()
