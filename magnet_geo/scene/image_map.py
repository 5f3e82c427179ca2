"""`map_image`: pixels that are no scene of their own, mapped as a scene would be, by the same pipeline."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from typing_extensions import override

from magnet_geo.classes import ClassScheme
from magnet_geo.grid import PixelRect, ReadScale, Size, Window, WindowBlock, WindowPlan
from magnet_geo.inference.segmenter import Segmenter
from magnet_geo.raster import ReadPixels
from magnet_geo.scene.checkpoint.chunk_store import ChunkStore
from magnet_geo.scene.events import WindowEvents
from magnet_geo.scene.memory_plan import MemoryPlan
from magnet_geo.scene.plan import plan_windows
from magnet_geo.scene.refinement.selection import EachWindow, PatchSelector, TopShare
from magnet_geo.scene.window.chunk import MapChunk, MapProduct, MapSettings
from magnet_geo.scene.window.mapper import MAP, CoarseMapper, MapMapper, patch_counts, uncertainties_of
from magnet_geo.scene.window.model_window import ModelWindow, read_model_window
from magnet_geo.scene.window.pipeline import ReadsAhead, WindowPlanned, run_windows


@dataclass(frozen=True, slots=True)
class ImagePlan(WindowPlanned):
    """How an image is cut into windows.

    Attributes:
        model: The model.
        size: Of the image, in its own pixels.
        scale: Its pixels per model pixel.
    """

    model: Segmenter
    size: Size
    scale: ReadScale

    @property
    @override
    def windows(self) -> WindowPlan:
        return plan_windows(self.size, self.scale, self.model.manifest)

    @property
    @override
    def area_windows(self) -> WindowBlock:
        return self.windows.touching(PixelRect(0, 0, self.size.height, self.size.width))

    @property
    @override
    def memory(self) -> MemoryPlan:
        return MemoryPlan(self.model.predictor.batch_size, cache_bytes=0, main_bytes=sys.maxsize, gpu_bytes=0)


@dataclass(frozen=True, slots=True, eq=False)
class ImageChunk:
    """The map of one window.

    Attributes:
        map: Its classes and where they lie.
        patches: Patches of the window that could be refined.
        refined: Those of them that were.
    """

    map: MapChunk
    patches: int
    refined: int


def map_image(
    read: ReadPixels,
    plan: ImagePlan,
    selector: EachWindow | float,
    scheme: ClassScheme,
    folder: Path,
    *,
    events: WindowEvents,
    ranking_events: WindowEvents | None = None,
) -> Iterator[ImageChunk]:
    """Map an image; memory does not depend on its size.

    Args:
        read: Where model values come from; called by one thread.
        plan: How the image is cut into windows.
        selector: Chooses the patches of each window; a number is the share of the image's patches that is refined.
        scheme: Values of the model's classes in the map, and nodata.
        folder: An empty folder for what windows leave for each other, to be removed by the caller.
        events: Called as windows are mapped; may raise to stop.
        ranking_events: Likewise as their patches are ranked, for a share.

    Yields:
        The windows with a pixel to map, in plan order.

    Raises:
        SceneError: A window cannot be read.
        OutputError: The folder cannot be written.
    """
    model, pyramid = plan.model, plan.model.manifest.pyramid
    reader = _PixelReader(read, pyramid.window)
    chosen: PatchSelector
    if isinstance(selector, EachWindow):
        chosen = selector
    else:
        with ChunkStore(folder / "coarse") as ranked:
            ranking = CoarseMapper(model, plan.scale, {})
            run_windows(plan, ranked, ranking, ranking_events or WindowEvents(events.cancel), reader=reader)
        found = {index: uncertainties_of(ranked.read(index)) for index in ranked.chunks()}
        chosen = TopShare(found, selector, pyramid, model.rules("full").points)
    settings = MapSettings(scheme, model.manifest.temperature, 0.0, with_confidence=False, with_probabilities=False)
    product = MapProduct(MAP, settings, plan.scale, pyramid.window)
    mapper = MapMapper(model, plan.scale, {MAP: product}, chosen, checks_domain=False)
    with ChunkStore(folder / "map") as chunks:
        run_windows(plan, chunks, mapper, events, reader=reader)
    for index in chunks.chunks():
        arrays = chunks.read(index)
        yield ImageChunk(product.unpack(plan.windows[index].write, arrays), *patch_counts(arrays))


class _PixelReader(ReadsAhead):
    """Reads every window at full resolution, whatever is needed of it."""

    def __init__(self, read: ReadPixels, model_size: Size) -> None:
        self._read, self._model_size = read, model_size

    @override
    def read_ahead(
        self, windows: Iterable[Window], *, decimation: Callable[[Window], int], for_map: bool
    ) -> Generator[ModelWindow]:
        waiting = iter(windows)
        with ThreadPoolExecutor(1, thread_name_prefix="read") as thread:

            def read_next() -> Future[ModelWindow] | None:
                window = next(waiting, None)
                if window is None:
                    return None
                return thread.submit(read_model_window, self._read, window, model_size=self._model_size)

            following = read_next()
            while following is not None:
                read = following.result()
                following = read_next()
                yield read
