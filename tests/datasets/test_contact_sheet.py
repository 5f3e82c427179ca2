"""The contact sheet shows every class where it lies."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from magnet_geo.datasets import IGNORE_INDEX, LabeledImage, MemorySource, contact_sheet, overlay
from magnet_geo.errors import OutputError, TrainingError
from tests.datasets.scenes import SCHEME


def source(classes: np.ndarray, bands: int = 3) -> MemorySource:
    return MemorySource(
        "made.tif", LabeledImage(np.full((*classes.shape, bands), 100, np.uint8), np.ones(classes.shape, bool), classes)
    )


@pytest.fixture
def rare() -> MemorySource:
    """An image of one class with a small patch of another in a corner."""
    classes = np.full((800, 800), IGNORE_INDEX, np.uint8)
    classes[:400] = 0
    classes[700:, 700:] = 2
    return source(classes)


def test_labels_lie_half_transparent_over_the_image() -> None:
    classes = np.array([[0, 1, 2, IGNORE_INDEX]], np.uint8)
    found = overlay(source(classes).image, SCHEME)
    expected = [np.mean([(100, 100, 100), c.rgb], axis=0) for c in SCHEME.classes]
    np.testing.assert_allclose(found[0, :3], expected, atol=0.51)
    assert found[0, 3].tolist() == [100, 100, 100]


@pytest.mark.parametrize("bands", [1, 2, 3, 5])
def test_the_sheet_is_a_picture_with_the_colors_of_all_classes_there_are(
    tmp_path: Path, rare: MemorySource, bands: int
) -> None:
    path = contact_sheet([source(rare.image.classes, bands)], SCHEME, tmp_path / "sheet.png", samples=3, window_px=200)
    drawn = cv2.imread(str(path))[..., ::-1].astype(int)
    assert min(drawn.shape[:2]) > 200
    for index in (0, 2):
        mixed = np.mean([(100, 100, 100), SCHEME.classes[index].rgb], axis=0)
        assert (np.abs(drawn - mixed).max(axis=2) < 2).sum() > 2000
    assert [entry.name for entry in tmp_path.iterdir()] == ["sheet.png"]


def test_the_same_seed_draws_the_same_sheet(tmp_path: Path, rare: MemorySource) -> None:
    drawn = [
        contact_sheet([rare], SCHEME, tmp_path / f"{n}.png", samples=2, window_px=100, seed=seed).read_bytes()
        for n, seed in enumerate((5, 5, 6))
    ]
    assert drawn[0] == drawn[1] != drawn[2]


def test_what_cannot_be_drawn_is_refused(tmp_path: Path, rare: MemorySource, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = source(np.full((100, 100), IGNORE_INDEX, np.uint8))
    with pytest.raises(TrainingError, match="No sample shows a labelled pixel"):
        contact_sheet([nothing], SCHEME, tmp_path / "sheet.png")
    with pytest.raises(OutputError, match=r"must end in \.png"):
        contact_sheet([rare], SCHEME, tmp_path / "sheet.jpg")
    (tmp_path / "there.png").write_text("")
    with pytest.raises(OutputError, match="exists already"):
        contact_sheet([rare], SCHEME, tmp_path / "there.png")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(TrainingError, match=r"needs matplotlib; run 'pip install magnet-geo\[train\]'"):
        contact_sheet([rare], SCHEME, tmp_path / "sheet.png")
    assert [entry.name for entry in tmp_path.iterdir()] == ["there.png"]
