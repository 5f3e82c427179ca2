"""What is said of an output path before any work is done."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from magnet_geo.errors import DiskFullError, OutputError
from magnet_geo.raster import check_output_path, output_path


def test_a_free_name_is_accepted(tmp_path: Path) -> None:
    for name in ("out.tif", "out.TIFF"):
        check_output_path(tmp_path / name, "scene.tif", overwrite=False)


def test_an_existing_file_needs_overwrite(tmp_path: Path) -> None:
    target = tmp_path / "out.tif"
    target.touch()
    check_output_path(target, "/vsicurl/https://host/out.tif", overwrite=True)
    with pytest.raises(OutputError, match=r"exists already.*`overwrite=True`"):
        check_output_path(target, "scene.tif", overwrite=False)


@pytest.mark.parametrize("name", ["out.png", "out", "out.tif.gz"])
def test_only_tiff_names_are_accepted(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match=r"must end in \.tif"):
        check_output_path(tmp_path / name, "scene.tif", overwrite=False)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="absent' does not exist"):
        check_output_path(tmp_path / "absent" / "out.tif", "scene.tif", overwrite=False)


@pytest.mark.parametrize(
    ("code", "kind", "told"),
    [
        (errno.EROFS, OutputError, "is read-only"),
        (errno.EACCES, OutputError, "is read-only"),
        (errno.ENOSPC, DiskFullError, "is full"),
        (errno.ENOENT, OutputError, r"No file can be made in the folder .* \(No such file or directory\)"),
    ],
)
def test_what_keeps_files_out_of_a_folder_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, kind: type[OutputError], told: str
) -> None:
    def refuse(**_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(output_path, "TemporaryFile", refuse)
    with pytest.raises(OutputError, match=told) as raised:
        check_output_path(tmp_path / "out.tif", "scene.tif", overwrite=False)
    assert type(raised.value) is kind


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no /proc")
def test_a_folder_of_the_kernel_is_no_full_disk() -> None:
    with pytest.raises(OutputError, match="folder '/proc'") as raised:
        check_output_path(Path("/proc/out.tif"), "scene.tif", overwrite=False)
    assert not isinstance(raised.value, DiskFullError)


def test_looking_at_a_folder_leaves_nothing(tmp_path: Path) -> None:
    check_output_path(tmp_path / "out.tif", "scene.tif", overwrite=False)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_no_output(tmp_path: Path) -> None:
    (tmp_path / "out.tif").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        check_output_path(tmp_path / "out.tif", "scene.tif", overwrite=True)


def test_the_scene_is_never_replaced(tmp_path: Path) -> None:
    scene, link = tmp_path / "scene.tif", tmp_path / "link.tif"
    scene.touch()
    link.symlink_to(scene)
    for target in (scene, link, tmp_path / "." / "scene.tif"):
        with pytest.raises(OutputError, match="the scene itself"):
            check_output_path(target, str(scene), overwrite=True)
