from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.runs import names, run, segment_lines

CANCEL = '{"type": "cancel"}\n'
SOON_S = 20

Process = subprocess.Popen[str]


@contextmanager
def running(scene: Path, model: Path, output: Path, *options: str) -> Iterator[Process]:
    """A program that segments, as one that drives it by the protocol sees it."""
    command = [sys.executable, "-m", "magnet_geo", "segment", scene, "-o", output, "--model", model]
    command += ["--progress", "jsonl", *options]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}, **pipes) as child:
        try:
            yield child
        finally:
            child.kill()


def wait_for_progress(child: Process) -> None:
    assert child.stdout is not None
    kinds = (json.loads(line)["type"] for line in child.stdout)
    assert next(kinds) == "hello"
    assert "progress" in kinds


def assert_cancelled(child: Process, maps: Path) -> None:
    asked = time.monotonic()
    out, err = child.communicate(timeout=SOON_S)
    assert time.monotonic() - asked < SOON_S / 2
    assert (child.returncode, json.loads(out.splitlines()[-1])) == (130, {"type": "cancelled"})
    if names(maps):
        assert names(maps) == [".map.tif.magnet-geo"]
        assert err == "Cancelled; what is finished is kept, the same command continues.\n"
    else:
        assert err == "Cancelled.\n"


@pytest.mark.skipif(os.name != "posix", reason="signals are a matter of POSIX")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_signal_cancels(wide_scene: Path, tiny_model: Path, maps: Path, number: signal.Signals) -> None:
    with running(wide_scene, tiny_model, maps / "map.tif") as child:
        wait_for_progress(child)
        child.send_signal(number)
        assert_cancelled(child, maps)


def test_a_line_on_stdin_cancels(wide_scene: Path, tiny_model: Path, maps: Path) -> None:
    with running(wide_scene, tiny_model, maps / "map.tif", "--confidence", str(maps / "sure.tif")) as child:
        wait_for_progress(child)
        assert child.stdin is not None
        child.stdin.write("noise\n\n[1]\n" + CANCEL)
        child.stdin.flush()
        assert_cancelled(child, maps)


def test_a_parent_that_is_gone_takes_the_run_along(wide_scene: Path, tiny_model: Path, maps: Path) -> None:
    with running(wide_scene, tiny_model, maps / "map.tif", "--cancel-on-eof") as child:
        wait_for_progress(child)
        assert_cancelled(child, maps)


def test_a_reader_that_is_gone_ends_the_run(wide_scene: Path, tiny_model: Path, maps: Path) -> None:
    with running(wide_scene, tiny_model, maps / "map.tif") as child:
        wait_for_progress(child)
        assert child.stdout is not None
        child.stdout.close()
        assert child.wait(timeout=SOON_S) == 1
        assert names(maps) == []


def test_an_open_stdin_does_not_keep_the_program(scene: Path, tiny_model: Path, maps: Path) -> None:
    with running(scene, tiny_model, maps / "map.tif") as child:
        assert child.stdout is not None
        kinds = [json.loads(line)["type"] for line in child.stdout]
        assert (child.wait(timeout=SOON_S), kinds[0], kinds[-1]) == (0, "hello", "result")
        assert child.stderr is not None
        assert child.stderr.read() == ""


def test_the_end_of_stdin_alone_cancels_nothing(
    scene: Path, tiny_model: Path, maps: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code, lines = segment_lines(capfd, scene, "-o", maps / "map.tif", "--model", tiny_model, stdin="")
    assert (code, lines[-1]["type"]) == (0, "result")


def test_what_is_no_message_cancels_nothing(
    scene: Path, tiny_model: Path, maps: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    stdin = b'cancel\n"cancel"\n[]\n{"type": "pause"}\n\xff\n'
    code, _ = segment_lines(capfd, scene, "-o", maps / "map.tif", "--model", tiny_model, stdin=stdin)
    assert code == 0


@pytest.mark.parametrize("options", [("--cancel-on-eof",), ()])
def test_a_run_cancelled_at_once_writes_nothing(
    wide_scene: Path, tiny_model: Path, maps: Path, capfd: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    arguments = (wide_scene, wide_scene.parent / "scene.tif", "--output-dir", maps / "new", "--model", tiny_model)
    code, lines = segment_lines(capfd, *arguments, *options, stdin="" if options else CANCEL)
    assert (code, lines[-1], [line["type"] for line in lines].count("cancelled")) == (130, {"type": "cancelled"}, 1)
    assert names(maps) == []


def test_a_closed_stdin_is_no_trouble(
    scene: Path,
    tiny_model: Path,
    maps: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("magnet_geo.cli.cancelling.sys.stdin", None)
    code, _ = segment_lines(capfd, scene, "-o", maps / "map.tif", "--model", tiny_model)
    assert code == 0


def test_people_are_told_once(scene: Path, tiny_model: Path, maps: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: object, **others: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("magnet_geo.scene.segment_scene", interrupted)
    result = run("segment", scene, "-o", maps / "map.tif", "--model", tiny_model)
    assert (result.exit_code, result.stdout, result.stderr) == (130, "", "Cancelled.\n")


@pytest.mark.skipif(os.name != "posix", reason="signals are a matter of POSIX")
def test_signals_mean_what_they_meant_after_a_run(scene: Path, tiny_model: Path, maps: Path) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    run("segment", scene, "-o", maps / "map.tif", "--model", tiny_model)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


# A reader that is stuck in a library: Python itself sees no signal until it returns.
_STUCK = """
import hashlib, pathlib, sys
from magnet_geo.cli import cancelling
from magnet_geo.cli.main import main
from magnet_geo.scene import plan as run_plan

def stuck(*arguments):
    reading.touch()
    hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)

cancelling._PATIENCE_S, reading = float(sys.argv.pop(1)), pathlib.Path(sys.argv.pop(1))
run_plan.describe_source = stuck
main()
"""


@contextmanager
def stuck_in_planning(scene: Path, model: Path, maps: Path, *, patience_s: float) -> Iterator[Process]:
    """A program that reads without end while it plans."""
    reading = maps.parent / "reading"
    command = [sys.executable, "-c", _STUCK, str(patience_s), reading, "segment", scene, "-o", maps / "map.tif"]
    command += ["--model", model, "--progress", "jsonl"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}, **pipes) as child:
        try:
            while not reading.exists():
                assert child.poll() is None, child.communicate()
                time.sleep(0.05)
            yield child
        finally:
            child.kill()


@pytest.mark.skipif(os.name != "posix", reason="signals are a matter of POSIX")
@pytest.mark.parametrize("how", ["SIGTERM", "SIGINT", "line"])
def test_a_run_that_is_stuck_in_planning_is_cancelled_all_the_same(
    scene: Path, tiny_model: Path, maps: Path, how: str
) -> None:
    with stuck_in_planning(scene, tiny_model, maps, patience_s=0.3) as child:
        if how == "line":
            assert child.stdin is not None
            child.stdin.write(CANCEL)
            child.stdin.flush()
        else:
            child.send_signal(signal.Signals[how])
        assert_cancelled(child, maps)
        assert names(maps) == []


@pytest.mark.skipif(os.name != "posix", reason="signals are a matter of POSIX")
def test_a_second_ctrl_c_ends_a_run_that_is_stuck(scene: Path, tiny_model: Path, maps: Path) -> None:
    with stuck_in_planning(scene, tiny_model, maps, patience_s=10 * SOON_S) as child:
        child.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(timeout=1)
        child.send_signal(signal.SIGINT)
        assert_cancelled(child, maps)
