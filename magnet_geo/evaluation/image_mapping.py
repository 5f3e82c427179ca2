"""Maps one image of a dataset as a scene would be mapped: the same windows, blended alike, at the model's pixel size.

Shapes: H and W the image's size.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from magnet_geo.classes import ClassScheme, LandClass
from magnet_geo.datasets import IGNORE_INDEX, LabeledSource
from magnet_geo.errors import SceneError
from magnet_geo.grid import PyramidManner, ReadScale, WindowPlan
from magnet_geo.grid.read_scale import LARGEST_RATIO
from magnet_geo.inference.segmenter import Segmenter, last_stage
from magnet_geo.model import Manifest
from magnet_geo.plain_text import short_name
from magnet_geo.progress import CancelToken
from magnet_geo.progressive import Stage, full_size
from magnet_geo.scene import plan_windows
from magnet_geo.scene.window.candidates import wanted_patches
from magnet_geo.scene.window.chunk import MapSettings, make_core_map
from magnet_geo.scene.window.model_window import ModelWindow, read_model_window
from magnet_geo.scene.window.seams import ScratchBands

MapMode = Literal["coarse", "fast", "full", "slid"]
MODES: tuple[MapMode, ...] = ("coarse", "fast", "full", "slid")

_REFINE: dict[MapMode, Literal["off", "fast", "full"]] = {
    "coarse": "off",
    "fast": "fast",
    "full": "full",
    "slid": "off",
}
_SLID_HALO_SHARE = 8
_WINDOWS_AHEAD = 2


@dataclass(frozen=True, slots=True, eq=False)
class MappedImage:
    """A map in one mode.

    Attributes:
        classes: (H, W) uint8 class index, `IGNORE_INDEX` where the image is not valid; lies in a scratch file.
        patches: Patches with valid pixels that could be refined.
        refined: Those of them that were.
        passes: Patches through the backbone.
        seconds: Wall time, reading included.
    """

    classes: NDArray[np.uint8]
    patches: int
    refined: int
    passes: int
    seconds: float


def model_in_mode(model: Segmenter, mode: MapMode) -> Segmenter:
    """Gives the model, or for ``slid`` its backbone alone on overlapping patches of the finest level."""
    if mode != "slid":
        return model
    entry = model.manifest.pyramid
    single = {**entry.model_dump(), "levels": (entry.patch,)}
    if entry.manner is PyramidManner.DECIMATION:
        single["network_input"] = entry.patch
    manifest = model.manifest.without_refinement() if model.manifest.selection else model.manifest
    return Segmenter(
        manifest.changed(pyramid=single, halo_px=min(entry.patch) // _SLID_HALO_SHARE),
        model.predictor,
        model_hash=model.model_hash,
    )


class ImageMapper:
    """Maps images in one mode of a model.

    Attributes:
        mode: The mode.
    """

    def __init__(self, model: Segmenter, mode: MapMode, *, gsd: float | Literal["native"] | None = None) -> None:
        """Prepare.

        Args:
            model: The model.
            mode: What of it is run.
            gsd: Pixel size of the images in metres where they do not say; ``"native"`` takes pixels as they are.

        Raises:
            OptionError: The model has no such mode.
        """
        self.mode = mode
        self._model = model_in_mode(model, mode)
        self._rules = self._model.rules(_REFINE[mode])
        self._gsd = gsd
        manifest = self._model.manifest
        classes = tuple(LandClass(i, c.name, c.color) for i, c in enumerate(manifest.class_scheme().classes))
        self._settings = MapSettings(ClassScheme(classes, IGNORE_INDEX), manifest.temperature, 0.0, False, False)

    def count_windows(self, source: LabeledSource) -> int:
        """Gives how many windows an image takes."""
        return len(self._plan(source)[0])

    def map(
        self,
        source: LabeledSource,
        scratch: Path,
        *,
        on_window: Callable[[], None] = lambda: None,
        cancel: CancelToken | None = None,
    ) -> MappedImage:
        """Map an image; memory does not depend on its size.

        Args:
            source: The image.
            scratch: An empty folder for the map and for what windows hand to each other.
            on_window: Called after each window.
            cancel: Stops between two batches.

        Raises:
            SceneError: A part cannot be read, or the pixel size does not fit the model.
        """
        started = time.monotonic()
        plan, scale = self._plan(source)
        shape = source.size.height, source.size.width
        classes = np.memmap(scratch / "classes.u8", np.uint8, "w+", shape=shape)
        classes[:] = IGNORE_INDEX
        tally = _Tally(cancel or CancelToken())
        bands = ScratchBands(plan, scratch)
        for window in self._windows(source, plan):
            probabilities = self._probabilities(window, scale, tally)
            with bands.blender(window.window) as blender:
                part = make_core_map(
                    probabilities, window=window, blender=blender, scale=scale, settings=self._settings
                )
            classes[part.core.slices] = part.classes
            on_window()
        return MappedImage(classes, tally.patches, tally.refined, tally.passes, time.monotonic() - started)

    def _plan(self, source: LabeledSource) -> tuple[WindowPlan, ReadScale]:
        scale = _read_scale(source, self._model.manifest, self._gsd)
        return plan_windows(source.size, scale, self._model.manifest), scale

    def _windows(self, source: LabeledSource, plan: WindowPlan) -> Iterator[ModelWindow]:
        """Windows with a pixel to map, read ahead by a thread of their own."""
        size = self._model.manifest.pyramid_value().window
        waiting = iter(plan)
        with ThreadPoolExecutor(1, thread_name_prefix="read") as reader:

            def submitted(count: int) -> list[Future[ModelWindow]]:
                return [
                    reader.submit(read_model_window, source.read_pixels, window, model_size=size)
                    for window in islice(waiting, count)
                ]

            ahead = deque(submitted(_WINDOWS_AHEAD))
            while ahead:
                found = ahead.popleft().result()
                ahead.extend(submitted(1))
                if found.support_valid.any():
                    yield found

    def _probabilities(self, window: ModelWindow, scale: ReadScale, tally: _Tally) -> Tensor:
        pyramid = self._model.manifest.pyramid_value()
        wanted = wanted_patches(window, scale=scale, pyramid=pyramid)
        tally.patches += sum(int(level.sum()) for level in wanted)
        stages = self._model.stages(
            window.values, window.valid, rules=self._rules, wanted=wanted, on_batch=tally.count_passes
        )
        return full_size(last_stage(tally.watch(stages)), pyramid.window)


@dataclass(slots=True)
class _Tally:
    """What a map costs."""

    cancel: CancelToken
    patches: int = 0
    refined: int = 0
    passes: int = 0

    def count_passes(self, patches: int) -> None:
        self.cancel.raise_if_cancelled()
        self.passes += patches

    def watch(self, stages: Iterator[Stage]) -> Iterator[Stage]:
        for stage in stages:
            self.refined += int(stage.refined.sum())
            yield stage


def _read_scale(source: LabeledSource, manifest: Manifest, gsd: float | Literal["native"] | None) -> ReadScale:
    gsd_m = gsd if isinstance(gsd, float | int) else source.gsd_m
    if manifest.gsd_m is None or gsd == "native" or gsd_m is None:
        return ReadScale.native()
    try:
        return ReadScale.between(model_gsd_m=manifest.gsd_m, scene_gsd_m=gsd_m, window=manifest.pyramid_value().window)
    except ValueError as error:
        raise SceneError(
            f"'{short_name(source.name)}' has pixels of {gsd_m:.3g} m, but the model '{manifest.name}' is for "
            f"{manifest.gsd_m:g} m and reads up to {LARGEST_RATIO:g} times finer or coarser; take `gsd='native'` to "
            "test with the pixels as they are."
        ) from error
