"""The private environment, made of two tiny wheels; and the diagnosis."""

import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

MODULE = """
import sys
from importlib import metadata
print('magnet-geo, version ' + metadata.version('magnet-geo') if '--version' in sys.argv else '{}')
"""


def write_wheel(folder, name, version, files):
    module = name.replace("-", "_")
    path = folder / f"{module}-{version}-py3-none-any.whl"
    about = f"{module}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        for inner, text in files.items():
            archive.writestr(inner, text)
        archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{about}/RECORD", "")
    return path


@pytest.fixture
def wheels(tmp_path):
    """Gives a folder with blanks and letters, an index of PyTorch and the engine's wheel in it."""
    folder = tmp_path / "Räder und mehr"
    index = folder / "index" / "torch"
    index.mkdir(parents=True)
    write_wheel(index, "torch", "2.9.0", {"torch/__init__.py": ""})
    link = '<a href="torch-2.9.0-py3-none-any.whl">torch-2.9.0-py3-none-any.whl</a>'
    (index / "index.html").write_text(link)
    files = {"magnet_geo/__init__.py": "", "magnet_geo/__main__.py": MODULE}
    return (folder / "index").as_uri(), write_wheel(folder, "magnet-geo", "0.1.0", files), folder


@pytest.fixture
def home(plugin, tmp_path, monkeypatch):
    from magnet_geo_qgis.engine import installing
    from magnet_geo_qgis.settings import PRIVATE_ENGINE, write_setting

    # what this machine's pip is set to must not reach the test
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    place = tmp_path / "profil é" / "engine"
    monkeypatch.setattr(installing, "private_folder", lambda: place)
    yield place
    write_setting(PRIVATE_ENGINE, "")


def test_the_environment_is_made_used_and_found_again_though_the_surroundings_are_hostile(home, wheels, monkeypatch):
    from magnet_geo_qgis.core.requirement import EngineRequirement
    from magnet_geo_qgis.engine.asking import ask_engine
    from magnet_geo_qgis.engine.finding import find_engine
    from magnet_geo_qgis.engine.installing import STAMP, create_environment

    index, wheel, _ = wheels
    for name in ("PYTHONHOME", "PYTHONEXECUTABLE", "PYTHONPATH", "PROJ_LIB", "PIP_TARGET"):
        monkeypatch.setenv(name, "/nowhere")
    lines, steps = [], []
    folder = create_environment(
        EngineRequirement(str(wheel), torch_index=index),
        base_python="/usr/bin/python3",
        on_line=lines.append,
        on_step=lambda fraction, text: steps.append(fraction),
    )
    assert folder.parent == home
    assert (folder / STAMP).exists()
    assert steps == sorted(steps)
    assert any("torch-2.9.0" in line for line in lines)
    engine = find_engine()
    assert Path(engine.program).parent == folder / "bin"
    assert ask_engine(engine, ["info"]) == {}


def test_what_cannot_be_installed_is_told_and_nothing_is_left(home, wheels):
    from magnet_geo_qgis.core.requirement import EngineRequirement
    from magnet_geo_qgis.engine.installing import create_environment
    from magnet_geo_qgis.engine.program import ProgramError

    index, _, folder = wheels
    with pytest.raises(ProgramError, match=r"The installation failed: .*gone"):
        create_environment(
            EngineRequirement(str(folder / "gone-1-py3-none-any.whl"), torch_index=index),
            base_python="/usr/bin/python3",
        )
    assert [path for path in home.iterdir() if path.is_dir()] == []


def test_an_installation_is_cancelled_and_nothing_is_left(home, wheels):
    from magnet_geo_qgis.core.requirement import EngineRequirement
    from magnet_geo_qgis.engine.installing import create_environment
    from magnet_geo_qgis.engine.program import ProgramCancelledError

    index, wheel, _ = wheels
    began = time.monotonic()
    with pytest.raises(ProgramCancelledError):
        create_environment(
            EngineRequirement(str(wheel), torch_index=index),
            base_python="/usr/bin/python3",
            is_cancelled=lambda: time.monotonic() - began > 1.5,
        )
    assert [path for path in home.iterdir() if path.is_dir()] == []
    assert not processes_that_name(home)


def processes_that_name(place):
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes()
        except OSError:
            continue
        if os.fsencode(str(place)) in line:
            found.append(line)
    return found


def test_an_installation_ends_when_qgis_is_gone(plugin, tmp_path):
    from magnet_geo_qgis.core.watching import watched_module

    # the parent's end is the end of stdin; venv's own child must go too
    folder = tmp_path / "environment"
    child = subprocess.Popen(["/usr/bin/python3", *watched_module("venv", [str(folder)])], stdin=subprocess.PIPE)
    while len(processes_that_name(folder)) < 2:
        assert child.poll() is None
        time.sleep(0.02)
    child.stdin.close()
    child.wait(timeout=10)
    began = time.monotonic()
    while processes_that_name(folder):
        assert time.monotonic() - began < 5
        time.sleep(0.05)


def test_the_engine_in_use_stays_until_qgis_starts_again(home, wheels):
    from magnet_geo_qgis.core.requirement import EngineRequirement
    from magnet_geo_qgis.engine.finding import find_engine
    from magnet_geo_qgis.engine.installing import create_environment, old_environments, remove_old_environments
    from magnet_geo_qgis.engine.program import ProgramCancelledError

    index, wheel, _ = wheels

    def create(**options):
        return create_environment(
            EngineRequirement(str(wheel), torch_index=index), base_python="/usr/bin/python3", **options
        )

    first = create()
    with pytest.raises(ProgramCancelledError):
        create(is_cancelled=lambda: True)
    assert Path(find_engine().program).parent == first / "bin"
    second = create()
    assert Path(find_engine().program).parent == second / "bin"
    assert old_environments() == [first]
    remove_old_environments()
    assert [path for path in home.iterdir() if path.is_dir()] == [second]


def test_two_qgis_do_not_install_at_once(home, wheels):
    from qgis.PyQt.QtCore import QLockFile

    from magnet_geo_qgis.core.requirement import EngineRequirement
    from magnet_geo_qgis.engine.installing import create_environment
    from magnet_geo_qgis.engine.program import ProgramError

    home.mkdir(parents=True)
    lock = QLockFile(str(home / "install.lock"))
    assert lock.tryLock(100)
    with pytest.raises(ProgramError, match="Another QGIS"):
        create_environment(EngineRequirement(), base_python="/usr/bin/python3")
    lock.unlock()


def test_a_program_that_is_no_python_is_refused(plugin):
    from magnet_geo_qgis.engine.installing import find_base_python
    from magnet_geo_qgis.engine.program import ProgramError

    with pytest.raises(ProgramError, match="/bin/true: it does not run"):
        find_base_python("/bin/true")


def test_sys_executable_is_never_asked(plugin, monkeypatch):
    from magnet_geo_qgis.engine.installing import candidate_pythons

    monkeypatch.setattr(sys, "executable", "/usr/bin/qgis")
    assert "/usr/bin/qgis" not in candidate_pythons()


def test_the_diagnosis_names_what_a_bug_report_needs(fake_engine, monkeypatch):
    from magnet_geo_qgis.engine.diagnosis import diagnose

    monkeypatch.setenv("PROJ_LIB", "/nowhere")
    found = diagnose()
    assert found.fine, found.report
    assert "The engine works: magnet-geo 0.1.0." in found.sentence
    for part in ("QGIS: 3.", "PROJ_LIB", "fake_engine.py", "landcover 0"):
        assert part in found.report
    fake_engine("old")
    assert "needs 0.1.0 or newer" in diagnose().sentence


def test_without_an_engine_the_diagnosis_says_what_to_do(plugin, monkeypatch):
    from magnet_geo_qgis.engine.diagnosis import diagnose

    monkeypatch.setenv("PATH", "/nowhere")
    found = diagnose()
    assert not found.fine
    assert "Settings > Options > MagNet Geo" in found.sentence
