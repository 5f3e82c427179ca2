"""Pictures of a test: each image beside its labels and its maps, with a legend."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from magnet_geo.atomic_file import atomic_path
from magnet_geo.classes import ClassScheme
from magnet_geo.datasets import LabeledSource
from magnet_geo.datasets.contact_sheet import picture
from magnet_geo.datasets.resampling import nearest_classes
from magnet_geo.errors import EvaluationError, OutputError
from magnet_geo.evaluation.dataset_records import ImageScore
from magnet_geo.grid import PixelRect, Size
from magnet_geo.plain_text import short_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PANEL_PX, _SMALLEST_PANEL_PX, _DOTS_PER_INCH = 640, 360, 110
_COLUMNS = 3
_HEAD_INCHES, _LEGEND_ROW_INCHES = 0.32, 0.24
_NO_CLASS_RGB = 235, 235, 235
_TITLES = {
    "coarse": "coarse only",
    "fast": "refined, fast",
    "full": "refined, full",
    "slid": "slid backbone",
}


@dataclass(frozen=True, slots=True, eq=False)
class ImageMap:
    """One map of an image.

    Attributes:
        mode: How it was made.
        classes: (H, W) uint8 class index, `IGNORE_INDEX` where there is none.
        score: Its scores.
    """

    mode: str
    classes: NDArray[np.uint8]
    score: ImageScore


class PredictionPictures:
    """Draws a PNG per image into a folder."""

    def __init__(
        self, folder: Path, sources: Sequence[LabeledSource], scheme: ClassScheme, *, overwrite: bool = False
    ) -> None:
        """Find a name for each picture, and make the folder.

        Args:
            folder: May exist; its parent must.
            sources: The images to come.
            scheme: The classes, in order of their indexes.
            overwrite: Whether existing pictures may be replaced.

        Raises:
            EvaluationError: matplotlib is missing.
            OutputError: The folder cannot be made, or a picture exists.
        """
        _require_matplotlib()
        self._scheme = scheme
        self._paths = dict(zip([s.name for s in sources], _distinct_paths(folder, sources), strict=True))
        existing = [path for path in self._paths.values() if path.exists()]
        if existing and not overwrite:
            raise OutputError(
                f"The picture '{existing[0]}' exists already; choose another folder or use `overwrite=True`."
            )
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise OutputError(f"The folder '{folder}' cannot be made ({error.strerror}); choose another.") from error

    def draw(self, source: LabeledSource, maps: Sequence[ImageMap]) -> None:
        """Draw one image.

        Args:
            source: The image.
            maps: In the order of the panels.

        Raises:
            OutputError: The picture cannot be written.
        """
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        shape = _reduced(source.size)
        labeled = source.read(PixelRect(0, 0, source.size.height, source.size.width), shape)
        panels = [("image", picture(labeled.pixels)), ("labels", self._colored(labeled.classes))]
        panels += [(_title(m), self._colored(nearest_classes(m.classes, shape))) for m in maps]
        figure = self._figure(short_name(source.name), panels, shape)
        FigureCanvasAgg(figure)
        with atomic_path(self._paths[source.name]) as temporary:
            figure.savefig(temporary, format="png")

    def _colored(self, classes: NDArray[np.uint8]) -> NDArray[np.uint8]:
        colors = np.full((256, 3), _NO_CLASS_RGB, np.uint8)
        colors[: len(self._scheme)] = [c.rgb for c in self._scheme.classes]
        return np.asarray(colors[classes])

    def _figure(self, name: str, panels: Sequence[tuple[str, NDArray[np.uint8]]], shape: Size) -> Figure:
        from matplotlib.figure import Figure

        columns = min(_COLUMNS, len(panels))
        rows = ceil(len(panels) / columns)
        # Small images are enlarged, so that the titles above them fit.
        dots = _DOTS_PER_INCH / max(1.0, _SMALLEST_PANEL_PX / shape.width)
        panel = shape.width / dots, shape.height / dots + _HEAD_INCHES
        per_row = max(2, round(columns * panel[0] * _DOTS_PER_INCH / 160))
        legend_inches = 0.1 + _LEGEND_ROW_INCHES * ceil((len(self._scheme) + 1) / per_row)
        width, height = columns * panel[0] + 0.1 * (columns + 1), rows * panel[1] + legend_inches + _HEAD_INCHES
        figure = Figure(figsize=(width, height), dpi=_DOTS_PER_INCH, facecolor="white")
        figure.text(0.1 / width, 1 - 0.2 / height, name, fontsize=11, fontweight="bold", va="center")
        for number, (title, values) in enumerate(panels):
            row, column = divmod(number, columns)
            left = (0.1 + column * (panel[0] + 0.1)) / width
            bottom = (legend_inches + (rows - 1 - row) * panel[1]) / height
            axes = figure.add_axes((left, bottom, panel[0] / width, (panel[1] - _HEAD_INCHES) / height))
            _draw(axes, title, values)
        figure.legend(
            handles=self._legend(), loc="lower left", ncols=per_row, frameon=False, fontsize=9, borderaxespad=0.1
        )
        return figure

    def _legend(self) -> list[object]:
        from matplotlib.patches import Patch

        none = "#{:02x}{:02x}{:02x}".format(*_NO_CLASS_RGB)
        entries = [(c.color, c.name) for c in self._scheme.classes] + [(none, "no label or no data")]
        return [Patch(facecolor=color, edgecolor="#666666", linewidth=0.5, label=name) for color, name in entries]


def _draw(axes: Axes, title: str, values: NDArray[np.uint8]) -> None:
    axes.imshow(values, interpolation="nearest", aspect="auto")
    axes.set_axis_off()
    axes.set_title(title, fontsize=9, loc="left", pad=3)


def _title(image_map: ImageMap) -> str:
    title = _TITLES.get(image_map.mode, f"refined, {image_map.mode} of the patches")
    iou, accuracy = image_map.score.mean_iou, image_map.score.overall_accuracy
    return title if iou is None or accuracy is None else f"{title}: mIoU {iou:.3f}, accuracy {accuracy:.3f}"


def _reduced(size: Size) -> Size:
    factor = max(1.0, max(size.height, size.width) / _PANEL_PX)
    return Size(max(1, round(size.height / factor)), max(1, round(size.width / factor)))


def _distinct_paths(folder: Path, sources: Sequence[LabeledSource]) -> list[Path]:
    """A picture per image; images of one name in several folders are numbered."""
    stems = [Path(source.name).stem for source in sources]
    shared, seen = Counter(stems), Counter[str]()
    paths = []
    for stem in stems:
        seen[stem] += 1
        paths.append(folder / (f"{stem}.png" if shared[stem] == 1 else f"{stem}_{seen[stem]}.png"))
    return paths


def _require_matplotlib() -> None:
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise EvaluationError("Pictures are drawn with matplotlib; run 'pip install magnet-geo[train]'.") from error
