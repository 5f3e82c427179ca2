"""The plugin inside a QGIS without a screen, driving a fake engine."""

import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
_FOLDER = tempfile.TemporaryDirectory(prefix="magnet-geo-tests-")
os.environ["QGIS_CUSTOM_CONFIG_PATH"] = _FOLDER.name
os.environ.setdefault("XDG_RUNTIME_DIR", _FOLDER.name)
sys.path.insert(0, str(Path(__file__).parents[1]))

import pytest
from qgis.core import QgsApplication, QgsProcessingContext, QgsProcessingFeedback, QgsSettings

FAKE = Path(__file__).with_name("fake_engine.py")
REPOSITORY = Path(__file__).parents[2]
VILLAGE = REPOSITORY / "examples" / "village" / "village_rgb_2m.tif"


@pytest.fixture
def plugin(qgis_app, qgis_processing):
    from magnet_geo_qgis import classFactory

    # what a broken-off test run left in the profile
    QgsSettings().remove("magnet_geo")
    made = classFactory(None)
    made.initProcessing()
    yield made
    made.unload()


@pytest.fixture
def fake_engine(plugin, monkeypatch):
    """Gives a function that sets the fake engine's manner."""
    from magnet_geo_qgis.settings import ENGINE_PROGRAM, write_setting

    write_setting(ENGINE_PROGRAM, str(FAKE))

    def choose(mode):
        monkeypatch.setenv("FAKE_ENGINE", mode)

    choose("ok")
    yield choose
    write_setting(ENGINE_PROGRAM, "")


class Feedback(QgsProcessingFeedback):
    """Keeps what is told, and cancels after some progress where that is wished."""

    def __init__(self, cancel_at=None):
        super().__init__(False)
        self.cancel_at = cancel_at
        self.cancelled_time = None
        self.infos, self.warnings, self.commands, self.debug, self.fractions = [], [], [], [], []
        self.stages = []
        self.progressChanged.connect(self._progress)

    def _progress(self, percent):
        self.fractions.append(percent)
        if self.cancel_at is not None and percent >= self.cancel_at and self.cancelled_time is None:
            self.cancelled_time = time.monotonic()
            self.cancel()

    def setProgressText(self, text):
        self.stages.append(text)

    def pushInfo(self, info):
        self.infos.append(info)

    def pushWarning(self, warning):
        self.warnings.append(warning)

    def pushCommandInfo(self, info):
        self.commands.append(info)

    def pushDebugInfo(self, info):
        self.debug.append(info)


@pytest.fixture
def run(plugin):
    """Gives a function that runs an algorithm as scripts do."""

    def run_algorithm(name, feedback=None, **parameters):
        import processing

        context = QgsProcessingContext()
        return processing.run(f"magnetgeo:{name}", parameters, context=context, feedback=feedback or Feedback())

    return run_algorithm


@pytest.fixture
def algorithm(plugin):
    return lambda name: QgsApplication.processingRegistry().algorithmById(f"magnetgeo:{name}")
