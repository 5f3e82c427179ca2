"""The user's language: Qt's translator for the plugin's own words."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from qgis.core import QgsApplication, QgsSettings
from qgis.PyQt.QtCore import QCoreApplication, QLocale, QTranslator

from .core.text import set_translator

CONTEXT = "MagnetGeo"
FOLDER = Path(__file__).parent / "i18n"


def install_translation() -> Optional[QTranslator]:
    """Connects the plugin's words to Qt; gives the translator, which must be kept, or None for English."""
    set_translator(lambda text: QCoreApplication.translate(CONTEXT, text))
    locale = QgsSettings().value("locale/userLocale", "") or QLocale.system().name()
    path = FOLDER / f"magnet_geo_{str(locale)[:2]}.qm"
    translator = QTranslator()
    if not path.is_file() or not translator.load(str(path)):
        return None
    QgsApplication.installTranslator(translator)
    return translator
