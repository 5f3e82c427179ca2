"""Prints as JSON what QGIS makes of the layers named: run by the system's Python, which sees PyQGIS.

The environment is the test's: QT_QPA_PLATFORM=offscreen.
"""

import json
import sys

from qgis.core import QgsApplication, QgsRasterLayer, QgsVectorLayer


def raster(path):
    layer = QgsRasterLayer(path, "layer")
    renderer = layer.renderer()
    classes = [[int(c.value), c.label, c.color.name()] for c in renderer.classes()]
    exported = path + ".exported.sld"
    layer.saveSldStyle(exported)
    with open(exported, encoding="utf-8") as file:
        return {"valid": layer.isValid(), "renderer": renderer.type(), "classes": classes, "sld": file.read()}


def vector(path):
    layer = QgsVectorLayer(path, "layer", "ogr")
    renderer = layer.renderer()
    classes = [[c.value(), c.label(), c.symbol().color().name()] for c in renderer.categories()]
    return {
        "valid": layer.isValid(),
        "renderer": renderer.type(),
        "field": renderer.classAttribute(),
        "classes": classes,
    }


QgsApplication.setPrefixPath("/usr", True)
application = QgsApplication([], False)
application.initQgis()
readers = {"raster": raster, "vector": vector}
print(json.dumps(readers[sys.argv[1]](sys.argv[2])))
