"""Maps one image of a dataset as a scene would be mapped: the same windows, blended alike, at the model's pixel size.

Shapes: H and W the image's size.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from magnet_geo.classes import ClassScheme, LandClass
from magnet_geo.datasets import IGNORE_INDEX, LabeledSource
from magnet_geo.errors import OptionError, SceneError
from magnet_geo.grid import MagnificationPyramid, PyramidManner, ReadScale
from magnet_geo.grid.read_scale import LARGEST_RATIO
from magnet_geo.inference import Segmenter
from magnet_geo.model import Manifest
from magnet_geo.plain_text import short_name
from magnet_geo.progress import CancelToken
from magnet_geo.scene import EachWindow, ImagePlan, WindowEvents, map_image

#: ``coarse``, ``fast``, ``full``, ``slid``, or a share of the patches such as ``0.25``.
MapMode = str

_REFINE: dict[str, Literal["off", "fast", "full"]] = {"coarse": "off", "fast": "fast", "full": "full", "slid": "off"}
_SLID_HALO_SHARE = 8


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
    """Return the model, or for ``slid`` its backbone alone on overlapping patches of the finest level."""
    if mode != "slid":
        return model
    pyramid = model.manifest.pyramid
    seen = pyramid.patch if pyramid.manner is PyramidManner.DECIMATION else pyramid.network_input
    single = MagnificationPyramid((pyramid.patch,), pyramid.patch, seen, pyramid.manner)
    manifest = model.manifest.without_refinement() if model.manifest.selection else model.manifest
    return Segmenter(
        manifest.changed(pyramid=single, halo_px=min(pyramid.patch.height, pyramid.patch.width) // _SLID_HALO_SHARE),
        model.predictor,
        model_hash=model.model_hash,
    )


def share_of(mode: MapMode) -> float | None:
    """Return the share that a mode names; None for the modes with a name.

    Raises:
        OptionError: It is no mode.
    """
    if mode in _REFINE:
        return None
    try:
        share = float(mode)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise OptionError(f"'{mode}' is no mode: choose {', '.join(_REFINE)} or a share of the patches, 0-1.")
    return share


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
        self._model, self._gsd = model_in_mode(model, mode), gsd
        share = share_of(mode)
        self._selector: EachWindow | float
        if share is None:
            # Every window is read as it is: a labelled image has no overviews to save time with.
            self._selector = EachWindow(self._model.rules(_REFINE[mode]))
        else:
            self._model.rules("full")
            self._selector = share
        named = self._model.manifest.class_scheme().classes
        self._scheme = ClassScheme(tuple(LandClass(i, c.name, c.color) for i, c in enumerate(named)), IGNORE_INDEX)

    def count_windows(self, source: LabeledSource) -> int:
        """Return how many windows an image takes; those that are looked at before, for a share, count too."""
        return len(self._plan(source).windows) * (1 if isinstance(self._selector, EachWindow) else 2)

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
        plan = self._plan(source)
        classes = np.memmap(scratch / "classes.u8", np.uint8, "w+", shape=(plan.size.height, plan.size.width))
        classes[:] = IGNORE_INDEX
        events = _Passes(cancel, on_window)
        patches = refined = 0
        for chunk in map_image(
            source.read_pixels, plan, self._selector, self._scheme, scratch, events=events, ranking_events=events
        ):
            classes[chunk.map.rect.slices] = chunk.map.classes
            patches, refined = patches + chunk.patches, refined + chunk.refined
        return MappedImage(classes, patches, refined, events.passes, time.monotonic() - started)

    def _plan(self, source: LabeledSource) -> ImagePlan:
        return ImagePlan(self._model, source.size, _read_scale(source, self._model.manifest, self._gsd))


class _Passes(WindowEvents):
    """Counts network passes."""

    def __init__(self, cancel: CancelToken | None, on_window: Callable[[], None]) -> None:
        super().__init__(cancel)
        self.passes, self._on_window = 0, on_window

    @override
    def patches_done(self, count: int) -> None:
        self.raise_if_cancelled()
        self.passes += count

    @override
    def window_done(self) -> None:
        self._on_window()


def _read_scale(source: LabeledSource, manifest: Manifest, gsd: float | Literal["native"] | None) -> ReadScale:
    gsd_m = gsd if isinstance(gsd, float | int) else source.gsd_m
    if manifest.gsd_m is None or gsd == "native" or gsd_m is None:
        return ReadScale.native()
    try:
        return ReadScale.between(model_gsd_m=manifest.gsd_m, scene_gsd_m=gsd_m, window=manifest.pyramid.window)
    except ValueError as error:
        raise SceneError(
            f"'{short_name(source.name)}' has pixels of {gsd_m:.3g} m, but the model '{manifest.name}' is for "
            f"{manifest.gsd_m:g} m and reads up to {LARGEST_RATIO:g} times finer or coarser; take `gsd='native'` to "
            "test with the pixels as they are."
        ) from error
