"""A foreign ONNX graph inside a model file: a tensor of bytes beside the manifest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from magnet_geo.atomic_file import atomic_path
from magnet_geo.errors import ModelError
from magnet_geo.model.catalog import find_model
from magnet_geo.model.graph_weights import require_whole
from magnet_geo.model.manifest import Manifest
from magnet_geo.model.model_file import METADATA_KEY, model_hash, read_manifest

_TENSOR = "onnx"


@dataclass(frozen=True, slots=True, eq=False)
class GraphBundle:
    """A foreign model as loaded.

    Attributes:
        manifest: What the model says about itself; its ``graph`` is not None.
        content: The bytes of the ``.onnx`` file.
        sha256: Hash of the model file.
        path: The model file.
    """

    manifest: Manifest
    content: bytes
    sha256: str
    path: Path


def load_graph_bundle(name_or_path: str | Path) -> GraphBundle | None:
    """Load a foreign model; None where the model file holds networks of our own.

    Raises:
        ModelError: There is no such model, or it cannot be read.
    """
    path = find_model(name_or_path)
    manifest = read_manifest(path)
    if manifest.graph is None:
        return None
    content = read_graph(path)
    require_whole(content, path.name)
    return GraphBundle(manifest, content, model_hash(path), path)


def read_graph(path: Path) -> bytes:
    """Return the bytes of the ``.onnx`` file inside a model file.

    Raises:
        ModelError: There is none.
    """
    try:
        with safe_open(path, framework="np") as file:
            return bytes(file.get_tensor(_TENSOR).tobytes())
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path} holds no ONNX graph ({error}); import it again.") from error


def write_graph_model(path: Path, manifest: Manifest, content: bytes) -> None:
    """Write a model file around a graph; an existing one is replaced in one step.

    Raises:
        OutputError: The file cannot be written.
    """
    with atomic_path(path) as temporary:
        save_file({_TENSOR: np.frombuffer(content, np.uint8)}, temporary, metadata={METADATA_KEY: manifest.to_json()})


def export_graph(path: Path, output: Path) -> Path:
    """Write the graph of a model file as the ``.onnx`` file it was made of, byte by byte.

    Raises:
        ModelError: The model file holds no graph.
        OutputError: The file cannot be written.
    """
    content = read_graph(path)
    with atomic_path(output) as temporary:
        temporary.write_bytes(content)
    return output
