"""The options that name labelled images: what they open, and which combinations are wrong usage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from magnet_geo.cli.errors import MagnetGroup
from magnet_geo.cli.options.dataset_options import DatasetChoice, dataset_options
from magnet_geo.datasets import PartSource, read_class_table
from magnet_geo.raster import AutoScaling, NoScaling, RangeScaling
from tests.cli.runs import assert_wrong_usage
from tests.datasets.scenes import label_values, pixels, write_picture, write_scene
from tests.raster.rasters import write_raster

CLASSES = "classes: [{name: water, value: 1}, {name: field, value: 4}, {name: road, value: 7}]\nignore: [0]\n"


def choose(*arguments: object, default: str | None = None) -> tuple[Result, list[Any]]:
    """Runs a command that opens what was named."""
    found: list[Any] = []

    @click.command(name="open")
    @dataset_options(validation=True)
    def command(data: DatasetChoice) -> None:
        table = data.class_table(read_class_table(default) if default else None)
        found.extend([data, *data.open(data.description(table))])

    group = MagnetGroup("main")
    group.add_command(command)
    return CliRunner().invoke(group, ["open", *map(str, arguments)]), found


@pytest.fixture
def classes(tmp_path: Path) -> Path:
    path = tmp_path / "classes.yaml"
    path.write_text(CLASSES, encoding="utf-8")
    return path


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    for name in ("images", "labels"):
        (tmp_path / name).mkdir()
    for number in range(10):
        write_picture(tmp_path / "images" / f"{number}.png", pixels(30, 40, seed=number).transpose(1, 2, 0))
        write_picture(tmp_path / "labels" / f"{number}.png", label_values(30, 40, seed=number))
    return tmp_path


def test_folders_with_a_share_for_validation(folders: Path, classes: Path) -> None:
    sources = ("--images", folders / "images", "--labels", folders / "labels", "--classes", classes)
    result, (_, training, validation) = choose(*sources, "--val-share", 0.3)
    assert result.exit_code == 0, result.output
    assert (len(training.sources), len(validation.sources)) == (7, 3)
    _, (_, training, validation) = choose(*sources, "--val-share", 0)
    assert (len(training.sources), validation) == (10, None)


def test_lists_for_training_and_validation(folders: Path, classes: Path) -> None:
    for name, numbers in (("train.txt", (1, 2)), ("val.txt", (3,))):
        (folders / name).write_text("".join(f"images/{n}.png\tlabels/{n}.png\n" for n in numbers))
    lists = ("--datalist", folders / "train.txt", "--val-datalist", folders / "val.txt", "--classes", classes)
    for root in ((), ("--root", folders)):
        result, (_, training, validation) = choose(*lists, *root)
        assert result.exit_code == 0, result.output
        assert [Path(source.name).name for source in training.sources] == ["1.png", "2.png"]
        assert [Path(source.name).name for source in validation.sources] == ["3.png"]


def test_one_scene_is_parted_by_blocks(tmp_path: Path, classes: Path) -> None:
    labels = write_raster(tmp_path / "labels.tif", label_values()[None])
    scene = write_scene(tmp_path)
    result, (data, training, validation) = choose("--scene", scene, "--truth", labels, "--classes", classes)
    assert result.exit_code == 0, result.output
    assert [source.name for source in training.sources] == [scene]
    assert all(isinstance(part, PartSource) for part in validation.sources)
    assert (data.scenes, data.truths) == ((scene,), (labels,))


def test_options_say_how_pixels_and_labels_are_read(tmp_path: Path) -> None:
    labels = write_raster(tmp_path / "labels.tif", label_values()[None])
    named = ("--scene", write_scene(tmp_path), "--truth", labels, "--ignore-value", 1, "--ignore-value", 4)
    result, (data, training, _) = choose(*named, "--bands", "3,1", "--unlabeled", "sky", default="cityscapes")
    assert result.exit_code == 0, result.output
    assert data.description(training.table).background == 10
    assert training.sources[0].band_count == 2
    assert {1, 4} <= training.table.ignored_values
    for given, mode in (("auto", AutoScaling()), ("none", NoScaling()), ("0,10", RangeScaling(0, 10))):
        _, (data, training, _) = choose(*named, "--scaling", given, default="cityscapes")
        assert data.description(training.table).scaling == mode


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ((), "Name images: --datalist, --images with --labels, or --scene with --truth"),
        (("--images", "."), "--images and --labels go together"),
        (("--val-labels", "."), "--val-images and --val-labels go together"),
        (("--scene", "a.tif", "--scene", "b.tif", "--truth", "c.tif"), "needs its --truth; there are 2 and 1"),
        (("--root", "."), "--root goes with --datalist"),
        (
            ("--scene", "a", "--truth", "b", "--val-scene", "c", "--val-truth", "d", "--val-share", "0.2"),
            "Name validation data or give --val-share, not both",
        ),
        (("--scene", "a", "--truth", "b", "--unlabeled", "swamp"), "names 'swamp', but the classes are road, sidewalk"),
    ],
)
def test_combinations_without_sense_are_wrong_usage(arguments: tuple[str, ...], match: str) -> None:
    assert_wrong_usage(choose(*arguments, default="cityscapes")[0], match=match)


def test_classes_must_be_named_where_no_model_has_any() -> None:
    assert_wrong_usage(choose("--scene", "a", "--truth", "b")[0], match="Say what the labels mean: --classes FILE")
