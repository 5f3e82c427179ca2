"""Names that moved between Qt 5 and Qt 6."""

from __future__ import annotations

try:
    from qgis.PyQt.QtGui import QAction
except ImportError:
    from qgis.PyQt.QtWidgets import QAction

__all__ = ["QAction"]
