"""Reads windows ahead of the networks, in a thread of its own, in plan order."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import numpy as np

from magnet_geo.grid import Size, Window
from magnet_geo.raster import AveragedOverview, ReadPixels, SceneReader, scale_pixels
from magnet_geo.scene.plan import RunPlan
from magnet_geo.scene.window.model_window import ModelWindow, read_model_window, read_reduced_window


class WindowReader:
    """Yields model windows, each while the next one is being read.

    One thread and one dataset handle read them all: the handle remembers decoded blocks, of which windows share many.
    """

    def __init__(self, plan: RunPlan, model_size: Size) -> None:
        """Prepare to read.

        Args:
            plan: The run.
            model_size: A window in model pixels.
        """
        self._plan, self._model_size = plan, model_size

    def read_ahead(
        self,
        windows: Iterable[Window],
        *,
        decimation: Callable[[Window], int],
        for_map: bool,
    ) -> Generator[ModelWindow]:
        """Yield the windows in order; those without a pixel to map come with an all-False ``support_valid``.

        What lies outside the area of interest altogether is not even read.

        Args:
            windows: What to read.
            decimation: Asked when a window's turn to be read comes: model pixels per pixel that will be needed of it.
                Where no overview serves, the window is read as it is.
            for_map: Whether the windows decide what is mapped; otherwise they only rank patches.

        Raises:
            SceneError: A block cannot be decoded.
        """
        waiting = iter(windows)
        with closing(_Lane(self._plan, self._model_size)) as lane:

            def read_next() -> Future[ModelWindow] | None:
                window = next(waiting, None)
                return None if window is None else lane.submit(window, decimation(window), for_map)

            following = read_next()
            try:
                while following is not None:
                    loaded = following.result()
                    following = read_next()
                    yield loaded
            finally:
                if following is not None:
                    following.cancel()


class _Lane:
    """A thread with a reader of its own: GDAL handles are opened, used and closed by one thread."""

    def __init__(self, plan: RunPlan, model_size: Size) -> None:
        self._plan, self._model_size = plan, model_size
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="read")
        self._reader = SceneReader(plan.source, plan.bands)
        self._opened = self._thread.submit(self._reader.__enter__)
        self._overviews: dict[AveragedOverview, SceneReader] = {}

    def submit(self, window: Window, decimation: int, for_map: bool) -> Future[ModelWindow]:
        return self._thread.submit(self._read, window, decimation, for_map)

    def close(self) -> None:
        self._thread.submit(self._close_readers)
        self._thread.shutdown(wait=True)

    def _close_readers(self) -> None:
        for reader in (self._reader, *self._overviews.values()):
            reader.__exit__(None, None, None)

    def _overview_reader(self, overview: AveragedOverview) -> SceneReader:
        if overview not in self._overviews:
            reader = SceneReader(overview.source(self._plan.source), self._plan.bands)
            self._overviews[overview] = reader.__enter__()
        return self._overviews[overview]

    def _scaled(self, reader: SceneReader) -> ReadPixels:
        return lambda rect: scale_pixels(reader.read(rect), self._plan.scaling)

    def _read(self, window: Window, decimation: int, for_map: bool) -> ModelWindow:
        inside = self._plan.area.inside(window.support)
        if not inside.any():
            return ModelWindow(window, np.empty((0, 0, 0), np.uint8), np.empty((0, 0), np.bool_), inside)
        size = self._model_size
        overview = self._plan.overviews.overview(window, decimation, for_map=for_map)
        if overview is None:
            read = read_model_window(self._scaled(self._opened.result()), window, model_size=size)
        else:
            read = read_reduced_window(
                self._scaled(self._overview_reader(overview)),
                window,
                shrunk=overview.decimation,
                model_size=size,
                decimation=decimation,
            )
        # A new array: the support's is a view of the window's, where pixels outside the area are context.
        return replace(read, support_valid=read.support_valid & inside)
