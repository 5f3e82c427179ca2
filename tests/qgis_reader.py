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


def answered(path):
    """Fills in the first point of a sample as an interpreter would, in the layer's own form."""
    layer = QgsVectorLayer(path, "layer", "ogr")
    column = layer.fields().indexOf("reference")
    widget = layer.editorWidgetSetup(column)
    form = layer.editFormConfig()
    locked = [field.name() for number, field in enumerate(layer.fields()) if form.readOnly(number)]
    layer.startEditing()
    point = next(layer.getFeatures())
    choices = [next(iter(choice.items())) for choice in widget.config()["map"]]
    layer.changeAttributeValue(point.id(), column, int(choices[-1][1]))
    saved = layer.commitChanges()
    return {
        "valid": layer.isValid(),
        "renderer": layer.renderer().type(),
        "widget": widget.type(),
        "choices": choices,
        "locked": locked,
        "saved": saved,
    }


QgsApplication.setPrefixPath("/usr", True)
application = QgsApplication([], False)
application.initQgis()
readers = {"raster": raster, "vector": vector, "answered": answered}
print(json.dumps(readers[sys.argv[1]](sys.argv[2])))
