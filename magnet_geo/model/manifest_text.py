"""Reads a manifest as people keep it: in YAML, in JSON, or as ``magnet-geo model show --json`` prints it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from magnet_geo.errors import ModelError
from magnet_geo.text_formats import parse_json, parse_yaml

_OF_A_DESCRIPTION = {"path", "size_bytes", "sha256", "manifest"}


def read_manifest_fields(path: Path) -> dict[str, Any]:
    """Read the fields of a manifest, which are not checked yet.

    Args:
        path: A text file. Of a `ModelDescription` the manifest is taken.

    Raises:
        ModelError: It cannot be read, or holds no fields.
    """
    try:
        values = _loaded(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        detail = " ".join(str(error).split())
        raise ModelError(f"The manifest {path} cannot be read ({detail}); give a YAML or JSON file.") from error
    if isinstance(values, dict) and set(values) == _OF_A_DESCRIPTION:
        values = values["manifest"]
    if not isinstance(values, dict):
        raise ModelError(f"The manifest {path} is no list of fields; write lines such as 'name: clouds'.")
    return values


def _loaded(text: str) -> Any:
    # Not all JSON is YAML to its reader: 1e-05 would be a text.
    try:
        return parse_json(text)
    except ValueError:
        return parse_yaml(text)
