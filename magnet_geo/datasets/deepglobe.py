"""DeepGlobe's land cover kit: unpacked, checked, and listed by a split that is given or drawn."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

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

_IMAGE, _LABEL = "_sat.jpg", "_mask.png"


@dataclass(frozen=True, slots=True)
class SeededSplit:
    """Shares of the images that are set aside, drawn by a seed.

    Attributes:
        val_share: For validation, 0-1.
        test_share: For the test, 0-1.
        seed: Decides which.
    """

    val_share: float = 0.2
    test_share: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.val_share, self.test_share) < 0 or self.val_share + self.test_share >= 1:
            raise TrainingError(
                f"Shares of {self.val_share:g} for validation and {self.test_share:g} for the test leave nothing to "
                "train on; their sum must be below 1."
            )


def prepare_deepglobe(
    archives: Sequence[Path],
    root: Path,
    split: SeededSplit | Path,
    *,
    overwrite: bool = False,
    progress: ProgressListener = ignore_progress,
    cancel: CancelToken | None = None,
) -> Preparation:
    """Unpacks the labelled images of DeepGlobe's land cover kit and lists them.

    Args:
        archives: The kit's ZIP files; none where the folder is unpacked.
        root: Folder for ``ID_sat.jpg``, ``ID_mask.png`` (in the folders they have in the kit) and the lists.
        split: Shares, or a file with lines ``ID train``, ``ID val`` or ``ID test``.
        overwrite: Whether lists that are there, with other lines, are replaced.
        progress: Follows.
        cancel: Stops.

    Raises:
        TrainingError: An archive, label or split file cannot be used.
        SceneError: An image or label cannot be opened, or their sizes differ.
        OutputError: The folder cannot be written to, or holds other lists.
    """
    chosen = read_split(split) if isinstance(split, Path) else None
    with unpacked(archives, root, _place, progress=while_unpacking(progress), cancel=cancel) as count:
        pairs, unlabeled = _pairs(root)
        require_pairs(pairs.values(), root, "ID_sat.jpg with ID_mask.png")
        warnings = [f"{unlabeled} images have no mask and are not listed."] if unlabeled else []
        if isinstance(split, SeededSplit):
            names = draw_split(sorted(pairs), split)
        else:
            names = _named_split(pairs, chosen or {}, split)
            left_out = sorted(pairs.keys() - {identity for listed in names.values() for identity in listed})
            if left_out:
                warnings.append(f"The split leaves out {len(left_out)} images ({some_of(left_out)}).")
        splits = {name: [pairs[identity] for identity in names[name]] for name in SPLITS}
        found = FoundPairs(root, read_class_table("deepglobe"), splits, count, warnings)
        return check_and_list(found, overwrite=overwrite, progress=progress, cancel=cancel)


def draw_split(identities: Sequence[str], split: SeededSplit) -> dict[str, list[str]]:
    """Return the images of each list; the same seed gives the same lists on every machine."""
    order = np.random.default_rng(split.seed).permutation(len(identities)).tolist()
    val, test = (round(len(identities) * share) for share in (split.val_share, split.test_share))
    parts = {"val": order[:val], "test": order[val : val + test], "train": order[val + test :]}
    return {name: [identities[number] for number in sorted(parts[name])] for name in SPLITS}


def read_split(path: Path) -> dict[str, str]:
    """Return the list of each image in a split file: lines of an ID (or file name) and train, val or test.

    Raises:
        TrainingError: The file cannot be read, names no image, or a line has another form.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingError(
            f"The split '{path}' cannot be read; give a text file with lines such as '123 train'."
        ) from error
    names: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        parts = re.split(r"[\s,;]+", line.strip())
        if not line.strip():
            continue
        if len(parts) != 2 or parts[1] not in SPLITS:
            raise TrainingError(f"Line {number} of the split '{path}' is '{line.strip()}'; write it like '123 train'.")
        names[_identity(parts[0])] = parts[1]
    if not names:
        raise TrainingError(f"The split '{path}' is empty; write lines such as '123 train'.")
    return names


def _place(path: PurePosixPath) -> PurePosixPath | None:
    """Where a member of an archive belongs: in the folder right above it, which tells the kit's parts apart."""
    return PurePosixPath(*path.parts[-2:]) if path.name.endswith((_IMAGE, _LABEL)) else None


def _pairs(root: Path) -> tuple[dict[str, LabeledPair], int]:
    """Pairs by ID, and how many images have no mask."""
    pairs, unlabeled = {}, 0
    for image in sorted(root.rglob(f"*{_IMAGE}")):
        label = image.with_name(image.name.removesuffix(_IMAGE) + _LABEL)
        if label.is_file():
            pairs[_identity(image.name)] = LabeledPair(str(image), str(label))
        else:
            unlabeled += 1
    return pairs, unlabeled


def _named_split(pairs: Mapping[str, LabeledPair], chosen: Mapping[str, str], path: object) -> dict[str, list[str]]:
    unknown = sorted(chosen.keys() - pairs.keys())
    if unknown:
        raise TrainingError(
            f"The split '{path}' names {len(unknown)} images that are not there ({some_of(unknown)}); take them out."
        )
    return {name: sorted(identity for identity, where in chosen.items() if where == name) for name in SPLITS}


def _identity(name: str) -> str:
    return PurePosixPath(name).name.removesuffix(_IMAGE).removesuffix(_LABEL)
