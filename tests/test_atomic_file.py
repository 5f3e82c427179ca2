"""A file is there as a whole or not at all, and a failure leaves nothing under another name."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from magnet_geo.atomic_file import atomic_path, atomic_write, replacing
from magnet_geo.errors import OutputError


def test_what_stood_there_stays_until_the_block_ends(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with replacing(target) as draft:
        draft.write_text("new")
        assert target.read_text() == "old"
        assert draft.name == ".a.txt.part"
    assert (target.read_text(), os.listdir(tmp_path)) == ("new", ["a.txt"])


def write_half(draft: Path, error: BaseException) -> None:
    draft.write_text("half")
    raise error


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), ValueError(), KeyboardInterrupt(), GeneratorExit()])
def test_any_error_keeps_the_old_file_and_nothing_else(tmp_path: Path, error: BaseException) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(type(error)) as caught, replacing(target) as draft:
        write_half(draft, error)
    assert caught.value is error
    assert (target.read_text(), os.listdir(tmp_path)) == ("old", ["a.txt"])


def test_a_draft_may_have_any_name(tmp_path: Path) -> None:
    with replacing(tmp_path / "a.gpkg", draft=tmp_path / ".a.part.gpkg") as draft:
        draft.touch()
        assert os.listdir(tmp_path) == [".a.part.gpkg"]
    assert os.listdir(tmp_path) == ["a.gpkg"]


def test_what_a_killed_process_left_is_written_over(tmp_path: Path) -> None:
    (tmp_path / ".a.txt.part").write_text("left by another process")
    atomic_write(tmp_path / "a.txt", "new")
    assert ((tmp_path / "a.txt").read_text(), os.listdir(tmp_path)) == ("new", ["a.txt"])


def test_a_block_that_writes_nothing_fails(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "a.txt"):
        pass
    assert os.listdir(tmp_path) == []


def test_the_error_is_the_first_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unlink(path: Path, missing_ok: bool = False) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "unlink", unlink)
    with pytest.raises(OSError, match="No space left"), replacing(tmp_path / "a.txt"):
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), RuntimeError("Parent directory does not exist")])
def test_an_output_that_fails_is_an_output_error(tmp_path: Path, error: Exception) -> None:
    with (
        pytest.raises(OutputError, match=r"a\.txt cannot be written .*; check the folder"),
        atomic_path(tmp_path / "a.txt") as draft,
    ):
        write_half(draft, error)
    assert os.listdir(tmp_path) == []


def test_drafts_of_two_processes_differ(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "a.txt") as first, atomic_path(tmp_path / "a.txt") as second:
        assert first != second
        assert first.parent == second.parent == tmp_path


def test_an_output_has_the_usual_mode(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "a.txt") as draft:
        draft.chmod(0o600)
    atomic_write(tmp_path / "b.txt", "")
    assert (tmp_path / "a.txt").stat().st_mode == (tmp_path / "b.txt").stat().st_mode
