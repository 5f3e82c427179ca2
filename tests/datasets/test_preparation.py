"""The published sets from their archives to lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from magnet_geo.datasets import (
    DatasetDescription,
    SeededSplit,
    open_dataset,
    pairs_of_list,
    prepare_cityscapes,
    prepare_deepglobe,
    read_class_table,
)
from magnet_geo.datasets.deepglobe import draw_split, read_split
from magnet_geo.errors import OutputError, SceneError, TrainingError
from magnet_geo.grid import PixelRect
from magnet_geo.progress import ProgressEvent
from tests.datasets.published_archives import SIDE, cityscapes_archives, deepglobe_archive


def test_cityscapes_becomes_lists_that_open_as_a_dataset(tmp_path: Path) -> None:
    root = tmp_path / "root"
    found = prepare_cityscapes(cityscapes_archives(tmp_path), root)
    assert found.unpacked == 8
    assert [(split.name, split.pairs, split.labeled_share) for split in found.splits] == [
        ("train", 2, 1.0),
        ("val", 1, 1.0),
        ("test", 1, 0.0),
    ]
    assert found.class_shares["road"] == 1
    first = "leftImg8bit/train/a/a_0_leftImg8bit.png\tgtFine/train/a/a_0_gtFine_labelIds.png"
    assert (root / "train.txt").read_text().splitlines()[0] == first
    pairs = pairs_of_list(root / "train.txt", root)
    source = open_dataset(DatasetDescription(pairs, read_class_table("cityscapes"))).sources[0]
    assert (source.read(PixelRect(0, 0, SIDE, SIDE), source.size).classes == 0).all()


def test_cityscapes_tells_what_is_short_of_the_set_and_what_cannot_be_scored(tmp_path: Path) -> None:
    found = prepare_cityscapes(cityscapes_archives(tmp_path), tmp_path / "root")
    assert found.warnings == (
        "train has 2 images of the set's 2975.",
        "val has 1 images of the set's 500.",
        "test has 1 images of the set's 1525.",
        "The labels of test hold no class (placeholders): it cannot be scored.",
    )


def test_images_without_labels_name_the_archive_that_is_missing(tmp_path: Path) -> None:
    images, _ = cityscapes_archives(tmp_path)
    with pytest.raises(TrainingError, match=r"2 of 2 images of train have no labels.*gtFine_trainvaltest\.zip"):
        prepare_cityscapes([images], tmp_path / "root")


def test_a_label_of_no_class_or_another_size_stops_before_a_list_is_written(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="holds the label value 99"):
        prepare_cityscapes(cityscapes_archives(tmp_path, label_value=99), tmp_path / "values")
    with pytest.raises(SceneError, match="9 x 9"):
        prepare_cityscapes(cityscapes_archives(tmp_path, label_side=SIDE + 1), tmp_path / "sizes")
    assert not [*tmp_path.rglob("*.txt")]


def test_an_unpacked_folder_needs_no_archives(tmp_path: Path) -> None:
    prepare_cityscapes(cityscapes_archives(tmp_path), tmp_path / "root")
    assert prepare_cityscapes([], tmp_path / "root").unpacked == 0
    with pytest.raises(TrainingError, match="Neither the archives nor"):
        prepare_cityscapes([], tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere").exists()


def test_a_list_of_other_lines_is_kept_unless_it_may_be_replaced(tmp_path: Path) -> None:
    archives, root = cityscapes_archives(tmp_path), tmp_path / "root"
    prepare_cityscapes(archives, root)
    (root / "val.txt").write_text("mine\tmine\n")
    with pytest.raises(OutputError, match=r"val\.txt' exists already, with other lines"):
        prepare_cityscapes(archives, root)
    assert (root / "val.txt").read_text() == "mine\tmine\n"
    prepare_cityscapes(archives, root, overwrite=True)
    assert (root / "val.txt").read_text().startswith("leftImg8bit/val/c/")


def test_progress_never_falls_and_covers_both_steps(tmp_path: Path) -> None:
    heard: list[ProgressEvent] = []
    prepare_cityscapes(
        cityscapes_archives(tmp_path),
        tmp_path / "root",
        progress=lambda event: heard.append(event) if isinstance(event, ProgressEvent) else None,
    )
    fractions = [event.fraction for event in heard]
    assert fractions == sorted(fractions)
    assert {event.stage for event in heard} == {"unpack", "check"}


def test_deepglobe_is_split_by_shares(tmp_path: Path) -> None:
    root = tmp_path / "root"
    found = prepare_deepglobe([deepglobe_archive(tmp_path)], root, SeededSplit(0.2, 0.3, seed=5))
    assert {split.name: split.pairs for split in found.splits} == {"train": 5, "val": 2, "test": 3}
    assert found.warnings == ("1 images have no mask and are not listed.",)
    assert (found.class_shares["water"], found.class_shares["forest"]) == (0.5, 0.5)
    listed = [line for name in ("train", "val", "test") for line in (root / f"{name}.txt").read_text().splitlines()]
    assert sorted(listed) == sorted(f"train/{n}_sat.jpg\ttrain/{n}_mask.png" for n in range(10))


def test_deepglobe_is_split_as_a_file_says(tmp_path: Path) -> None:
    archive, split = deepglobe_archive(tmp_path), tmp_path / "split.txt"
    split.write_text("3 train\n1_sat.jpg,val\n7\ttest\n\n2 train\n")
    found = prepare_deepglobe([archive], tmp_path / "root", split)
    lists = {s.name: s.path.read_text().split() for s in found.splits}
    assert lists["train"] == ["train/2_sat.jpg", "train/2_mask.png", "train/3_sat.jpg", "train/3_mask.png"]
    assert (lists["val"][0], lists["test"][0]) == ("train/1_sat.jpg", "train/7_sat.jpg")
    assert found.warnings[-1] == "The split leaves out 6 images ('0', '4', '5', ...)."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("77 train\n", "names 1 images that are not there \\('77'\\)"),
        ("1 train\n2 validation\n", "Line 2 of the split .* is '2 validation'"),
        ("\n", "is empty"),
    ],
)
def test_a_split_file_that_does_not_fit_is_told(tmp_path: Path, text: str, message: str) -> None:
    archive, split = deepglobe_archive(tmp_path), tmp_path / "split.txt"
    split.write_text(text)
    with pytest.raises(TrainingError, match=message):
        prepare_deepglobe([archive], tmp_path / "root", split)
    with pytest.raises(TrainingError, match="cannot be read"):
        read_split(tmp_path / "nowhere.txt")


def test_the_seed_alone_decides_who_is_drawn() -> None:
    identities = [str(number) for number in range(100)]
    one, again, other = (draw_split(identities, SeededSplit(0.2, 0.1, seed)) for seed in (1, 1, 2))
    assert one == again != other
    assert sorted(name for names in one.values() for name in names) == sorted(identities)
    assert [len(one[name]) for name in ("train", "val", "test")] == [70, 20, 10]


def test_shares_that_leave_nothing_are_refused() -> None:
    with pytest.raises(TrainingError, match="leave nothing to train on"):
        SeededSplit(0.6, 0.4)
