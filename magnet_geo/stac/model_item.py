"""The STAC Item of a model, with the fields of the Machine Learning Model extension (MLM)."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pystac
from pystac.extensions.file import FileExtension
from pystac.extensions.mlm import (
    Hyperparameters,
    InputStructure,
    MLMExtension,
    ModelInput,
    ModelOutput,
    ResultStructure,
    TaskType,
)
from pystac.extensions.raster import DataType
from safetensors import safe_open

from magnet_geo.grid import Size
from magnet_geo.model import Manifest, model_hash, read_manifest
from magnet_geo.stac.class_list import class_list
from magnet_geo.stac.written_item import href

# As the extension's own examples write "at any time": a model is not of a day.
_ALWAYS = datetime(1900, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
# Multihash: SHA-256, 32 bytes.
_SHA256_PREFIX = "1220"
_DIMENSIONS = ["batch", "channel", "height", "width"]


def make_model_item(model: Path, target: Path, *, files: Sequence[Path]) -> pystac.Item:
    """Describe a model.

    Args:
        model: The model file.
        target: Where the Item will be written: paths in it start there.
        files: What was exported: the model file itself, or the checkpoints of backbone and refinement.

    Raises:
        ModelError: It is no model file.
    """
    manifest = read_manifest(model)
    item = pystac.Item(
        id=f"{manifest.name}-{manifest.version}",
        # Where a model may be used is a matter of judgement, not of a box: the description says it in words.
        geometry=None,
        bbox=None,
        datetime=None,
        start_datetime=_ALWAYS[0],
        end_datetime=_ALWAYS[1],
        properties=_properties(manifest),
    )
    for key, path in zip(_keys(files), files, strict=True):
        _add_asset(item, key, path, target, manifest=manifest)
    _mlm(item, manifest, parameters=_count_parameters(model))
    return item


def _properties(manifest: Manifest) -> dict[str, Any]:
    texts = (manifest.description, manifest.domain)
    properties: dict[str, Any] = {
        "title": manifest.title,
        "description": " ".join(text for text in texts if text) or manifest.title,
        "license": "other",
        "magnet_geo:licence": manifest.licence,
        "magnet_geo:version": manifest.version,
    }
    if manifest.gsd_m is not None:
        properties["gsd"] = manifest.gsd_m
    if manifest.data:
        properties["magnet_geo:training_data"] = manifest.data
    return properties


def _keys(files: Sequence[Path]) -> list[str]:
    if len(files) == 1:
        return ["model"]
    levels = ["refinement"] if len(files) == 2 else [f"refinement-{level}" for level in range(1, len(files))]
    return ["backbone", *levels]


def _add_asset(item: pystac.Item, key: str, path: Path, target: Path, *, manifest: Manifest) -> None:
    single = path.suffix != ".pth"
    kind = "safetensors" if single else "pytorch"
    asset = pystac.Asset(
        href(path, target),
        "Weights and manifest" if single else f"Weights: {path.stem}",
        media_type=f"application/octet-stream; application={kind}",
        roles=["mlm:model", "mlm:weights", "data"],
        extra_fields={
            "mlm:artifact_type": "safetensors.torch.save_file" if single else "torch.save",
            "bands": [{"name": band} for band in manifest.bands],
        },
    )
    item.add_asset(key, asset)
    file = FileExtension.ext(asset, add_if_missing=True)
    file.size = path.stat().st_size
    file.checksum = _SHA256_PREFIX + model_hash(path)


def _mlm(item: pystac.Item, manifest: Manifest, *, parameters: int) -> None:
    parts = (manifest.architecture.backbone, manifest.architecture.refinement)
    tasks = [TaskType.SEMANTIC_SEGMENTATION]
    MLMExtension.ext(item, add_if_missing=True).apply(
        name=_mlm_name(manifest.name),
        architecture="ONNX graph" if manifest.graph else f"MagNet ({' and '.join(part for part in parts if part)})",
        tasks=tasks,
        input=[_input(manifest)],
        output=[_output(manifest, tasks)],
        framework="ONNX" if manifest.graph else "PyTorch",
        framework_version=None if manifest.graph else version("torch").partition("+")[0],
        total_parameters=None if manifest.graph else parameters,
        accelerator_constrained=False,
        hyperparameters=Hyperparameters.create(**_hyperparameters(manifest)),
    )
    # A null here would say "trained from scratch", which no manifest says.
    item.properties.pop("mlm:pretrained_source", None)


def _mlm_name(name: str) -> str:
    """A name as the extension wants it: a letter first, letters, digits and ``_.-`` inside, three of them at least."""
    plain = re.sub(r"[^a-zA-Z0-9_.-]", "-", name).rstrip("_.-")
    return plain if re.fullmatch(r"[a-zA-Z][a-zA-Z0-9_.-]+[a-zA-Z0-9]", plain) else f"model-{plain}"


def _input(manifest: Manifest) -> ModelInput:
    height, width = _pair(manifest.pyramid.network_input)
    shape = [-1, len(manifest.bands), height, width]
    found = ModelInput.create(
        name="patch of one level",
        bands=list(manifest.bands),
        input=InputStructure.create(shape=shape, dim_order=_DIMENSIONS, data_type=DataType.FLOAT32),
        description="A patch of the image at one level of the pyramid, in native values of the training data.",
    )
    found.properties["value_scaling"] = _value_scaling(manifest)
    return found


def _value_scaling(manifest: Manifest) -> list[dict[str, Any]]:
    """Scaling and normalization of each band in one step, from native values."""
    scaling, normal = manifest.scaling, manifest.normalization
    return [
        {"type": "z-score", "mean": low + mean * (high - low), "stddev": std * (high - low)}
        for low, high, mean, std in zip(scaling.low, scaling.high, normal.mean, normal.std, strict=True)
    ]


def _output(manifest: Manifest, tasks: list[TaskType]) -> ModelOutput:
    height, width = _pair(manifest.pyramid.network_input)
    shape = [-1, len(manifest.classes), height, width]
    return ModelOutput.create(
        name="probabilities",
        tasks=tasks,
        result=ResultStructure.create(shape=shape, dim_order=_DIMENSIONS, data_type=DataType.FLOAT32),
        description="Probabilities of the classes, in the order of the channels.",
        classes=class_list((entry.value, entry.name, entry.color) for entry in manifest.classes),
    )


def _hyperparameters(manifest: Manifest) -> dict[str, Any]:
    pyramid = manifest.pyramid
    return {
        "levels": [_pair(level) for level in pyramid.levels],
        "patch": _pair(pyramid.patch),
        "halo_px": manifest.halo_px,
        "temperature": manifest.temperature,
        "refine": manifest.selection.default if manifest.selection else "off",
    }


def _pair(size: Size) -> list[int]:
    return [size.height, size.width]


def _count_parameters(model: Path) -> int:
    with safe_open(model, framework="numpy") as tensors:
        keys: list[str] = list(tensors.keys())
        return sum(math.prod(tensors.get_slice(key).get_shape()) for key in keys)
