"""Which image goes with which labels: list files, folders, and pairs named one by one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from magnet_geo.datasets.label_layer import VECTOR_SUFFIXES
from magnet_geo.errors import TrainingError

RASTER_SUFFIXES = frozenset(
    {".tif", ".tiff", ".png", ".jpg", ".jpeg", ".jp2", ".vrt", ".img", ".bmp", ".webp", ".gif", ".ecw", ".jxl"}
)
_NAMED = 3


@dataclass(frozen=True, slots=True)
class LabeledPair:
    """An image and its labels.

    Attributes:
        image: Anything GDAL opens.
        labels: A raster of label values or colors, or a vector file of polygons.
    """

    image: str
    labels: str


def pairs_of_list(datalist: Path, root: Path) -> tuple[LabeledPair, ...]:
    """Return the pairs of a list file: lines ``image<TAB>labels``, relative to a folder.

    Raises:
        TrainingError: The file cannot be read, is empty, or has a line of another form.
    """
    try:
        lines = datalist.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        detail = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise TrainingError(f"The list '{datalist}' cannot be read ({detail}); check the path.") from error
    pairs = [
        _pair_of_line(line, root, f"Line {number} of the list '{datalist}'")
        for number, line in enumerate(lines, 1)
        if line.strip()
    ]
    if not pairs:
        raise TrainingError(f"The list '{datalist}' is empty; each line holds an image, a tab and its labels.")
    return tuple(pairs)


def pairs_of_folders(images: Path, labels: Path) -> tuple[tuple[LabeledPair, ...], tuple[str, ...]]:
    """Return the pairs of two folders: files of the same name, whatever their endings.

    Where no names are the same, endings after an underscore that all names of a folder share are left out of the
    comparison (``12_sat.jpg`` and ``12_mask.png``).

    Returns:
        The pairs by name, and warnings about labels without an image.

    Raises:
        TrainingError: A folder cannot be read or holds no such files, two files share a name, or an image has no
            labels.
    """
    of_images = _files_by_stem(images, RASTER_SUFFIXES, "images")
    of_labels = _files_by_stem(labels, RASTER_SUFFIXES | VECTOR_SUFFIXES, "labels")
    if not of_images.keys() & of_labels.keys():
        of_images, of_labels = _without_common_end(of_images), _without_common_end(of_labels)
    missing = sorted(of_images.keys() - of_labels.keys())
    if missing:
        raise TrainingError(
            f"{len(missing)} of {len(of_images)} images in '{images}' have no labels of the same name in '{labels}' "
            f"({_named(of_images[stem].name for stem in missing)}); add them, or move these images away."
        )
    unused = sorted(of_labels.keys() - of_images.keys())
    warnings: tuple[str, ...] = ()
    if unused:
        names = _named(of_labels[stem].name for stem in unused)
        warnings = (
            f"{len(unused)} label files in '{labels}' have no image of the same name and are not used ({names}).",
        )
    return tuple(LabeledPair(str(of_images[s]), str(of_labels[s])) for s in sorted(of_images)), warnings


def _pair_of_line(line: str, root: Path, place: str) -> LabeledPair:
    parts = [part.strip() for part in line.split("\t") if part.strip()]
    if len(parts) != 2:
        raise TrainingError(f"{place} has {len(parts)} entries; it must be an image and its labels with a tab between.")
    return LabeledPair(*(str(root / part) for part in parts))


def _files_by_stem(folder: Path, suffixes: frozenset[str], what: str) -> dict[str, Path]:
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix.lower() in suffixes and path.is_file())
    except OSError as error:
        raise TrainingError(f"The folder of {what} '{folder}' cannot be read ({error.strerror}); check it.") from error
    by_stem = defaultdict(list)
    for path in files:
        by_stem[path.stem].append(path)
    if not by_stem:
        raise TrainingError(f"The folder '{folder}' holds no {what}; name the folder with the files themselves.")
    for found in by_stem.values():
        if len(found) > 1:
            raise TrainingError(
                f"'{found[0].name}' and '{found[1].name}' in '{folder}' share a name; keep one of them there."
            )
    return {stem: found[0] for stem, found in by_stem.items()}


def _without_common_end(files: dict[str, Path]) -> dict[str, Path]:
    """The same files by their names without the last parts, after an underscore, that all share."""
    stems = list(files)
    while len(stems) > 1:
        parts = [stem.rpartition("_") for stem in stems]
        if len({end for _, _, end in parts}) > 1 or not all(start for start, _, _ in parts):
            break
        stems = [start for start, _, _ in parts]
    return dict(zip(stems, files.values(), strict=True))


def _named(names: Iterable[str] | Sequence[str]) -> str:
    listed = list(names)
    return ", ".join(f"'{name}'" for name in listed[:_NAMED]) + (", ..." if len(listed) > _NAMED else "")
