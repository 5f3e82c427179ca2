"""The report of maps of growing size: time, memory and size of the file.

    python benchmarks/report.py FOLDER [--sides 4000 12000]

The maps repeat that of the example scene in mirror images.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from polygonize import example_map, magnet_geo, make_mosaic, run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sides", type=int, nargs="+", default=[4000, 12000])
    options = parser.parse_args()
    options.folder.mkdir(exist_ok=True)
    print("| map | seconds | CPU seconds | CPU ns per pixel | peak RSS | file |\n| --- | --- | --- | --- | --- | --- |")
    for side in options.sides:
        mosaic = make_mosaic(options.folder / f"mosaic_{side}.tif", example_map(options.folder), side)
        page = options.folder / f"report_{side}.html"
        cost = run([magnet_geo(), "report", str(mosaic), str(page), "--overwrite", "--progress", "none"])
        nanoseconds = 1e9 * cost.cpu_seconds / side**2
        print(
            f"| {side} x {side} ({side**2 / 1e6:.0f} Mpx) | {cost.seconds:.1f} | {cost.cpu_seconds:.1f} | "
            f"{nanoseconds:.0f} | {cost.peak_bytes / 1e9:.2f} GB | {page.stat().st_size / 1e6:.1f} MB |"
        )


if __name__ == "__main__":
    main()
