"""A map is compared with any truth, pixel by pixel of the map."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.transform import Affine
from rasterio.warp import transform

from magnet_geo.errors import CancelledError, EvaluationError, MagnetGeoError, OptionError
from magnet_geo.evaluation import map_score
from magnet_geo.evaluation.boundary import BoundaryCounts
from magnet_geo.evaluation.class_matching import ClassMatching
from magnet_geo.evaluation.map_evaluation import EvaluationOptions, EvaluationResult, evaluate
from magnet_geo.progress import CancelToken, Event, WarningEvent
from magnet_geo.scene import Area
from tests.datasets.scenes import pixel_polygon, write_polygons
from tests.evaluation.maps import patchy, write_map
from tests.raster.rasters import TRANSFORM, write_raster

VALUES, TRUTH = patchy(60, 75), patchy(60, 75, seed=1)
CLASS_VALUES = (1, 4, 7)
DEFAULTS = EvaluationOptions()


@pytest.fixture(scope="module")
def class_map(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_map(tmp_path_factory.mktemp("maps") / "map.tif", VALUES).path


@pytest.fixture
def labels(tmp_path: Path) -> str:
    return write_raster(tmp_path / "labels.tif", TRUTH[None], nodata=255)


def evaluated(class_map: str, truth: str, **options: object) -> EvaluationResult:
    return evaluate(class_map, truth, EvaluationOptions(**options))  # type: ignore[arg-type]


def pairs(truth: NDArray[np.uint8], mapped: NDArray[np.uint8]) -> list[list[int]]:
    return [[int(((truth == t) & (mapped == m)).sum()) for m in CLASS_VALUES] for t in CLASS_VALUES]


def confusion(result: EvaluationResult) -> list[list[int]]:
    return [list(row) for row in result.scores.confusion]


def test_labels_on_the_map_s_grid_are_counted_pixel_by_pixel(class_map: str, labels: str) -> None:
    result = evaluated(class_map, labels)
    assert confusion(result) == pairs(TRUTH, VALUES)
    assert result.unlabeled_pixels == ((TRUTH == 255) & (VALUES != 255)).sum()
    assert result.unmapped_pixels == ((TRUTH != 255) & (VALUES == 255)).sum()
    assert result.scores.compared_pixels == ((TRUTH != 255) & (VALUES != 255)).sum()
    assert [entry.name for entry in result.scores.classes] == ["water", "bare land", "forest"]


def test_the_size_of_the_parts_does_not_matter(class_map: str, labels: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = evaluated(class_map, labels)
    monkeypatch.setattr(map_score, "PART_PX", 13)
    assert evaluated(class_map, labels) == whole


def test_boundary_scores_are_those_of_the_whole_arrays(class_map: str, labels: str) -> None:
    index = np.full(256, 255, np.uint8)
    index[list(CLASS_VALUES)] = range(3)
    expected = BoundaryCounts.of(truth=index[TRUTH], prediction=index[VALUES], num_classes=3, tolerance_px=2)
    result = evaluated(class_map, labels, tolerance_px=2)
    assert [entry.boundary_f1 for entry in result.scores.classes] == pytest.approx(list(expected.f1))


def test_labels_in_another_crs_and_resolution_are_read_under_the_pixels_centers(class_map: str, tmp_path: Path) -> None:
    left, top = transform(CRS.from_epsg(32633), CRS.from_epsg(4326), [TRANSFORM.c], [TRANSFORM.f])
    step = 3e-6
    degrees = Affine(step, 0, left[0] - 1e-5, 0, -step, top[0] + 1e-5)
    truth = patchy(130, 180, seed=4)
    path = tmp_path / "degrees.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=180, height=130, count=1, dtype="uint8", nodata=255,
        crs="EPSG:4326", transform=degrees,
    ) as dataset:  # fmt: skip
        dataset.write(truth, 1)
    rows, cols = (axis.ravel() + 0.5 for axis in np.indices(VALUES.shape))
    x, y = TRANSFORM.c + 0.5 * cols, TRANSFORM.f - 0.5 * rows
    lon, lat = transform(CRS.from_epsg(32633), CRS.from_epsg(4326), x, y)
    label_cols = np.floor((np.array(lon) - degrees.c) / step).astype(int)
    label_rows = np.floor((degrees.f - np.array(lat)) / step).astype(int)
    inside = (label_cols >= 0) & (label_cols < 180) & (label_rows >= 0) & (label_rows < 130)
    seen = np.full(VALUES.size, 255, np.uint8)
    seen[inside] = truth[label_rows[inside], label_cols[inside]]
    result = evaluated(class_map, str(path))
    assert "warped" in result.truth_note
    off = np.abs(np.array(confusion(result)) - np.array(pairs(seen.reshape(VALUES.shape), VALUES))).sum()
    assert off <= 0.01 * VALUES.size


def field_layer(tmp_path: Path, crs: str = "EPSG:4326") -> str:
    """Two fields over the map: the left half forest, of the right one a quarter water."""
    x, y = TRANSFORM.c, TRANSFORM.f
    boxes = [shapely.box(x, y - 30, x + 15, y), shapely.box(x + 15, y - 15, x + 37.5, y)]
    layer = gpd.GeoDataFrame({"kind": ["Forest", "lake"], "area": [1.0, 2.0]}, geometry=boxes, crs="EPSG:32633")
    layer.to_crs(crs).to_file(tmp_path / "fields.gpkg")
    return str(tmp_path / "fields.gpkg")


def expected_fields(background: int = 255) -> NDArray[np.uint8]:
    truth = np.full(VALUES.shape, background, np.uint8)
    truth[:, :30], truth[:30, 30:] = 7, 1
    return truth


def test_polygons_in_another_crs_are_compared_by_name(class_map: str, tmp_path: Path) -> None:
    matching = ClassMatching(pairs=(("lake", "water"),))
    result = evaluated(class_map, field_layer(tmp_path), matching=matching, class_column="kind")
    assert confusion(result) == pairs(expected_fields(), VALUES)


def test_truth_polygons_of_two_classes_on_one_ground_are_warned_of_inside_the_area(
    class_map: str, tmp_path: Path
) -> None:
    squares = [pixel_polygon((0, 20), (0, 20)), pixel_polygon((10, 30), (15, 40))]
    truth = write_polygons(tmp_path / "truth.gpkg", squares, ["water", "forest"])
    events: list[Event] = []
    evaluate(class_map, truth, EvaluationOptions(class_column="kind"), progress=events.append)
    warnings = [event.message for event in events if isinstance(event, WarningEvent)]
    assert len(warnings) == 1
    assert "overlap in 'truth.gpkg': 1 pair, on about 50 pixels ('water' and 'forest' at 400009.25," in warnings[0]
    events.clear()
    elsewhere = Area(pixel_polygon((0, 9), (0, 30)).bounds)
    evaluate(class_map, truth, EvaluationOptions(class_column="kind", area=elsewhere), progress=events.append)
    assert not [event for event in events if isinstance(event, WarningEvent)]


def test_ground_without_a_polygon_may_be_a_class(class_map: str, tmp_path: Path) -> None:
    matching = ClassMatching(ignored=("lake",))
    result = evaluated(class_map, field_layer(tmp_path), matching=matching, class_column="kind", background="bare land")
    truth = expected_fields(background=4)
    truth[:30, 30:] = 255
    assert confusion(result) == pairs(truth, VALUES)


def test_labels_with_other_values_are_matched_by_the_names_of_their_file(class_map: str, tmp_path: Path) -> None:
    swapped = np.array([0, 7, 0, 0, 1, 0, 0, 4] + [255] * 248, np.uint8)[TRUTH]
    path = write_raster(tmp_path / "named.tif", swapped[None], nodata=255)
    with rasterio.open(path, "r+") as dataset:
        dataset.update_tags(1, CLASS_7="Water", CLASS_1="bare land", CLASS_4="FOREST")
    result = evaluated(class_map, path)
    assert result.matching == "by name"
    assert confusion(result) == pairs(TRUTH, VALUES)
    assert evaluated(class_map, path, matching=ClassMatching("value")).matching == "by value"


def test_names_that_contradict_values_are_warned_of(class_map: str, labels: str) -> None:
    with rasterio.open(labels, "r+") as dataset:
        dataset.update_tags(1, CLASS_1="sea", CLASS_4="bare land", CLASS_7="forest")
    seen: list[Event] = []
    evaluate(class_map, labels, DEFAULTS, progress=seen.append)
    warnings = [event.message for event in seen if isinstance(event, WarningEvent)]
    assert warnings[0].startswith("Labels are matched by value, but 1 is 'water' on the map and 'sea' in the truth")
    with pytest.raises(OptionError, match="calls a class 'sea', which the map does not have"):
        evaluated(class_map, labels, matching=ClassMatching("name"))


def test_labels_are_paired_and_left_out_as_asked(class_map: str, tmp_path: Path) -> None:
    other = np.where(TRUTH == 1, 20, TRUTH).astype(np.uint8)
    path = write_raster(tmp_path / "other.tif", other[None], nodata=255)
    with pytest.raises(MagnetGeoError, match=r"holds the label value 20 .*`pairs=\(\(LABEL, CLASS\),\)`, or leave"):
        evaluated(class_map, path)
    paired = evaluated(class_map, path, matching=ClassMatching(pairs=(("20", "WATER"),)))
    assert confusion(paired) == pairs(TRUTH, VALUES)
    ignored = evaluated(class_map, path, matching=ClassMatching(ignored=("20",)))
    assert confusion(ignored) == pairs(np.where(TRUTH == 1, 255, TRUTH).astype(np.uint8), VALUES)


def test_uncounted_classes_are_left_out_of_the_means(class_map: str, labels: str) -> None:
    result = evaluated(class_map, labels, matching=ClassMatching(uncounted=("water",)))
    counted = [entry.iou for entry in result.scores.classes if entry.counted]
    assert len(counted) == 2
    assert result.scores.mean_iou == pytest.approx(np.mean(counted))


def test_only_the_area_of_interest_counts(class_map: str, labels: str) -> None:
    box = (TRANSFORM.c + 5, TRANSFORM.f - 20, TRANSFORM.c + 30, TRANSFORM.f - 3)
    result = evaluated(class_map, labels, area=Area(bounds=box))
    assert confusion(result) == pairs(TRUTH[6:40, 10:60], VALUES[6:40, 10:60])


def test_a_map_without_a_class_table_is_compared_by_its_values(labels: str, tmp_path: Path) -> None:
    plain = write_raster(tmp_path / "plain.tif", VALUES[None], nodata=255)
    result = evaluated(plain, labels)
    assert [entry.name for entry in result.scores.classes] == ["class 1", "class 4", "class 7"]
    assert confusion(result) == pairs(TRUTH, VALUES)


def test_a_perfect_map_scores_one(class_map: str) -> None:
    scores = evaluated(class_map, class_map).scores
    assert (scores.mean_iou, scores.kappa, scores.mean_boundary_f1, scores.mean_f1) == (1, 1, 1, 1)


def test_what_cannot_be_compared_is_refused(class_map: str, labels: str, tmp_path: Path) -> None:
    with pytest.raises(MagnetGeoError, match=r"no\.tif.* do not exist"):
        evaluated(class_map, str(tmp_path / "no.tif"))
    with rasterio.open(labels, "r+") as dataset:
        dataset.transform = TRANSFORM @ Affine.translation(5000, 0)
    with pytest.raises(EvaluationError, match=r"No pixel of 'map\.tif' has a label in"):
        evaluated(class_map, labels)
    alone = write_raster(tmp_path / "alone.tif", np.ones((1, 5, 5), np.uint8))
    with pytest.raises(EvaluationError, match="holds 1 class; a comparison needs two or more"):
        evaluated(alone, labels)
    table = tmp_path / "classes.yaml"
    table.write_text("classes: {1: water, 4: land}")
    with pytest.raises(EvaluationError, match=r"holds the value 7 .* which is no class of the table"):
        evaluated(class_map, class_map, matching=ClassMatching(classes=str(table), ignored=("7",)))
    with pytest.raises(OptionError, match="'lake' is no class of the map"):
        evaluated(class_map, labels, matching=ClassMatching(uncounted=("lake",)))


def test_a_comparison_can_be_cancelled(class_map: str, labels: str) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(CancelledError):
        evaluate(class_map, labels, DEFAULTS, cancel=token)
