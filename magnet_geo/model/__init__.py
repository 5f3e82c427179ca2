"""Model files: manifest, weights, published checkpoints, presets, bundled models.

What needs torch is loaded on first use.
"""

from typing import TYPE_CHECKING

from magnet_geo.lazy_names import lazy_names
from magnet_geo.model.catalog import find_model, list_models
from magnet_geo.model.description import ModelDescription, describe_model
from magnet_geo.model.manifest import Manifest
from magnet_geo.model.model_file import model_hash, read_manifest, short_hash
from magnet_geo.model.presets import PresetOverrides, apply_overrides, create_preset, preset_names

if TYPE_CHECKING:
    from magnet_geo.model.bundle import ModelBundle, bundle_from_checkpoints, load_bundle
    from magnet_geo.model.checkpoint import read_checkpoint
    from magnet_geo.model.exchange import export_model, import_model

__all__ = [
    "Manifest",
    "ModelBundle",
    "ModelDescription",
    "PresetOverrides",
    "apply_overrides",
    "bundle_from_checkpoints",
    "create_preset",
    "describe_model",
    "export_model",
    "find_model",
    "import_model",
    "list_models",
    "load_bundle",
    "model_hash",
    "preset_names",
    "read_checkpoint",
    "read_manifest",
    "short_hash",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "ModelBundle": "bundle",
        "bundle_from_checkpoints": "bundle",
        "export_model": "exchange",
        "import_model": "exchange",
        "load_bundle": "bundle",
        "read_checkpoint": "checkpoint",
    },
)
