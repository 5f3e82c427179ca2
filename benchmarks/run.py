"""How fast the pipeline is, everything side by side in one run: one table, as Markdown and JSON.

    python benchmarks/run.py [--quick] [--image FILE] [--fpn CHECKPOINT --magnet CHECKPOINT]
                             [--markdown FILE] [--json FILE]

DeepGlobe configuration (fpn, 2448 x 2448, 612 px patches at 508 px): the paper's pipeline in plain float32 torch, one
patch at a time (`plain_pipeline.py`; 21 backbone and 20 refinement passes), against ours. Default model: a scene file
to file. Both against the bare networks on batches of the same sizes, and stage by stage. Each case runs in a process of
its own, so that peaks of memory do not mix; the plain one has torch as it comes. Ratios are of seconds
by the clock, for a machine with nothing else to do, and of CPU seconds, which other work stretches little. `--quick`
leaves float32 out and takes a smaller scene.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

Results = dict[str, dict[str, Any]]
SLOW_CASES = ("deepglobe-fp32", "deepglobe-bare-fp32")
# What `magnet_geo.compute.process` changes, as it is without it.
TORCH_AS_IT_COMES = {"THP_MEM_ALLOC_ENABLE": "0", "GOMP_SPINCOUNT": "300000"}
DEEPGLOBE_ROWS = (
    ("naive", "plain float32 pipeline", None),
    ("deepglobe-fp32", "ours, float32", "deepglobe-bare-fp32"),
    ("deepglobe-bf16", "ours, bf16", "deepglobe-bare-bf16"),
    ("deepglobe-bare-fp32", "our networks alone, float32", None),
    ("deepglobe-bare-bf16", "our networks alone, bf16", None),
)
DEFAULT_ROWS = (
    ("default-full", "full, file to file", "default-bare"),
    ("default-fast", "fast, file to file", None),
    ("default-off", "off, file to file", None),
    ("default-bare", "networks alone, full", None),
)
STAGED = ("deepglobe-fp32", "deepglobe-bf16", "default-full", "default-fast", "default-off")


def main() -> None:
    options = _parse_options()
    if options.case:
        from magnet_geo.compute.process import configure_process

        configure_process()
        from benchmarks.speed_cases import run_case

        print(json.dumps(run_case(options.case, options)))
        return
    from benchmarks.speed_cases import CASES

    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        results = {name: _run(name, folder) for name in CASES if not (options.quick and name in SLOW_CASES)}
        if "deepglobe-fp32" in results:
            results["agreement"] = {
                "bf16_equals_fp32": _agreement(Path(folder), "bf16", "fp32"),
                "fp32_equals_plain": _agreement(Path(folder), "fp32", "naive"),
            }
    machine = _machine(options)
    text = markdown(machine, results, options.scene_side)
    print(text)
    if options.markdown:
        options.markdown.write_text(text)
    if options.json:
        options.json.write_text(json.dumps({"machine": machine, **results}, indent=1) + "\n")


def markdown(machine: str, results: Results, scene_side: int) -> str:
    """All tables of a run."""
    lines = [machine, ""]
    lines += _head(
        "DeepGlobe configuration, fpn, 2448 x 2448",
        "seconds",
        "CPU seconds",
        "plain / this: clock, CPU",
        "against bare: clock, CPU",
        "peak GB",
    )
    for case, name, bare in DEEPGLOBE_ROWS:
        if case in results:
            row = results[case]
            times = f"{row['seconds']:.1f} | {row['cpu_seconds']:.1f} | {_ratio(results, 'naive', case)}"
            lines.append(f"| {name} | {times} | {_ratio(results, case, bare)} | {row['peak_gb']:.2f} |")
    if "agreement" in results:
        same = results["agreement"]
        lines += [
            "",
            f"Same class bf16 and float32: {same['bf16_equals_fp32']:.2%}; "
            f"float32 and the plain pipeline: {same['fp32_equals_plain']:.2%}.",
        ]
    lines += [
        "",
        *_head(
            f"default model, scene of {scene_side} x {scene_side}",
            "seconds",
            "CPU seconds",
            "Mpx/s",
            "against bare: clock, CPU",
            "refined",
            "peak GB",
        ),
    ]
    for case, name, bare in DEFAULT_ROWS:
        row = results[case]
        share = f"{row['refined']:.0%}" if "refined" in row else ""
        times = f"{row['seconds']:.1f} | {row['cpu_seconds']:.1f} | {row['mpx_per_s']:.2f}"
        lines.append(f"| {name} | {times} | {_ratio(results, case, bare)} | {share} | {row['peak_gb']:.2f} |")
    disk = results["disk"]
    speeds = (
        f"{disk['write_mb_per_s']:.0f} MB/s written and synced, {disk['read_mb_per_s']:.0f} MB/s read from the cache"
    )
    lines += ["", f"Disk: {speeds}."]
    return "\n".join([*lines, "", *_stage_table(results), ""])


def _stage_table(results: Results) -> list[str]:
    cases = [case for case in STAGED if case in results]
    stages = {stage: None for case in cases for stage in results[case]["stages"] if stage != "the rest"}
    lines = _head("where the CPU seconds go (shares of the case)", *cases)
    for stage in (*stages, "the rest"):
        cells = [_share(results[case]["stages"], stage) for case in cases]
        lines.append(f"| {stage} | {' | '.join(cells)} |")
    return lines


def _share(stages: dict[str, float], stage: str) -> str:
    return f"{stages[stage] / sum(stages.values()):.1%}" if stage in stages else ""


def _head(*cells: str) -> list[str]:
    return [f"| {' | '.join(cells)} |", f"|{' --- |' * len(cells)}"]


def _ratio(results: Results, case: str, other: str | None) -> str:
    """How many times as long a case takes as another one, by the clock and in CPU seconds."""
    if other not in results:
        return ""
    return ", ".join(f"{results[case][kind] / results[other][kind]:.2f}" for kind in ("seconds", "cpu_seconds"))


def _run(case: str, folder: str) -> dict[str, Any]:
    command = [sys.executable, __file__, *sys.argv[1:], "--case", case, "--folder", folder]
    settings = TORCH_AS_IT_COMES if case == "naive" else {}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | settings)
    if done.returncode:
        sys.exit(f"{case} failed:\n{done.stderr}")
    numbers: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(f"{case}: {numbers.get('seconds', 0):.1f} s", file=sys.stderr, flush=True)
    return numbers


def _agreement(folder: Path, one: str, other: str) -> float:
    import numpy as np

    return float((np.load(folder / f"{one}.npy") == np.load(folder / f"{other}.npy")).mean())


def _machine(options: argparse.Namespace) -> str:
    import torch

    name, cpuinfo = platform.processor() or platform.machine(), Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model name")
        ]
        name = names[0] if names else name
    found = torch.cpu.get_capabilities()
    units = [unit for unit in ("amx_bf16", "avx512_bf16", "avx512_f", "avx2") if found.get(unit)]
    parts = (
        f"{options.threads} thread(s) on {name} ({', '.join(units[:2])})",
        platform.system(),
        f"Python {platform.python_version()}",
        f"torch {torch.__version__}",
        f"magnet-geo {version('magnet-geo')}",
        f"{date.today()}",
    )
    return ", ".join(parts)


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="no float32, a scene of 2048 px")
    parser.add_argument("--image", type=Path, help="RGB photo; the example scene, mirrored, without it")
    parser.add_argument("--fpn", type=Path, help="state dict of an fpn of 7 classes; random weights without it")
    parser.add_argument("--magnet", type=Path, help="state dict of its refinement module")
    parser.add_argument("--model", default="landcover", help="the default model's name or file")
    parser.add_argument("--precision", default="auto", help="of the default model")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scene-side", type=int, default=4096)
    parser.add_argument("--markdown", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--folder", help="where the files of the run lie for its time")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.quick:
        options.scene_side = min(options.scene_side, 2048)
    return options


if __name__ == "__main__":
    main()
