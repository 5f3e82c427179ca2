"""`SceneReader`: native pixels of a scene's chosen bands, with their validity."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, suppress
from math import ceil
from types import TracebackType

import numpy as np
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.io import DatasetReader
from rasterio.windows import Window

from magnet_geo.errors import SceneError
from magnet_geo.grid import PixelRect, Size
from magnet_geo.progress import CancelToken
from magnet_geo.raster.band_facts import BandFacts
from magnet_geo.raster.gdal_environment import GDAL_ERRORS, gdal_detail, gdal_environment, reading
from magnet_geo.raster.remote import remote_failure, with_retries
from magnet_geo.raster.remote_lanes import RemoteReader
from magnet_geo.raster.source import SceneSource, explained, open_handle, open_once
from magnet_geo.raster.validity import ScenePixels, nodata_fits, valid_pixels

# Pieces of a scene without overviews, down and across, that stand for a reduced read of it.
SAMPLES_ACROSS = 8
# Pixels that a reduced read of a scene on this machine may decode.
_MOST_DECODED = 10**8
# Blocks down and across from which on those along the edges are clearly fewer than all.
_MANY_BLOCKS = 8


class SceneReader:
    """Reads rectangles of a scene through one dataset handle, within a ``with`` block.

    A reader serves one thread at a time; threads that read at once open their own.
    """

    def __init__(self, source: SceneSource, bands: tuple[int, ...], *, cancel: CancelToken | None = None) -> None:
        """Name what is read.

        Args:
            source: The scene.
            bands: Band numbers, 1-based, in the model's order.
            cancel: Looked at before each read; None where reads are short and the caller looks itself.
        """
        self.source = source
        self.bands = bands
        self._cancel = cancel or CancelToken()
        self._resources = ExitStack()
        self._dataset: DatasetReader | None = None
        self._facts: BandFacts | None = None
        self._remote: RemoteReader | None = None
        self._decimated: dict[int, ScenePixels] = {}

    def __enter__(self) -> SceneReader:
        with explained(self.source):
            self._use(open_handle(self.source))
        if self.source.is_remote:
            lanes = RemoteReader(
                self.source.path,
                block_height=self._block.height,
                open_dataset=lambda: open_once(self.source),
                read=lambda dataset, rect: _read(dataset, self.facts, self.bands, rect, rect.size),
            )
            self._remote = self._resources.enter_context(lanes)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._dataset, self._facts = None, None
        self._decimated = {}
        self._resources.close()

    @property
    def size(self) -> Size:
        """Size of the scene."""
        return Size(self.dataset.height, self.dataset.width)

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Dtype of the values that are read; the common one where the bands differ."""
        return self.facts.common_dtype(self.bands)

    @property
    def nodata(self) -> tuple[float | None, ...]:
        """Nodata value of each chosen band: the user's, else the file's where no mask or alpha band overrules it."""
        return tuple(self.facts.deciding_nodata[band - 1] for band in self.bands)

    @property
    def always_valid(self) -> bool:
        """True where nothing can mark a pixel as not valid: integers without nodata value, alpha or mask band."""
        tagged = all(value is not None and nodata_fits(value, self.dtype) for value in self.nodata)
        hidden = self.facts.alpha_band is not None or any(self.facts.own_masks[band - 1] for band in self.bands)
        return self.dtype.kind in "iu" and not tagged and not hidden

    @property
    def dataset(self) -> DatasetReader:
        """The open handle."""
        if self._dataset is None:
            raise self._not_open()
        return self._dataset

    @property
    def facts(self) -> BandFacts:
        """What the open handle says of its bands."""
        if self._facts is None:
            raise self._not_open()
        return self._facts

    @property
    def _block(self) -> Size:
        return Size(*self.dataset.block_shapes[self.bands[0] - 1])

    def _use(self, dataset: DatasetReader) -> None:
        self._resources.callback(dataset.close)
        with gdal_environment():
            self._dataset, self._facts = dataset, BandFacts.of(dataset, self.source)

    def _not_open(self) -> RuntimeError:
        return RuntimeError(f"The reader of '{self.source.path}' is not open; use it in a with block.")

    def read(self, rect: PixelRect) -> ScenePixels:
        """Read a rectangle; what lies beyond the scene is 0 and not valid.

        Raises:
            SceneError: A block cannot be decoded.
            CancelledError: The token was raised.
        """
        self._cancel.raise_if_cancelled()
        height, width = self.size.height, self.size.width
        inside = rect.intersection(PixelRect(0, 0, height, width))
        if inside == rect:
            return self._read_inside(rect)
        values = np.zeros((len(self.bands), rect.height, rect.width), self.dtype)
        valid = np.zeros((rect.height, rect.width), bool)
        if inside is not None:
            pixels = self._read_inside(inside)
            rows, cols = inside.relative_to(rect).slices
            values[:, rows, cols], valid[rows, cols] = pixels.values, pixels.valid
        return ScenePixels(values, valid)

    def _read_inside(self, rect: PixelRect) -> ScenePixels:
        if self._remote is not None:
            return self._remote.read(rect)
        return _read(self.dataset, self.facts, self.bands, rect, rect.size)

    def read_decimated(self, max_side: int) -> ScenePixels:
        """Read the whole scene, reduced so that no side exceeds ``max_side`` pixels.

        Picks the nearest pixels and lets overviews serve: right for statistics, not for a network. The arrays
        are kept, and must not be changed: without overviews such a read decodes the whole scene. A large or remote
        scene without overviews is sampled instead.
        """
        if max_side not in self._decimated:
            self._cancel.raise_if_cancelled()
            self._decimated = {max_side: self._read_reduced(max_side)}
        return self._decimated[max_side]

    def read_decimated_edges(self, max_side: int) -> tuple[ScenePixels, ...] | None:
        """First and last row, first and last column of `read_decimated`.

        Returns:
            None where they cost as much as all of it.
        """
        block = self._block
        few_blocks = self.size.height < _MANY_BLOCKS * block.height or self.size.width < _MANY_BLOCKS * block.width
        if max_side in self._decimated or self.source.is_remote or few_blocks or self._is_sampled(max_side):
            return None
        scene, reduced = self.size, self._reduced_size(max_side)
        down, across = ceil(scene.height / reduced.height), ceil(scene.width / reduced.width)
        edges = (
            (PixelRect(0, 0, down, scene.width), Size(1, reduced.width)),
            (PixelRect(scene.height - down, 0, down, scene.width), Size(1, reduced.width)),
            (PixelRect(0, 0, scene.height, across), Size(reduced.height, 1)),
            (PixelRect(0, scene.width - across, scene.height, across), Size(reduced.height, 1)),
        )
        with open_once(self.source, overviews=True) as dataset:
            if dataset.overviews(self.bands[0]):
                return None
            return tuple(_read(dataset, self.facts, self.bands, rect, size) for rect, size in edges)

    def sampled_positions(self, max_side: int) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
        """Rows and columns of the scene that `read_decimated` picks; None where they are evenly spread."""
        if not self._is_sampled(max_side):
            return None
        side, size, block = max_side // SAMPLES_ACROSS, self.size, self._block
        starts = _lattice(size.height, side, block.height), _lattice(size.width, side, block.width)
        rows, cols = (np.concatenate([start + np.arange(side) for start in along]) for along in starts)
        return rows, cols

    def _is_sampled(self, max_side: int) -> bool:
        if self.source.is_remote:
            return self._overview_side > 4 * max_side
        # A narrow scene is not worth pieces that would reach beyond it.
        narrow = min(self.size.height, self.size.width) < max_side
        return not narrow and self.size.pixels > _MOST_DECODED and self._overview_side**2 > _MOST_DECODED

    def _read_reduced(self, max_side: int) -> ScenePixels:
        if self._is_sampled(max_side):
            return self._read_samples(max_side)
        if not self.source.is_remote:
            return self._read_whole(max_side)
        return with_retries(self.source.path, lambda: self._read_whole(max_side))

    def _read_whole(self, max_side: int) -> ScenePixels:
        whole, reduced = PixelRect(0, 0, self.size.height, self.size.width), self._reduced_size(max_side)
        with open_once(self.source, overviews=True) as dataset:
            try:
                return _read(dataset, self.facts, self.bands, whole, reduced)
            except SceneError as error:
                if self.source.is_remote:
                    raise remote_failure(self.source.path, gdal_detail(error)) from error
                raise

    def _reduced_size(self, max_side: int) -> Size:
        factor = max(1.0, max(self.size.height, self.size.width) / max_side)
        return Size(ceil(self.size.height / factor), ceil(self.size.width / factor))

    @property
    def _overview_side(self) -> int:
        """Longer side of the smallest overview, of the scene itself where it has none."""
        with open_handle(self.source, overviews=True) as dataset:
            coarsest: int = max([1, *dataset.overviews(self.bands[0])])
            return max(self.size.height, self.size.width) // coarsest

    def _read_samples(self, max_side: int) -> ScenePixels:
        """Pieces of the scene on a lattice, side by side: without overviews a reduced read would load all of it."""
        side, block = max_side // SAMPLES_ACROSS, self._block
        rows = [
            [self.read(PixelRect(row, col, side, side)) for col in _lattice(self.size.width, side, block.width)]
            for row in _lattice(self.size.height, side, block.height)
        ]
        return ScenePixels(
            np.block([[piece.values for piece in row] for row in rows]),
            np.block([[piece.valid for piece in row] for row in rows]),
        )


def _read(
    dataset: DatasetReader, facts: BandFacts, bands: tuple[int, ...], rect: PixelRect, shape: Size
) -> ScenePixels:
    window = Window(rect.col, rect.row, rect.width, rect.height)
    try:
        with reading():
            return read_pixels(dataset, facts, bands, shape, window=window)
    except GDAL_ERRORS as error:
        _forget_failure(dataset)
        raise SceneError(_read_failure(dataset.name, rect, gdal_detail(error))) from error


def read_pixels(
    dataset: DatasetReader,
    facts: BandFacts,
    bands: tuple[int, ...],
    shape: Size,
    *,
    window: Window | None = None,
    resampling: Resampling = Resampling.nearest,
) -> ScenePixels:
    """Read bands and what says which of their pixels are valid, within a `reading` block.

    Args:
        dataset: An open handle.
        facts: Its bands.
        bands: Band numbers, 1-based.
        shape: Size of the result.
        window: What is read; None for everything.
        resampling: Of the values, where the shape is not the window's; validity takes the nearest pixel.
    """
    out_shape, alpha_band = (shape.height, shape.width), facts.deciding_alpha(bands)
    if alpha_band is None or resampling is Resampling.nearest:
        indexes = [*bands, *([alpha_band] if alpha_band else [])]
        read = _read_values(dataset, facts, indexes, window, out_shape, resampling)
        alpha = read[-1] if alpha_band else None
    else:
        read = _read_values(dataset, facts, list(bands), window, out_shape, resampling)
        alpha = dataset.read(alpha_band, window=window, out_shape=out_shape)
    values = read[: len(bands)].astype(facts.common_dtype(bands), copy=False)
    valid = valid_pixels(
        values,
        nodata=tuple(facts.deciding_nodata[band - 1] for band in bands),
        alpha=alpha,
        masks=_read_masks(dataset, facts, bands, window, out_shape),
    )
    if not valid.all():
        values[:, ~valid] = 0
    return ScenePixels(values, valid)


def _lattice(length: int, side: int, block: int) -> list[int]:
    """Starts of pieces from one end to the other, at the beginnings of blocks where these are larger than a piece."""
    last = max(0, length - side)
    starts = [last * index // (SAMPLES_ACROSS - 1) for index in range(SAMPLES_ACROSS)]
    return [start - start % block if block > side and start != last else start for start in starts]


def _forget_failure(dataset: DatasetReader) -> None:
    """Clear the thread's last error of GDAL: rasterio would raise it once more, at the next file that is looked at."""
    with gdal_environment(), suppress(*GDAL_ERRORS):
        _ = dataset.colorinterp


def _read_values(
    dataset: DatasetReader,
    facts: BandFacts,
    indexes: list[int],
    window: Window | None,
    out_shape: tuple[int, int],
    resampling: Resampling,
) -> NDArray[np.generic]:
    how = {"window": window, "resampling": resampling}
    if len({facts.dtypes[index - 1] for index in indexes}) > 1:
        return np.stack([dataset.read(index, out_shape=out_shape, **how) for index in indexes])
    # One call for all bands: a second pass over interleaved blocks that outgrew the cache would decode them again.
    values: NDArray[np.generic] = dataset.read(indexes, out_shape=(len(indexes), *out_shape), **how)
    return values


def _read_masks(
    dataset: DatasetReader,
    facts: BandFacts,
    bands: tuple[int, ...],
    window: Window | None,
    out_shape: tuple[int, int],
) -> Sequence[NDArray[np.uint8] | None]:
    """The mask of each band, or None; one array serves all bands that share it."""
    masked = [band for band in dict.fromkeys(bands) if facts.own_masks[band - 1]]
    read = masked[:1] if facts.shared_mask else masked
    if not read:
        return [None] * len(bands)
    masks = dict(zip(read, dataset.read_masks(read, window=window, out_shape=(len(read), *out_shape)), strict=True))
    return [masks.get(read[0] if facts.shared_mask else band) for band in bands]


def _read_failure(path: str, rect: PixelRect, detail: str) -> str:
    return (
        f"Rows {rect.row}-{rect.row_stop - 1}, columns {rect.col}-{rect.col_stop - 1} of '{path}' cannot be read "
        f"({detail}): the file is damaged or incomplete; copy or download it again."
    )
