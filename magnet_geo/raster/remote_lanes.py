"""`RemoteReader`: a remote scene read by rows of blocks, over several connections at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from math import ceil

import numpy as np
from rasterio.io import DatasetReader

from magnet_geo.errors import SceneError
from magnet_geo.grid import PixelRect
from magnet_geo.raster.gdal_environment import gdal_detail, gdal_environment
from magnet_geo.raster.remote import remote_failure, with_retries
from magnet_geo.raster.validity import ScenePixels

Open = Callable[[], DatasetReader]
Read = Callable[[DatasetReader, PixelRect], ScenePixels]

LANES = 4
_LEAST_ROWS = 128


class RemoteReader:
    """Reads rectangles in strips, one row of blocks each, which is one request where blocks lie in reading order.

    A failed strip costs that strip alone: GDAL itself, where one of several requests fails, does all of them again and
    reads beyond them. A row of blocks always belongs to the same lane, whose handle remembers the blocks that the next
    window needs as well.
    """

    def __init__(self, path: str, *, block_height: int, open_dataset: Open, read: Read) -> None:
        """Prepare lanes; each opens its own handle when it is first needed.

        Args:
            path: The scene, for messages.
            block_height: Rows of its blocks.
            open_dataset: Opens a handle, or raises a `RemoteSceneError`.
            read: Reads a rectangle inside the scene.
        """
        self._strip_rows = block_height * ceil(_LEAST_ROWS / block_height)
        self._lanes = [_Lane(path, open_dataset, read) for _ in range(LANES)]

    def __enter__(self) -> RemoteReader:
        return self

    def __exit__(self, *exception: object) -> None:
        for lane in self._lanes:
            lane.close()

    def read(self, rect: PixelRect) -> ScenePixels:
        """Read a rectangle inside the scene.

        Raises:
            RemoteSceneError: It stays unreadable after several tries.
        """
        waiting = [self._lane(strip).submit(strip) for strip in self._strips(rect)]
        strips = [future.result() for future in waiting]
        if len(strips) == 1:
            return strips[0]
        values = np.concatenate([strip.values for strip in strips], axis=1)
        return ScenePixels(values, np.concatenate([strip.valid for strip in strips]))

    def _strips(self, rect: PixelRect) -> Iterator[PixelRect]:
        row = rect.row
        while row < rect.row_stop:
            stop = min(rect.row_stop, (row // self._strip_rows + 1) * self._strip_rows)
            yield PixelRect(row, rect.col, stop - row, rect.width)
            row = stop

    def _lane(self, strip: PixelRect) -> _Lane:
        return self._lanes[strip.row // self._strip_rows % len(self._lanes)]


class _Lane:
    def __init__(self, path: str, open_dataset: Open, read: Read) -> None:
        self._path, self._open, self._read = path, open_dataset, read
        self._dataset: DatasetReader | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="remote")

    def submit(self, strip: PixelRect) -> Future[ScenePixels]:
        return self._thread.submit(with_retries, self._path, lambda: self._attempt(strip))

    def close(self) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._close()

    def _attempt(self, strip: PixelRect) -> ScenePixels:
        if self._dataset is None:
            self._dataset = self._open()
        try:
            return self._read(self._dataset, strip)
        except SceneError as error:
            # GDAL may keep half a block in memory: no second read of this handle.
            self._close()
            raise remote_failure(self._path, gdal_detail(error)) from error

    def _close(self) -> None:
        if self._dataset is not None:
            with gdal_environment():
                self._dataset.close()
            self._dataset = None
