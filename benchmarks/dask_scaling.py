"""Two Dask workers against one, each pinned to a core of its own, and one process without Dask: the same bytes?

    python benchmarks/dask_scaling.py FOLDER [--side 7000] [--refine off] [--kill]

Workers are warm: each has mapped a small scene before, so that neither Python's imports nor the model's are counted.
Seconds are the run's own. Where other programs use the cores, too, the CPU seconds of the busiest worker say more: they
are what it would have taken alone, without the one process that plans the run and writes the outputs.
`--kill` kills one of the two workers in mid-run once more.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from memory import make_scene

BIN = Path(sys.executable).parent
PORT = 18786


@dataclass(frozen=True)
class Measured:
    """A run: wall time, CPU time of the busiest worker, hash of the map."""

    seconds: float
    cpu_s: float | None
    sha256: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--side", type=int, default=7000)
    parser.add_argument("--refine", default="off")
    parser.add_argument("--kill", action="store_true")
    options = parser.parse_args()
    options.folder.mkdir(exist_ok=True)
    scene = make_scene(options.folder / f"scene_{options.side}.tif", options.side)
    small = make_scene(options.folder / "scene_2500.tif", 2500)
    print(f"{scene.name}, --refine {options.refine}, 1 thread, {os.cpu_count()} cores; load {os.getloadavg()[0]:.1f}\n")
    print("| workers | seconds | against one | CPU s, busiest | against one | SHA-256 |")
    print("| --- | --- | --- | --- | --- | --- |")
    alone = segment(scene, options.refine, None, core=0)
    show("no Dask, 1 core", alone, None)
    first: Measured | None = None
    for count in (1, 2):
        with cluster(count) as workers:
            segment(small, options.refine, PORT)
            found = segment(scene, options.refine, PORT, workers=workers)
        first = first or found
        show(f"{count}", found, first)
        require(found.sha256 == alone.sha256)
    if options.kill and first is not None:
        with cluster(2) as workers:
            segment(small, options.refine, PORT)
            found = segment(scene, options.refine, PORT, kill=(workers[0], first.seconds / 4))
        show("2, one of them killed", found, first)
        require(found.sha256 == alone.sha256)


def segment(
    scene: Path,
    refine: str,
    port: int | None,
    *,
    core: int | None = None,
    workers: Sequence[subprocess.Popen] = (),
    kill: tuple[subprocess.Popen, float] | None = None,
) -> Measured:
    """Map a scene."""
    output = scene.with_name("dask_map.tif")
    command = [str(BIN / "magnet-geo"), "segment", str(scene), "-o", str(output), "--refine", refine, "--json"]
    command += ["--threads", "1", "--overwrite", "--no-resume"]
    command += ["--workers", f"tcp://127.0.0.1:{port}"] if port else []
    before = [cpu_seconds(worker) for worker in workers]
    run = subprocess.Popen(pinned(command, core), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if kill is not None:
        time.sleep(kill[1])
        kill[0].kill()
    out, told = run.communicate()
    if run.returncode:
        sys.exit(told)
    used = [cpu_seconds(worker) - start for worker, start in zip(workers, before, strict=True)]
    digest = hashlib.sha256(output.read_bytes()).hexdigest()
    return Measured(json.loads(out)["seconds"], max(used) if used else None, digest)


def cpu_seconds(process: subprocess.Popen) -> float:
    times = psutil.Process(process.pid).cpu_times()
    return times.user + times.system


@contextmanager
def cluster(count: int) -> Iterator[list[subprocess.Popen]]:
    """A scheduler, and workers of one process, each on a core of its own."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    dask = str(BIN / "dask")
    command = [dask, "scheduler", "--port", str(PORT), "--no-dashboard", "--no-show"]
    started = [subprocess.Popen(command, **quiet)]
    for core in range(count):
        command = [dask, "worker", f"tcp://127.0.0.1:{PORT}", "--nthreads", "1", "--memory-limit", "0", "--no-nanny"]
        started.append(subprocess.Popen(pinned([*command, "--no-dashboard"], core), **quiet))
    try:
        wait_for_workers(count)
        yield started[1:]
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()


def wait_for_workers(count: int) -> None:
    from distributed import Client

    for _ in range(60):
        try:
            with Client(f"tcp://127.0.0.1:{PORT}", timeout="2s", set_as_default=False) as client:
                client.wait_for_workers(count, timeout=60)
                return
        except OSError:
            time.sleep(0.5)
    sys.exit("the workers did not start")


def pinned(command: list[str], core: int | None) -> list[str]:
    return command if core is None else ["taskset", "-c", str(core), *command]


def show(what: str, found: Measured, first: Measured | None) -> None:
    ratio = "" if first is None else f"{first.seconds / found.seconds:.2f}"
    cpu = "" if found.cpu_s is None else f"{found.cpu_s:.1f}"
    cpu_ratio = "" if first is None or not first.cpu_s or not found.cpu_s else f"{first.cpu_s / found.cpu_s:.2f}"
    print(f"| {what} | {found.seconds:.1f} | {ratio} | {cpu} | {cpu_ratio} | {found.sha256[:16]} |", flush=True)


def require(same: bool) -> None:
    if not same:
        sys.exit("Not so: the map has the bytes of one process")


if __name__ == "__main__":
    main()
