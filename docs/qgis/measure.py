"""Measures a run in a real QGIS desktop: click to coarse map, to full map, and whether the window answers meanwhile.

python docs/qgis/measure.py [--size 5000] [--engine PYTHON]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import rasterio
from make_pictures import ROOT, VILLAGE

sys.path.insert(0, str(ROOT / "qgis_plugin" / "tests"))

from desktop import Desktop

START = """
import time
from qgis.core import QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import QTimer
from qgis.utils import plugins
desktop = plugins['magnet_geo_qgis']._desktop
layer = QgsRasterLayer(PATH, 'scene')
QgsProject.instance().addMapLayer(layer)
iface.setActiveLayer(layer)
gaps, last = [], [time.monotonic()]
def beat():
    now = time.monotonic()
    gaps.append(now - last[0])
    last[0] = now
pulse = QTimer(iface.mainWindow())
pulse.timeout.connect(beat)
def texts():
    return ' | '.join(item.text() for item in iface.messageBar().items())
"""


def main() -> None:
    """Makes a scene of the size wished, runs it, prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=5000, help="side of the scene in pixels of 1 m")
    parser.add_argument("--engine", default=str(ROOT / ".venv" / "bin" / "python"), help="a Python that has magnet-geo")
    arguments = parser.parse_args()
    subprocess.run([sys.executable, str(ROOT / "qgis_plugin" / "build_zip.py")], check=True)
    plugin_zip = max((ROOT / "dist").glob("magnet_geo_qgis-*.zip"), key=lambda path: path.stat().st_mtime)
    with tempfile.TemporaryDirectory(prefix="magnet-geo-measure-") as folder:
        scene = Path(folder) / "scene.tif"
        write_scene(scene, arguments.size)
        (Path(folder) / "tour").mkdir()
        with Desktop(Path(folder) / "tour", plugin_zip, settings={"engine\\program": arguments.engine}) as desktop:
            measure(desktop, scene)


def write_scene(path: Path, size: int) -> None:
    """Writes the example scene again and again, side by side, as pixels of 1 m."""
    with rasterio.open(VILLAGE) as village:
        pixels = village.read()
        profile = {**village.profile, "width": size, "height": size}
    profile["transform"] = rasterio.transform.from_origin(321000, 130800, 1, 1)
    repeats = -(-size // pixels.shape[1])
    with rasterio.open(path, "w", **profile) as target:
        target.write(np.tile(pixels, (1, repeats, repeats))[:, :size, :size])


def measure(desktop: Desktop, scene: Path) -> None:
    """Runs the scene with full refinement, while a pulse of 20 ms runs in QGIS's main thread."""
    desktop.ask(START.replace("PATH", repr(str(scene))))
    desktop.ask("desktop.open_dialog(layer)")
    desktop.wait_until("desktop._dialog.facts.run_time is not None", limit_s=300)
    print("estimated:", desktop.ask("answer = desktop._dialog.refinement_text.text()"))
    time.sleep(1)
    began = time.monotonic()
    desktop.ask("gaps.clear(); beat(); gaps.clear(); pulse.start(20); desktop.run(); desktop._dialog.close()")
    desktop.wait_until("len(QgsProject.instance().mapLayers()) == 2", limit_s=580)
    print(f"click to coarse map: {time.monotonic() - began:.0f} s", flush=True)
    desktop.wait_until("'The map is ready' in texts()", limit_s=3000)
    print(f"click to full map: {time.monotonic() - began:.0f} s")
    gaps = sorted(desktop.ask("answer = gaps"))
    print(f"window: median {1000 * gaps[len(gaps) // 2]:.0f} ms between beats of 20 ms,", end=" ")
    print(f"99 % below {1000 * gaps[int(0.99 * len(gaps))]:.0f} ms, longest {1000 * gaps[-1]:.0f} ms")


if __name__ == "__main__":
    main()
