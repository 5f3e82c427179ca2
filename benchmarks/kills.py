"""A run cannot be lost: `magnet-geo segment` killed at random moments, with torn files, and on a full disk.

    python benchmarks/kills.py FOLDER [--side 7000] [--refine fast] [--kills 20] [--torn 5] [--full 3] [--seed 0]

Every row ends with the SHA-256 of the map of a run without a break, or the script fails. What a kill costs is the time
since the last window was kept (or since the first window began), in windows. The full disks are tmpfs mounts, which
need root; the rest does not.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from memory import make_scene

COMMAND = [str(Path(sys.executable).with_name("magnet-geo")), "segment"]


@dataclass(frozen=True)
class Case:
    """A scene to be mapped, and what its map must be."""

    scene: Path
    refine: str
    sha256: str
    seconds: float
    windows: int

    @property
    def window_s(self) -> float:
        """Seconds of a window, without what a run takes to begin."""
        return self.seconds / self.windows


class Run:
    """A run in a process of its own, which notes when its first window began."""

    def __init__(self, scene: Path, output: Path, refine: str) -> None:
        command = [*COMMAND, str(scene), "-o", str(output), "--refine", refine, "--progress", "jsonl"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.begun_at: float | None = None
        self._told = ""
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def wait_for_begin(self) -> None:
        """Wait for the first window."""
        while self.begun_at is None and self._process.poll() is None:
            time.sleep(0.005)

    def kill(self) -> float:
        """Kill it; the time."""
        self._process.send_signal(signal.SIGKILL)
        killed_at = time.time()
        self._process.wait()
        return killed_at

    def end(self) -> tuple[int, str]:
        """Wait for its end; exit code, and its error or what else it said to people."""
        code = self._process.wait()
        self._listener.join()
        return code, self._told or (self._process.stderr.read().strip() if self._process.stderr else "")

    def _listen(self) -> None:
        for line in self._process.stdout or ():
            if '"progress"' in line and self.begun_at is None:
                self.begun_at = time.time()
            if '"error"' in line:
                self._told = json.loads(line)["message"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--side", type=int, default=7000)
    parser.add_argument("--refine", default="fast")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--torn", type=int, default=5)
    parser.add_argument("--full", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    options.folder.mkdir(exist_ok=True)
    chance = random.Random(options.seed)
    case = without_break(make_scene(options.folder / f"scene_{options.side}.tif", options.side), options.refine)
    print(f"Without a break: {case.windows} windows, {case.seconds:.1f} s of them, {case.sha256[:16]}\n")
    print("| what happened | times | runs | windows lost, each time | SHA-256 |\n| --- | --- | --- | --- | --- |")
    output = options.folder / "killed.tif"
    report("killed", options.kills, lambda: killed(case, output, chance, options.kills, torn=False))
    report("killed, files torn", options.torn, lambda: killed(case, output, chance, options.torn, torn=True))
    for number in range(options.full):
        report(f"disk full, {number + 1}", 1, lambda number=number: full_disk(case, options.folder, number))


def report(what: str, times: int, run: object) -> None:
    if not times:
        return
    runs, lost = run()  # type: ignore[operator]
    told = ", ".join(f"{windows:.2f}" for windows in lost) or "-"
    print(f"| {what} | {times} | {runs} | {told} | the same |", flush=True)


def without_break(scene: Path, refine: str) -> Case:
    output = scene.with_name("whole.tif")
    remove(output)
    run = Run(scene, output, refine)
    run.wait_for_begin()
    windows = 0
    while run._process.poll() is None:
        windows = max(windows, count_kept(output))
        time.sleep(0.02)
    seconds = time.time() - (run.begun_at or 0)
    return Case(scene, refine, sha256(output), seconds, max(windows, 1))


def killed(case: Case, output: Path, chance: random.Random, kills: int, *, torn: bool) -> tuple[int, list[float]]:
    """Kill run after run of one map until it was killed often enough; then let it end."""
    lost, runs = list[float](), 0
    remove(output)
    while True:
        runs += 1
        run = Run(case.scene, output, case.refine)
        if len(lost) == kills:
            require(run.end() == (0, ""), "the last run ends well")
            break
        run.wait_for_begin()
        # Without a finished window there is nothing to tear.
        time.sleep(chance.uniform(1, 2.5) * case.window_s if torn else chance.uniform(0, 2.5 * case.seconds / kills))
        if run._process.poll() is not None:
            check(case, output)
            remove(output)
            continue
        kept_at, killed_at = last_kept(output), run.kill()
        require(not output.exists() or (output.parent / f".{output.name}.magnet-geo").exists(), "no half map")
        lost.append((killed_at - max(kept_at, run.begun_at or killed_at)) / case.window_s)
        if torn:
            tear(output, chance)
    check(case, output)
    return runs, lost


def remove(output: Path) -> None:
    """Remove a finished map with its side files: a run replaces none of them unasked."""
    for path in output.parent.glob(f"{output.stem}.*"):
        path.unlink()


def tear(output: Path, chance: random.Random) -> None:
    """Cut the journal, and now and then a part or a band, as a power failure may."""
    journal = store(output) / "windows.journal"
    if not journal.exists() or not journal.stat().st_size:
        return
    os.truncate(journal, chance.randrange(max(1, journal.stat().st_size - 120), journal.stat().st_size + 1))
    others = sorted(path for path in store(output).iterdir() if path != journal)
    for path in chance.sample(others, min(1, len(others))):
        os.truncate(path, chance.randrange(path.stat().st_size + 1))


def full_disk(case: Case, folder: Path, number: int) -> tuple[int, list[float]]:
    """Let the disk fill up while parts, the draft or the finished raster are written, and make room then."""
    scene_pixels = case.scene.stat().st_size // 3
    shares = (0.66, 0.96, 1.03)
    with tmpfs(folder / "disk", int(shares[number % len(shares)] * scene_pixels)) as disk:
        output = disk / "map.tif"
        code, told = Run(case.scene, output, case.refine).end()
        require(code == 1 and "the same command continues" in told, f"one sentence, not {code}: {told}")
        require("Traceback" not in told and not output.exists(), told)
        kept = count_kept(output)
        subprocess.run(["mount", "-o", f"remount,size={4 * scene_pixels}", str(disk)], check=True)
        again = Run(case.scene, output, case.refine)
        require(again.end() == (0, ""), "the run ends well with room")
        check(case, output)
    print(f"<!-- {kept} windows were kept; {told} -->")
    return 2, []


@contextmanager
def tmpfs(folder: Path, size: int) -> Iterator[Path]:
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)
        shutil.rmtree(folder)


def store(output: Path) -> Path:
    return output.parent / f".{output.name}.magnet-geo" / "map"


def count_kept(output: Path) -> int:
    return len(list(store(output).glob("*.part"))) if store(output).exists() else 0


def last_kept(output: Path) -> float:
    journal = store(output) / "windows.journal"
    return journal.stat().st_mtime if journal.exists() else 0.0


def check(case: Case, output: Path) -> None:
    require(sha256(output) == case.sha256, "the map has the bytes of a run without a break")
    hidden = [path.name for path in output.parent.iterdir() if path.name.startswith(".")]
    require(not hidden, f"nothing hidden is left: {hidden}")


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def require(holds: bool, what: str) -> None:
    if not holds:
        sys.exit(f"Not so: {what}")


if __name__ == "__main__":
    main()
