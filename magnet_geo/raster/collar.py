"""Finds a constant border that no tag declares empty: it is data to us, but the user should know."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from magnet_geo.raster.scene_reader import SceneReader
from magnet_geo.raster.strips import DECIMATED_SIDE
from magnet_geo.raster.validity import ScenePixels

SMALLEST_SHARE = 0.02


def untagged_collar(reader: SceneReader) -> str | None:
    """Look for a constant collar in a reduced read.

    Returns:
        A warning that names the value and its share, or None where a nodata value decides what is valid or no
        collar of at least 2 % of the scene touches its border.
    """
    if any(value is not None for value in reader.nodata):
        return None
    edges = reader.read_decimated_edges(DECIMATED_SIDE)
    if edges is not None and _largest_share(edges) < SMALLEST_SHARE:
        return None
    pixels = reader.read_decimated(DECIMATED_SIDE)
    value = _border_value(_edges(pixels))
    if value is None:
        return None
    share = _share(_connected_runs(_constant(pixels, value)), reader.sampled_positions(DECIMATED_SIDE))
    if share < SMALLEST_SHARE:
        return None
    tagged = value in {reader.facts.nodata[band - 1] for band in reader.bands}
    tag = "which its mask or alpha band calls data, its nodata tag does not" if tagged else "without a nodata tag"
    return (
        f"About {share:.0%} of '{reader.source.name}' is a border of the constant value {value:g} {tag}; it is "
        f"classified like data. If it is empty, use `nodata={value:g}`."
    )


def _share(found: NDArray[np.bool_], positions: tuple[NDArray[np.int64], NDArray[np.int64]] | None) -> float:
    """Share of the scene; between two pieces that were sampled, only what lies between found pixels on all sides."""
    if positions is None:
        return float(found.mean())
    rows, cols = positions
    between = found[:-1, :-1] & found[1:, :-1] & found[:-1, 1:] & found[1:, 1:]
    areas = np.outer(np.diff(rows), np.diff(cols)).clip(min=0)
    return float(areas[between].sum() / max(1, areas.sum()))


def _edges(pixels: ScenePixels) -> tuple[ScenePixels, ...]:
    """First and last row, first and last column."""
    first, last, everything = slice(0, 1), slice(-1, None), slice(None)
    return tuple(
        ScenePixels(pixels.values[:, rows, cols], pixels.valid[rows, cols])
        for rows, cols in ((first, everything), (last, everything), (everything, first), (everything, last))
    )


def _largest_share(edges: Sequence[ScenePixels]) -> float:
    """A share of the scene that no collar exceeds whose edges these are: straight runs from each of its pixels."""
    value = _border_value(edges)
    return 0.0 if value is None else sum(float(_constant(edge, value).mean()) for edge in edges)


def _border_value(edges: Sequence[ScenePixels]) -> float | None:
    """The most frequent value along the edges that is the same in all bands."""
    border = np.concatenate(
        [edge.values[0][edge.valid & (edge.values == edge.values[:1]).all(axis=0)] for edge in edges]
    )
    if border.size == 0:
        return None
    found, counts = np.unique(border, return_counts=True)
    return float(found[np.argmax(counts)])


def _constant(pixels: ScenePixels, value: float) -> NDArray[np.bool_]:
    constant: NDArray[np.bool_] = (pixels.values == value).all(axis=0) & pixels.valid
    return constant


def _connected_runs(constant: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels that a straight run of constant pixels joins to one of the four borders."""
    runs = np.zeros_like(constant)
    for axis in (0, 1):
        runs |= np.logical_and.accumulate(constant, axis=axis)
        runs |= np.flip(np.logical_and.accumulate(np.flip(constant, axis), axis=axis), axis)
    return runs
