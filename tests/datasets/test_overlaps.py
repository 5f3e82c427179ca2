"""Label polygons of different classes on the same ground: counted pair by pair, told with their place."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import shapely
from rasterio.transform import Affine

from magnet_geo.datasets import DatasetDescription, LabeledPair, check_dataset, label_layer, open_dataset, overlaps
from magnet_geo.datasets import dataset as module
from magnet_geo.datasets.overlaps import Overlap, Overlaps
from magnet_geo.datasets.polygon_truth import PolygonTruth
from magnet_geo.errors import CancelledError
from magnet_geo.grid import PixelRect, RasterGrid
from magnet_geo.progress import CancelToken
from tests.datasets.scenes import SCHEME, TABLE, label_values, pixel_polygon, write_polygons, write_scene
from tests.datasets.test_polygon_truth import GRID, blobs
from tests.raster.rasters import TRANSFORM, write_raster

CLASSES = ["water", "field", "road"]


def overlaps_of(
    folder: Path,
    polygons: list[shapely.Polygon],
    kinds: list[object],
    grid: RasterGrid = GRID,
    *,
    crs: str | None = None,
    cancel: CancelToken | None = None,
) -> Overlaps:
    path = write_polygons(folder / "labels.gpkg", polygons, kinds, crs=crs)
    return PolygonTruth(path, grid, TABLE, class_column="kind").overlaps(grid.rect, cancel=cancel)


def in_pixels(polygon: shapely.Polygon, grid: RasterGrid = GRID) -> shapely.Polygon:
    return shapely.transform(polygon, lambda x, y: ~grid.transform @ (x, y), interleaved=False)


def expected_pairs(polygons: list[shapely.Polygon], kinds: list[str]) -> list[float]:
    """Areas in pixels of all pairs, found without any tree: a disc of a pixel's width fits into what they share."""
    image = shapely.box(0, 0, GRID.width, GRID.height)
    shapes = [in_pixels(polygon) for polygon in polygons]
    areas = []
    for (one, kind), (other, other_kind) in combinations(zip(shapes, kinds, strict=True), 2):
        shared = one.intersection(other)
        inside = shared.intersection(image).area
        if kind != other_kind and not shared.buffer(-0.5).is_empty and inside > 0:
            areas.append(inside)
    return areas


def test_two_classes_on_the_same_ground_have_a_count_an_area_and_a_place(tmp_path: Path) -> None:
    polygons = [pixel_polygon((0, 20), (0, 20)), pixel_polygon((10, 30), (15, 40))]
    found = overlaps_of(tmp_path, polygons, ["road", "water"])
    assert (found.pairs, found.complete) == (1, True)
    assert found.area_px == pytest.approx(50)
    (overlap,) = found.largest
    assert overlap.classes == (0, 2)
    assert all(polygon.contains(shapely.Point(overlap.x, overlap.y)) for polygon in polygons)


def test_places_are_in_the_layers_own_crs(tmp_path: Path) -> None:
    polygons = [pixel_polygon((0, 20), (0, 20)), pixel_polygon((10, 30), (15, 40))]
    (overlap,) = overlaps_of(tmp_path, polygons, ["road", "water"], crs="EPSG:4326").largest
    assert (overlap.x, overlap.y) == pytest.approx((13.728, 45.146), abs=1e-3)


def test_every_pair_is_found_whatever_the_tiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    areas = expected_pairs(*blobs(80))
    whole = overlaps_of(tmp_path, *blobs(80))
    assert len(areas) > 20
    assert whole.pairs == len(areas)
    assert whole.area_px == pytest.approx(sum(areas))
    assert [overlap.area_px for overlap in whole.largest] == pytest.approx(sorted(areas)[:-4:-1])
    monkeypatch.setattr(overlaps, "_FEATURES_PER_TILE", 3)
    monkeypatch.setattr(overlaps, "_AT_ONCE", 5)
    tiled = overlaps_of(tmp_path, *blobs(80))
    assert (tiled.pairs, tiled.area_px) == (whole.pairs, pytest.approx(whole.area_px))
    monkeypatch.setattr(label_layer, "_HELD_FEATURES", 3)
    asked = overlaps_of(tmp_path, *blobs(80))
    assert (asked.pairs, asked.area_px) == (whole.pairs, pytest.approx(whole.area_px))


def test_a_rotated_image_sees_the_same_overlaps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rotated = RasterGrid(GRID.crs, TRANSFORM @ Affine.translation(-60, -60) @ Affine.rotation(25), 200, 200)
    whole = overlaps_of(tmp_path, *blobs(80), grid=rotated)
    monkeypatch.setattr(overlaps, "_FEATURES_PER_TILE", 3)
    tiled = overlaps_of(tmp_path, *blobs(80), grid=rotated)
    assert whole.pairs >= len(expected_pairs(*blobs(80)))
    assert (tiled.pairs, tiled.area_px) == (whole.pairs, pytest.approx(whole.area_px))


@pytest.mark.parametrize(
    ("second", "kinds"),
    [
        (pixel_polygon((10, 30), (10, 30)), ["road", "road"]),
        (pixel_polygon((10, 30), (10, 30)), ["road", "0"]),
        (pixel_polygon((10, 30), (10, 30)), ["road", None]),
        (pixel_polygon((0, 20), (20, 40)), ["road", "water"]),
        (pixel_polygon((0, 20), (19.2, 40)), ["road", "water"]),
        (pixel_polygon((19.1, 30), (19.1, 40)), ["road", "water"]),
    ],
    ids=["one class", "an ignored class", "no class", "neighbors", "a long sliver", "a corner"],
)
def test_what_is_no_contest_is_not_told(tmp_path: Path, second: shapely.Polygon, kinds: list[object]) -> None:
    assert overlaps_of(tmp_path, [pixel_polygon((0, 20), (0, 20)), second], kinds) == Overlaps()


def test_what_lies_beside_the_image_is_not_told(tmp_path: Path) -> None:
    beside = [pixel_polygon((-20, 20), (-30, -5)), pixel_polygon((-20, 20), (-20, 3))]
    for crs in (None, "EPSG:4326"):
        assert overlaps_of(tmp_path, beside, ["road", "water"], crs=crs) == Overlaps()
    partly = [pixel_polygon((-20, 20), (-30, 10)), pixel_polygon((-20, 20), (-20, 30))]
    assert overlaps_of(tmp_path, partly, ["road", "water"]).area_px == pytest.approx(200)


def test_neighbors_that_share_borders_are_not_intersected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    polygons = [pixel_polygon((r, r + 6), (c, c + 6)) for r in range(0, 60, 6) for c in range(0, 80, 6)]
    kinds: list[object] = [CLASSES[number % 3] for number in range(len(polygons))]
    monkeypatch.setattr(overlaps.shapely, "intersection", lambda *_: pytest.fail("nothing is shared"))
    assert overlaps_of(tmp_path, polygons, kinds) == Overlaps()


def test_polygons_that_cross_themselves_are_compared_too(tmp_path: Path) -> None:
    bowtie = shapely.Polygon([TRANSFORM @ corner for corner in [(0, 0), (40, 40), (40, 0), (0, 40)]])
    for cols in ((-40, 10), (30, 80)):
        found = overlaps_of(tmp_path, [bowtie, pixel_polygon((0, 40), cols)], ["road", "water"])
        assert found.pairs == 1
        assert found.area_px == pytest.approx(300)


def test_the_count_ends_after_some_thousands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlaps, "_MOST_PAIRS", 30)
    monkeypatch.setattr(overlaps, "_AT_ONCE", 10)
    found = overlaps_of(tmp_path, [pixel_polygon((0, 20), (0, 20))] * 40, ["road", "water"] * 20)
    assert (found.pairs, found.complete) == (40, False)
    assert "more than 40 pairs" in found.sentence("labels.gpkg", SCHEME)


def test_a_cancelled_search_ends(tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    polygons = [pixel_polygon((0, 20), (0, 20)), pixel_polygon((10, 30), (15, 40))]
    with pytest.raises(CancelledError):
        overlaps_of(tmp_path, polygons, ["road", "water"], cancel=token)


def test_the_sentence_names_the_rule_and_the_largest_places() -> None:
    found = Overlaps(2, 61.7, (Overlap((0, 2), 50.0, 400_009.25, 4_999_993.5), Overlap((0, 1), 11.7, 1, 2)))
    assert found.sentence("folder/labels.gpkg", SCHEME) == (
        "Polygons of different classes overlap in 'labels.gpkg': 2 pairs, on about 62 pixels ('water' and 'road' at "
        "400009.25, 4999993.5; 'water' and 'field' at 1, 2). The later polygon of the file counts there; cut them "
        "apart if that is not meant."
    )
    many = Overlaps(7, 80.0, found.largest)
    assert "7 pairs, on about 80 pixels (the largest: 'water' and 'road' at" in many.sentence("labels.gpkg", SCHEME)


def test_a_check_warns_of_each_layer_once_and_of_label_rasters_never(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_NAMED", 1)
    scene = write_scene(tmp_path)
    few = [pixel_polygon((0, 20), (0, 20)), pixel_polygon((10, 30), (15, 40)), pixel_polygon((50, 60), (0, 9))]
    layers = [
        write_polygons(tmp_path / f"{name}.gpkg", polygons, CLASSES)
        for name, polygons in {"few": few, "more": [few[0], few[0], few[1]]}.items()
    ]
    raster = write_raster(tmp_path / "labels.tif", label_values()[None])
    pairs = tuple(LabeledPair(scene, labels) for labels in (*layers, layers[1], raster))
    description = DatasetDescription(pairs, TABLE, class_column="kind")
    warnings = check_dataset(description).warnings
    assert [warning for warning in warnings if "overlap" in warning or "more label" in warning] == [
        *module.overlap_warnings(open_dataset(description).sources, SCHEME)
    ]
    assert "overlap in 'more.gpkg': 6 pairs" in warnings[-2]
    assert warnings[-1] == "Such pairs are in 1 more label layers: 1 in all."


def test_what_wins_is_what_the_sentence_says(tmp_path: Path) -> None:
    path = write_polygons(
        tmp_path / "labels.gpkg", [pixel_polygon((0, 20), (0, 20)), pixel_polygon((5, 9), (5, 9))], ["road", "water"]
    )
    truth = PolygonTruth(path, GRID, TABLE, class_column="kind")
    place = truth.overlaps(GRID.rect).largest[0]
    col, row = np.floor(~TRANSFORM @ (place.x, place.y)).astype(int)
    rect = PixelRect(int(row), int(col), 1, 1)
    assert truth.read(rect, rect.size).item() == CLASSES.index("water")
