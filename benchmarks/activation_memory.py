"""Memory a forward pass needs per input pixel, for `magnet_geo/scene/memory_plan.py`.

    python benchmarks/activation_memory.py [--side 512] [--precision float32]

Linux only. Each backbone runs in a process of its own; printed is the peak of the pass over what the process held
before it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

BACKBONES = ("light-fpn", "light-fpn-lite2", "fpn", "psp", "hrnet18+ocr", "hrnet48+ocr")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--classes", type=int, default=7)
    parser.add_argument("--backbone", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.backbone:
        print(round(_bytes_per_pixel(options)))
        return
    print("| backbone | bytes per input pixel |\n| --- | --- |")
    for name in BACKBONES:
        command = [sys.executable, __file__, *sys.argv[1:], "--backbone", name]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        print(f"| {name} | {done.stdout.strip()} |", flush=True)


def _bytes_per_pixel(options: argparse.Namespace) -> float:
    import torch

    from magnet_geo.networks import create_backbone
    from magnet_geo.networks.cpu.prepare import prepare_for_inference

    dtype = getattr(torch, options.precision)
    network = prepare_for_inference(
        create_backbone(options.backbone, num_classes=options.classes), device="cpu", dtype=dtype
    )
    with torch.inference_mode():
        network(torch.zeros(1, 3, 64, 64, dtype=dtype))
        Path("/proc/self/clear_refs").write_text("5")
        before = _status_bytes("VmRSS")
        network(
            torch.zeros(1, 3, options.side, options.side, dtype=dtype).contiguous(memory_format=torch.channels_last)
        )
    return (_status_bytes("VmHWM") - before) / options.side**2


def _status_bytes(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


if __name__ == "__main__":
    main()
