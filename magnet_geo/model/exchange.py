"""Into a model file and out of it again: published checkpoints both ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import copyfile
from typing import Literal

import torch
from torch import Tensor

from magnet_geo.atomic_file import atomic_path
from magnet_geo.errors import ModelError
from magnet_geo.model.bundle import build_networks, read_checkpoints
from magnet_geo.model.graph_file import export_graph
from magnet_geo.model.manifest import Manifest
from magnet_geo.model.model_file import ModelWeights, read_manifest, read_weights, write_model

ExportFormat = Literal["safetensors", "pth", "onnx"]


def import_model(backbone: Path, refinements: Sequence[Path], manifest: Manifest, output: Path) -> Manifest:
    """Make a model file of checkpoints.

    Args:
        backbone: Checkpoint of the backbone.
        refinements: One checkpoint for all levels from 1 on, or one per level.
        manifest: What the model says about itself, usually a preset.
        output: The model file; an existing one is replaced.

    Returns:
        The manifest as written: it says whether levels share their weights.

    Raises:
        ModelError: A checkpoint cannot be read or does not fit.
        OutputError: The file cannot be written.
    """
    manifest, weights = read_checkpoints(manifest, backbone, refinements)
    build_networks(manifest, weights, source=manifest.name)
    write_model(output, manifest, weights.tensors(manifest))
    return manifest


def export_model(path: Path, output: Path, *, format: ExportFormat = "safetensors") -> tuple[Path, ...]:
    """Write a model for other programs.

    Args:
        path: A model file.
        output: For ``safetensors`` the copy; for ``pth`` the stem of ``<stem>_backbone.pth`` and
            ``<stem>_refinement.pth`` or ``<stem>_refinement_<level>.pth``, plain state dicts; for ``onnx`` the graph.
        format: Which of the three; ``onnx`` belongs to foreign models, ``pth`` to all others.

    Returns:
        The files written; existing ones are replaced.

    Raises:
        ModelError: The model file cannot be used.
        OutputError: A file cannot be written.
    """
    manifest = read_manifest(path)
    if format == "safetensors":
        return (_copy(path, output),)
    if (format == "onnx") != (manifest.graph is not None):
        kind = "a foreign ONNX graph" if manifest.graph else "made of magnet-geo's own networks"
        raise ModelError(f"The model '{manifest.name}' is {kind}; export it with another `format`.")
    if format == "onnx":
        return (export_graph(path, output),)
    weights = ModelWeights.from_tensors(manifest, read_weights(path))
    states = zip(exported_files(manifest, output), (weights.backbone, *weights.refinements), strict=True)
    return tuple(_save(state, target) for target, state in states)


def exported_files(manifest: Manifest, output: Path) -> tuple[Path, ...]:
    """Return the ``pth`` files of an export: the backbone's, then the refinements'.

    Args:
        manifest: Of the model.
        output: The stem, with or without ``.pth``.
    """
    stem = output.name.removesuffix(".pth")
    levels = manifest.refined_levels
    if manifest.architecture.refinement_per_level:
        parts = [f"refinement_{level}" for level in levels]
    else:
        parts = ["refinement"] if levels else []
    return tuple(output.with_name(f"{stem}_{part}.pth") for part in ("backbone", *parts))


def _copy(path: Path, output: Path) -> Path:
    with atomic_path(output) as temporary:
        copyfile(path, temporary)
    return output


def _save(state: Mapping[str, Tensor], output: Path) -> Path:
    with atomic_path(output) as temporary:
        torch.save(dict(state), temporary)
    return output
