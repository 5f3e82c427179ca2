"""SHA-256 of the maps of one scene in every way to refine: a change of the code must not change one of them.

Run it before and after a change, with the same device, precision and threads:

    python benchmarks/map_hashes.py --out after.json SCENE... [--backbone FILE --refinement FILE...]

With checkpoints, ``--preset deepglobe`` is mapped too. What an earlier run printed is compared with --expect.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

WAYS = ("full", "fast", "off", "0.25")


def main() -> None:
    """Map, hash and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenes", nargs="+", type=Path)
    parser.add_argument("--backbone", type=Path)
    parser.add_argument("--refinement", type=Path, action="append", default=[])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precision", default="fp32")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--expect", type=Path)
    arguments = parser.parse_args()
    found = {}
    for scene in arguments.scenes:
        for way, options in ways(arguments).items():
            found[f"{scene.name} {way}"] = map_hash(scene, [*options, *fixed(arguments)])
            print(f"{found[f'{scene.name} {way}']}  {scene.name} {way}", flush=True)
    if arguments.out:
        arguments.out.write_text(json.dumps(found, indent=1) + "\n")
    if arguments.expect:
        expected = json.loads(arguments.expect.read_text())
        changed = [name for name, sha in found.items() if expected.get(name) != sha]
        sys.exit(f"changed: {', '.join(changed)}" if changed else None)


def ways(arguments: argparse.Namespace) -> dict[str, list[str]]:
    """Options of each map, by its name."""
    own = {way: ["--refine", way] for way in WAYS}
    if arguments.backbone:
        published = ["--preset", "deepglobe", "--backbone", str(arguments.backbone)]
        published += [part for file in arguments.refinement for part in ("--refinement", str(file))]
        own["preset deepglobe"] = published
    return own


def fixed(arguments: argparse.Namespace) -> list[str]:
    """What numbers depend on."""
    return ["--threads", str(arguments.threads), "--precision", arguments.precision, "--gsd", "native"]


def map_hash(scene: Path, options: list[str]) -> str:
    """SHA-256 of a map's file."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "map.tif"
        command = [sys.executable, "-m", "magnet_geo", "segment", str(scene), "-o", str(output), *options]
        subprocess.run([*command, "--progress", "none"], check=True, stdout=subprocess.DEVNULL)
        return hashlib.sha256(output.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
