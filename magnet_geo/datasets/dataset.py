"""`DatasetDescription`: labelled images as the user names them; `open_dataset` makes them readable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from magnet_geo.addresses import is_remote
from magnet_geo.classes import ClassScheme
from magnet_geo.datasets.class_table import ClassTable
from magnet_geo.datasets.decoded_images import DecodedImages
from magnet_geo.datasets.label_layer import is_vector
from magnet_geo.datasets.labeled_image import IGNORE_INDEX
from magnet_geo.datasets.overlaps import Overlaps
from magnet_geo.datasets.pairs import LabeledPair
from magnet_geo.datasets.polygon_truth import PolygonTruth
from magnet_geo.datasets.raster_source import ImageFile, RasterSource
from magnet_geo.datasets.reader_pool import ReaderPool
from magnet_geo.datasets.source import LabeledSource
from magnet_geo.datasets.truth import RasterTruth, Truth
from magnet_geo.errors import TrainingError
from magnet_geo.grid import RasterGrid
from magnet_geo.normalization import Scaling
from magnet_geo.plain_text import short_name
from magnet_geo.progress import CancelToken, ProgressEvent, ProgressListener, ignore_progress
from magnet_geo.raster import (
    AutoScaling,
    ModelValues,
    NoScaling,
    RangeScaling,
    ScalingMode,
    SceneDescription,
    SceneReader,
    SceneSource,
    choose_bands,
    choose_scaling,
    describe_scene,
)

_DEFAULT_CACHE_BYTES = 2**30
_RGB = ("red", "green", "blue")
_NAMED = 3
_UNNAMED = {"undefined", "gray", "palette"}


@dataclass(frozen=True)
class DatasetDescription:
    """Labelled images, and how their pixels and labels are to be understood.

    Attributes:
        pairs: Images with their labels.
        table: What labels mean.
        class_column: Column of the class in label polygons; None where their layers have a single column.
        background: Class index of ground without a polygon; `IGNORE_INDEX` leaves it unlabelled.
        bands: Bands of the images, 1-based; None to find them.
        band_names: What the model calls its bands; None for all bands of the first image.
        scaling: Native values to 0-255.
        values: Values the model was trained on; None for a new model.
        nodata: Nodata value in place of the files'; None keeps them.
        cache_bytes: Memory for decoded JPEG and PNG images.
    """

    pairs: tuple[LabeledPair, ...]
    table: ClassTable
    class_column: str | None = None
    background: int = IGNORE_INDEX
    bands: tuple[int, ...] | None = None
    band_names: tuple[str, ...] | None = None
    scaling: ScalingMode = field(default_factory=AutoScaling)
    values: ModelValues | None = None
    nodata: float | None = None
    cache_bytes: int = _DEFAULT_CACHE_BYTES

    def __post_init__(self) -> None:
        if not self.pairs:
            raise TrainingError("The dataset is empty; name at least one image with its labels.")


@dataclass(frozen=True)
class LabeledDataset:
    """Sources that share classes and bands.

    Attributes:
        sources: The images.
        table: What labels mean.
        band_names: Name of each band.
        values: Native values and the range that became 0-255, for the model's manifest.
    """

    sources: tuple[LabeledSource, ...]
    table: ClassTable
    band_names: tuple[str, ...]
    values: ModelValues

    @property
    def gsd_m(self) -> float | None:
        """Median pixel size of the georeferenced sources in metres; None where there are none."""
        known = sorted(source.gsd_m for source in self.sources if source.gsd_m is not None)
        return known[len(known) // 2] if known else None


def open_dataset(
    description: DatasetDescription, *, progress: ProgressListener = ignore_progress, cancel: CancelToken | None = None
) -> LabeledDataset:
    """Look at every image and its labels, and make them readable.

    Raises:
        SceneError: An image or label raster cannot be used.
        TrainingError: Labels are missing or cannot be used.
        CancelledError: The user cancelled.
    """
    opener = PairOpener(description)
    sources = []
    for number, pair in enumerate(description.pairs):
        if cancel is not None:
            cancel.raise_if_cancelled()
        progress(ProgressEvent(number / len(description.pairs), "open", f"Opening {short_name(pair.image)}"))
        sources.append(opener.open(pair))
    return LabeledDataset(tuple(sources), description.table, opener.band_names, opener.values)


def open_truth(
    labels: str,
    grid: RasterGrid,
    table: ClassTable,
    *,
    image_name: str,
    class_column: str | None = None,
    background: int = IGNORE_INDEX,
    pool: ReaderPool | None = None,
) -> Truth:
    """Return the classes of a label raster or of polygons on a grid.

    Args:
        labels: Path of a raster or vector file.
        grid: What they are read on.
        table: What labels mean.
        image_name: The image they belong to, for messages.
        class_column: Column of the class in polygons.
        background: Class index of ground without a polygon.
        pool: Where readers are kept; a new one where None.

    Raises:
        TrainingError: They are missing or cannot be used.
        SceneError: A label raster cannot be opened or does not fit.
    """
    if _is_missing(labels):
        raise TrainingError(f"The labels '{labels}' of '{short_name(image_name)}' do not exist; check the path.")
    if is_vector(labels):
        return PolygonTruth(labels, grid, table, class_column=class_column, background=background)
    return RasterTruth(labels, grid, table, pool or ReaderPool(), image_name=short_name(image_name))


def overlap_warnings(
    sources: Sequence[LabeledSource], scheme: ClassScheme, *, cancel: CancelToken | None = None
) -> list[str]:
    """Return a sentence for each label layer in which polygons of different classes overlap, the worst first.

    Args:
        sources: The images; those that do not lie in files have no polygons.
        scheme: The classes.
        cancel: Stops.

    Raises:
        TrainingError: A layer cannot be read.
        CancelledError: The user cancelled.
    """
    by_layer: dict[str, Overlaps] = {}
    for source in sources:
        if isinstance(source, RasterSource):
            found = source.truth.overlaps(source.grid.rect, cancel=cancel)
            by_layer[source.truth.name] = by_layer.get(source.truth.name, Overlaps()) + found
    overlapping = sorted((item for item in by_layer.items() if item[1].pairs), key=lambda item: -item[1].area_px)
    sentences = [overlaps.sentence(layer, scheme) for layer, overlaps in overlapping[:_NAMED]]
    if more := overlapping[_NAMED:]:
        pairs = sum(overlaps.pairs for _, overlaps in more)
        sentences.append(f"Such pairs are in {len(more)} more label layers: {pairs} in all.")
    return sentences


class PairOpener:
    """Opens pairs so that all agree with the first in bands.

    Attributes:
        band_names: The model's, or those of the first image that was opened; empty before.
        values: Native values and the range that becomes 0-255.
    """

    def __init__(self, description: DatasetDescription) -> None:
        """Open nothing yet."""
        self._description = description
        self._pool, self._decoded = ReaderPool(), DecodedImages(description.cache_bytes)
        self.band_names = description.band_names or ()
        self.values = description.values or ModelValues("uint8", (), ())

    def open(self, pair: LabeledPair) -> RasterSource:
        """Return the source of a pair.

        Raises:
            SceneError: The image or its label raster cannot be used.
            TrainingError: Labels are missing or cannot be used.
        """
        source = SceneSource(pair.image, nodata=self._description.nodata)
        scene = describe_scene(source)
        bands = self._bands(scene)
        image = ImageFile(source, scene, bands, self._scaling(source, bands))
        truth = open_truth(
            pair.labels,
            scene.grid,
            self._description.table,
            image_name=pair.image,
            class_column=self._description.class_column,
            background=self._description.background,
            pool=self._pool,
        )
        self._settle(scene, bands)
        return RasterSource(image, truth, self._pool, self._decoded)

    def _bands(self, scene: SceneDescription) -> tuple[int, ...]:
        wanted = self._description.bands
        if self.band_names:
            return choose_bands(scene, self.band_names, wanted)
        numbers = wanted or scene.data_bands
        return choose_bands(scene, tuple(f"band {number}" for number in numbers), wanted)

    def _scaling(self, source: SceneSource, bands: tuple[int, ...]) -> Scaling | None:
        model = self.values if self.values.low else ModelValues("uint8", (0.0,) * len(bands), (255.0,) * len(bands))
        with SceneReader(source, bands) as reader:
            scaling, _ = choose_scaling(reader, mode=self._description.scaling, model=model)
            as_they_are = reader.dtype == "uint8" and {*scaling.low} == {0.0} and {*scaling.high} == {255.0}
        return None if as_they_are else scaling

    def _settle(self, scene: SceneDescription, bands: tuple[int, ...]) -> None:
        """Let the first image decide what the description leaves open."""
        if not self.band_names:
            self.band_names = _names(scene, bands)
        if not self.values.low:
            mode, count = self._description.scaling, len(bands)
            low, high = (mode.low, mode.high) if isinstance(mode, RangeScaling) else (0.0, 255.0)
            dtype = "uint8" if isinstance(mode, AutoScaling | NoScaling) else scene.dtype
            self.values = ModelValues(dtype, (low,) * count, (high,) * count)


def _names(scene: SceneDescription, bands: tuple[int, ...]) -> tuple[str, ...]:
    """The file's own names of bands where each has one, red, green and blue for three bands, else numbers."""
    described = tuple((scene.descriptions[band - 1] or "").strip().lower() for band in bands)
    colors = tuple(scene.color_interpretations[band - 1] for band in bands)
    for names in (described, colors):
        if all(names) and len(set(names)) == len(names) and not _UNNAMED & set(names):
            return names
    return _RGB if len(bands) == len(_RGB) else tuple(f"band {number}" for number in range(1, len(bands) + 1))


def _is_missing(labels: str) -> bool:
    path = labels.split("|", 1)[0]
    return not path.startswith("/vsi") and not is_remote(path) and not Path(path).exists()
