"""qgis_process, end to end with the real engine and the bundled model, in hostile surroundings."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import REPOSITORY, VILLAGE
from osgeo import gdal, ogr
from qgis.core import QgsRasterLayer, QgsVectorLayer

PYTHON = Path(os.environ.get("MAGNET_GEO_PYTHON", REPOSITORY / ".venv" / "bin" / "python"))
# Debian's qgis_process is a wrapper whose preset options make it refuse every command.
QGIS_PROCESS = shutil.which("qgis_process.bin") or shutil.which("qgis_process")
CLASSES = [
    (1, "water", "#3b7dc4"),
    (2, "land", "#dcc48e"),
    (3, "road", "#6e6a6f"),
    (4, "building", "#c8443c"),
    (5, "vegetation", "#5a9e4b"),
]
# What bundles of QGIS set for themselves; the engine's PROJ cannot read this one's database.
HOSTILE = {"PROJ_LIB": "/usr/share/proj", "PROJ_DATA": "/usr/share/proj", "GDAL_DATA": "/usr/share/gdal"}
HOSTILE.update(PYTHONEXECUTABLE="/nowhere/python", PYTHONPATH="/usr/lib/python3/dist-packages", PIP_TARGET="/nowhere")

pytestmark = pytest.mark.skipif(not PYTHON.exists() or QGIS_PROCESS is None, reason=f"no engine in {PYTHON}")


@pytest.fixture(scope="module")
def process(tmp_path_factory):
    """Gives a function that runs qgis_process in a fresh profile."""
    home = tmp_path_factory.mktemp("perfil ñ")
    profile = home / "profiles" / "default" / "QGIS"
    profile.mkdir(parents=True)
    lines = ["[PythonPlugins]", "magnet_geo_qgis=true", "[magnet_geo]", f"engine\\program={PYTHON}"]
    for name in ("QGIS3.ini", "QGIS4.ini"):
        (profile / name).write_text("\n".join(lines) + "\n")
    variables = {**os.environ, **HOSTILE, "QGIS_CUSTOM_CONFIG_PATH": str(home), "QT_QPA_PLATFORM": "offscreen"}
    variables["QGIS_PLUGINPATH"] = str(REPOSITORY / "qgis_plugin")

    def run(name, *parameters):
        command = [QGIS_PROCESS, "--json", "run", f"magnetgeo:{name}", "--", *parameters]
        done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False, timeout=300)
        return done, json.loads(done.stdout[done.stdout.index("{") :]) if done.returncode == 0 else None

    return run


@pytest.fixture(scope="module")
def made(process, tmp_path_factory):
    """Gives the folder of a map with polygons, certainty and report."""
    folder = tmp_path_factory.mktemp("Karten é")
    done, found = process(
        "segment",
        f"INPUT={VILLAGE}",
        "EXTENT=321200,321900,129500,130300 [EPSG:27700]",
        "REFINE=3",
        "SHARE=0.2",
        f"OUTPUT={folder}/map.tif",
        f"CONFIDENCE={folder}/certainty.tif",
        f"POLYGONS={folder}/polygons.gpkg",
        f"REPORT={folder}/report.html",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert found["results"]["REFINED_SHARE"] > 0
    return folder


def test_the_map_lies_on_the_scene_s_pixels_with_the_model_s_legend(made):
    scene, result = gdal.Open(str(VILLAGE)), gdal.Open(str(made / "map.tif"))
    assert result.GetGeoTransform() == scene.GetGeoTransform()
    assert (result.RasterXSize, result.RasterYSize) == (scene.RasterXSize, scene.RasterYSize)
    layer = QgsRasterLayer(str(made / "map.tif"), "map")
    shown = [(c.value, c.label, c.color.name()) for c in layer.renderer().classes()]
    assert [entry for entry in shown if entry[0] in range(1, 6)] == CLASSES


def test_outside_the_area_is_nodata_and_inside_are_classes(made):
    values = gdal.Open(str(made / "map.tif")).ReadAsArray()
    inside = values[int((130800.944 - 130300) / 2) + 1 : int((130800.944 - 129500) / 2) - 1, 101:449]
    assert set(inside.flat) <= {1, 2, 3, 4, 5}
    assert (values[:, :99] == 255).all()
    assert (values[:200] == 255).all()


def test_the_polygons_are_the_map(made):
    values = gdal.Open(str(made / "map.tif")).ReadAsArray()
    layer = QgsVectorLayer(str(made / "polygons.gpkg"), "polygons", "ogr")
    assert layer.isValid()
    areas = {}
    for feature in layer.getFeatures():
        value = feature["class_value"]
        areas[value] = areas.get(value, 0) + feature.geometry().area()
    assert areas.keys() == {int(v) for v in set(values.flat)} - {255}
    for value, area in areas.items():
        assert area == pytest.approx(4 * (values == value).sum())
    assert [c.label() for c in layer.renderer().categories()][:5] == [name for _, name, _ in CLASSES]
    assert ogr.Open(str(made / "polygons.gpkg")) is not None


def test_the_report_and_the_certainty_are_there(made):
    assert "<html" in (made / "report.html").read_text(encoding="utf-8")[:2000]
    assert gdal.Open(str(made / "certainty.tif")).RasterXSize == 900


def test_a_sample_is_drawn_and_an_unanswered_one_is_refused(process, made):
    done, _ = process(
        "accuracysample", f"INPUT={made}/map.tif", f"OUTPUT={made}/points.gpkg", "SIZE=40", "MIN_PER_CLASS=4"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert QgsVectorLayer(f"{made}/points.gpkg", "points", "ogr").featureCount() >= 20
    done, _ = process(
        "accuracyestimate", f"INPUT={made}/points.gpkg", f"MAP={made}/map.tif", f"OUTPUT={made}/accuracy.json"
    )
    assert done.returncode == 1
    assert "answer" in (done.stdout + done.stderr).lower()
    assert not (made / "accuracy.json").exists()


def test_a_map_agrees_with_itself(process, made):
    done, found = process(
        "evaluate", f"INPUT={made}/map.tif", f"TRUTH={made}/map.tif", f"OUTPUT={made}/scores.json", f"CSV={made}/s.csv"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert found["results"]["OVERALL_ACCURACY"] == 1


def test_what_the_engine_refuses_is_said_in_its_words(process, tmp_path):
    done, _ = process("segment", f"INPUT={VILLAGE}", "MODEL=nosuch", f"OUTPUT={tmp_path}/o.tif")
    assert done.returncode == 1
    assert "'nosuch' is neither a bundled model nor a file" in done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []
