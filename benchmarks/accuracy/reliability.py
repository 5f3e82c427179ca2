"""How far a model's certainty can be believed: expected calibration error and a reliability diagram.

    python benchmarks/accuracy/reliability.py DATA_FOLDER [--tiles 1 3] [--model landcover] [--json FILE] [--plot FILE]

Pixels are sorted by the probability of their mapped class; in a calibrated map, of the pixels with probability p
the share p is right. Shown with the model's temperature and without.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from labeled_tiles import read_labels, run_product
from numpy.typing import NDArray

from magnet_geo.inference import Segmenter, load_model

BINS = 20
FLOOR = 0.5 / 254


@dataclass(slots=True)
class Reliability:
    """Pixels by the probability of their mapped class.

    Attributes:
        pixels: (BINS,) how many.
        right: (BINS,) how many of them are mapped as labelled.
        probability: (BINS,) sum of their probabilities.
    """

    pixels: NDArray[np.float64]
    right: NDArray[np.float64]
    probability: NDArray[np.float64]

    @classmethod
    def empty(cls) -> Reliability:
        """Gives one without pixels."""
        return cls(*(np.zeros(BINS) for _ in range(3)))

    def add(self, probabilities: NDArray[np.float32], truth: NDArray[np.int64]) -> None:
        """Takes (C, M) probabilities and (M,) class index into account."""
        top = probabilities.max(axis=0)
        bins = np.minimum((top * BINS).astype(int), BINS - 1)
        self.pixels += np.bincount(bins, minlength=BINS)
        self.right += np.bincount(bins, probabilities.argmax(axis=0) == truth, BINS)
        self.probability += np.bincount(bins, top, BINS)

    @property
    def error(self) -> float:
        """Expected calibration error, 0-1."""
        return float(np.abs(self.right - self.probability).sum() / self.pixels.sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--tiles", type=int, nargs="+", default=[1, 3])
    parser.add_argument("--model", default="landcover")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    model = load_model(options.model)
    after, before = measure(options.data, options.tiles, model)
    print(f"Expected calibration error: {before.error:.3f} without the temperature, {after.error:.3f} with it")
    if options.json:
        figures = {"temperature": model.manifest.temperature, "before": before.error, "after": after.error}
        options.json.write_text(json.dumps(figures, indent=1))
    if options.plot:
        draw(before, after, model.manifest.temperature, options.plot)


def measure(folder: Path, tiles: list[int], model: Segmenter) -> tuple[Reliability, Reliability]:
    """Gives the reliability with the model's temperature and without."""
    after, before = Reliability.empty(), Reliability.empty()
    index = np.full(256, -1)
    index[model.manifest.class_scheme().values] = np.arange(len(model.manifest.classes))
    for tile in tiles:
        found = run_product(folder / f"tile{tile}_rgb.jpg", model, "full", with_probabilities=True).probabilities
        truth = index[read_labels(folder, tile)]
        labeled = truth >= 0
        final = np.maximum(found[:, labeled], FLOOR)
        after.add(final / final.sum(axis=0), truth[labeled])
        raw = final**model.manifest.temperature
        before.add(raw / raw.sum(axis=0), truth[labeled])
    return after, before


def draw(before: Reliability, after: Reliability, temperature: float, path: Path) -> None:
    """Writes the diagram."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 4.6), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], "--", color="#888888", linewidth=1)
    curves = (before, "#c8443c", "temperature 1"), (after, "#2f6db3", f"temperature {temperature:g}")
    for curve, color, name in curves:
        seen = curve.pixels > curve.pixels.sum() / 2000
        axes.plot(
            curve.probability[seen] / curve.pixels[seen],
            curve.right[seen] / curve.pixels[seen],
            "o-",
            color=color,
            label=f"{name}: error {curve.error:.3f}",
        )
    axes.set_xlabel("probability of the mapped class")
    axes.set_ylabel("share of the pixels mapped as labelled")
    axes.set_xlim(0.2, 1)
    axes.set_ylim(0.2, 1)
    axes.legend(frameon=False, loc="upper left")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
