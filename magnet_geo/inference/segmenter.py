"""`Segmenter`: a model on a device, ready to map images."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, overload

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from magnet_geo.compute.device import Precision, choose_device, choose_dtype
from magnet_geo.compute.patch_executor import PatchExecutor
from magnet_geo.compute.process import configure_process
from magnet_geo.errors import OptionError
from magnet_geo.grid import Size
from magnet_geo.inference.onnx import graph_predictor
from magnet_geo.model import Manifest, ModelBundle, load_bundle
from magnet_geo.model.graph_file import load_graph_bundle
from magnet_geo.progressive import (
    AllPatches,
    BatchRunner,
    ImagePyramid,
    MostUncertainPatches,
    NetworkPredictor,
    NoPatches,
    PatchesAbove,
    PointRule,
    Predictor,
    Runner,
    SelectionRules,
    SideStream,
    Stage,
    build_image_pyramid,
    full_size,
    segment_stages,
)


class ModelSource(Protocol):
    """Where a model comes from, so that another process can load it too; a hashable value."""

    def load(self) -> Segmenter:
        """Load the model."""
        ...

    def __hash__(self) -> int: ...


@dataclass(frozen=True, slots=True)
class NamedModel:
    """A bundled model or a model file.

    Attributes:
        name: Name, or path of the file.
        device: ``auto``, ``cpu``, ``cuda[:N]`` or ``mps``.
        precision: ``auto``, ``fp32``, ``bf16`` or ``fp16``.
    """

    name: str
    device: str
    precision: Precision

    def load(self) -> Segmenter:
        """Load the model."""
        return load_model(self.name, device=self.device, precision=self.precision)


class Segmenter:
    """A model whose networks are prepared for one device and precision.

    Attributes:
        manifest: What the model says of itself.
        model_hash: SHA-256 of the model file, empty for one that is in no file.
        predictor: The networks.
        source: Where other processes load it from; None for a model that only this one has.
    """

    def __init__(
        self, manifest: Manifest, predictor: Predictor, *, model_hash: str = "", source: ModelSource | None = None
    ) -> None:
        self.manifest, self.predictor, self.model_hash, self.source = manifest, predictor, model_hash, source
        self._runner: Runner = BatchRunner(predictor)
        self._side = SideStream(predictor.device)

    @classmethod
    def from_bundle(
        cls,
        bundle: ModelBundle,
        *,
        device: str = "auto",
        precision: Precision = "auto",
        source: ModelSource | None = None,
    ) -> Segmenter:
        """Prepare the networks of a bundle.

        Args:
            bundle: Model as loaded.
            device: ``auto``, ``cpu``, ``cuda[:N]`` or ``mps``.
            precision: ``auto``, ``fp32``, ``bf16`` or ``fp16``.
            source: Where other processes load it from.

        Raises:
            DeviceError: The device is absent or cannot run the precision.
        """
        on = choose_device(device)
        predictor = NetworkPredictor(
            bundle.backbone,
            bundle.refinements,
            num_classes=len(bundle.manifest.classes),
            device=on,
            dtype=choose_dtype(precision, on),
            batch_size=2 if on.type == "cpu" else 8,
        )
        return cls(bundle.manifest, predictor, model_hash=bundle.sha256, source=source)

    @property
    def number_bytes(self) -> int:
        """Bytes of one number in the networks."""
        return self.predictor.dtype.itemsize

    def rules(self, mode: Literal["full", "fast", "off"] | None = None) -> SelectionRules:
        """Return the selection rules of a mode; None for the model's default.

        Raises:
            OptionError: The model has no such mode.
        """
        selection = self.manifest.selection
        if selection is None:
            if mode not in (None, "off"):
                raise OptionError(f"The model '{self.manifest.name}' has no refinement module; use `refine='off'`.")
            return SelectionRules(NoPatches(), PointRule(1, 1))
        mode = mode or selection.default
        if mode == "fast" and selection.fast is None:
            raise OptionError(f"The model '{self.manifest.name}' offers no fast mode; use `refine='full'` or a share.")
        chosen = selection.fast if mode == "fast" and selection.fast else selection.full
        points = PointRule(chosen.n_points, chosen.smooth_kernel, chosen.cell_px, chosen.fade_px)
        if mode == "off":
            return SelectionRules(NoPatches(), points)
        if mode == "full" or selection.fast is None:
            return SelectionRules(AllPatches(), points)
        if selection.fast.patch_thresholds is not None:
            return SelectionRules(PatchesAbove(selection.fast.patch_thresholds), points)
        return SelectionRules(MostUncertainPatches(selection.fast.n_patches or 0), points)

    def image(
        self, values: NDArray[np.generic], valid: NDArray[np.bool_] | None, *, decimation: int = 1
    ) -> ImagePyramid:
        """One MagNet image at the levels of the model, on its device.

        Args:
            values: (B, H, W) model values, uint8 or float32 in 0-255.
            valid: (H, W), or None where every pixel is valid.
            decimation: Pixels of the finest level per pixel of ``values``; finer levels then have no inputs.
        """
        return build_image_pyramid(
            values,
            valid,
            pyramid=self.manifest.pyramid,
            normalization=self.manifest.normalization,
            device=self.predictor.device,
            decimation=decimation,
        )

    def image_beside(
        self, values: NDArray[np.generic], valid: NDArray[np.bool_] | None, *, decimation: int = 1
    ) -> Callable[[], ImagePyramid]:
        """Return the same beside what a GPU is doing: to be called, for the image, by the thread that segments it."""
        return self._side.make(lambda: self.image(values, valid, decimation=decimation))

    def stages(
        self,
        values: NDArray[np.generic],
        valid: NDArray[np.bool_] | None,
        *,
        rules: SelectionRules,
        wanted: Sequence[NDArray[np.bool_]] | None = None,
        on_batch: Callable[[int], None] = lambda patches: None,
    ) -> Iterator[Stage]:
        """Yield the stages of one MagNet image; see `segment_stages`.

        Args:
            values: (B, H, W) model values, uint8 or float32 in 0-255.
            valid: (H, W), or None where every pixel is valid.
            rules: Selection rules.
            wanted: Per level from 1 on, False for patches whose result is of no use.
            on_batch: Called after each batch.
        """
        return segment_stages(
            self.image(values, valid),
            self.predictor,
            rules,
            runner=self.runner,
            wanted=wanted,
            on_batch=on_batch,
        )

    @property
    def runner(self) -> Runner:
        """What the patches of an image go through: batches on a GPU; on a CPU side by side, each in threads of its own.

        Where one patch is all of a window, it may use all threads, as a batch does.
        """
        pyramid = self.manifest.pyramid
        if self.predictor.device.type == "cpu" and pyramid.patch != pyramid.window:
            workers = self.predictor.batch_size
            if not isinstance(self._runner, PatchExecutor) or not self._runner.matches(workers):
                self._runner = PatchExecutor(workers)
        return self._runner

    @property
    def begins_ahead(self) -> bool:
        """Whether the patches of two windows may take turns, those of the next one where there is nothing else to do.

        Where the points of all patches of a level compete with each other, levels end together.
        """
        return self.runner.is_patchwise and self.manifest.pyramid.manner == "decimation"

    @overload
    def segment_image(
        self,
        image: NDArray[Any],
        *,
        valid: NDArray[np.bool_] | None = ...,
        refine: Literal["full", "fast", "off"] | None = ...,
        return_stages: Literal[False] = ...,
    ) -> NDArray[np.float32]: ...

    @overload
    def segment_image(
        self,
        image: NDArray[Any],
        *,
        valid: NDArray[np.bool_] | None = ...,
        refine: Literal["full", "fast", "off"] | None = ...,
        return_stages: Literal[True],
    ) -> list[NDArray[np.float32]]: ...

    def segment_image(
        self,
        image: NDArray[Any],
        *,
        valid: NDArray[np.bool_] | None = None,
        refine: Literal["full", "fast", "off"] | None = None,
        return_stages: bool = False,
    ) -> NDArray[np.float32] | list[NDArray[np.float32]]:
        """Segment one MagNet image.

        Published presets stretch the image to their levels, whatever its size; the result has the size of
        the finest level. Our own models keep their decimations: the image is padded, and the result has the
        image's size.

        Args:
            image: (H, W, B), uint8, or floating values in 0-255.
            valid: (H, W), True where usable; None where all is.
            refine: Mode; None for the model's default.
            return_stages: Give the cumulative probabilities after each stage instead of the last alone.

        Returns:
            (C, H, W) float32 probabilities, or a list of them, coarse to fine, each at its stage's own size
            (padding included).

        Raises:
            OptionError: The image does not have the model's bands or value range.
        """
        values = self._model_values(image)
        stages = self.stages(values, valid, rules=self.rules(refine))
        if return_stages:
            return [stage.probabilities.cpu().numpy().copy() for stage in stages]
        size = Size(*values.shape[-2:])
        pyramid = self.manifest.pyramid.for_image(size)
        last = last_stage(stages)
        probabilities = full_size(last, pyramid.window)
        if self.manifest.pyramid.manner == "decimation":
            probabilities = probabilities[:, : size.height, : size.width]
        return probabilities.cpu().numpy()

    def _model_values(self, image: NDArray[Any]) -> NDArray[np.generic]:
        bands = len(self.manifest.bands)
        if image.ndim != 3 or image.shape[-1] != bands:
            raise OptionError(
                f"The image has shape {image.shape}, but the model '{self.manifest.name}' takes rows x columns x "
                f"{bands} bands ({', '.join(self.manifest.bands)}); put the bands last."
            )
        values = np.moveaxis(image, -1, 0)
        if values.dtype == np.uint8:
            return values
        low, high = float(values.min()), float(values.max())
        if not (low >= 0 and high <= 255):
            raise OptionError(f"The image's values reach from {low:g} to {high:g}; scale them to 0-255 first.")
        return values.astype(np.float32)


def load_model(model: str | Path = "landcover", *, device: str = "auto", precision: Precision = "auto") -> Segmenter:
    """Load a bundled model by name, or a model file.

    Args:
        model: Name or path.
        device: ``auto``, ``cpu``, ``cuda[:N]`` or ``mps``.
        precision: ``auto``, ``fp32``, ``bf16`` or ``fp16``.

    Raises:
        ModelError: There is no such model, or the file is not one.
        DeviceError: The device is absent or cannot run the precision.
    """
    configure_process()
    path = Path(model)
    source = NamedModel(str(path.absolute() if path.is_file() else model), device, precision)
    foreign = load_graph_bundle(model)
    if foreign is None:
        return Segmenter.from_bundle(load_bundle(model), device=device, precision=precision, source=source)
    predictor = graph_predictor(foreign, device=device, precision=precision)
    return Segmenter(foreign.manifest, predictor, model_hash=foreign.sha256, source=source)


def last_stage(stages: Iterator[Stage]) -> Stage:
    """Return the finest of an image's stages; the others are dropped on the way."""
    stage = next(stages)
    for following in stages:
        stage = following
    return stage


def final_probabilities(probabilities: Tensor, temperature: float) -> Tensor:
    """Probabilities after temperature scaling: ``softmax(log p / T)`` over the first axis.

    Args:
        probabilities: (C, ...) float32.
        temperature: Above 1 flattens, below 1 sharpens.
    """
    if temperature == 1:
        return probabilities
    return torch.softmax(probabilities.clamp(min=1e-12).log_().div_(temperature), dim=0)
