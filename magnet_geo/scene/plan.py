"""`RunPlan`: everything decided about a run before its first window is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from magnet_geo.compute.allocator import machine_bytes
from magnet_geo.compute.device import slow_precision
from magnet_geo.errors import OptionError, SceneError
from magnet_geo.grid import ReadScale, Size, WindowBlock, WindowPlan
from magnet_geo.grid.read_scale import LARGEST_RATIO
from magnet_geo.inference.segmenter import Segmenter
from magnet_geo.model import Manifest
from magnet_geo.normalization import Scaling
from magnet_geo.progress import CancelToken
from magnet_geo.raster import (
    AutoScaling,
    ModelValues,
    NoScaling,
    RangeScaling,
    ScalingMode,
    SceneDescription,
    SceneReader,
    SceneSource,
    check_map_size,
    choose_bands,
    choose_scaling,
    describe_scene,
    untagged_collar,
)
from magnet_geo.raster.gdal_environment import CACHE_BYTES, block_cache
from magnet_geo.scene.area_of_interest import AreaOfInterest
from magnet_geo.scene.memory_plan import LEAST_CACHE_BYTES, MemoryPlan, Workload, plan_memory, useful_cache
from magnet_geo.scene.options import SegmentOptions
from magnet_geo.scene.overview_reading import OverviewReading
from magnet_geo.scene.refinement.decision import Refinement


def choose_read_scale(
    description: SceneDescription, manifest: Manifest, options: SegmentOptions
) -> tuple[float | None, ReadScale, list[str]]:
    """Ground sample distance of the scene, how it is read for the model, and what the user should know of it.

    Raises:
        SceneError: The distance is more than `LARGEST_RATIO` times off the model's.
    """
    gsd_m = options.gsd if isinstance(options.gsd, float | int) else description.grid.ground_sample_distance_m
    if gsd_m is None and options.known_sensor is not None:
        gsd_m = options.known_sensor.gsd_m
    if manifest.gsd_m is None or options.gsd == "native":
        return gsd_m, ReadScale.native(), []
    if gsd_m is None:
        warning = (
            f"The pixel size of '{description.name}' is not known; its pixels are taken as the model's "
            f"({manifest.gsd_m:g} m). Say otherwise with `gsd=METRES`."
        )
        return None, ReadScale.native(), [warning]
    try:
        scale = ReadScale.between(model_gsd_m=manifest.gsd_m, scene_gsd_m=gsd_m, window=manifest.pyramid.window)
    except ValueError as error:
        raise SceneError(
            f"'{description.name}' has pixels of {gsd_m:.3g} m, but the model '{manifest.name}' is for "
            f"{manifest.gsd_m:g} m and reads up to {LARGEST_RATIO:g} times finer or coarser; choose another model, "
            "or `gsd='native'` to take the pixels as they are."
        ) from error
    if scale.is_native:
        return gsd_m, scale, []
    way = "averaged down" if scale.ratio > 1 else "interpolated"
    return (
        gsd_m,
        scale,
        [
            f"The scene's pixels of {gsd_m:.3g} m are {way} to the model's {manifest.gsd_m:g} m; the map is written on "
            "the scene's own grid."
        ],
    )


def describe_source(scene: str, options: SegmentOptions) -> tuple[SceneSource, SceneDescription]:
    """Return how a scene is opened, and its metadata.

    Args:
        scene: Anything GDAL opens.
        options: CRS, nodata value, open options and sensor.

    Raises:
        SceneError: It cannot be opened or used.
    """
    source = SceneSource(scene, options.open_options, options.crs, options.nodata)
    description = describe_scene(source)
    sensor = options.known_sensor
    if sensor is None or sensor.nodata is None or sensor.dtype != description.dtype or _says_what_is_valid(description):
        return source, description
    source = replace(source, nodata=sensor.nodata)
    return source, describe_scene(source)


def _says_what_is_valid(description: SceneDescription) -> bool:
    masked = description.alpha_band is not None or description.has_mask_band
    return masked or any(value is not None for value in description.nodata)


_IDENTITY = (0.0, 255.0)


@dataclass(frozen=True, slots=True, eq=False)
class RunPlan:
    """A run that can start.

    Attributes:
        source: The scene.
        description: Its metadata.
        bands: Scene bands in the model's order, 1-based.
        scaling: Native values to 0-255; None where 8-bit values are taken as they are.
        scaling_text: The same for people.
        gsd_m: Pixel size of the scene in metres, None where unknown.
        scale: Scene pixels per model pixel.
        windows: The windows over the whole scene.
        area: What of it is mapped.
        refinement: What is refined.
        overviews: Overviews that windows without fine patches are read from.
        memory: Batch size and block cache.
        warnings: Sentences for the user.
    """

    source: SceneSource
    description: SceneDescription
    bands: tuple[int, ...]
    scaling: Scaling | None
    scaling_text: str
    gsd_m: float | None
    scale: ReadScale
    windows: WindowPlan
    area: AreaOfInterest
    refinement: Refinement
    overviews: OverviewReading
    memory: MemoryPlan
    warnings: tuple[str, ...]

    @property
    def area_windows(self) -> WindowBlock:
        """The windows that the run takes: those that see a pixel of the area."""
        return self.windows.touching(self.area.rect)


def plan_run(
    scene: str | Path, model: Segmenter, options: SegmentOptions, *, cancel: CancelToken | None = None
) -> RunPlan:
    """Decide everything about a run; nothing is changed in the process.

    Args:
        scene: Anything GDAL opens.
        model: The model.
        options: The user's decisions.
        cancel: Raised by another thread to stop before the next read.

    Raises:
        SceneError: The scene cannot be read or does not fit the model, or is larger than a map can be.
        BandError: Its bands cannot be matched.
        AreaOfInterestError: The area cannot be read or misses the scene.
        MemoryLimitError: The limits are too low.
        CancelledError: The token was raised.
    """
    with block_cache(CACHE_BYTES if options.max_memory is None else LEAST_CACHE_BYTES):
        return _plan(str(scene), model, options, cancel)


def _plan(scene: str, model: Segmenter, options: SegmentOptions, cancel: CancelToken | None) -> RunPlan:
    source, description = describe_source(scene, options)
    bands = choose_bands(description, model.manifest.bands, options.bands, options.known_sensor)
    area = AreaOfInterest.of(options.area, description.grid)
    emptiness = check_map_size(description, area.rect)
    if options.min_confidence > 0 and model.manifest.class_scheme().unclassified is None:
        raise OptionError(
            f"The model '{model.manifest.name}' uses the value 0 for a class, so that pixels cannot become "
            "unclassified; write `confidence` instead and mask with it."
        )
    if options.budget_s is not None and model.manifest.selection is None:
        raise OptionError(
            f"The model '{model.manifest.name}' has no refinement module, so that a time budget has nothing to choose; "
            "leave it out."
        )
    refinement = Refinement.of(model, options)
    slow = slow_precision(model.predictor.dtype, model.predictor.device)
    gsd_m, scale, warnings = choose_read_scale(description, model.manifest, options)
    with SceneReader(source, bands, cancel=cancel) as reader:
        found, text = choose_scaling(
            reader,
            mode=_scaling_mode(options),
            model=_model_values(model.manifest),
            sensor=options.known_sensor,
        )
        pixel_bytes = len(bands) * reader.dtype.itemsize
        eight_bit = reader.dtype == "uint8"
        as_trained = (
            options.scaling != "auto" or options.sensor is not None or reader.dtype.name == model.manifest.scaling.dtype
        )
        stretched = () if as_trained else (text,)
        # A whole-scene read: for a part of the scene it would cost more than it tells.
        collar = untagged_collar(reader) if options.area is None else None
        scaling = None if eight_bit and _is_identity(found) else found
        windows = plan_windows(description.grid.size, scale, model.manifest)
        overviews = OverviewReading.none(scale)
        if refinement.may_skip_fine_pixels:
            overviews = OverviewReading.find(
                reader,
                scale=scale,
                pyramid=model.manifest.pyramid,
                scaling=scaling,
                area=windows.read_area(area.rect),
            )
    work = Workload(
        manifest=model.manifest,
        number_bytes=model.number_bytes,
        scene_window=windows.window,
        scene_pixel_bytes=pixel_bytes if eight_bit else len(bands) * 4,
        cache_bytes=useful_cache(
            block=Size(*description.block_shape),
            scene=description.grid.size,
            window=windows.window,
            pixel_bytes=pixel_bytes,
        ),
        resampled=not scale.is_native,
        output_bytes=1
        + (options.confidence is not None)
        + len(model.manifest.classes) * (options.probabilities is not None),
        on_gpu=model.predictor.device.type != "cpu",
    )
    return RunPlan(
        source=source,
        description=description,
        bands=bands,
        scaling=scaling,
        scaling_text=text,
        gsd_m=gsd_m,
        scale=scale,
        windows=windows,
        area=area,
        refinement=refinement,
        overviews=overviews,
        memory=plan_memory(
            work,
            batch_size=options.batch_size,
            max_memory=options.max_memory,
            max_vram=_vram_limit(model, options),
            machine_bytes=machine_bytes(),
        ),
        warnings=(*description.warnings, *warnings, *stretched, *filter(None, (collar, slow, emptiness))),
    )


@contextmanager
def run_limits(plan: RunPlan, model: Segmenter) -> Iterator[None]:
    """Keep to a plan's block cache and batch size within the block; both are put back after it."""
    before = model.predictor.batch_size
    with block_cache(plan.memory.cache_bytes):
        model.predictor.batch_size = plan.memory.batch_size
        try:
            yield
        finally:
            model.predictor.batch_size = before


def plan_windows(scene: Size, scale: ReadScale, manifest: Manifest) -> WindowPlan:
    """Return the windows of a model over a scene.

    Args:
        scene: Size of the scene.
        scale: Scene pixels per model pixel.
        manifest: The model.
    """
    window = manifest.pyramid.window
    in_scene = Size(scale.to_scene(window.height), scale.to_scene(window.width))
    halo = scale.to_scene(scale.round_up(manifest.halo_px))
    if 4 * halo > min(in_scene.height, in_scene.width):
        # Rounding up made it too wide: the model pixels of neighboring windows need not coincide.
        halo = int(manifest.halo_px * scale.ratio)
    return WindowPlan(scene, in_scene, halo)


def _scaling_mode(options: SegmentOptions) -> ScalingMode:
    if options.scaling == "auto":
        return AutoScaling()
    if options.scaling == "none":
        return NoScaling()
    return RangeScaling(*options.scaling)


def _model_values(manifest: Manifest) -> ModelValues:
    scaling = manifest.scaling
    return ModelValues(scaling.dtype, scaling.low, scaling.high, are_reflectance=scaling.unit == "reflectance")


def _is_identity(scaling: Scaling) -> bool:
    return all(pair == _IDENTITY for pair in zip(scaling.low, scaling.high, strict=True))


def _vram_limit(model: Segmenter, options: SegmentOptions) -> int | None:
    if options.max_vram is not None or model.predictor.device.type != "cuda":
        return options.max_vram
    free, _ = torch.cuda.mem_get_info(model.predictor.device)
    return free
