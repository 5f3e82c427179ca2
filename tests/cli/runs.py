"""Runs of the command, and what every refusal has in common."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from magnet_geo.cli.main import main
from magnet_geo.records.segment_result import SegmentResult
from tests.raster.rasters import TRANSFORM


def run(*arguments: object, stdin: str | bytes = "") -> Result:
    """Runs the command in this process."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin)


def segment_json(*arguments: object) -> SegmentResult:
    """Runs `segment --json`, which must succeed, and gives its result."""
    result = run("segment", *arguments, "--json")
    assert result.exit_code == 0, result.output
    return SegmentResult.model_validate_json(result.stdout)


def segment_lines(
    capfd: pytest.CaptureFixture[str], *arguments: object, stdin: str | bytes = ""
) -> tuple[int, list[Any]]:
    """Runs `segment --progress jsonl` and gives its exit code and what it wrote to file descriptor 1."""
    result = run("segment", *arguments, "--progress", "jsonl", stdin=stdin)
    assert result.stdout == ""
    return result.exit_code, [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def assert_refused(result: Result, *, match: str) -> None:
    """The run failed with one sentence that matches, on stderr, and nothing on stdout."""
    assert (result.exit_code, result.stdout) == (1, ""), result.output
    assert_one_sentence(result.stderr, match=match)


def assert_one_sentence(stderr: str, *, match: str) -> None:
    assert re.fullmatch(r"Error: [^\n]+\.\n", stderr), stderr
    assert re.search(match, stderr), stderr


def assert_wrong_usage(result: Result, *, match: str) -> None:
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    assert re.search(match, " ".join(result.stderr.replace("│", " ").split())), result.stderr


def box_option(*, cols: tuple[int, int], rows: tuple[int, int]) -> str:
    """Gives the option that chooses a rectangle of pixels."""
    left, right = (TRANSFORM.c + TRANSFORM.a * col for col in cols)
    top, bottom = (TRANSFORM.f + TRANSFORM.e * row for row in rows)
    return f"--bbox={left},{bottom},{right},{top}"


def names(folder: Path) -> list[str]:
    """Everything in a folder, hidden files too."""
    return sorted(os.listdir(folder))


@contextmanager
def mounted_tmpfs(folder: Path, options: str) -> Iterator[None]:
    """A file system in memory; skips the test where mounting is not permitted."""
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if os.name != "posix" or _fails(mount):
        pytest.skip("mounting a tmpfs is not permitted")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def remount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


def _fails(command: Sequence[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode != 0
    except FileNotFoundError:
        return True
