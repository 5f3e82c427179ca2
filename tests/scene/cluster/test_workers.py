"""A scene on several processes has the bytes of a scene on one."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
import torch
from torch import Tensor

from magnet_geo.errors import CancelledError, ClusterError, OptionError
from magnet_geo.inference import Segmenter
from magnet_geo.progress import CancelToken, Event, ProgressEvent, WarningEvent
from magnet_geo.scene import RefineMode, SegmentOptions, segment_scene
from magnet_geo.scene.cluster.workers import Workers
from tests.scene.stub_model import StubPredictor, hashes, stub_manifest

pytest.importorskip("distributed", reason="the extra 'dask' is not installed")

ROWS = 520


class SlowPredictor(StubPredictor):
    """Takes its time, and may end its process once: when a file is there, which it removes."""

    def __init__(self, pause_s: float = 0.0, fatal: Path | None = None) -> None:
        super().__init__(radius=1)
        self.pause_s, self.fatal = pause_s, fatal

    def scale_specific(self, inputs: Tensor) -> Tensor:
        time.sleep(self.pause_s)
        if self.fatal is not None and self.forward_passes > 12 and self.fatal.exists():
            self.fatal.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().scale_specific(inputs)


@dataclass(frozen=True)
class StubSource:
    """The stub model, as a worker makes it."""

    pause_s: float = 0.0
    fatal: Path | None = None

    def load(self) -> Segmenter:
        return Segmenter(stub_manifest(), SlowPredictor(self.pause_s, self.fatal), model_hash="00", source=self)


def _listening() -> dict[str, str]:
    """What this process and its children listen on: port and address."""
    here = psutil.Process()
    connections = [c for process in (here, *here.children(recursive=True)) for c in process.net_connections("inet")]
    return {str(c.laddr.port): c.laddr.ip for c in connections if c.status == psutil.CONN_LISTEN}


@pytest.mark.parametrize("dashboard", [True, False])
def test_workers_of_this_machine_listen_on_this_machine_alone(dashboard: bool) -> None:
    """By itself distributed 2026.8 serves the dashboard of a LocalCluster on 0.0.0.0:8787."""
    before = _listening()
    with Workers("local:1", threads=1, dashboard=dashboard) as opened:
        found = {port: address for port, address in _listening().items() if port not in before}
        assert set(found.values()) == {"127.0.0.1"}
        assert (opened.dashboard is not None) is dashboard
        if opened.dashboard is not None:
            assert urlsplit(opened.dashboard).hostname == "127.0.0.1"
            assert str(urlsplit(opened.dashboard).port) in found


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers("local:2", threads=1) as opened:
        yield opened


def _segment(
    scene: str, folder: Path, workers: Workers | None, source: StubSource | None = None, **options: object
) -> list[Event]:
    """Run it, with all outputs, and give what it said."""
    events: list[Event] = []
    segment_scene(
        scene,
        output=folder / "map.tif",
        model=(source or StubSource()).load(),
        options=SegmentOptions(
            confidence=folder / "sure.tif",
            probabilities=folder / "shares.tif",
            threads=1,
            **options,  # type: ignore[arg-type]
        ),
        progress=events.append,
        workers=workers,
    )
    return events


def _expected(scene: str, folder: Path, **options: object) -> dict[str, str]:
    _segment(scene, folder, None, **options)
    found = hashes(folder)
    for path in folder.iterdir():
        path.unlink()
    return found


@pytest.mark.parametrize("refine", ["full", "0.5"])
def test_two_workers_write_the_bytes_of_one_process(scene: str, folder: Path, workers: Workers, refine: str) -> None:
    options = {"refine": RefineMode.parse(refine), "preview": folder / "preview.tif"}
    expected = _expected(scene, folder, **options)
    events = _segment(scene, folder, workers, **options)
    assert hashes(folder) == expected
    assert not [event for event in events if isinstance(event, WarningEvent)]
    fractions = [event.fraction for event in events if isinstance(event, ProgressEvent)]
    assert fractions == sorted(fractions)
    assert len(set(fractions)) > 8


def test_the_maps_of_all_stages_are_joined_too(scene: str, tmp_path: Path, folder: Path, workers: Workers) -> None:
    expected = _expected(scene, folder, stages=tmp_path / "one")
    _segment(scene, folder, workers, stages=tmp_path / "two")
    assert hashes(folder) == expected
    assert hashes(tmp_path / "one") == hashes(tmp_path / "two")


def test_a_worker_that_is_killed_costs_its_shard_alone(
    scene: str, folder: Path, tmp_path: Path, workers: Workers
) -> None:
    expected = _expected(scene, folder)
    fatal = tmp_path / "fatal"
    fatal.touch()
    _segment(scene, folder, workers, StubSource(fatal=fatal))
    assert not fatal.exists()
    assert hashes(folder) == expected


@pytest.mark.parametrize("then", ["workers", "alone", "larger shards"])
def test_what_a_cluster_began_may_be_finished_by_anyone(
    scene: str, folder: Path, workers: Workers, then: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = _expected(scene, folder)
    cancel = CancelToken()

    def listen(event: Event) -> None:
        if isinstance(event, ProgressEvent) and event.fraction > 0.4:
            cancel.cancel()

    with pytest.raises(CancelledError, match="the same command continues"):
        segment_scene(
            scene,
            output=folder / "map.tif",
            model=StubSource(pause_s=0.01).load(),
            options=SegmentOptions(confidence=folder / "sure.tif", probabilities=folder / "shares.tif", threads=1),
            progress=listen,
            cancel=cancel,
            workers=workers,
        )
    assert list(folder.glob(".map.tif.magnet-geo/map/*.part"))
    if then == "larger shards":
        monkeypatch.setattr("magnet_geo.scene.cluster.shard._SHARDS_PER_WORKER", 1)
    _segment(scene, folder, None if then == "alone" else workers)
    assert hashes(folder) == expected


def test_what_one_process_began_a_cluster_may_finish(scene: str, folder: Path, workers: Workers) -> None:
    expected = _expected(scene, folder)
    cancel = CancelToken()

    def listen(event: Event) -> None:
        if isinstance(event, ProgressEvent) and event.fraction > 0.4:
            cancel.cancel()

    with pytest.raises(CancelledError):
        segment_scene(
            scene,
            output=folder / "map.tif",
            model=StubSource().load(),
            options=SegmentOptions(confidence=folder / "sure.tif", probabilities=folder / "shares.tif", threads=1),
            progress=listen,
            cancel=cancel,
        )
    _segment(scene, folder, workers)
    assert hashes(folder) == expected


def test_a_model_that_is_in_no_file_is_refused(scene: str, folder: Path, workers: Workers) -> None:
    model = Segmenter(stub_manifest(), SlowPredictor(0.0, None), model_hash="00")
    with pytest.raises(OptionError, match="is in no file"):
        segment_scene(scene, output=folder / "map.tif", model=model, workers=workers)
    assert not list(folder.iterdir())


def test_a_worker_with_another_model_is_told(scene: str, folder: Path, workers: Workers) -> None:
    model = StubSource(pause_s=0.001).load()
    model.model_hash = "11"
    with pytest.raises(OptionError, match="is not the one of this run"):
        segment_scene(scene, output=folder / "map.tif", model=model, workers=workers)


@pytest.mark.parametrize("text", ["local", "local:0", "local:two", "2", "http://host:1"])
def test_what_names_no_workers_is_refused(text: str) -> None:
    with pytest.raises(OptionError, match="names no workers"):
        Workers(text)


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("magnet_geo.scene.cluster.workers._SECONDS_TO_CONNECT", 1)
    with (
        pytest.raises(ClusterError, match=r"No Dask scheduler answers at 'tcp://127\.0\.0\.1:9'"),
        Workers("tcp://127.0.0.1:9"),
    ):
        pass


def test_cores_are_shared_and_not_oversubscribed() -> None:
    cores = len(os.sched_getaffinity(0))
    assert Workers(f"local:{cores}").threads == 1
    assert Workers("local:1").threads == cores
    assert Workers("tcp://host:8786").threads is None
    assert torch.get_num_threads() >= 1
