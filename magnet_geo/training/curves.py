"""A picture of a training: its loss, and its scores at each validation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from magnet_geo.atomic_file import atomic_path
from magnet_geo.errors import TrainingError
from magnet_geo.training.history import HistoryRecords

_POINTS = 2000
_SPAN_SHARE = 0.02
_MEANS, _CLASSES = "mIoU", "IoU"


def require_matplotlib() -> None:
    """Says before the first step that the package that draws the curves is missing.

    Raises:
        TrainingError: It is.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise TrainingError(
            "The curves of a training are drawn with matplotlib; run 'pip install magnet-geo[train]'."
        ) from error


def draw_curves(records: HistoryRecords, path: Path, *, title: str) -> None:
    """Draws loss and rate above, mean scores and the classes' scores below; an existing picture is replaced.

    Args:
        records: Of the training.
        path: The PNG.
        title: Heading.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = 2 if records.validations else 1
    figure = Figure(figsize=(9, 3.4 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title)
    axes = figure.subplots(rows, 1, sharex=True, squeeze=False)[:, 0]
    _draw_loss(axes[0], records)
    if records.validations:
        _draw_scores(axes[1], records)
    axes[-1].set_xlabel("step")
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=110, format="png")


def _draw_loss(axis, records: HistoryRecords) -> None:  # type: ignore[no-untyped-def]
    steps = np.array([record["step"] for record in records.steps])
    losses = np.array([record["loss"] for record in records.steps], dtype=np.float64)
    rates = np.array([record["rate"] for record in records.steps])
    stride = max(1, len(steps) // _POINTS)
    axis.plot(steps[::stride], losses[::stride], color="0.8", linewidth=0.8, label="loss of a step")
    axis.plot(steps, _running_mean(losses), color="#1f5fa8", linewidth=1.6, label="running mean")
    if losses.size:
        axis.set_ylim(min(0, losses.min()), np.quantile(losses, 0.995) * 1.1 or 1)
    axis.set_ylabel("loss")
    other = axis.twinx()
    other.plot(steps[::stride], rates[::stride], color="#c8843c", linewidth=1, linestyle="--", label="learning rate")
    other.set_ylabel("learning rate")
    other.set_ylim(0, None)
    lines = [*axis.get_lines(), *other.get_lines()]
    axis.legend(lines, [line.get_label() for line in lines], loc="upper right", fontsize=8, frameon=False)
    axis.grid(alpha=0.25)


def _draw_scores(axis, records: HistoryRecords) -> None:  # type: ignore[no-untyped-def]
    steps = [record["step"] for record in records.validations]
    names = [name for name in records.validations[-1] if name.startswith((_MEANS, _CLASSES))]
    for name in names:
        values = [record.get(name, np.nan) for record in records.validations]
        thick = name.startswith(_MEANS)
        style = {"linewidth": 2.0, "marker": "o"} if thick else {"linewidth": 1.0, "linestyle": ":", "marker": "."}
        axis.plot(steps, values, label=name, markersize=4, **style)
    axis.set_ylabel("IoU on validation data")
    axis.set_ylim(0, 1)
    axis.grid(alpha=0.25)
    axis.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize=8, frameon=False)


def _running_mean(losses: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of the last few steps at each step."""
    span = max(1, int(len(losses) * _SPAN_SHARE))
    sums = np.cumsum(np.concatenate([[0.0], losses]))
    last = np.arange(1, len(losses) + 1)
    first = np.maximum(last - span, 0)
    return np.asarray((sums[last] - sums[first]) / (last - first))
