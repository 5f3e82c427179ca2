"""List files and folders become pairs, and what does not fit is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from magnet_geo.datasets import LabeledPair, pairs_of_folders, pairs_of_list
from magnet_geo.errors import TrainingError


def touch(folder: Path, *names: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_text("")
    return folder


def test_a_list_names_pairs_below_a_root(tmp_path: Path) -> None:
    datalist = tmp_path / "train.txt"
    datalist.write_bytes("\ufeffimg/a.png\tgt/a.png\r\n\r\n/elsewhere/b.png\t gt/b.png\n".encode())
    root = Path("/data")
    assert pairs_of_list(datalist, root) == (
        LabeledPair(str(root / "img/a.png"), str(root / "gt/a.png")),
        LabeledPair("/elsewhere/b.png", str(root / "gt/b.png")),
    )


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "list '.*train.txt' is empty"),
        ("\n \n", "is empty"),
        ("a.png\tb.png\na.png b.png\n", "Line 2 of the list '.*' has 1 entries; it must be an image and its labels"),
        ("a\tb\tc\n", "Line 1 .* has 3 entries"),
    ],
)
def test_a_list_of_another_form_is_refused(tmp_path: Path, text: str, match: str) -> None:
    datalist = tmp_path / "train.txt"
    datalist.write_text(text, encoding="utf-8")
    with pytest.raises(TrainingError, match=match):
        pairs_of_list(datalist, tmp_path)


def test_a_missing_or_binary_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"train.txt' cannot be read \(No such file"):
        pairs_of_list(tmp_path / "train.txt", tmp_path)
    (tmp_path / "train.txt").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(TrainingError, match="no UTF-8 text"):
        pairs_of_list(tmp_path / "train.txt", tmp_path)


def test_folders_are_matched_by_name_whatever_the_endings(tmp_path: Path) -> None:
    images = touch(tmp_path / "images", "b.tif", "a.JPG", "a.jpg.aux.xml", "notes.txt")
    labels = touch(tmp_path / "labels", "a.png", "b.gpkg", "c.png")
    pairs, warnings = pairs_of_folders(images, labels)
    assert [(Path(p.image).name, Path(p.labels).name) for p in pairs] == [("a.JPG", "a.png"), ("b.tif", "b.gpkg")]
    assert len(warnings) == 1
    assert "1 label files" in warnings[0]
    assert "'c.png'" in warnings[0]


def test_endings_that_all_names_share_do_not_count(tmp_path: Path) -> None:
    images = touch(tmp_path / "images", "bonn_1_leftImg8bit.png", "bonn_2_leftImg8bit.png")
    labels = touch(tmp_path / "labels", "bonn_1_gtFine_labelIds.png", "bonn_2_gtFine_labelIds.png")
    pairs, _ = pairs_of_folders(images, labels)
    assert [Path(p.labels).name for p in pairs] == ["bonn_1_gtFine_labelIds.png", "bonn_2_gtFine_labelIds.png"]


def test_images_without_labels_and_doubled_names_are_refused(tmp_path: Path) -> None:
    images = touch(tmp_path / "images", "a.tif", "b.tif", "c.tif")
    labels = touch(tmp_path / "labels", "a.png")
    with pytest.raises(TrainingError, match=r"2 of 3 images in .* have no labels .*\('b.tif', 'c.tif'\)"):
        pairs_of_folders(images, labels)
    touch(images, "a.jpg")
    with pytest.raises(TrainingError, match=r"'a.jpg' and 'a.tif' in .* share a name"):
        pairs_of_folders(images, labels)
    with pytest.raises(TrainingError, match="holds no images"):
        pairs_of_folders(touch(tmp_path / "empty"), labels)
    with pytest.raises(TrainingError, match=r"folder of labels '.*nowhere' cannot be read \(No such file"):
        pairs_of_folders(labels, tmp_path / "nowhere")
