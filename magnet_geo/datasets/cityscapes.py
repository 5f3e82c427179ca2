"""Cityscapes as its site hands it out: unpacked, checked, and listed by its own folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from magnet_geo.datasets.archives import unpacked
from magnet_geo.datasets.class_file import read_class_table
from magnet_geo.datasets.pairs import LabeledPair
from magnet_geo.datasets.preparation import (
    SPLITS,
    FoundPairs,
    Preparation,
    check_and_list,
    require_pairs,
    some_of,
    while_unpacking,
)
from magnet_geo.errors import TrainingError
from magnet_geo.progress import CancelToken, ProgressListener, ignore_progress

_IMAGES_OF_SPLIT = {"train": 2975, "val": 500, "test": 1525}
_IMAGES, _LABELS = "leftImg8bit", "gtFine"
_ENDINGS = {_IMAGES: "_leftImg8bit.png", _LABELS: "_gtFine_labelIds.png"}


def prepare_cityscapes(
    archives: Sequence[Path],
    root: Path,
    *,
    overwrite: bool = False,
    progress: ProgressListener = ignore_progress,
    cancel: CancelToken | None = None,
) -> Preparation:
    """Unpacks images and label ids of Cityscapes and lists them.

    Args:
        archives: ``leftImg8bit_trainvaltest.zip`` and ``gtFine_trainvaltest.zip``; none where the folder is unpacked.
        root: Folder for ``leftImg8bit/``, ``gtFine/`` and the lists.
        overwrite: Whether lists that are there, with other lines, are replaced.
        progress: Follows.
        cancel: Stops.

    Raises:
        TrainingError: An archive or label cannot be used, or an image has no label.
        SceneError: An image or label cannot be opened, or their sizes differ.
        OutputError: The folder cannot be written to, or holds other lists.
    """
    with unpacked(archives, root, _place, progress=while_unpacking(progress), cancel=cancel) as count:
        splits = {split: _pairs(root, split) for split in SPLITS}
        pairs = [pair for listed in splits.values() for pair in listed]
        require_pairs(pairs, root, f"{_IMAGES}/<split>/<city>/*{_ENDINGS[_IMAGES]} with their {_LABELS} labels")
        warnings = [
            f"{split} has {len(listed)} images of the set's {_IMAGES_OF_SPLIT[split]}."
            for split, listed in splits.items()
            if len(listed) != _IMAGES_OF_SPLIT[split]
        ]
        found = FoundPairs(root, read_class_table("cityscapes"), splits, count, warnings)
        return check_and_list(found, overwrite=overwrite, progress=progress, cancel=cancel)


def _place(path: PurePosixPath) -> PurePosixPath | None:
    """Where a member of an archive belongs: <kind>/<split>/<city>/<name>."""
    if len(path.parts) < 4:
        return None
    kind, split, city, name = path.parts[-4:]
    if split in SPLITS and kind in _ENDINGS and name.endswith(_ENDINGS[kind]):
        return PurePosixPath(kind, split, city, name)
    return None


def _pairs(root: Path, split: str) -> list[LabeledPair]:
    pairs, missing = [], []
    for image in sorted((root / _IMAGES / split).glob(f"*/*{_ENDINGS[_IMAGES]}")):
        name = image.name.removesuffix(_ENDINGS[_IMAGES]) + _ENDINGS[_LABELS]
        label = root / _LABELS / split / image.parent.name / name
        pairs.append(LabeledPair(str(image), str(label)))
        if not label.is_file():
            missing.append(image.name)
    if missing:
        raise TrainingError(
            f"{len(missing)} of {len(pairs)} images of {split} have no labels ({some_of(missing)}); give the archive "
            "gtFine_trainvaltest.zip too."
        )
    return pairs
