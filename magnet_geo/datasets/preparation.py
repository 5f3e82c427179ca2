"""What the preparation of a published set ends with: every label looked at, and lists ``image<TAB>label`` written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from magnet_geo.atomic_file import atomic_write
from magnet_geo.datasets.class_table import ClassTable
from magnet_geo.datasets.dataset import open_truth
from magnet_geo.datasets.labeled_image import IGNORE_INDEX
from magnet_geo.datasets.pairs import LabeledPair
from magnet_geo.datasets.reader_pool import ReaderPool
from magnet_geo.errors import OutputError, TrainingError
from magnet_geo.progress import CancelToken, Event, ProgressEvent, ProgressListener
from magnet_geo.raster import SceneSource, describe_scene

SPLITS = ("train", "val", "test")
_UNPACKING_SHARE = 0.4
_NAMED = 3


@dataclass(frozen=True, slots=True)
class ListedSplit:
    """One list file.

    Attributes:
        name: ``train``, ``val`` or ``test``.
        path: The list.
        pairs: How many images it names.
        labeled_share: Share of its pixels with a class, 0-1.
    """

    name: str
    path: Path
    pairs: int
    labeled_share: float


@dataclass(frozen=True, slots=True)
class Preparation:
    """What was prepared.

    Attributes:
        unpacked: Files that were written; those that were there already do not count.
        splits: The lists.
        class_shares: Share of the labelled pixels of all lists by class name.
        warnings: What the user should know.
    """

    unpacked: int
    splits: tuple[ListedSplit, ...]
    class_shares: Mapping[str, float]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class FoundPairs:
    """The labelled images of a set in its folder.

    Attributes:
        root: The folder.
        table: What labels mean.
        splits: Pairs by `SPLITS`.
        unpacked: Files that were unpacked for it.
        warnings: What was odd about them.
    """

    root: Path
    table: ClassTable
    splits: Mapping[str, Sequence[LabeledPair]]
    unpacked: int
    warnings: Sequence[str]


def check_and_list(
    found: FoundPairs, *, overwrite: bool, progress: ProgressListener, cancel: CancelToken | None
) -> Preparation:
    """Read every label, then write a list of each split that holds images.

    Args:
        found: The labelled images.
        overwrite: Whether lists that are there, with other lines, are replaced.
        progress: Follows, from the share on that unpacking took.
        cancel: Stops; no list is written then.

    Raises:
        TrainingError: A label is none of the table's.
        SceneError: An image or label cannot be opened, or their sizes differ.
        OutputError: A list is there with other lines, or cannot be written.
    """
    lists = {name: _lines(pairs, found.root) for name, pairs in found.splits.items() if pairs}
    for name, text in lists.items():
        if not overwrite:
            _require_same(_list_path(found.root, name), text)
    counts, sizes = _checked_labels(found, progress, cancel)
    splits, warnings = [], list(found.warnings)
    for name, text in lists.items():
        path, share = _list_path(found.root, name), float(counts[name].sum()) / max(1, sizes[name])
        _write_list(path, text)
        splits.append(ListedSplit(name, path, len(found.splits[name]), share))
        if not share:
            warnings.append(f"The labels of {name} hold no class (placeholders): it cannot be scored.")
    classes = found.table.scheme.classes
    total = sum(counts.values(), np.zeros(len(classes), np.int64))
    shares = total / max(1, int(total.sum()))
    named = {c.name: float(share) for c, share in zip(classes, shares, strict=True)}
    return Preparation(found.unpacked, tuple(splits), named, tuple(warnings))


def while_unpacking(progress: ProgressListener) -> ProgressListener:
    """Return a listener that tells another how far the whole preparation is while archives are unpacked."""

    def scaled(event: Event) -> None:
        if isinstance(event, ProgressEvent):
            event = ProgressEvent(event.fraction * _UNPACKING_SHARE, event.stage, event.message)
        progress(event)

    return scaled


def require_pairs(pairs: Iterable[LabeledPair], root: Path, what: str) -> None:
    """Raise an error that says what was looked for, where there are no pairs.

    Raises:
        TrainingError: There are none.
    """
    if not any(True for _ in pairs):
        raise TrainingError(f"Neither the archives nor '{root}' hold {what}; name the set's own archives.")


def some_of(names: Sequence[str]) -> str:
    """Return the first few names, for a message."""
    return ", ".join(f"'{name}'" for name in names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")


def _checked_labels(
    found: FoundPairs, progress: ProgressListener, cancel: CancelToken | None
) -> tuple[dict[str, NDArray[np.int64]], dict[str, int]]:
    """Pixels of each class, and of all, by split."""
    classes = len(found.table.scheme)
    counts = {name: np.zeros(classes, np.int64) for name in found.splits}
    sizes = dict.fromkeys(found.splits, 0)
    listed = [(name, pair) for name, pairs in found.splits.items() for pair in pairs]
    with closing(ReaderPool()) as pool:
        for done, (name, pair) in enumerate(listed):
            if cancel is not None:
                cancel.raise_if_cancelled()
            fraction = _UNPACKING_SHARE + (1 - _UNPACKING_SHARE) * done / len(listed)
            progress(ProgressEvent(fraction, "check", f"Checking {Path(pair.labels).name}"))
            indexes = _classes_of(pair, found.table, pool)
            counts[name] += np.bincount(indexes[indexes != IGNORE_INDEX], minlength=classes)
            sizes[name] += indexes.size
    return counts, sizes


def _classes_of(pair: LabeledPair, table: ClassTable, pool: ReaderPool) -> NDArray[np.uint8]:
    grid = describe_scene(SceneSource(pair.image)).grid
    truth = open_truth(pair.labels, grid, table, image_name=pair.image, pool=pool)
    return truth.read(grid.rect, grid.size)


def _list_path(root: Path, name: str) -> Path:
    return root / f"{name}.txt"


def _lines(pairs: Iterable[LabeledPair], root: Path) -> str:
    rows = ((Path(part).relative_to(root).as_posix() for part in (pair.image, pair.labels)) for pair in pairs)
    return "".join("\t".join(row) + "\n" for row in rows)


def _require_same(path: Path, text: str) -> None:
    try:
        found = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError) as error:
        raise OutputError(f"The list '{path}' exists already and cannot be read; move it away.") from error
    if found != text:
        raise OutputError(f"The list '{path}' exists already, with other lines; set `overwrite=True` to replace it.")


def _write_list(path: Path, text: str) -> None:
    try:
        atomic_write(path, text)
    except OSError as error:
        raise OutputError(f"The list '{path}' cannot be written ({error.strerror}); check the folder.") from error
