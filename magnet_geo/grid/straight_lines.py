"""Straight lines of one CRS followed in another: vertices where a line would leave the ground it stood for.

A line that is straight in the CRS of a grid is a curve in degrees; a format that keeps its two ends alone bends it
away, by hundreds of metres over 100 km. So lines get vertices where they cross a lattice of pixels, wide where the
curve is flat. The lattice belongs to the grid: two neighbors that share a border get the same vertices on it.

Shapes: N geometries, V vertices.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from magnet_geo.grid.raster_grid import RasterGrid

_Points = NDArray[np.float64]
#: How far a chord may lie from its line, in pixels: half of a tenth, as curves are sampled at places.
TOLERANCE_PX = 0.05
_PLACES = 9
_MOST_HALVINGS, _MOST_VERTICES = 40, 4_000_000
# A line comes near a grid if it reaches it when it is so many times as long, to both sides.
_NEAR = 1.0
# What is looked at around a grid, as a share of its sides, and at how many places along each.
_MARGIN, _SAMPLES = 0.1, 41
# Pixel positions are rounded to this, so that one place is one place however it was reached.
_DIGITS = 6


def to_wgs84(grid: RasterGrid) -> pyproj.Transformer | None:
    """Return the way from a grid's CRS to longitude and latitude on WGS 84; None where there is none."""
    if grid.crs is None:
        return None
    try:
        return pyproj.Transformer.from_crs(pyproj.CRS.from_user_input(grid.crs), "EPSG:4326", always_xy=True)
    except pyproj.exceptions.ProjError:
        return None


def lattice_px(grid: RasterGrid, to_degrees: pyproj.Transformer, *, tolerance_px: float = TOLERANCE_PX) -> int:
    """Return how many pixels a straight line may span so that its chord in degrees stays on it.

    Args:
        grid: Where the lines lie.
        to_degrees: From its CRS to longitude and latitude.
        tolerance_px: How far the middle of a chord may lie from the line, in pixels of the grid.

    Returns:
        At least 1, at most the grid's longer side.
    """
    longest = max(grid.height, grid.width)
    step = longest
    while step > 1:
        error = _chord_error_px(grid, to_degrees, step)
        if error <= tolerance_px:
            return step
        # The error of a chord grows with the square of its length.
        step = (
            max(1, min(step // 2, int(step * np.sqrt(tolerance_px / error) * 0.9))) if np.isfinite(error) else step // 2
        )
    return 1


def follow_lines(geometries: NDArray[np.object_], grid: RasterGrid, step_px: int) -> NDArray[np.object_]:
    """Give lines vertices where they cross the lattice of a grid.

    Args:
        geometries: (N,) polygons and multipolygons in the grid's CRS.
        grid: Its pixels are the lattice's measure.
        step_px: Between two lines of the lattice, in pixels.

    Returns:
        (N,) the same shapes; those that cross no line are the same objects.
    """
    inverse = ~grid.transform
    coordinates, owners = shapely.get_coordinates(geometries, return_index=True)
    pixels = np.column_stack(inverse @ (coordinates[:, 0], coordinates[:, 1]))
    cells = np.floor(np.round(pixels, _DIGITS) / step_px)
    crosses = (np.diff(cells, axis=0) != 0).any(axis=1) & (np.diff(owners) == 0)
    found, touched = geometries.copy(), np.unique(owners[1:][crosses])
    found[touched] = _with_crossings(
        geometries[touched],
        step_px,
        to_pixels=lambda at: np.column_stack(inverse @ (at[:, 0], at[:, 1])),
        from_pixels=lambda at: np.column_stack(grid.world(rows=at[:, 1], cols=at[:, 0])),
    )
    return found


def lines_on_grid(
    geometries: NDArray[np.object_],
    grid: RasterGrid,
    to_grid: pyproj.Transformer,
    *,
    tolerance_px: float = TOLERANCE_PX,
) -> NDArray[np.object_]:
    """Bring shapes of another CRS to a grid's, with vertices until their lines are where they were straight.

    Args:
        geometries: (N,) polygons and multipolygons.
        grid: Where they are wanted; lines far from it are no concern.
        to_grid: From their CRS to its.
        tolerance_px: How far a line may lie from its place, in pixels of the grid.

    Returns:
        (N,) in the grid's CRS; coordinates that it cannot show are infinite.
    """
    if not len(geometries) or shapely.is_empty(geometries).all():
        return geometries
    geometries = _near(geometries, grid, to_grid)
    bounds = shapely.total_bounds(geometries)
    longest, dense = float(np.hypot(bounds[2] - bounds[0], bounds[3] - bounds[1])), geometries
    for _ in range(_MOST_HALVINGS):
        error = _bend_px(dense, grid, to_grid)
        if error <= tolerance_px or shapely.get_num_coordinates(dense).sum() > _MOST_VERTICES:
            break
        longest *= min(0.5, 0.9 * float(np.sqrt(tolerance_px / error)))
        if shapely.length(geometries).sum() > longest * _MOST_VERTICES:
            break
        dense = shapely.segmentize(geometries, longest)
    return np.asarray(shapely.transform(dense, to_grid.transform, interleaved=False))


def _near(geometries: NDArray[np.object_], grid: RasterGrid, to_grid: pyproj.Transformer) -> NDArray[np.object_]:
    """Cut shapes to the surroundings of a grid, where they reach beyond: a CRS need not show what is far away."""
    around = _surroundings(grid, to_grid)
    if around is None:
        return geometries
    reach = shapely.intersects(geometries, around)
    if not reach.any():
        return geometries
    found, beyond = geometries.copy(), ~shapely.covered_by(geometries, around)
    found[~reach] = shapely.Polygon()
    for number in np.flatnonzero(reach & beyond).tolist():
        common = shapely.intersection(shapely.make_valid(geometries[number]), around)
        parts = shapely.get_parts(shapely.get_parts(common))
        found[number] = shapely.MultiPolygon([part for part in parts.tolist() if part.geom_type == "Polygon"])
    return found


def _surroundings(grid: RasterGrid, to_grid: pyproj.Transformer) -> shapely.Geometry | None:
    """The ground of a grid and a little more, as boxes in the CRS that `to_grid` comes from; None where all is far."""
    places = np.linspace(-_MARGIN, 1 + _MARGIN, _SAMPLES)
    row, col = (each.ravel() for each in np.meshgrid(places * grid.height, places * grid.width, indexing="ij"))
    own_x, own_y = grid.world(rows=row, cols=col)
    x, y = np.asarray(to_grid.transform(own_x, own_y, direction="INVERSE"))
    shown = np.isfinite(x) & np.isfinite(y)
    x, y = x[shown], y[shown]
    if not len(x):
        return None
    low, high = float(y.min()), float(y.max())
    turns: tuple[int, ...] = (0,)
    if to_grid.source_crs is not None and to_grid.source_crs.is_geographic:
        poles = [pole for pole in (-90.0, 90.0) if _shows(grid, to_grid, pole)]
        low, high = min([low, *poles]), max([high, *poles])
        turns, spans = (-360, 0, 360), [(-180.0, 180.0)] if poles else _spans(x)
    else:
        spans = _spans(x)
    wide, tall = (max(end - begin for begin, end in spans) * _MARGIN, (high - low) * _MARGIN)
    return shapely.union_all(
        [
            shapely.box(begin - wide + turn, low - tall, end + wide + turn, high + tall)
            for begin, end in spans
            for turn in turns
        ]
    )


def _spans(values: _Points) -> list[tuple[float, float]]:
    """From the least to the greatest, or two spans where most lies between them: the two sides of an antimeridian."""
    ordered = np.sort(values)
    gaps = np.diff(ordered)
    widest = int(gaps.argmax()) if len(gaps) else 0
    if not len(gaps) or gaps[widest] <= (ordered[-1] - ordered[0]) / 2:
        return [(float(ordered[0]), float(ordered[-1]))]
    return [(float(ordered[0]), float(ordered[widest])), (float(ordered[widest + 1]), float(ordered[-1]))]


def _shows(grid: RasterGrid, to_grid: pyproj.Transformer, pole: float) -> bool:
    """Whether a pole lies on a grid, or close by."""
    col, row = ~grid.transform @ to_grid.transform(0.0, pole)
    return bool(
        -_MARGIN * grid.width <= col <= (1 + _MARGIN) * grid.width
        and -_MARGIN * grid.height <= row <= (1 + _MARGIN) * grid.height
    )


def _bend_px(geometries: NDArray[np.object_], grid: RasterGrid, to_grid: pyproj.Transformer) -> float:
    """How far lines that come near a grid lie from where they were straight, at their middles, in pixels."""
    own, owners = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(geometries)), return_index=True)
    same = np.diff(owners) == 0
    begin, end = own[:-1][same], own[1:][same]
    places = [np.column_stack(to_grid.transform(at[:, 0], at[:, 1])) for at in (begin, (begin + end) / 2, end)]
    pixels = [np.column_stack(~grid.transform @ (at[:, 0], at[:, 1])) for at in places]
    low, high = np.minimum.reduce(pixels), np.maximum.reduce(pixels)
    near = (high >= -_NEAR * (high - low)) & (low <= np.array([grid.width, grid.height]) + _NEAR * (high - low))
    bend = np.hypot(*(pixels[1] - (pixels[0] + pixels[2]) / 2)[near.all(axis=1)].T)
    return float(bend[np.isfinite(bend)].max(initial=0.0))


def follow_pixels(
    geometry: shapely.Geometry,
    step_px: int,
    *,
    to_pixels: Callable[[_Points], _Points] = lambda at: at,
    from_pixels: Callable[[_Points], _Points] = lambda at: at,
) -> shapely.Geometry:
    """Give the lines of one geometry vertices where they cross the lattice.

    Args:
        geometry: A polygon or multipolygon.
        step_px: Between two lines of the lattice, in pixels.
        to_pixels: From (V, 2) coordinates of the geometry to (V, 2) columns and rows.
        from_pixels: The way back, for the new vertices.
    """

    shapes = np.array([geometry], dtype=object)
    return _with_crossings(shapes, step_px, to_pixels=to_pixels, from_pixels=from_pixels)[0]


def _with_crossings(
    geometries: NDArray[np.object_],
    step_px: int,
    *,
    to_pixels: Callable[[_Points], _Points],
    from_pixels: Callable[[_Points], _Points],
) -> NDArray[np.object_]:
    parts, shape_of_part = shapely.get_parts(geometries, return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    own, ring_of_vertex = shapely.get_coordinates(rings, return_index=True)
    if not len(own):
        return geometries
    pixels = np.round(to_pixels(own), _DIGITS)
    cells = np.floor(pixels / step_px)
    lines = np.flatnonzero((np.diff(cells, axis=0) != 0).any(axis=1) & (np.diff(ring_of_vertex) == 0))
    between, line_of_vertex = _crossings(pixels[lines], pixels[lines + 1], step_px)
    if not len(between):
        return geometries
    places = lines[line_of_vertex] + 1
    vertices = np.insert(own, places, from_pixels(between), axis=0)
    followed = shapely.linearrings(vertices, indices=np.insert(ring_of_vertex, places, ring_of_vertex[places - 1]))
    polygons = shapely.polygons(followed, indices=part_of_ring)
    found = np.empty(len(geometries), dtype=object)
    single = shapely.get_type_id(geometries) == shapely.GeometryType.POLYGON
    found[shape_of_part] = polygons
    several = ~single[shape_of_part]
    if several.any():
        found[~single] = geometries[~single]
        owners, numbers = np.unique(shape_of_part[several], return_inverse=True)
        found[owners] = shapely.multipolygons(polygons[several], indices=numbers)
    return found


def _crossings(begin: _Points, end: _Points, step: int) -> tuple[_Points, NDArray[np.intp]]:
    """Where lines cross the lattice, in order from their begins; the same places from their ends.

    Args:
        begin: (L, 2) pixels.
        end: (L, 2) pixels.
        step: Between two lines of the lattice, in pixels.

    Returns:
        (V, 2) pixels, and (V,) the line that each lies on, ascending; a line's own ends are not among them.
    """
    turned = (begin[:, 0] > end[:, 0]) | ((begin[:, 0] == end[:, 0]) & (begin[:, 1] > end[:, 1]))
    first, last = np.where(turned[:, None], end, begin), np.where(turned[:, None], begin, end)
    owners, shares = [], []
    for axis in (0, 1):
        low, high = np.minimum(first[:, axis], last[:, axis]), np.maximum(first[:, axis], last[:, axis])
        start = np.floor(low / step) + 1
        counts = np.maximum(np.ceil(high / step) - start, 0).astype(np.intp)
        owner = np.repeat(np.arange(len(first)), counts)
        number = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
        at = (start[owner] + number) * step
        owners.append(owner)
        shares.append((at - first[owner, axis]) / (last[owner, axis] - first[owner, axis]))
    line, share = np.concatenate(owners), np.concatenate(shares)
    places = np.round(first[line] + share[:, None] * (last[line] - first[line]), _DIGITS)
    is_end = (places == first[line]).all(axis=1) | (places == last[line]).all(axis=1)
    places, line, share = places[~is_end], line[~is_end], share[~is_end]
    order = np.lexsort((np.where(turned[line], -share, share), line))
    places, line, share = places[order], line[order], share[order]
    # A corner of the lattice is met on both axes at once.
    fresh = np.ones(len(line), np.bool_)
    fresh[1:] = (np.diff(line) != 0) | (np.diff(share) != 0)
    return places[fresh], line[fresh]


def _chord_error_px(grid: RasterGrid, to_degrees: pyproj.Transformer, step: int) -> float:
    """The largest distance of chords of a length from their lines, over the grid, in pixels."""
    rows, cols = (np.linspace(0, max(0, length - step), _PLACES) for length in (grid.height, grid.width))
    row, col = (each.ravel() for each in np.meshgrid(rows, cols, indexing="ij"))
    largest = 0.0
    for down, across in ((0, step), (step, 0), (step, step), (-step, step)):
        first = row + (step if down < 0 else 0)
        ends = [_degrees(grid, to_degrees, first + down * share, col + across * share) for share in (0.0, 1.0)]
        ends[1][0] += 360 * np.round((ends[0][0] - ends[1][0]) / 360)
        for share in (0.25, 0.5, 0.75):
            chord = (1 - share) * ends[0] + share * ends[1]
            x, y = to_degrees.transform(chord[0], chord[1], direction="INVERSE")
            found_col, found_row = ~grid.transform @ (np.asarray(x), np.asarray(y))
            away = np.hypot(found_row - (first + down * share), found_col - (col + across * share))
            # What a projection shows twice, at both sides of the antimeridian, is no bend.
            away = away[np.isfinite(away) & (away < max(grid.height, grid.width))]
            largest = max(largest, float(away.max(initial=0.0)))
    return largest


def _degrees(grid: RasterGrid, to_degrees: pyproj.Transformer, rows: _Points, cols: _Points) -> _Points:
    x, y = grid.world(rows=rows, cols=cols)
    return np.array(to_degrees.transform(x, y))
