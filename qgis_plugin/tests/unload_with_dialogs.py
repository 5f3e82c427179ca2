"""Opens dialogs of our algorithms, unloads the plugin, changes the project: a program of its own, as QGIS may die.

unload_with_dialogs.py idle|batch|running SCENE ENGINE
"""

import os
import sys
import time
from pathlib import Path
from unittest.mock import MagicMock

sys.path[:0] = [str(Path(__file__).parents[1]), "/usr/share/qgis/python/plugins"]

from qgis.core import QgsApplication, QgsProject, QgsRasterLayer

app = QgsApplication([], True)
app.initQgis()

import qgis.utils
from qgis.gui import QgsBrowserGuiModel, QgsLayerTreeView, QgsMapCanvas
from qgis.PyQt.QtWidgets import QApplication, QMainWindow

window, canvas = QMainWindow(), QgsMapCanvas()
qgis.utils.iface = MagicMock(
    **{
        "mainWindow.return_value": window,
        "mapCanvas.return_value": canvas,
        "browserModel.return_value": QgsBrowserGuiModel(),
        "layerTreeView.return_value": QgsLayerTreeView(),
        "activeLayer.return_value": None,
    }
)

from processing.core.Processing import Processing

Processing.initialize()

from processing.gui.AlgorithmDialog import AlgorithmDialog
from processing.gui.BatchAlgorithmDialog import BatchAlgorithmDialog

from magnet_geo_qgis import classFactory
from magnet_geo_qgis.settings import ENGINE_PROGRAM, write_setting

MODE, SCENE, FAKE = sys.argv[1:4]


def names():
    return sorted(
        type(widget).__name__ for widget in QApplication.topLevelWidgets() if "Dialog" in type(widget).__name__
    )


def spend(seconds):
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        app.processEvents()
        time.sleep(0.01)


def algorithm(name):
    return QgsApplication.processingRegistry().algorithmById(name).create()


def load():
    layer = QgsRasterLayer(SCENE, "scene")
    QgsProject.instance().addMapLayer(layer)
    spend(0.1)
    return layer


plugin = classFactory(None)
plugin.initProcessing()
write_setting(ENGINE_PROGRAM, FAKE)
layer = load()
dialog = AlgorithmDialog(algorithm("magnetgeo:segment"), False, window)
other = AlgorithmDialog(algorithm("native:buffer"), False, window)
for shown in (dialog, other):
    shown.show()
if MODE == "batch":
    batch = BatchAlgorithmDialog(algorithm("magnetgeo:evaluate"), window)
    batch.show()
if MODE == "running":
    output = os.path.join(os.path.dirname(SCENE), "map.tif")
    dialog.setParameters({"INPUT": layer.id(), "OUTPUT": output})
    dialog.runAlgorithm()
    spend(2)
    print("runs:", dialog.cancelButton().isEnabled())
print("open:", *names())
plugin.unload()
print("left:", *names())
for _ in range(2):
    QgsProject.instance().clear()
    spend(0.2)
    load()
print("alive")
sys.stdout.flush()
# what Python's end does to QGIS is not looked at here
os._exit(0)
