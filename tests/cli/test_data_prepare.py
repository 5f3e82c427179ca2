"""`magnet-geo data prepare`: from archives to lists that the other commands read."""

from __future__ import annotations

from pathlib import Path

from tests.cli.runs import assert_refused, assert_wrong_usage, run
from tests.datasets.published_archives import cityscapes_archives, deepglobe_archive


def test_cityscapes_archives_become_lists_that_a_check_reads(tmp_path: Path) -> None:
    root = tmp_path / "root"
    result = run("data", "prepare", "cityscapes", "--archives", *cityscapes_archives(tmp_path), "--root", root)
    assert result.exit_code == 0, result.output
    assert "8 files unpacked" in result.stdout
    assert "Warning: train has 2 images of the set's 2975." in result.stderr
    assert (
        f"train backbone --preset cityscapes --datalist {root}/train.txt --val-datalist {root}/val.txt" in result.stdout
    )
    check = run("data", "check", "--classes", "cityscapes", "--datalist", root / "train.txt", "--root", root)
    assert check.exit_code == 0, check.output
    assert "road" in check.stdout


def test_deepglobe_archives_become_lists_by_shares_or_by_a_file(tmp_path: Path) -> None:
    archive, root = deepglobe_archive(tmp_path), tmp_path / "root"
    arguments = "data", "prepare", "deepglobe", "--archives", archive, "--root", root
    result = run(*arguments, "--val-share", 0.3)
    assert result.exit_code == 0, result.output
    assert len((root / "val.txt").read_text().splitlines()) == 3
    split = tmp_path / "split.txt"
    split.write_text("1 val\n2 train\n")
    assert_refused(run(*arguments, "--split", split), match="exists already, with other lines; set --overwrite")
    assert run(*arguments, "--split", split, "--overwrite").exit_code == 0
    assert (root / "train.txt").read_text() == "train/2_sat.jpg\ttrain/2_mask.png\n"


def test_contradictions_are_wrong_usage(tmp_path: Path) -> None:
    archive, split = deepglobe_archive(tmp_path), tmp_path / "split.txt"
    split.write_text("1 val\n")
    arguments = "data", "prepare", "deepglobe", archive, "--root", tmp_path / "root"
    assert_wrong_usage(run(*arguments, "--split", split, "--val-share", 0.1), match="either --split or shares")
    assert_wrong_usage(run(*arguments, "--val-share", 0.5, "--test-share", 0.5), match="leave nothing to train on")
    assert not (tmp_path / "root").exists()


def test_what_is_no_archive_is_told(tmp_path: Path) -> None:
    (tmp_path / "page.zip").write_text("<html>sign in</html>")
    result = run("data", "prepare", "deepglobe", "--archives", tmp_path / "page.zip", "--root", tmp_path / "root")
    assert_refused(result, match=r"page\.zip' is no whole ZIP archive")
