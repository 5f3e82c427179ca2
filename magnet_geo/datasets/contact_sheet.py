"""`contact_sheet`: samples of a dataset with their labels on top, in one picture to be looked at before training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from magnet_geo.atomic_file import replacing
from magnet_geo.classes import ClassScheme
from magnet_geo.datasets.class_census import blocks_of
from magnet_geo.datasets.labeled_image import IGNORE_INDEX, LabeledImage
from magnet_geo.datasets.source import LabeledSource
from magnet_geo.errors import OutputError, TrainingError
from magnet_geo.grid import PixelRect, Size
from magnet_geo.plain_text import short_name
from magnet_geo.progress import CancelToken, ProgressEvent, ProgressListener, ignore_progress
from magnet_geo.raster import check_output_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SAMPLES_PER_ROW = 3
_CANDIDATES = 96
_CANDIDATE_PX = 64
_SHOWN_PX = 384
_SMALLEST_WINDOW_PX = 96
_LABEL_OPACITY = 0.5
_PANEL_INCHES = 2.5
_DOTS_PER_INCH = 110
_LONGEST_NAME = 34


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    source: LabeledSource
    rect: PixelRect
    shares: NDArray[np.float64]


def contact_sheet(
    sources: Sequence[LabeledSource],
    scheme: ClassScheme,
    path: Path,
    *,
    samples: int = 12,
    window_px: int = 512,
    seed: int = 0,
    overwrite: bool = False,
    progress: ProgressListener = ignore_progress,
    cancel: CancelToken | None = None,
) -> Path:
    """Draw samples of a dataset: each image beside itself under half-transparent labels, and a legend.

    Windows are drawn at random; those that show classes not seen yet come first.

    Args:
        sources: The labelled images.
        scheme: Their classes.
        path: Picture to write, a PNG.
        samples: How many windows are shown.
        window_px: Side of a window at full resolution; halved where the images are too small for so many.
        seed: Of the draw.
        overwrite: Whether an existing picture may be replaced.
        progress: Follows.
        cancel: Stops.

    Raises:
        OutputError: The picture cannot be written there.
        TrainingError: matplotlib is missing, or no window has a label.
        SceneError: A part of a file cannot be decoded.
    """
    check_output_path(path, "", overwrite, suffixes=(".png",))
    _require_matplotlib()
    side_px = _side_px(sources, samples, window_px)
    candidates = _candidates(sources, len(scheme), side_px, np.random.default_rng(seed), progress, cancel)
    chosen = _varied(candidates, samples)
    if not chosen:
        raise TrainingError("No sample shows a labelled pixel; check where the labels lie and what they mean.")
    _save(_figure(chosen, scheme), path)
    return path


def overlay(image: LabeledImage, scheme: ClassScheme, opacity: float = _LABEL_OPACITY) -> NDArray[np.uint8]:
    """Return pixels with labels on top: (H, W, 3) uint8, unlabelled pixels as they are."""
    shown = picture(image.pixels)
    colors = np.zeros((256, 3), np.float32)
    colors[: len(scheme)] = [c.rgb for c in scheme.classes]
    labeled = image.classes != IGNORE_INDEX
    mixed = shown.astype(np.float32)
    mixed[labeled] = (1 - opacity) * mixed[labeled] + opacity * colors[image.classes[labeled]]
    return np.rint(mixed).astype(np.uint8)


def picture(pixels: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Show (H, W, B) model values as (H, W, 3) bytes: the first three bands, or the first one in gray."""
    shown = pixels[..., :3] if pixels.shape[2] >= 3 else np.repeat(pixels[..., :1], 3, axis=2)
    return np.rint(shown).astype(np.uint8)


def _require_matplotlib() -> None:
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise TrainingError("The contact sheet needs matplotlib; run 'pip install magnet-geo[train]'.") from error


def _candidates(
    sources: Sequence[LabeledSource],
    num_classes: int,
    window_px: int,
    generator: Generator,
    progress: ProgressListener,
    cancel: CancelToken | None,
) -> list[_Candidate]:
    drawn = [sources[number] for number in generator.permutation(len(sources))[:_CANDIDATES].tolist()]
    found = []
    for number, source in enumerate(drawn):
        blocks = [*blocks_of(source.size, window_px)]
        for index in generator.permutation(len(blocks))[: ceil(_CANDIDATES / len(drawn))].tolist():
            if cancel is not None:
                cancel.raise_if_cancelled()
            progress(ProgressEvent(number / len(drawn), "draw samples", "Drawing samples"))
            rect = _full_window(blocks[index], source.size, window_px)
            classes = source.read(rect, Size(_CANDIDATE_PX, _CANDIDATE_PX)).classes
            counts = np.bincount(classes[classes != IGNORE_INDEX], minlength=num_classes)
            found.append(_Candidate(source, rect, counts / classes.size))
    return found


def _side_px(sources: Sequence[LabeledSource], samples: int, window_px: int) -> int:
    side = window_px
    while side >= 2 * _SMALLEST_WINDOW_PX:
        if sum((s.size.height // side) * (s.size.width // side) for s in sources) >= samples:
            break
        side //= 2
    return side


def _full_window(block: PixelRect, size: Size, window_px: int) -> PixelRect:
    """The window of a block, shifted back into the image where it would reach over its far edges."""
    height, width = min(window_px, size.height), min(window_px, size.width)
    side = max(height, width)
    return PixelRect(min(block.row, size.height - height), min(block.col, size.width - width), side, side)


def _varied(candidates: Sequence[_Candidate], count: int) -> list[_Candidate]:
    """Candidates that do not overlap, one after the other, each the one that shows most of what was shown least."""
    waiting = [candidate for candidate in candidates if candidate.shares.any()]
    chosen: list[_Candidate] = []
    while waiting and len(chosen) < count:
        shown = np.sum([np.sqrt(c.shares) for c in chosen], axis=0) if chosen else np.zeros(len(waiting[0].shares))
        gains = [float((np.sqrt(c.shares) / (0.05 + shown)).sum()) for c in waiting]
        best = waiting[int(np.argmax(gains))]
        chosen.append(best)
        waiting = [c for c in waiting if c.source is not best.source or c.rect.intersection(best.rect) is None]
    return chosen


def _figure(chosen: Sequence[_Candidate], scheme: ClassScheme) -> Figure:
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    columns = min(_SAMPLES_PER_ROW, len(chosen))
    rows = ceil(len(chosen) / columns)
    legend_rows = ceil((len(scheme) + 1) / (2 * columns))
    legend_inches = 0.35 + 0.24 * legend_rows
    width, height = 2 * columns * _PANEL_INCHES, rows * (_PANEL_INCHES + 0.3) + legend_inches
    figure = Figure(figsize=(width, height), dpi=_DOTS_PER_INCH, facecolor="white")
    grid = figure.add_gridspec(
        rows,
        columns,
        left=0.01,
        right=0.99,
        top=1 - 0.25 / height,
        bottom=legend_inches / height,
        wspace=0.04,
        hspace=0.12,
    )
    for number, candidate in enumerate(chosen):
        cell = grid[number // columns, number % columns].subgridspec(1, 2, wspace=0.015)
        _draw(figure.add_subplot(cell[0]), figure.add_subplot(cell[1]), candidate, scheme)
    patches = [Patch(facecolor=c.color, edgecolor="#666666", linewidth=0.5, label=c.name) for c in scheme.classes]
    patches.append(Patch(facecolor="white", edgecolor="#666666", linewidth=0.5, label="no label: as the image"))
    figure.legend(handles=patches, loc="lower center", ncols=2 * columns, frameon=False, fontsize=9)
    return figure


def _draw(left: Axes, right: Axes, candidate: _Candidate, scheme: ClassScheme) -> None:
    side = min(_SHOWN_PX, candidate.rect.height)
    image = candidate.source.read(candidate.rect, Size(side, side))
    for axes, values in ((left, picture(image.pixels).copy()), (right, overlay(image, scheme))):
        values[~image.valid] = 255
        axes.imshow(values, interpolation="nearest")
        axes.set_axis_off()
    name = short_name(candidate.source.name)
    shown = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME // 2]}…{name[-_LONGEST_NAME // 2 + 1 :]}"
    left.set_title(
        f"{shown}   row {candidate.rect.row}, column {candidate.rect.col}",
        fontsize=7.5,
        loc="left",
        pad=3,
        color="#333333",
    )


def _save(figure: Figure, path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure.set_canvas(FigureCanvasAgg(figure))
    try:
        with replacing(path) as draft:
            figure.savefig(draft, format="png")
    except OSError as error:
        raise OutputError(
            f"The picture '{path}' cannot be written ({error.strerror}); choose another place."
        ) from error
