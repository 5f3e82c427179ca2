"""Model files: manifest, weights, published checkpoints, presets, bundled models."""

from magnet_geo.model.catalog import find_model, list_models
from magnet_geo.model.manifest import Manifest
from magnet_geo.model.model_file import model_hash, read_manifest
from magnet_geo.model.presets import PresetOverrides, apply_overrides, create_preset, preset_names

__all__ = [
    "Manifest",
    "PresetOverrides",
    "apply_overrides",
    "create_preset",
    "find_model",
    "list_models",
    "model_hash",
    "preset_names",
    "read_manifest",
]
