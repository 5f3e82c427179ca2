"""Makes the pictures of docs/tutorials/qgis.md: a real QGIS desktop, a fresh profile, the plugin's zip, real clicks.

python docs/qgis/make_pictures.py [--engine PYTHON]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "qgis_plugin" / "tests"))

from desktop import Desktop, lacking_programs  # noqa: E402

PICTURES = Path(__file__).parent
VILLAGE = ROOT / "examples" / "village" / "village_rgb_2m.tif"
START = f"""
from qgis.core import QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtWidgets import QApplication
from qgis.utils import plugins
desktop = plugins['magnet_geo_qgis']._desktop
layer = QgsRasterLayer({str(VILLAGE)!r}, 'village')
QgsProject.instance().addMapLayer(layer)
iface.setActiveLayer(layer)
iface.mainWindow().showMaximized()
def texts():
    return ' | '.join(item.text() for item in iface.messageBar().items())
def window(name):
    return next((w for w in QApplication.topLevelWidgets() if name in type(w).__name__ and w.isVisible()), None)
"""


def main() -> None:
    """Runs the tour and prints how long each step took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", default=str(ROOT / ".venv" / "bin" / "python"), help="a Python that has magnet-geo")
    arguments = parser.parse_args()
    if lacking_programs():
        sys.exit(f"The tour needs {', '.join(lacking_programs())}")
    subprocess.run([sys.executable, str(ROOT / "qgis_plugin" / "build_zip.py")], check=True)
    plugin_zip = max((ROOT / "dist").glob("magnet_geo_qgis-*.zip"), key=lambda path: path.stat().st_mtime)
    with tempfile.TemporaryDirectory(prefix="magnet-geo-tour-") as folder:
        # a short name for the picture, whatever this machine's folders are called
        engine = Path(folder) / "engine"
        engine.symlink_to(Path(arguments.engine).parents[1])
        settings = {"engine\\program": str(engine)}
        with Desktop(Path(folder), plugin_zip, settings=settings) as desktop:
            tour(desktop)


def tour(desktop: Desktop) -> None:
    """Dialog, preview, result, cancel, toolbox, options."""
    desktop.ask(START)
    time.sleep(2)
    desktop.click("iface.pluginToolBar().widgetForAction(desktop.action)")
    tell("the dialog knows the scene", desktop.wait_until("desktop._dialog.facts.run_time is not None", limit_s=120))
    desktop.photograph(PICTURES / "dialog.png")
    desktop.ask("desktop._dialog.report.setChecked(True); desktop._dialog.polygons.setChecked(True)")
    desktop.click("desktop._dialog.run_button")
    began = time.monotonic()
    desktop.ask("desktop._dialog.close()")
    desktop.wait_until("len(QgsProject.instance().mapLayers()) == 2", limit_s=240)
    tell("click to coarse map", time.monotonic() - began)
    desktop.ask("iface.messageBar().clearWidgets()")
    time.sleep(1.5)
    desktop.photograph(PICTURES / "preview.png")
    desktop.wait_until("'The map is ready' in texts()", limit_s=400)
    tell("click to full map, polygons and report", time.monotonic() - began)
    time.sleep(2)
    desktop.photograph(PICTURES / "result.png")
    cancel(desktop)
    toolbox(desktop)
    options(desktop)
    print(f"QGIS left with code {desktop.quit()}")


def cancel(desktop: Desktop) -> None:
    """A second run, cancelled while it computes."""
    desktop.ask("iface.messageBar().clearWidgets(); desktop.open_dialog(layer); desktop.run(); desktop._dialog.close()")
    desktop.wait_until("desktop._tasks and desktop._tasks[0].progress() > 5", limit_s=240)
    began = time.monotonic()
    desktop.ask("desktop._tasks[0].cancel()")
    desktop.wait_until("'Cancelled' in texts()", limit_s=20)
    tell("cancel to its message", time.monotonic() - began)
    time.sleep(1.5)
    desktop.photograph(PICTURES / "cancelled.png")
    desktop.ask("iface.messageBar().clearWidgets()")


def toolbox(desktop: Desktop) -> None:
    """The algorithm's own dialog."""
    desktop.ask("import processing\nQTimer.singleShot(0, lambda: processing.execAlgorithmDialog('magnetgeo:segment'))")
    desktop.wait_until("window('AlgorithmDialog') is not None", limit_s=30)
    time.sleep(1.5)
    desktop.photograph(PICTURES / "processing.png")
    desktop.ask("window('AlgorithmDialog').reject()")


def options(desktop: Desktop) -> None:
    """The page of the engine, tested."""
    desktop.ask(
        "from qgis.PyQt.QtWidgets import QWidget\nQTimer.singleShot(0, desktop.open_options)\n"
        "def page():\n"
        "    found = [w.findChild(QWidget, 'magnetGeoOptions') for w in QApplication.topLevelWidgets()]\n"
        "    return next((w for w in found if w is not None and w.isVisible()), None)"
    )
    desktop.wait_until("page() is not None", limit_s=30)
    time.sleep(1)
    desktop.click("page().test")
    desktop.wait_until("page().state.text()[:1] in '✔✘'", limit_s=120)
    # the kernel's name says too much about the machine
    desktop.ask(
        "import platform\nlog = page().log\nlog.setPlainText(log.toPlainText().replace(platform.platform(), 'Linux'))"
    )
    time.sleep(0.5)
    desktop.photograph(PICTURES / "options.png")
    desktop.ask("page().window().reject()")


def tell(what: str, seconds: float) -> None:
    """Prints one figure."""
    print(f"{what}: {seconds:.1f} s", flush=True)


if __name__ == "__main__":
    main()
