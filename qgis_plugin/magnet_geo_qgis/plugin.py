"""The plugin as QGIS sees it: a Processing provider everywhere, and the desktop's parts where there is a desktop."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import QgsApplication
from qgis.PyQt.QtWidgets import QApplication

from .algorithms.provider import MagnetGeoProvider
from .engine.runner import allow_runs, end_all_runs
from .translation import install_translation


class MagnetGeoPlugin:
    """Loaded and unloaded by QGIS."""

    def __init__(self, iface: Any) -> None:
        self._iface = iface
        self._translator = install_translation()
        self._provider: Optional[MagnetGeoProvider] = None
        self._desktop: Optional[Any] = None

    def initProcessing(self) -> None:
        """Adds the provider; all that qgis_process needs."""
        allow_runs()
        self._provider = MagnetGeoProvider()
        QgsApplication.processingRegistry().addProvider(self._provider)

    def initGui(self) -> None:
        """Adds the provider and the desktop's parts."""
        self.initProcessing()
        from .gui.desktop import Desktop

        self._desktop = Desktop(self._iface)
        self._desktop.add()

    def unload(self) -> None:
        """Takes everything away, and ends what runs, in the toolbox too."""
        end_all_runs()
        if self._desktop is not None:
            self._desktop.remove()
            self._desktop = None
        if self._provider is not None:
            # qgis_process has no widgets, and needs none of what shows them.
            if isinstance(QgsApplication.instance(), QApplication):
                from .gui.open_dialogs import close_algorithm_dialogs

                close_algorithm_dialogs(self._provider)
            QgsApplication.processingRegistry().removeProvider(self._provider)
            self._provider = None
        if self._translator is not None:
            QgsApplication.removeTranslator(self._translator)
            self._translator = None
