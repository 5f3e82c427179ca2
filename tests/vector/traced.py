"""Class rasters made up by hypothesis, and the polygons of an array in one call."""

from __future__ import annotations

import numpy as np
import shapely
from affine import Affine
from hypothesis import strategies as st
from numpy.typing import NDArray

from magnet_geo.grid import RasterGrid
from magnet_geo.vector.tracing.border_shape import BorderShape, PixelBorders
from magnet_geo.vector.tracing.polygons import PolygonBlock, build_polygons
from magnet_geo.vector.tracing.region_tracer import RegionTracer
from magnet_geo.vector.tracing.run_measures import count_pixels

Features = list[tuple[int, shapely.Geometry]]


@st.composite
def class_rasters(draw: st.DrawFn, *, most: int = 14) -> NDArray[np.uint8]:
    """Gives (h, w) codes, 0 outside: noise, blocks and stripes, odd sizes, some pixel inside."""
    height, width = draw(st.integers(1, most)), draw(st.integers(1, most))
    classes, lowest = draw(st.integers(1, 4)), draw(st.integers(0, 1))
    block_rows, block_cols = draw(st.sampled_from([(1, 1), (1, 1), (2, 3), (1, 5), (4, 4)]))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    blocks = generator.integers(lowest, classes + 1, (-(-height // block_rows), -(-width // block_cols)))
    codes = blocks.repeat(block_rows, axis=0).repeat(block_cols, axis=1)[:height, :width].astype(np.uint8)
    codes[0, 0] = max(codes[0, 0], 1)
    return codes


def grid_of(codes: NDArray[np.uint8], transform: Affine | None = None) -> RasterGrid:
    return RasterGrid(None, transform or Affine(2, 0, 100, 0, -2, 900), codes.shape[1], codes.shape[0])


def trace(
    codes: NDArray[np.uint8],
    *,
    rows: int | None = None,
    connectivity: int = 4,
    shape: BorderShape | None = None,
    transform: Affine | None = None,
) -> Features:
    """Code and geometry of each feature, from bands of ``rows`` rows."""
    features: Features = []
    for block, found_codes, _ in trace_blocks(codes, rows=rows, connectivity=connectivity, shape=shape):
        geometries = block.geometries(grid_of(codes, transform))
        features += list(zip(found_codes.tolist(), geometries, strict=True))
    return features


def trace_blocks(
    codes: NDArray[np.uint8], *, rows: int | None = None, connectivity: int = 4, shape: BorderShape | None = None
) -> list[tuple[PolygonBlock, NDArray[np.uint8], NDArray[np.float64]]]:
    """Polygons, codes and pixel counts of the finished features, band after band."""
    height, width = codes.shape
    tracer = RegionTracer(width, connectivity=8 if connectivity == 8 else 4, shape=shape or PixelBorders())
    step = rows or height
    finished = [tracer.take(codes[row : row + step], [count_pixels]) for row in range(0, height, step)]
    finished.append(tracer.finish())
    return [
        (build_polygons(f.rings, f.owners, tracer.part_of(f.rings.regions)), f.codes, f.sums[0])
        for f in finished
        if f.codes.size
    ]


def normalized(features: Features) -> list[tuple[int, str]]:
    """The features in an order and a form of their own, to be compared."""
    return sorted((code, shapely.normalize(geometry).wkt) for code, geometry in features)
