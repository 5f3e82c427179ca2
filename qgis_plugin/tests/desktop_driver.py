"""Runs inside QGIS (--code): executes the lines that the tour writes into a file, and answers into another."""

import json
import os
import traceback

from qgis.PyQt.QtCore import QTimer
from qgis.utils import iface

FOLDER = os.environ["MAGNET_GEO_TOUR"]
SCOPE = {"iface": iface}
_state = {"done": 0}


def _reply(number, **facts):
    path = os.path.join(FOLDER, f"answer-{number}.json")
    with open(path + ".part", "w", encoding="utf-8") as file:
        json.dump({"number": number, **facts}, file)
    os.replace(path + ".part", path)


def _look():
    number = _state["done"]
    path = os.path.join(FOLDER, f"ask-{number}.py")
    if not os.path.exists(path):
        return
    _state["done"] = number + 1
    with open(path, encoding="utf-8") as file:
        text = file.read()
    SCOPE["answer"] = None
    try:
        # the tour's own lines, never anybody else's
        exec(compile(text, path, "exec"), SCOPE)
        _reply(number, value=SCOPE["answer"])
    except Exception:
        _reply(number, error=traceback.format_exc())


timer = QTimer(iface.mainWindow())
timer.timeout.connect(_look)
timer.start(100)
with open(os.path.join(FOLDER, "ready"), "w") as file:
    file.write("ready")
