"""`unpacked`: what comes out of an archive, and what never does."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from magnet_geo.datasets import archives
from magnet_geo.datasets.archives import unpacked
from magnet_geo.errors import CancelledError, OutputError, TrainingError
from magnet_geo.progress import CancelToken
from tests.datasets.published_archives import write_archive


def everything(path: PurePosixPath) -> PurePosixPath:
    return path


def unpack(*arguments: object, **settings: object) -> int:
    with unpacked(*arguments, **settings) as count:  # type: ignore[arg-type]
        return count


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_only_wanted_members_are_unpacked_where_they_belong(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "a.zip", {"deep/in/one.txt": b"1", "two.bin": b"2"})
    root = tmp_path / "root"
    count = unpack([archive], root, lambda path: PurePosixPath("flat", path.name) if path.suffix == ".txt" else None)
    assert count == 1
    assert files_below(root) == {"flat/one.txt": b"1"}


def test_a_second_run_writes_only_what_is_missing_or_cut_short(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "a.zip", {"one": b"111", "two": b"222", "three": b"333"})
    root = tmp_path / "root"
    assert unpack([archive], root, everything) == 3
    (root / "one").unlink()
    (root / "two").write_bytes(b"2")
    assert unpack([archive], root, everything) == 2
    assert files_below(root) == {"one": b"111", "two": b"222", "three": b"333"}


@pytest.mark.parametrize("name", ["../outside", "/absolute", "a/../../outside", "c:/drive", "..\\outside"])
def test_a_path_out_of_the_folder_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    archive = write_archive(tmp_path / "a.zip", {"good": b"1", name: b"2"})
    with pytest.raises(TrainingError, match="leads out of its folder"):
        unpack([archive], tmp_path / "root", everything)
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_a_link_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(TrainingError, match="is a link, not a file"):
        unpack([tmp_path / "a.zip"], tmp_path / "root", everything)


def test_a_damaged_member_leaves_no_file(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "a.zip", {"one": b"x" * 1000})
    content = bytearray(archive.read_bytes())
    content[36] ^= 0xFF
    archive.write_bytes(content)
    with pytest.raises(TrainingError, match=r"'one' cannot be unpacked .* download the archive again"):
        unpack([archive], tmp_path / "root", everything)
    assert files_below(tmp_path / "root") == {}


def test_an_archive_that_is_missing_or_cut_short_is_told(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"none\.zip' does not exist"):
        unpack([tmp_path / "none.zip"], tmp_path / "root", everything)
    archive = write_archive(tmp_path / "a.zip", {"one": b"1" * 100})
    archive.write_bytes(archive.read_bytes()[:-30])
    with pytest.raises(TrainingError, match=r"a\.zip' is no whole ZIP archive"):
        unpack([archive], tmp_path / "root", everything)


def test_a_root_that_is_a_file_is_told(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "a.zip", {"one": b"1"})
    (tmp_path / "root").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        unpack([archive], tmp_path / "root", everything)


def test_a_cancelled_run_stops_before_the_next_file(tmp_path: Path) -> None:
    token = CancelToken()
    archive = write_archive(tmp_path / "a.zip", {"one": b"1", "two": b"2"})
    with pytest.raises(CancelledError):
        unpack([archive], tmp_path / "root", everything, progress=lambda event: token.cancel(), cancel=token)
    assert len(files_below(tmp_path / "root")) == 1


def test_what_was_unpacked_goes_again_where_what_follows_fails(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "a.zip", {"deep/in/one": b"1", "two": b"2"})
    root = tmp_path / "root"
    with pytest.raises(TrainingError, match="a label is odd"), unpacked([archive], root, everything):
        raise TrainingError("a label is odd")
    assert not root.exists()
    root.mkdir()
    (root / "two").write_bytes(b"2")
    (root / "mine").write_bytes(b"mine")
    with pytest.raises(TrainingError), unpacked([archive], root, everything):
        _write_and_fail(root / "deep" / "list.txt")
    assert files_below(root) == {"two": b"2", "mine": b"mine", "deep/list.txt": b"made meanwhile"}


def _write_and_fail(path: Path) -> None:
    path.write_bytes(b"made meanwhile")
    raise TrainingError("a label is odd")


def test_a_cancelled_run_keeps_whole_files_and_the_next_one_goes_on(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "a.zip", {"one": b"1", "two": b"2"})
    with pytest.raises(CancelledError), unpacked([archive], tmp_path / "root", everything):
        raise CancelledError
    assert unpack([archive], tmp_path / "root", everything) == 0


def test_archives_that_unpack_to_more_than_images_can_are_refused_beforehand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "_LEAST_SUSPICIOUS", 1000)
    monkeypatch.setattr(archives, "_RATIO", 20)
    zeros = tmp_path / "zeros.zip"
    with zipfile.ZipFile(zeros, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("one", bytes(100_000))
    with pytest.raises(TrainingError, match=r"'one' in '.*zeros\.zip' is packed to less than 1/20 of its 0 MB"):
        unpack([zeros], tmp_path / "root", everything)
    monkeypatch.setattr(archives, "_MOST_BYTES", 10_000)
    with pytest.raises(TrainingError, match=r"unpack to .* more than any of the sets"):
        unpack([zeros], tmp_path / "root", everything)
    assert not (tmp_path / "root").exists()
