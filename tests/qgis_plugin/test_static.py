"""Rules of the plugin, read off its source: what QGIS 3.22 and 4 run, and what the plugin site accepts."""

from __future__ import annotations

import ast
import configparser
import string
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "qgis_plugin" / "magnet_geo_qgis"
MODULES = sorted(PACKAGE.rglob("*.py"))
sys.path.insert(0, str(ROOT / "qgis_plugin"))

import update_translations  # noqa: E402

each = pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())


def imports_of(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    return names + [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level]


@each
def test_python_3_9_of_qgis_3_22_can_read_it(path: Path) -> None:
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))


@each
def test_only_qgis_and_the_standard_library_are_imported(path: Path) -> None:
    found = {name.split(".")[0] for name in imports_of(path)}
    assert found <= set(sys.stdlib_module_names) | {"qgis"}


@each
def test_qt_comes_through_qgis_and_children_through_qt(path: Path) -> None:
    names = imports_of(path)
    assert not [name for name in names if name.startswith(("PyQt", "PySide")) or name in {"subprocess", "resources_rc"}]
    text = path.read_text(encoding="utf-8")
    assert ".exec_(" not in text
    assert "assert " not in text


@each
def test_only_the_desktop_s_parts_import_the_desktop(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0]
    if room == "core":
        assert not [name for name in imports_of(path) if name.startswith("qgis")]
    elif room != "gui":
        assert not [name for name in imports_of(path) if name.startswith("qgis.gui")]


@each
def test_modules_stay_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_the_translations_have_the_sources_words() -> None:
    for language in update_translations.LANGUAGES:
        known = update_translations.read_translations(language)
        assert list(known) == update_translations.source_texts(), "run: python qgis_plugin/update_translations.py"
        for text, translation in known.items():
            if translation:
                fields = [sorted(f for _, f, _, _ in string.Formatter().parse(t) if f) for t in (text, translation)]
                assert fields[0] == fields[1], text
        assert sum(map(bool, known.values())) > 60


def test_the_metadata_is_what_the_plugin_site_asks_for() -> None:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(PACKAGE / "metadata.txt", encoding="utf-8")
    found = parser["general"]
    assert found["hasProcessingProvider"] == "yes"
    assert found["qgisMinimumVersion"] == "3.22"
    assert "External dependency" in found["about"]
    assert (PACKAGE / found["icon"]).is_file()


def test_the_zip_holds_one_folder_and_nothing_that_is_forbidden(tmp_path: Path) -> None:
    import build_zip

    names = build_zip.write_zip(tmp_path / "plugin.zip")
    with zipfile.ZipFile(tmp_path / "plugin.zip") as archive:
        assert archive.namelist() == names
        modes = {info.external_attr >> 16 for info in archive.infolist()}
    assert {name.split("/")[0] for name in names} == {"magnet_geo_qgis"}
    assert {f"magnet_geo_qgis/{name}" for name in ("__init__.py", "metadata.txt", "LICENSE", "icon.svg")} <= set(names)
    assert not [name for name in names if "__pycache__" in name or "/." in name or "test" in name]
    assert modes == {0o644}


def test_the_zip_brings_the_versions_that_the_engine_is_tested_with(tmp_path: Path) -> None:
    import build_zip

    build_zip.write_zip(tmp_path / "plugin.zip")
    with zipfile.ZipFile(tmp_path / "plugin.zip") as archive:
        shipped = archive.read("magnet_geo_qgis/constraints.txt")
    assert shipped == (ROOT / "constraints.txt").read_bytes()
    assert {b"torch", b"rasterio", b"numpy"} <= {line.split(b"==")[0] for line in shipped.splitlines()}


@pytest.mark.parametrize("named", ["lrelease", "lrelease-qt5", "lrelease6", "lrelease-qt6"])
def test_translations_are_made_by_whichever_lrelease_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    import build_zip

    # Debian's plain name is a chooser that fails where no Qt is chosen.
    for name, code in ((named, 0), *((("lrelease", 1),) if named != "lrelease" else ())):
        (tmp_path / name).write_text(f"#!/bin/sh\nexit {code}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(build_zip, "LRELEASE", build_zip.LRELEASE[:4])
    assert build_zip.find_lrelease() == str(tmp_path / named)


def test_no_zip_is_made_without_translations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import build_zip

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(build_zip, "LRELEASE", build_zip.LRELEASE[:4])
    with pytest.raises(SystemExit, match=r"none of lrelease, .*lrelease-qt6 runs here; install it"):
        build_zip.main()


def test_the_same_sources_give_the_same_zip(tmp_path: Path) -> None:
    import build_zip

    for name in ("one.zip", "two.zip"):
        build_zip.write_zip(tmp_path / name)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_the_core_runs_where_there_is_no_qgis() -> None:
    code = "import magnet_geo_qgis.core.outcome, magnet_geo_qgis.core.requirement, sys; print('qgis' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "qgis_plugin", capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
