"""Is a budget of time kept, and is an estimate right? A 100 Mpx scene through `magnet-geo segment`.

    python benchmarks/budget.py FOLDER [--side 10000] [--budgets 60s 2min] [--estimates off fast full]

Makes the scene in FOLDER once (see memory.py) and keeps it. "Taken" are the seconds the run itself tells; a process
takes a few more to load the program and the model. CPU seconds are those of the whole process.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.memory import make_scene


def main() -> None:
    """Prints one row per run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--side", type=int, default=10000)
    parser.add_argument("--budgets", nargs="*", default=["60s", "2min"])
    parser.add_argument("--estimates", nargs="*", default=[], help="what to refine: off, fast, full or a share")
    options = parser.parse_args()
    options.folder.mkdir(exist_ok=True)
    scene = make_scene(options.folder / f"scene_{options.side}.tif", options.side)
    print("| run | asked or estimated, s | taken, s | ratio | refined | CPU s |\n| --- | --- | --- | --- | --- | --- |")
    for budget in options.budgets:
        result, cpu_s = segment(scene, f"--budget={budget}")
        show(f"`--budget {budget}`", result["budget"]["seconds"], result, cpu_s)
    for refine in options.estimates:
        plan, _ = segment(scene, f"--refine={refine}", "--dry-run")
        result, cpu_s = segment(scene, f"--refine={refine}")
        show(f"`--refine {refine}`", plan["estimate"]["seconds"], result, cpu_s)


def segment(scene: Path, *arguments: str) -> tuple[dict[str, Any], float]:
    """The command's JSON object, and the CPU seconds of its process."""
    target = scene.with_name(scene.stem + "_map.tif")
    command = [sys.executable, "-m", "magnet_geo", "segment", str(scene), "-o", str(target)]
    command += ["--json", "--overwrite", "--no-resume", *arguments]
    before = _children_cpu_s()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout), _children_cpu_s() - before


def show(name: str, told_s: float, result: dict[str, Any], cpu_s: float) -> None:
    """Prints a row."""
    taken = result["seconds"]
    print(
        f"| {name} | {told_s:.1f} | {taken:.1f} | {taken / told_s:.2f} | {result['refined_share']:.0%} | {cpu_s:.0f} |",
        flush=True,
    )


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
