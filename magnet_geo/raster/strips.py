"""Walks a whole scene in pieces of bounded size, for questions a reduced read cannot settle."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from magnet_geo.grid import PixelRect
from magnet_geo.raster.scene_reader import SceneReader
from magnet_geo.raster.validity import ScenePixels

DECIMATED_SIDE = 1024
_PIECE_PIXELS = 4 * 2**20


def read_pieces(reader: SceneReader) -> Iterator[ScenePixels]:
    """Read the scene piece by piece, row by row; each block is decoded about once."""
    for rect in _pieces(reader):
        yield reader.read(rect)


def _pieces(reader: SceneReader) -> Iterator[PixelRect]:
    size = reader.size
    block_height, block_width = reader.dataset.block_shapes[reader.bands[0] - 1]
    # A strip spans the whole width: cutting it by columns would decode it once per piece.
    width = size.width if block_width >= size.width else _whole_blocks(2048, block_width)
    height = _whole_blocks(max(1, _PIECE_PIXELS // width), block_height)
    for row in range(0, size.height, height):
        for col in range(0, size.width, width):
            yield PixelRect(row, col, min(height, size.height - row), min(width, size.width - col))


def _whole_blocks(length: int, block: int) -> int:
    return ceil(length / block) * block
