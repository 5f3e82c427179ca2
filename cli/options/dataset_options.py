"""Options that name labelled images, for training and tests, gathered into one `DatasetChoice`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

import click

from magnet_geo.datasets import (
    IGNORE_INDEX,
    PUBLISHED_TABLES,
    UNKNOWN,
    ClassTable,
    DatasetDescription,
    LabeledDataset,
    LabeledPair,
    open_dataset,
    overlap_warnings,
    pairs_of_folders,
    pairs_of_list,
    read_class_table,
    split_sources,
)
from magnet_geo.progress import CancelToken, ProgressListener, WarningEvent, ignore_progress
from magnet_geo.raster import AutoScaling, ModelValues, NoScaling, RangeScaling, ScalingMode

from .gathered_options import gathered_options
from .option_types import BandList, FileOrName, ScalingRange

DEFAULT_VALIDATION_SHARE = 0.2
_REPEATED = {"scenes", "truths", "val_scenes", "val_truths", "ignore_values"}

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


class DataOption(click.Option):
    """An option about data; commands that sort their help by headings find it under this one.

    Attributes:
        heading: The heading.
    """

    heading = "Data"


def _option(*names: str, **values: Any) -> Callable[[Any], Any]:
    return click.option(*names, cls=DataOption, **values)


_IMAGES = (
    _option("--datalist", type=_FILE, help="List of lines IMAGE<Tab>LABELS."),
    _option("--root", type=_FOLDER, help="Folder its paths are relative to.  [default: the list's own]"),
    _option("--images", type=_FOLDER, help="Folder of images, with --labels."),
    _option("--labels", type=_FOLDER, help="Folder of labels: files of the images' names."),
    _option("--scene", type=FileOrName(), multiple=True, help="A scene, with --truth; may be repeated."),
    _option(
        "--truth", type=FileOrName(), multiple=True, help="Its labels: a raster on any grid, or polygons in any CRS."
    ),
)
_MEANING = (
    _option(
        "--classes",
        type=FileOrName(lambda: PUBLISHED_TABLES),
        metavar=f"FILE|{'|'.join(PUBLISHED_TABLES)}",
        help="What labels mean: YAML, CSV, a .qml, or a raster with a class or color table.",
    ),
    _option("--class-column", metavar="NAME", help="Column of the class in label polygons."),
    _option("--unlabeled", metavar="CLASS", help="Class of ground without a polygon.  [default: none, not counted]"),
    _option(
        "--ignore-value",
        type=click.IntRange(0, 65535),
        multiple=True,
        help="A label value that is no class; may be repeated.",
    ),
    _option("--bands", type=BandList(), help="Image bands to use, such as 3,2,1.  [default: by name, or all]"),
    _option(
        "--scaling",
        type=ScalingRange(),
        default="auto",
        show_default=True,
        help="Native values to 0-255, as in segment.",
    ),
    _option("--nodata", type=float, help="Nodata value of the images in place of the files'."),
)
_VALIDATION = (
    _option("--val-datalist", type=_FILE, help="List of the validation images."),
    _option("--val-images", type=_FOLDER, help="Folder of the validation images, with --val-labels."),
    _option("--val-labels", type=_FOLDER, help="Folder of their labels."),
    _option("--val-scene", type=FileOrName(), multiple=True, help="A validation scene, with --val-truth."),
    _option("--val-truth", type=FileOrName(), multiple=True, help="Its labels."),
    _option(
        "--val-share",
        type=click.FloatRange(0, 0.9),
        help="Share of the images, or of the labels of a few, set aside for validation; 0 for none.  "
        f"[default: {DEFAULT_VALIDATION_SHARE} where no validation data is named]",
    ),
    _option("--val-seed", type=click.IntRange(0), default=0, show_default=True, help="Decides which share that is."),
)


@dataclass(frozen=True, slots=True)
class DatasetChoice:
    """The labelled images a user named; wrong combinations are wrong usage.

    Attributes:
        datalist: List file.
        root: Folder its paths are relative to.
        images: Folder of images.
        labels: Folder of labels.
        scenes: Scenes, one by one.
        truths: Their labels, in the same order.
        classes: Class table: a published set's name or a file.
        class_column: Column of the class in polygons.
        unlabeled: Class of ground without a polygon.
        ignore_values: Label values without a class.
        bands: Bands, 1-based.
        scaling: Native values to 0-255.
        nodata: Nodata value in place of the files'.
        val_datalist: As above, for validation; so are the others of that prefix.
        val_images: See above.
        val_labels: See above.
        val_scenes: See above.
        val_truths: See above.
        val_share: Share set aside for validation.
        val_seed: Which one.
    """

    datalist: Path | None = None
    root: Path | None = None
    images: Path | None = None
    labels: Path | None = None
    scenes: tuple[str, ...] = ()
    truths: tuple[str, ...] = ()
    classes: str | None = None
    class_column: str | None = None
    unlabeled: str | None = None
    ignore_values: tuple[int, ...] = ()
    bands: tuple[int, ...] | None = None
    scaling: Literal["auto", "none"] | tuple[float, float] = "auto"
    nodata: float | None = None
    val_datalist: Path | None = None
    val_images: Path | None = None
    val_labels: Path | None = None
    val_scenes: tuple[str, ...] = ()
    val_truths: tuple[str, ...] = ()
    val_share: float | None = None
    val_seed: int = 0

    def __post_init__(self) -> None:
        _check_pairing("", self.images, self.labels, self.scenes, self.truths)
        _check_pairing("val-", self.val_images, self.val_labels, self.val_scenes, self.val_truths)
        if self.root is not None and self.datalist is None and self.val_datalist is None:
            raise click.UsageError("--root goes with --datalist.")
        if self.names_validation and self.val_share:
            raise click.UsageError("Name validation data or give --val-share, not both.")

    @property
    def names_images(self) -> bool:
        """Whether any images are named."""
        return bool(self.datalist or self.images or self.scenes)

    @property
    def names_validation(self) -> bool:
        """Whether validation data of its own is named."""
        return bool(self.val_datalist or self.val_images or self.val_scenes)

    def class_table(self, default: ClassTable | None = None) -> ClassTable:
        """Return what labels mean.

        Args:
            default: The model's or preset's table, where ``--classes`` names none.

        Raises:
            TrainingError: The class file cannot be used.
        """
        if self.classes is not None:
            return read_class_table(self.classes, self.ignore_values)
        if default is None:
            raise click.UsageError("Say what the labels mean: --classes FILE, cityscapes or deepglobe.")
        return default.ignoring(self.ignore_values) if self.ignore_values else default

    def description(
        self,
        table: ClassTable,
        *,
        band_names: tuple[str, ...] | None = None,
        values: ModelValues | None = None,
        progress: ProgressListener = ignore_progress,
    ) -> DatasetDescription:
        """Return the images to train on or to test with, before any is opened.

        Args:
            table: What labels mean.
            band_names: What the model calls its bands; None for a new model.
            values: Values the model was trained on; None for a new model.
            progress: Hears of labels that are not used.

        Raises:
            TrainingError: A list or folder cannot be used.
        """
        if not self.names_images:
            raise click.UsageError("Name images: --datalist, --images with --labels, or --scene with --truth.")
        pairs = _pairs(self.datalist, self.root, self.images, self.labels, self.scenes, self.truths, progress)
        return self._described(pairs, table, band_names, values)

    def validation_description(
        self, training: DatasetDescription, *, progress: ProgressListener = ignore_progress
    ) -> DatasetDescription | None:
        """Return the validation images, understood as those to train on; None where none are named.

        Raises:
            TrainingError: A list or folder cannot be used.
        """
        if not self.names_validation:
            return None
        pairs = _pairs(
            self.val_datalist,
            self.root,
            self.val_images,
            self.val_labels,
            self.val_scenes,
            self.val_truths,
            progress,
        )
        return self._described(pairs, training.table, training.band_names, training.values)

    def open(
        self,
        training: DatasetDescription,
        *,
        progress: ProgressListener = ignore_progress,
        cancel: CancelToken | None = None,
    ) -> tuple[LabeledDataset, LabeledDataset | None]:
        """Opens the images to train on and those for validation.

        Args:
            training: What `description` gave.
            progress: Follows.
            cancel: Stops.

        Returns:
            Both datasets; None for the second where ``--val-share 0`` asks for none.

        Raises:
            MagnetGeoError: Images or labels cannot be used, or are too few to be parted.
        """
        dataset = open_dataset(training, progress=progress, cancel=cancel)
        validation = self.validation_description(training, progress=progress)
        if validation is not None:
            agreeing = replace(validation, band_names=dataset.band_names, values=dataset.values)
            judging = open_dataset(agreeing, progress=progress, cancel=cancel)
            for warning in overlap_warnings(judging.sources, judging.table.scheme, cancel=cancel):
                progress(WarningEvent(warning))
            return dataset, judging
        share = DEFAULT_VALIDATION_SHARE if self.val_share is None else self.val_share
        if share == 0:
            return dataset, None
        kept, aside = split_sources(
            dataset.sources,
            share,
            seed=self.val_seed,
            num_classes=len(training.table.scheme),
            progress=progress,
            cancel=cancel,
        )
        return replace(dataset, sources=kept), replace(dataset, sources=aside)

    def _described(
        self,
        pairs: tuple[LabeledPair, ...],
        table: ClassTable,
        band_names: tuple[str, ...] | None,
        values: ModelValues | None,
    ) -> DatasetDescription:
        return DatasetDescription(
            pairs,
            table,
            class_column=self.class_column,
            background=self._background(table),
            bands=self.bands,
            band_names=band_names,
            scaling=_scaling_mode(self.scaling),
            values=values,
            nodata=self.nodata,
        )

    def _background(self, table: ClassTable) -> int:
        if self.unlabeled is None:
            return IGNORE_INDEX
        index = table.index_of(self.unlabeled)
        if index in (UNKNOWN, IGNORE_INDEX):
            known = ", ".join(c.name for c in table.scheme.classes)
            raise click.UsageError(f"--unlabeled names '{self.unlabeled}', but the classes are {known}.")
        return index


def dataset_options(*, validation: bool) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add the options to a command; its function receives them as the one argument ``data``, a `DatasetChoice`.

    Args:
        validation: Whether validation data can be named too.
    """
    options = (*_IMAGES, *_MEANING, *(_VALIDATION if validation else ()))
    # Repeated options keep the flag's name, by which a config file sets them.
    of_fields = [entry.name for entry in fields(DatasetChoice)]
    names = {field.removesuffix("s") if field in _REPEATED else field: field for field in of_fields}

    def gather(**values: Any) -> dict[str, DatasetChoice]:
        return {"data": DatasetChoice(**{names[name]: value for name, value in values.items()})}

    return gathered_options(options, gather, taking=names)


def _check_pairing(
    prefix: str, images: Path | None, labels: Path | None, scenes: tuple[str, ...], truths: tuple[str, ...]
) -> None:
    if (images is None) != (labels is None):
        raise click.UsageError(f"--{prefix}images and --{prefix}labels go together.")
    if len(scenes) != len(truths):
        raise click.UsageError(
            f"Each --{prefix}scene needs its --{prefix}truth; there are {len(scenes)} and {len(truths)}."
        )


def _pairs(
    datalist: Path | None,
    root: Path | None,
    images: Path | None,
    labels: Path | None,
    scenes: tuple[str, ...],
    truths: tuple[str, ...],
    progress: ProgressListener,
) -> tuple[LabeledPair, ...]:
    pairs: list[LabeledPair] = []
    if datalist is not None:
        pairs += pairs_of_list(datalist, root or datalist.parent)
    if images is not None and labels is not None:
        found, warnings = pairs_of_folders(images, labels)
        pairs += found
        for warning in warnings:
            progress(WarningEvent(warning))
    pairs += [LabeledPair(scene, truth) for scene, truth in zip(scenes, truths, strict=True)]
    return tuple(pairs)


def _scaling_mode(scaling: Literal["auto", "none"] | tuple[float, float]) -> ScalingMode:
    if scaling == "auto":
        return AutoScaling()
    return NoScaling() if scaling == "none" else RangeScaling(*scaling)
