"""An interrupted run goes on where it stopped and ends with the bytes of a run without a break."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from torch import Tensor

from magnet_geo.errors import CancelledError, DiskFullError, OutputError
from magnet_geo.inference import Segmenter
from magnet_geo.progress import CancelToken, Event, PreviewEvent, ProgressEvent, WarningEvent
from magnet_geo.raster import GeoTiffDraft
from magnet_geo.scene import RefineMode, SegmentOptions, segment_scene
from magnet_geo.scene.checkpoint import resume
from magnet_geo.scene.checkpoint.chunk_store import PartsStore
from magnet_geo.scene.checkpoint.work_folder import WorkFolder
from tests.scene.stub_model import StubPredictor, hashes, stub_manifest

ROWS = 331
_EXPECTED: dict[tuple[str, str], tuple[dict[str, str], int]] = {}


class Stopped(BaseException):
    """A run that ends as a killed process does, as far as one process can show it."""


class CountingPredictor(StubPredictor):
    """Stops the run in mid-window, after so many forward passes."""

    def __init__(self, stop_after: int | None = None) -> None:
        super().__init__(radius=1)
        self.stop_after = stop_after

    def scale_specific(self, inputs: Tensor) -> Tensor:
        if self.stop_after is not None and self.forward_passes >= self.stop_after:
            raise Stopped
        return super().scale_specific(inputs)


def _segment(scene: str, folder: Path, predictor: StubPredictor | None = None, **options: object) -> list[Event]:
    """Run it, with all outputs, and give what it said."""
    events: list[Event] = []
    segment_scene(
        scene,
        output=folder / "map.tif",
        model=Segmenter(stub_manifest(), predictor or CountingPredictor(), model_hash="00"),
        options=SegmentOptions(
            confidence=folder / "sure.tif",
            probabilities=folder / "shares.tif",
            **options,  # type: ignore[arg-type]
        ),
        progress=events.append,
    )
    return events


def _expected(scene: str, folder: Path, **options: object) -> tuple[dict[str, str], int]:
    """Hashes of a run without a break, and the forward passes it takes; the folder is empty again then."""
    key = scene, str({name: getattr(value, "name", value) for name, value in options.items()})
    if key not in _EXPECTED:
        predictor = CountingPredictor()
        _segment(scene, folder, predictor, **options)
        _EXPECTED[key] = hashes(folder), predictor.forward_passes
        for path in folder.iterdir():
            path.unlink()
    return _EXPECTED[key]


def _warnings(events: list[Event]) -> list[str]:
    return [event.message for event in events if isinstance(event, WarningEvent)]


@pytest.mark.parametrize("refine", ["full", "0.5"])
def test_wherever_a_run_stops_the_next_one_ends_with_the_same_bytes(scene: str, folder: Path, refine: str) -> None:
    options = {"refine": RefineMode.parse(refine)}
    expected, passes = _expected(scene, folder, **options)
    per_window = 1 + 4 + 16
    for stop in range(5, passes, 29):
        with pytest.raises(Stopped):
            _segment(scene, folder, CountingPredictor(stop), **options)
        again = CountingPredictor()
        events = _segment(scene, folder, again, **options)
        assert hashes(folder) == expected
        assert not _warnings(events)
        assert again.forward_passes <= passes - stop + 2 * per_window
        for path in folder.iterdir():
            path.unlink()


def test_a_run_may_stop_again_and_again(scene: str, folder: Path) -> None:
    expected, passes = _expected(scene, folder)
    runs = 0
    while not (folder / "map.tif").exists():
        runs += 1
        try:
            _segment(scene, folder, CountingPredictor(passes // 4))
        except Stopped:
            assert runs < 8
    assert hashes(folder) == expected
    assert runs > 3


@pytest.mark.parametrize("seed", range(8))
def test_what_a_power_failure_tore_is_made_again(scene: str, folder: Path, seed: int) -> None:
    chance = random.Random(seed)
    expected, passes = _expected(scene, folder)
    with pytest.raises(Stopped):
        _segment(scene, folder, CountingPredictor(chance.randrange(passes // 3, passes)))
    files = sorted(path for path in (folder / ".map.tif.magnet-geo" / "map").iterdir())
    for path in chance.sample(files, chance.randint(1, len(files) // 2)):
        what = chance.choice(["shorten", "blank", "remove"])
        size = path.stat().st_size
        if what == "remove":
            path.unlink()
        elif what == "shorten":
            os.truncate(path, chance.randrange(size))
        else:
            path.write_bytes(bytes(size))
    again = CountingPredictor()
    _segment(scene, folder, again)
    assert hashes(folder) == expected


@pytest.mark.parametrize("cut", [1, 7, 30, 55])
def test_a_torn_last_line_of_the_journal_costs_one_window(scene: str, folder: Path, cut: int) -> None:
    expected, passes = _expected(scene, folder)
    with pytest.raises(Stopped):
        _segment(scene, folder, CountingPredictor(passes - 5))
    journal = folder / ".map.tif.magnet-geo" / "map" / "windows.journal"
    before = len(PartsStore(journal.parent).finished)
    os.truncate(journal, journal.stat().st_size - cut)
    assert len(PartsStore(journal.parent).finished) in (before - 1, before)
    _segment(scene, folder)
    assert hashes(folder) == expected


def test_nothing_is_left_of_a_run_that_was_resumed(scene: str, folder: Path) -> None:
    with pytest.raises(Stopped):
        _segment(scene, folder, CountingPredictor(60))
    assert [path.name for path in folder.iterdir()] == [".map.tif.magnet-geo"]
    _segment(scene, folder)
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("published", [0, 1, 2])
def test_a_run_that_stops_while_its_outputs_appear_completes_them(
    scene: str, folder: Path, monkeypatch: pytest.MonkeyPatch, published: int
) -> None:
    expected, _ = _expected(scene, folder)
    publish, calls = GeoTiffDraft.publish, []

    def failing(draft: GeoTiffDraft) -> Path:
        calls.append(draft)
        if len(calls) > published:
            raise Stopped
        return publish(draft)

    with monkeypatch.context() as patched:
        patched.setattr(GeoTiffDraft, "publish", failing)
        with pytest.raises(Stopped):
            _segment(scene, folder)
    _segment(scene, folder)
    assert hashes(folder) == expected


def test_the_preview_of_an_interrupted_run_is_taken_up(scene: str, folder: Path) -> None:
    options = {"preview": folder / "preview.tif"}
    expected, passes = _expected(scene, folder, **options)
    with pytest.raises(Stopped):
        _segment(scene, folder, CountingPredictor(passes - 20), **options)
    assert (folder / "preview.tif").exists()
    events = _segment(scene, folder, **options)
    assert hashes(folder) == expected
    assert [event.raster for event in events if isinstance(event, PreviewEvent)] == [folder / "preview.tif"]


def test_progress_goes_on_from_where_it_stopped(scene: str, folder: Path) -> None:
    _, passes = _expected(scene, folder)
    with pytest.raises(Stopped):
        _segment(scene, folder, CountingPredictor(passes - 20))
    fractions = [event.fraction for event in _segment(scene, folder) if isinstance(event, ProgressEvent)]
    assert fractions == sorted(fractions)
    assert fractions[0] > 0.5
    assert fractions[-1] == 1


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"refine": RefineMode.parse("off")}, "refinement"),
        ({"min_confidence": 0.3}, "least confidence"),
        ({"nodata": 7.0}, "scene"),
        ({"preview": "preview.tif"}, "set of outputs"),
    ],
)
def test_another_map_starts_from_the_beginning_and_says_why(
    scene: str, folder: Path, changed: dict[str, object], named: str
) -> None:
    if "preview" in changed:
        changed = {"preview": folder / "preview.tif"}
    expected, _ = _expected(scene, folder, **changed)
    with pytest.raises(Stopped):
        _segment(scene, folder, CountingPredictor(60))
    events = _segment(scene, folder, **changed)
    assert hashes(folder) == expected
    (warning,) = [text for text in _warnings(events) if "unfinished run" in text]
    assert named in warning
    assert "starts from the beginning" in warning


def test_a_scene_that_changed_is_not_mixed_with_what_it_was(scene: str, folder: Path) -> None:
    with pytest.raises(Stopped):
        _segment(scene, folder, CountingPredictor(60))
    time.sleep(0.01)
    Path(scene).touch()
    (warning,) = _warnings(_segment(scene, folder))
    assert "(scene)" in warning


def test_a_run_may_be_told_to_start_over(scene: str, folder: Path) -> None:
    _, passes = _expected(scene, folder)
    with pytest.raises(Stopped):
        _segment(scene, folder, CountingPredictor(passes - 5))
    again = CountingPredictor()
    assert not _warnings(_segment(scene, folder, again, resume=False))
    assert again.forward_passes == passes


def test_a_run_that_goes_on_with_another_batch_size_says_so_in_the_map(scene: str, folder: Path) -> None:
    with pytest.raises(Stopped):
        _segment(scene, folder, CountingPredictor(100), batch_size=1)
    with pytest.raises(Stopped):
        _segment(scene, folder, CountingPredictor(5), batch_size=2)
    (warning,) = _warnings(_segment(scene, folder, batch_size=1))
    assert "differed in batch size" in warning


def test_a_run_that_goes_on_with_another_gdal_says_so_in_the_map(
    scene: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Stopped):
        _segment(scene, folder, CountingPredictor(100))
    monkeypatch.setattr(resume, "GDAL_VERSION", "9.9.9")
    (warning,) = _warnings(_segment(scene, folder))
    assert "differed in GDAL;" in warning


def test_two_runs_do_not_write_one_output_at_once(scene: str, folder: Path) -> None:
    with WorkFolder(folder / "map.tif"), pytest.raises(OutputError, match="Another run is writing"):
        _segment(scene, folder)
    _segment(scene, folder)


def test_a_full_disk_keeps_what_is_finished(scene: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected, passes = _expected(scene, folder)
    write = Path.write_bytes

    def failing(path: Path, data: bytes) -> int:
        if path.name.startswith("5.part."):
            write(path, bytes(data)[:100])
            raise OSError(28, "No space left on device")
        return write(path, data)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", failing)
        with pytest.raises(DiskFullError, match=r"is full; make room.*; what is finished is kept, the same command"):
            _segment(scene, folder)
    assert not list(folder.rglob("*.new"))
    again = CountingPredictor()
    _segment(scene, folder, again)
    assert hashes(folder) == expected
    assert again.forward_passes < passes


def test_cancelling_while_the_outputs_are_written_loses_no_window(scene: str, folder: Path) -> None:
    expected, _ = _expected(scene, folder)
    cancel = CancelToken()

    def listen(event: Event) -> None:
        if isinstance(event, ProgressEvent) and event.stage == "write":
            cancel.cancel()

    with pytest.raises(CancelledError, match="the same command continues"):
        segment_scene(
            scene,
            output=folder / "map.tif",
            model=Segmenter(stub_manifest(), CountingPredictor(), model_hash="00"),
            options=SegmentOptions(confidence=folder / "sure.tif", probabilities=folder / "shares.tif"),
            progress=listen,
            cancel=cancel,
        )
    again = CountingPredictor()
    _segment(scene, folder, again)
    assert hashes(folder) == expected
    assert again.forward_passes == 0


_KILLED = """
import sys, time
from pathlib import Path
import torch
from tests.scene.checkpoint.test_resume import CountingPredictor, _segment

class Slow(CountingPredictor):
    def scale_specific(self, inputs):
        time.sleep(0.004)
        return super().scale_specific(inputs)

torch.set_num_threads(1)
_segment(sys.argv[1], Path(sys.argv[2]), Slow())
"""


def test_a_killed_process_loses_two_windows_at_most(scene: str, folder: Path) -> None:
    expected, _ = _expected(scene, folder)
    journal = folder / ".map.tif.magnet-geo" / "map" / "windows.journal"
    for least in (2, 6):
        with _started(scene, folder) as process:
            while not journal.exists() or journal.read_bytes().count(b'"window"') < least:
                assert process.poll() is None
                time.sleep(0.005)
            process.send_signal(signal.SIGKILL)
        assert len(PartsStore(journal.parent).finished) >= least
    _segment(scene, folder)
    assert hashes(folder) == expected


@contextmanager
def _started(scene: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    root = Path(__file__).parent.parent.parent.parent
    process = subprocess.Popen([sys.executable, "-c", _KILLED, scene, str(folder)], cwd=root)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_the_scene_of_these_tests_has_an_empty_window(scene: str, folder: Path) -> None:
    with pytest.raises(Stopped):
        _segment(scene, folder, CountingPredictor(90))
    store = PartsStore(folder / ".map.tif.magnet-geo" / "map")
    assert np.any([store.is_empty(index) for index in store.finished])
