"""Folders are cleared only where they are ours, and only of what we made."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from magnet_geo.errors import OutputError
from magnet_geo.own_folder import MARK, claim_folder, clear_folder, is_own_folder, remove_folder

OURS = ("*.json", "work", "work/*.part")


def made(path: Path) -> Path:
    claim_folder(path)
    (path / "work").mkdir()
    for name in ("run.json", "work/1.part", "work/2.part"):
        (path / name).write_text("ours")
    return path


def test_a_new_or_empty_folder_is_marked_and_may_be_claimed_again(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("new", "empty"):
        claim_folder(tmp_path / name)
        assert os.listdir(tmp_path / name) == [MARK]
        assert is_own_folder(tmp_path / name)
        made(tmp_path / name)


def test_what_is_not_ours_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.json").write_text("mine")
    (tmp_path / "link").symlink_to(made(tmp_path / "own"))
    with pytest.raises(OutputError, match=r"lacks the mark 'magnet-geo\.folder'\): nothing in it was touched"):
        claim_folder(tmp_path / "other")
    with pytest.raises(OutputError, match="is a link"):
        claim_folder(tmp_path / "link")
    assert not is_own_folder(tmp_path / "other")
    assert not is_own_folder(tmp_path / "link")
    assert os.listdir(tmp_path / "other") == ["letter.json"]
    with pytest.raises(FileExistsError):
        claim_folder(tmp_path / "other" / "letter.json")


def test_a_mark_that_is_a_link_is_none(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / MARK).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="lacks the mark"):
        claim_folder(tmp_path / "folder")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root gives files away")
def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    folder = made(tmp_path / "folder")
    os.chown(folder, 12345, 12345)
    with pytest.raises(OutputError, match="belongs to another user"):
        claim_folder(folder)
    assert not is_own_folder(folder)
    assert sorted(os.listdir(folder)) == [MARK, "run.json", "work"]


def test_a_folder_of_ours_goes_with_all_that_we_made(tmp_path: Path) -> None:
    remove_folder(made(tmp_path / "folder"), OURS)
    assert os.listdir(tmp_path) == []


def test_only_what_we_made_is_removed_and_links_are_not_followed(tmp_path: Path) -> None:
    folder, outside = made(tmp_path / "folder"), tmp_path / "outside"
    outside.mkdir()
    (outside / "9.part").write_text("mine")
    (folder / "work" / "notes.txt").write_text("mine")
    (folder / "run.txt").write_text("mine")
    (folder / "linked").symlink_to(outside)
    (folder / "work" / "3.part").symlink_to(outside / "9.part")
    clear_folder(folder, OURS, keep=("run.json",))
    assert sorted(os.listdir(folder)) == ["linked", MARK, "run.json", "run.txt", "work"]
    remove_folder(folder, OURS)
    assert sorted(os.listdir(folder)) == ["linked", MARK, "run.txt", "work"]
    assert os.listdir(folder / "work") == ["notes.txt"]
    assert (outside / "9.part").read_text() == "mine"


def test_a_folder_that_became_a_link_to_a_folder_is_not_emptied(tmp_path: Path) -> None:
    folder, outside = made(tmp_path / "folder"), tmp_path / "outside"
    (folder / "work").rename(outside)
    (folder / "work").symlink_to(outside)
    clear_folder(folder, OURS)
    assert sorted(os.listdir(outside)) == ["1.part", "2.part"]
