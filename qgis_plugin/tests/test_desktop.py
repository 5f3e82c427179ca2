"""The real desktop under Xvfb, the plugin installed from its zip, a fake engine that misbehaves: QGIS stays alive."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import FAKE, REPOSITORY, VILLAGE
from desktop import Desktop, lacking_programs

pytestmark = [
    pytest.mark.desktop,
    pytest.mark.skipif(bool(lacking_programs()), reason=f"not here: {', '.join(lacking_programs())}"),
]

START = f"""
import os
from qgis.core import QgsProject, QgsRasterLayer
from qgis.utils import plugins
desktop = plugins['magnet_geo_qgis']._desktop
layer = QgsRasterLayer({str(VILLAGE)!r}, 'village')
QgsProject.instance().addMapLayer(layer)
iface.setActiveLayer(layer)
# in a row of its own, since newer versions have more buttons than the screen is wide
iface.mainWindow().insertToolBarBreak(iface.pluginToolBar())
iface.mainWindow().showMaximized()
def texts():
    return ' | '.join(item.text() for item in iface.messageBar().items())
def begin(mode, output=''):
    os.environ['FAKE_ENGINE'] = mode
    iface.messageBar().clearWidgets()
    dialog = desktop.open_dialog(layer)
    dialog.output.setFilePath(output)
    desktop.run()
"""


@pytest.fixture(scope="session")
def plugin_zip():
    subprocess.run([sys.executable, str(REPOSITORY / "qgis_plugin" / "build_zip.py")], check=True)
    return max((REPOSITORY / "dist").glob("magnet_geo_qgis-*.zip"), key=os.path.getmtime)


@pytest.fixture
def desktop(plugin_zip, tmp_path):
    folder = tmp_path / "tour"
    folder.mkdir()
    hostile = {"PROJ_LIB": "/nowhere", "PYTHONHOME": "", "PYTHONEXECUTABLE": "/nowhere/python"}
    with Desktop(folder, plugin_zip, settings={"engine\\program": str(FAKE)}, environment=hostile) as found:
        found.ask(START)
        # the window manager takes a while to lay the toolbars out
        time.sleep(2)
        yield found


def fake_engines():
    found = []
    for entry in Path("/proc").iterdir():
        try:
            line = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if os.fsencode(str(FAKE)) in line and b"segment" in line:
            found.append(entry.name)
    return found


def wait_for_no_engine(limit_s):
    began = time.monotonic()
    while fake_engines():
        assert time.monotonic() - began < limit_s, "the engine is still there"
        time.sleep(0.1)


def test_a_click_opens_the_dialog_and_a_run_gives_a_group_with_the_legend(desktop, tmp_path):
    desktop.click("iface.pluginToolBar().widgetForAction(desktop.action)")
    desktop.wait_until("desktop._dialog is not None and desktop._dialog.isVisible()", limit_s=10)
    desktop.wait_until("desktop._dialog.facts.run_time is not None", limit_s=30)
    desktop.ask(f"desktop._dialog.output.setFilePath({str(tmp_path / 'die Karte é.tif')!r})")
    desktop.click("desktop._dialog.run_button")
    desktop.wait_until("'The map is ready' in texts()", limit_s=30)
    found = desktop.ask(
        "group = QgsProject.instance().layerTreeRoot().children()[0]\n"
        "made = group.children()[0].layer()\n"
        "classes = [[c.value, c.label, c.color.name()] for c in made.renderer().classes()]\n"
        "answer = [group.name(), made.source(), classes]"
    )
    legend = [[1, "water", "#3b7dc4"], [2, "land", "#dcc48e"], [5, "végétation", "#5a9e4b"]]
    assert found == ["village: land cover", str(tmp_path / "die Karte é.tif"), legend]
    assert desktop.quit() == 0


def test_a_rectangle_is_drawn_on_the_map(desktop):
    desktop.ask(
        "from qgis.PyQt.QtWidgets import QAction\ndialog = desktop.open_dialog(layer)\n"
        "dialog.area.kind.setCurrentIndex(dialog.area.kind.findData('rectangle'))"
    )
    desktop.wait_until("'Draw the rectangle' in dialog.notes.text()", limit_s=10)
    desktop.ask("next(a for a in dialog.area.rectangle.findChildren(QAction) if 'Draw' in a.text()).trigger()")
    desktop.wait_until("not dialog.isVisible()", limit_s=5)
    time.sleep(0.5)
    desktop.drag("iface.mapCanvas()", (0.4, 0.4), (0.6, 0.6))
    desktop.wait_until("dialog.isVisible() and dialog.run_button.isEnabled()", limit_s=20)
    shares = desktop.ask(
        "box, whole = dialog.area.extent(layer), layer.extent()\n"
        "answer = [box.width() / whole.width(), whole.contains(box)]"
    )
    assert 0.05 < shares[0] < 0.6
    assert shares[1]
    assert desktop.quit() == 0


def test_the_plugin_manager_installs_the_zip(plugin_zip, tmp_path):
    folder = tmp_path / "tour"
    folder.mkdir()
    with Desktop(folder, None, settings={"engine\\program": str(FAKE)}) as found:
        found.ask(
            "import pyplugin_installer\n"
            f"pyplugin_installer.instance().installFromZipFile({str(plugin_zip)!r})\n"
            "from qgis.utils import plugins"
        )
        assert found.ask("answer = 'magnet_geo_qgis' in plugins")
        assert found.ask("answer = plugins['magnet_geo_qgis']._desktop.action.isVisible()")
        assert (
            found.ask(
                "from qgis.core import QgsApplication\n"
                "answer = len(QgsApplication.processingRegistry().providerById('magnetgeo').algorithms())"
            )
            == 6
        )
        assert found.quit() == 0


def test_failures_are_told_and_qgis_goes_on(desktop, tmp_path):
    output = tmp_path / "out" / "o.tif"
    output.parent.mkdir()
    for mode, sentence in (("sigkill", "crashed"), ("oom", "memory ran out"), ("exit3", "code 3"), ("crash", "libcud")):
        desktop.ask(f"begin({mode!r}, {str(output)!r})")
        desktop.wait_until(f"{sentence!r} in texts()", limit_s=30)
        assert list(output.parent.iterdir()) == []
    desktop.ask(f"begin('slow', {str(output)!r})")
    desktop.wait_until("len(QgsProject.instance().mapLayers()) == 2", limit_s=30)
    began = time.monotonic()
    desktop.ask("desktop._tasks[0].cancel()")
    desktop.wait_until("'Cancelled' in texts()", limit_s=5)
    assert time.monotonic() - began < 4
    assert desktop.ask("answer = len(QgsProject.instance().mapLayers())") == 1
    assert list(output.parent.iterdir()) == []
    assert desktop.quit() == 0


def test_a_cancelled_run_shows_the_map_below_again(desktop, tmp_path):
    desktop.ask(
        "def shown():\n"
        "    picture = iface.mapCanvas().grab().toImage()\n"
        "    return picture.pixelColor(picture.width() // 2, picture.height() // 2).name()"
    )
    desktop.ask(f"begin('ok', {str(tmp_path / 'first.tif')!r})")
    desktop.wait_until("'The map is ready' in texts()", limit_s=30)
    desktop.wait_until("shown() == '#dcc48e'", limit_s=10)
    desktop.wait_until("desktop._dialog.facts.run_time is not None", limit_s=30)
    desktop.ask(f"begin('slow', {str(tmp_path / 'second.tif')!r})")
    desktop.wait_until("shown() == '#3b7dc4'", limit_s=30)
    desktop.ask("desktop._tasks[0].cancel()")
    desktop.wait_until("'Cancelled' in texts()", limit_s=10)
    desktop.wait_until("shown() == '#dcc48e'", limit_s=10)


def test_a_reload_during_a_run_leaves_no_engine(desktop, tmp_path):
    desktop.ask(f"begin('slow', {str(tmp_path / 'o.tif')!r})")
    desktop.wait_until("len(QgsProject.instance().mapLayers()) == 2", limit_s=30)
    assert fake_engines()
    desktop.ask(
        "import qgis.utils\nqgis.utils.unloadPlugin('magnet_geo_qgis')\nqgis.utils.loadPlugin('magnet_geo_qgis')\n"
        "answer = qgis.utils.startPlugin('magnet_geo_qgis')"
    )
    wait_for_no_engine(5)
    assert desktop.ask("answer = 'magnet_geo_qgis' in plugins")
    assert not (tmp_path / "o.tif").exists()
    assert desktop.quit() == 0


def test_a_reload_while_the_toolbox_runs_leaves_no_engine(desktop, tmp_path):
    parameters = {"INPUT": str(VILLAGE), "OUTPUT": str(tmp_path / "o.tif")}
    desktop.ask(
        "import processing, qgis.utils\nos.environ['FAKE_ENGINE'] = 'slow'\n"
        f"tool = processing.createAlgorithmDialog('magnetgeo:segment', {parameters!r})\n"
        "tool.show()\ntool.runAlgorithm()"
    )
    while not fake_engines():
        time.sleep(0.1)
    desktop.ask(
        "qgis.utils.unloadPlugin('magnet_geo_qgis')\nqgis.utils.loadPlugin('magnet_geo_qgis')\n"
        "qgis.utils.startPlugin('magnet_geo_qgis')"
    )
    wait_for_no_engine(1)
    time.sleep(1)
    assert desktop.ask("answer = 'magnet_geo_qgis' in plugins")
    desktop.ask(
        "os.environ['FAKE_ENGINE'] = 'ok'\n"
        f"again = processing.run('magnetgeo:segment', {parameters!r})\nanswer = again['OUTPUT']"
    )
    assert desktop.quit() == 0
    assert (tmp_path / "o.tif").exists()


@pytest.mark.parametrize("mode", ["slow", "hang"])
def test_qgis_can_be_closed_during_a_run(desktop, tmp_path, mode):
    desktop.ask(f"begin({mode!r}, {str(tmp_path / 'o.tif')!r})")
    while not fake_engines():
        time.sleep(0.1)
    desktop.ask(
        "from qgis.PyQt.QtCore import QTimer\nQgsProject.instance().clear(); QgsProject.instance().setDirty(False)\n"
        "QTimer.singleShot(300, iface.actionExit().trigger)"
    )
    time.sleep(2)
    # "Active Tasks: do you want to try canceling these?" Yes is preset; QGIS then stays until it is told again.
    desktop.press("Return")
    wait_for_no_engine(14)
    assert desktop.quit() == 0
    assert not (tmp_path / "o.tif").exists()


def test_when_qgis_is_killed_the_engine_ends_itself(desktop, tmp_path):
    desktop.ask(f"begin('slow', {str(tmp_path / 'o.tif')!r})")
    while not fake_engines():
        time.sleep(0.1)
    desktop.kill()
    wait_for_no_engine(5)
    assert not (tmp_path / "o.tif").exists()
