"""What the plugin remembers between sessions, in QGIS's own settings."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsSettings

PREFIX = "magnet_geo/"

ENGINE_PROGRAM = "engine/program"
PRIVATE_ENGINE = "engine/private"
ENGINE_SOURCE = "engine/source"
TORCH_KIND = "engine/torch"
TORCH_INDEX = "engine/torch_index"
BASE_PYTHON = "engine/base_python"
MAX_MEMORY = "engine/max_memory"
EXPORT_LIMIT = "export/max_megapixels"
LAST_CHOICES = "dialog/"


def read_setting(name: str, default: Any = "") -> Any:
    """Gives a remembered value, of the default's type."""
    return QgsSettings().value(PREFIX + name, default, type=type(default))


def write_setting(name: str, value: Any) -> None:
    """Remembers a value."""
    QgsSettings().setValue(PREFIX + name, value)
