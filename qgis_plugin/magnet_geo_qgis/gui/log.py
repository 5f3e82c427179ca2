"""The tab "MagNet Geo" of the log messages panel."""

from __future__ import annotations

from qgis.core import Qgis, QgsMessageLog

from ..core.text import visible

TAB = "MagNet Geo"


def log_info(text: str) -> None:
    """Writes a line, from any thread."""
    QgsMessageLog.logMessage(visible(text), TAB, Qgis.MessageLevel.Info)


def log_warning(text: str) -> None:
    """Writes a warning, from any thread, without opening the panel."""
    QgsMessageLog.logMessage(visible(text), TAB, Qgis.MessageLevel.Warning, notifyUser=False)
