"""Every way an engine may end, seen through the fake one and the real one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from magnet_geo_qgis.core.engine import Call, Engine
from magnet_geo_qgis.core.outcome import Ending, Outcome, Status, Transcript
from magnet_geo_qgis.core.protocol import Progress
from magnet_geo_qgis.core.sentences import is_unreadable

FAKE = Path(__file__).parents[2] / "qgis_plugin" / "tests" / "fake_engine.py"


def run_fake(mode: str, *arguments: str) -> tuple[Outcome, list[object]]:
    """Run the fake engine to its end, its output cut into small pieces."""
    command = [sys.executable, str(FAKE), *(arguments or ("segment", "-o", "map.tif"))]
    with TemporaryDirectory() as folder:
        child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"FAKE_ENGINE": mode},
            cwd=folder,
        )
        out, err = _wait(child)
    transcript = Transcript()
    messages = [m for i in range(0, len(out), 7) for m in transcript.read_stdout(out[i : i + 7])]
    messages += transcript.read_stdout(b"", at_end=True)
    transcript.read_stderr(err, at_end=True)
    ending = Ending(crashed=child.returncode < 0, code=max(child.returncode, 0))
    return transcript.conclude(ending, program="fake"), messages


def _wait(child: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    # stdin stays open until the end, as the plugin keeps it
    assert child.stdout is not None
    assert child.stderr is not None
    assert child.stdin is not None
    from threading import Thread

    errors: list[bytes] = []
    reader = Thread(target=lambda: errors.append(child.stderr.read()))
    reader.start()
    out = child.stdout.read()
    reader.join()
    child.wait(timeout=60)
    child.stdin.close()
    child.stdout.close()
    child.stderr.close()
    return out, errors[0]


@pytest.mark.parametrize("mode", ["bare", "noisy", "half"])
def test_a_good_run_is_done_whatever_else_is_printed(mode: str) -> None:
    outcome, messages = run_fake(mode, "segment")
    assert outcome.status is Status.DONE, outcome
    assert outcome.results[0]["classes"][2]["name"] == "végétation"
    assert any(isinstance(message, Progress) for message in messages)


@pytest.mark.parametrize(
    ("mode", "message", "hint"),
    [
        ("oom", "The memory ran out while reading.", "Close other programs"),
        ("sigkill", "crashed; most often the computer had no memory", "run again"),
        ("exit3", "stopped with code 3: something odd", "Press Test"),
        ("silent", "ended without a result", "Press Test"),
        ("old", "is version 0.0.9, but this plugin needs 0.1.0", "Update the engine"),
        ("future", "speaks protocol 2, this plugin protocol 1", "Update the plugin"),
        ("crash", "code 1: RuntimeError: libcudart.so.12", "Press Test"),
        ("usage", "does not know what the plugin asks for: No such option '--refine'", "Update the engine"),
    ],
)
def test_a_failure_says_what_happened_and_what_to_do(mode: str, message: str, hint: str) -> None:
    outcome, _ = run_fake(mode)
    assert outcome.status is Status.FAILED
    assert message in outcome.text.message
    assert hint in outcome.text.hint


def test_an_engine_that_is_not_there_is_named() -> None:
    outcome = Transcript().conclude(Ending(started=False, reason="no such file"), program="/opt/gone")
    assert outcome.status is Status.FAILED
    assert "/opt/gone (no such file)" in outcome.text.message
    assert "Settings > Options > MagNet Geo" in outcome.text.hint


@pytest.mark.parametrize("ending", [Ending(code=130), Ending(crashed=True, cancel_wanted=True)])
def test_a_cancelled_run_is_no_failure(ending: Ending) -> None:
    assert Transcript().conclude(ending, program="x").status is Status.CANCELLED


def test_a_missing_package_is_named() -> None:
    transcript = Transcript()
    transcript.read_stderr(b"/usr/bin/python3: No module named magnet_geo\n", at_end=True)
    text = transcript.conclude(Ending(code=1), program="x").text
    assert "lacks the package magnet_geo" in text.message
    assert "Create the engine anew" in text.hint


def test_a_command_without_messages_gives_its_json_object() -> None:
    transcript = Transcript(speaks_protocol=False)
    transcript.read_stdout(b'{"overall": ')
    transcript.read_stdout(b"0.9}\n", at_end=True)
    assert transcript.conclude(Ending(), program="x").results == ({"overall": 0.9},)


@contextmanager
def _open_stdin() -> Iterator[int]:
    reading, writing = os.pipe()
    try:
        yield reading
    finally:
        os.close(reading)
        os.close(writing)


def test_the_real_engine_s_sentence_reaches_the_user(tmp_path: Path) -> None:
    call = Call(Engine(sys.executable), ("segment", "-o", str(tmp_path / "o.tif"), "--", str(tmp_path / "gone é.tif")))
    # Its end would cancel the run, which the engine hears before it opens a scene.
    with _open_stdin() as stdin:
        done = subprocess.run([sys.executable, *call.full_arguments()], stdin=stdin, capture_output=True, check=False)
    transcript = Transcript()
    transcript.read_stdout(done.stdout, at_end=True)
    outcome = transcript.conclude(Ending(code=done.returncode), program="x")
    assert transcript.hello is not None
    assert "gone é.tif" in outcome.text.message


def test_a_format_that_the_real_engine_cannot_open_is_recognized(tmp_path: Path) -> None:
    unknown = tmp_path / "scene.ecw"
    unknown.write_bytes(b"no GeoTIFF")
    for name, expected in ((unknown, True), (tmp_path / "gone.tif", False)):
        info = [sys.executable, "-m", "magnet_geo", "info", "--json", "--", str(name)]
        done = subprocess.run(info, capture_output=True, check=False, text=True)
        assert is_unreadable(done.stderr) is expected, done.stderr


def test_the_real_engine_is_interrupted_by_the_end_of_stdin_where_it_does_not_listen() -> None:
    call = Call(Engine(sys.executable), ("--version",), speaks_protocol=False)
    done = subprocess.run([sys.executable, *call.full_arguments()], stdin=subprocess.DEVNULL, check=False, timeout=60)
    assert done.returncode in (0, 130, -15)
