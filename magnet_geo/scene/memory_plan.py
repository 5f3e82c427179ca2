"""What a run will need of memory, known before it starts; the scene's size is no part of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from magnet_geo.errors import MemoryLimitError
from magnet_geo.grid import Size
from magnet_geo.model import Manifest

MEBIBYTE = 2**20
LEAST_CACHE_BYTES = 32 * MEBIBYTE

# The program with its libraries and a small model, before the first window.
_PROCESS_BYTES = 490 * MEBIBYTE
# Shares of the useful block cache of GDAL, in the order in which they are given up.
_CACHE_SHARES = (1.0, 0.5, 0.25, 0.0)
# Pixels of windows in memory: one being read, one read, one being begun, one being refined, one being finished; of the
# last three, never more than two.
WINDOWS_IN_MEMORY = 4
_CACHE_BYTES, _MOST_CACHE_BYTES = 64 * MEBIBYTE, 256 * MEBIBYTE
# Bytes of activations per input pixel of a patch in float32, measured by benchmarks/activation_memory.py.
_ACTIVATION_BYTES = {
    "light-fpn": 300,
    "light-fpn-lite2": 300,
    "fpn": 500,
    "psp": 500,
    "hrnet18+ocr": 12000,
    "hrnet48+ocr": 14000,
    "onnx": 4000,
}
_UNKNOWN_ACTIVATION_BYTES = max(_ACTIVATION_BYTES.values())


@dataclass(frozen=True, slots=True)
class Workload:
    """What determines the memory of a run.

    Attributes:
        manifest: The model.
        number_bytes: Bytes of one number in the networks, 2 or 4.
        scene_window: The window in scene pixels.
        scene_pixel_bytes: Bytes of one scene pixel over all bands that are read.
        cache_bytes: Block cache that spares decoding twice, see `useful_cache`.
        resampled: Whether windows are brought to another pixel size.
        output_bytes: Bytes written per scene pixel.
        on_gpu: Whether networks and maps live on a GPU.
    """

    manifest: Manifest
    number_bytes: int
    scene_window: Size
    scene_pixel_bytes: int
    cache_bytes: int
    resampled: bool
    output_bytes: int
    on_gpu: bool


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """How a run stays within its limits.

    Attributes:
        batch_size: Patches per forward pass.
        cache_bytes: Limit of GDAL's block cache.
        main_bytes: Estimated peak of main memory.
        gpu_bytes: Estimated peak of GPU memory, 0 without one.
        is_limited: Whether the user set a limit to main memory.
    """

    batch_size: int
    cache_bytes: int
    main_bytes: int
    gpu_bytes: int
    is_limited: bool = False


def useful_cache(*, block: Size, scene: Size, window: Size, pixel_bytes: int) -> int:
    """Bytes of GDAL's block cache that are worth having: windows share few tiles, but all strips of their rows.

    Args:
        block: Blocks of the scene's file.
        scene: Size of the scene.
        window: The window in scene pixels.
        pixel_bytes: Bytes of one scene pixel over all bands that are read.
    """
    if block.width <= 2 * window.width:
        return _CACHE_BYTES
    row_of_windows = scene.width * (window.height + block.height) * pixel_bytes
    return min(_MOST_CACHE_BYTES, max(_CACHE_BYTES, row_of_windows))


def plan_memory(
    work: Workload,
    *,
    batch_size: int | None,
    max_memory: int | None,
    max_vram: int | None,
    machine_bytes: int | None = None,
) -> MemoryPlan:
    """Choose batch size and block cache within the limits.

    Args:
        work: What is to be done.
        batch_size: Patches per forward pass if the user says so.
        max_memory: Limit of main memory in bytes, or None.
        max_vram: Limit of GPU memory in bytes, or None.
        machine_bytes: All main memory that there is, or None where that is not known.

    Raises:
        MemoryLimitError: Not even one window with one patch at a time fits; says what does.
    """
    batches = [batch_size] if batch_size else ([16, 8, 4, 2, 1] if work.on_gpu else [2, 1])
    options = [
        _plan(work, batch, max(LEAST_CACHE_BYTES, int(share * work.cache_bytes)))
        for batch in batches
        for share in _CACHE_SHARES
    ]
    least = options[-1]
    if machine_bytes is not None and least.main_bytes > machine_bytes:
        # Told by arithmetic: trying would take the machine down with it.
        window = work.manifest.pyramid.window
        raise MemoryLimitError(
            f"One window of the model '{work.manifest.name}', {window.height} x {window.width} pixels, needs about "
            f"{_text(least.main_bytes)} of memory, and this machine has {_text(machine_bytes)}; choose a model of "
            "smaller windows, or a larger machine."
        )
    for plan in options:
        fits_main = max_memory is None or plan.main_bytes <= max_memory
        fits_gpu = max_vram is None or plan.gpu_bytes <= max_vram
        if fits_main and fits_gpu:
            return replace(plan, is_limited=max_memory is not None)
    short_of_main = max_memory is not None and least.main_bytes > max_memory
    need, limit, option = (
        (least.main_bytes, max_memory, "`max_memory`") if short_of_main else (least.gpu_bytes, max_vram, "`max_vram`")
    )
    raise MemoryLimitError(
        f"One window of the model '{work.manifest.name}' needs about {_text(need)} of memory, but {option} allows "
        f"{_text(limit or 0)}; the smallest that works is {option} {-(-need // (100 * 10**6)) / 10:g}GB."
    )


def _plan(work: Workload, batch: int, cache: int) -> MemoryPlan:
    on_device = _maps_bytes(work) + _network_bytes(work, batch)
    # Parts of the map: one in the making, one on its way to the disk, and its packed copy.
    cores = 3 * work.scene_window.pixels * work.output_bytes
    windows = WINDOWS_IN_MEMORY * _read_bytes(work) + cores + _bands_bytes(work)
    main = _PROCESS_BYTES + cache + windows + (0 if work.on_gpu else on_device)
    # A GPU keeps the map of a window until it is joined, and gets the pixels of the next one meanwhile.
    return MemoryPlan(batch, cache, main, on_device + _maps_bytes(work) if work.on_gpu else 0)


def _read_bytes(work: Workload) -> int:
    """Values and validity of one window; resampled values are float32, beside the validity of the scene's pixels."""
    if work.resampled:
        model_pixels = work.manifest.pyramid.window.pixels
        return work.scene_window.pixels + model_pixels * (4 * len(work.manifest.bands) + 1)
    return work.scene_window.pixels * (work.scene_pixel_bytes + 1)


def _bands_bytes(work: Workload) -> int:
    """What windows hand to their right neighbors, and strips of it on the way."""
    per_model_pixel = work.scene_window.height / work.manifest.pyramid.window.height
    halo = round(work.manifest.halo_px * per_model_pixel)
    return 2 * 4 * len(work.manifest.classes) * work.scene_window.height * halo


def _maps_bytes(work: Workload) -> int:
    """The cumulative prediction and the image at the levels that are made of a window's pixels.

    Of windows that come one after the other there is one finest map, and everything coarser twice.
    """
    window, is_published = work.manifest.pyramid.window.pixels, work.manifest.pyramid.manner == "published"
    coarser = 2 / 3
    image = 4 * len(work.manifest.bands) * window * (2 if is_published else coarser)
    return round(image + 4 * len(work.manifest.classes) * window * (2 if is_published else 1 + coarser))


def _network_bytes(work: Workload, batch: int) -> int:
    patch = work.manifest.pyramid.network_input.pixels
    per_pixel = _ACTIVATION_BYTES.get(work.manifest.architecture.backbone, _UNKNOWN_ACTIVATION_BYTES)
    probabilities = 4 * 4 * len(work.manifest.classes)
    return batch * patch * (per_pixel * work.number_bytes // 4 + probabilities)


def _text(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 10**9 else f"{count / 1e6:.0f} MB"
