from __future__ import annotations

import os
import subprocess
import sys

from magnet_geo_qgis.core.environment import ADDED, REMOVED, clean_environment

HOSTILE = dict.fromkeys(REMOVED, "/nowhere/hostile")


def test_qgis_s_own_variables_do_not_reach_the_engine() -> None:
    kept = clean_environment({**HOSTILE, "HTTPS_PROXY": "p", "SSL_CERT_FILE": "c", "LANG": "de_DE.UTF-8"})
    assert not REMOVED & set(kept)
    assert {"HTTPS_PROXY", "SSL_CERT_FILE", "LANG"} <= set(kept)
    assert set(ADDED) <= set(kept)


def test_the_bundle_s_libraries_go_and_the_others_stay() -> None:
    variables = {"LD_LIBRARY_PATH": "/tmp/.mount_QGIS/usr/lib:/usr/local/cuda/lib64:/usr/lib/grass82/lib"}
    kept = clean_environment(variables, bundle_folders=["/tmp/.mount_QGIS", "/usr/lib/grass82"])
    assert kept["LD_LIBRARY_PATH"] == "/usr/local/cuda/lib64"
    assert "LD_LIBRARY_PATH" not in clean_environment({"LD_LIBRARY_PATH": "/q/lib"}, bundle_folders=["/q"])


def test_a_folder_that_only_begins_alike_stays() -> None:
    kept = clean_environment({"LD_LIBRARY_PATH": "/opt/qgis-tools/lib"}, bundle_folders=["/opt/qgis"])
    assert kept["LD_LIBRARY_PATH"] == "/opt/qgis-tools/lib"


def test_on_windows_the_search_path_is_cleaned_by_folder_in_any_case() -> None:
    path = "C:\\OSGeo4W\\bin;C:\\Windows\\System32;c:/osgeo4w/apps/qgis/bin"
    kept = clean_environment({"Path": path}, bundle_folders=["C:\\OSGEO4W"], windows=True)
    assert kept["Path"] == "C:\\Windows\\System32"


def test_an_empty_folder_name_removes_nothing() -> None:
    assert clean_environment({"LD_LIBRARY_PATH": "/a"}, bundle_folders=["", "/"])["LD_LIBRARY_PATH"] == "/a"


def test_the_real_engine_reads_crs_though_the_surroundings_are_hostile() -> None:
    variables = clean_environment({**os.environ, **HOSTILE})
    code = "import rasterio.crs; print(rasterio.crs.CRS.from_epsg(27700).is_projected)"
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], env=variables, capture_output=True, check=False, text=True
    )
    assert done.stdout.strip() == "True", done.stderr
