"""The check finds what is wrong with labelled images before anything is trained on them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from magnet_geo.datasets import CheckReport, DatasetDescription, LabeledPair, check_dataset
from magnet_geo.datasets import check as module
from magnet_geo.errors import CancelledError, TrainingError
from magnet_geo.progress import CancelToken, ProgressEvent
from tests.datasets.scenes import (
    HEIGHT,
    TABLE,
    WIDTH,
    class_indexes,
    label_values,
    pixel_polygon,
    pixels,
    write_picture,
    write_polygons,
    write_scene,
)
from tests.raster.rasters import TRANSFORM, write_raster


def pictures(folder: Path, count: int, height: int = 40, width: int = 50) -> tuple[LabeledPair, ...]:
    """Writes images and labels as PNG."""
    return tuple(
        LabeledPair(
            write_picture(folder / f"image{n}.png", pixels(height, width, seed=n).transpose(1, 2, 0)),
            write_picture(folder / f"labels{n}.png", label_values(height, width, seed=n)),
        )
        for n in range(count)
    )


def checked(*pairs: LabeledPair, windows: int | None = None, **options: object) -> CheckReport:
    return check_dataset(DatasetDescription(pairs, TABLE, **options), windows=windows)  # type: ignore[arg-type]


def test_sound_data_have_facts_and_shares_and_no_faults(tmp_path: Path) -> None:
    pairs = pictures(tmp_path, 3)
    report = checked(*pairs)
    counts = sum(np.bincount(class_indexes(label_values(40, 50, seed=n)).ravel(), minlength=256)[:3] for n in range(3))
    assert [entry.pixels for entry in report.classes] == counts.tolist()
    assert sum(entry.share for entry in report.classes) == pytest.approx(1)
    assert [entry.images for entry in report.classes] == [3, 3, 3]
    assert report.labeled_share == pytest.approx(counts.sum() / (3 * 40 * 50))
    assert (report.faults, report.warnings, report.complete) == ((), (), True)
    assert [(fact.image, fact.bands, fact.dtype, fact.gsd_m) for fact in report.sources] == [
        (pair.image, 3, "uint8", None) for pair in pairs
    ]
    report.raise_faults()


def test_a_sample_estimates_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BLOCK_PX", 40)
    pair = pictures(tmp_path, 1, 400, 400)[0]
    report = checked(pair, windows=20)
    assert not report.complete
    assert report.sources[0].sampled_px == 20 * 40 * 40
    assert sum(entry.pixels for entry in report.classes) == pytest.approx(400 * 400 * 0.75, rel=0.02)


def test_each_image_is_looked_at_unless_a_number_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_DEFAULT_WINDOWS", 2)
    pairs = pictures(tmp_path, 6)
    assert all(fact.sampled_px for fact in checked(*pairs).sources)
    assert sum(fact.sampled_px > 0 for fact in checked(*pairs, windows=2).sources) == 2


def test_every_fault_is_a_sentence_that_names_the_file(tmp_path: Path) -> None:
    sound = pictures(tmp_path, 1)[0]
    broken = tmp_path / "broken.png"
    broken.write_bytes(Path(sound.image).read_bytes()[:300])
    nowhere = str(tmp_path / "nowhere.png")
    gray = write_picture(tmp_path / "gray.png", np.full((40, 50), 9, np.uint8))
    small = write_picture(tmp_path / "small.png", label_values(9, 9))
    wrong = label_values(40, 50)
    wrong[3, 4] = 200
    unknown = write_picture(tmp_path / "unknown.png", wrong)
    report = checked(
        sound,
        LabeledPair(str(broken), sound.labels),
        LabeledPair(sound.image, nowhere),
        LabeledPair(gray, sound.labels),
        LabeledPair(sound.image, small),
        LabeledPair(sound.image, unknown),
    )
    for name, text in {
        "gray.png": "needs 3 bands",
        "nowhere.png": "do not exist",
        "small.png": "differ in size",
        "unknown.png": r"label value 200 (at row 3, column 4)",
        "broken.png": "damaged or incomplete",
    }.items():
        found = [fault for fault in report.faults if name in fault and text in fault]
        assert len(found) == 1, (name, report.faults)
        assert found[0].endswith(".")
        assert "\n" not in found[0]
    assert len(report.faults) == 5
    with pytest.raises(TrainingError, match=r"And 4 more faults"):
        report.raise_faults()


def test_labels_that_lie_elsewhere_are_a_fault(tmp_path: Path) -> None:
    elsewhere = write_polygons(tmp_path / "far.gpkg", [pixel_polygon((900, 950), (900, 950))], ["road"])
    report = checked(LabeledPair(write_scene(tmp_path), elsewhere), class_column="kind")
    assert len(report.faults) == 1
    assert "No pixel has a class ('far.gpkg' over 'scene.tif')" in report.faults[0]


def test_odd_data_are_warned_of(tmp_path: Path) -> None:
    values = label_values()
    values[values == 7] = 1
    scene = write_scene(tmp_path)
    labels = write_raster(tmp_path / "labels.tif", values[None, :40])
    coarse = write_raster(tmp_path / "coarse.tif", pixels())
    import rasterio

    with rasterio.open(coarse, "r+") as dataset:
        dataset.transform = TRANSFORM @ TRANSFORM.scale(3)
    empty = write_raster(tmp_path / "empty.tif", np.zeros((1, HEIGHT, WIDTH), np.uint8))
    report = checked(LabeledPair(scene, labels), LabeledPair(coarse, empty))
    expected = (
        "The class 'road' occurs nowhere in the labels",
        r"1 of 2 images showed no labelled pixel ('coarse.tif')",
        "Pixel sizes range from 0.5 m to 1.5 m",
        r"2 of 2 label rasters lie on another grid than their images",
    )
    assert len(report.warnings) == len(expected)
    for warning, text in zip(report.warnings, expected, strict=True):
        assert text in warning


def test_a_check_tells_how_far_it_is_and_can_be_cancelled(tmp_path: Path) -> None:
    description = DatasetDescription(pictures(tmp_path, 5), TABLE)
    fractions: list[float] = []
    check_dataset(description, progress=lambda event: fractions.append(event.fraction))  # type: ignore[union-attr]
    assert fractions == sorted(fractions)
    assert 0.5 < fractions[-1] <= 1
    token = CancelToken()

    def cancel(event: object) -> None:
        if isinstance(event, ProgressEvent) and event.stage == "read":
            token.cancel()

    with pytest.raises(CancelledError):
        check_dataset(description, progress=cancel, cancel=token)


def test_an_empty_dataset_is_refused() -> None:
    with pytest.raises(TrainingError, match="The dataset is empty"):
        DatasetDescription((), TABLE)
    with pytest.raises(TrainingError, match="dataset is empty"):
        replace(DatasetDescription((LabeledPair("a", "b"),), TABLE), pairs=())
