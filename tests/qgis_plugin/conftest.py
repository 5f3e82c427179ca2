"""The plugin's core is plain Python: it is imported here without QGIS."""

import sys
from pathlib import Path

PLUGIN_PARENT = Path(__file__).parents[2] / "qgis_plugin"
sys.path.insert(0, str(PLUGIN_PARENT))
