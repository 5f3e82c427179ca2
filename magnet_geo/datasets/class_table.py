"""`ClassTable`: what the values, colors and names in labels mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from magnet_geo.classes import ClassScheme
from magnet_geo.datasets.labeled_image import IGNORE_INDEX
from magnet_geo.errors import TrainingError

#: What `ClassTable.of_values` and `ClassTable.of_colors` give where a label is none of the table's.
UNKNOWN = -1
_LARGEST_VALUE = 65535

Rgb = tuple[int, int, int]


@dataclass(frozen=True)
class ClassTable:
    """The classes of a dataset, and which labels stand for each.

    Attributes:
        scheme: The classes in channel order, with their values and colors in maps.
        values: Class index by label value, for one-band label rasters and numbers in a class column.
        colors: Class index by label color, for label pictures.
        names: Class index by text in a class column, lower case.
        ignored_values: Label values without a class.
        ignored_colors: Label colors without a class.
        ignored_names: Texts without a class, lower case.
        uncounted: Class indexes that mean scores leave out.
        color_tolerance: How far a label's color may be from a class's in each of red, green and blue.
    """

    scheme: ClassScheme
    values: Mapping[int, int]
    colors: Mapping[Rgb, int]
    names: Mapping[str, int]
    ignored_values: frozenset[int] = frozenset()
    ignored_colors: frozenset[Rgb] = frozenset()
    ignored_names: frozenset[str] = frozenset()
    uncounted: frozenset[int] = field(default=frozenset())
    color_tolerance: int = 0

    def __post_init__(self) -> None:
        indexes = {*self.values.values(), *self.colors.values(), *self.names.values(), *self.uncounted}
        if indexes - set(range(len(self.scheme))):
            raise TrainingError(f"The class table names class {max(indexes)}, but there are {len(self.scheme)}.")
        wrong = [value for value in {*self.values, *self.ignored_values} if not 0 <= value <= _LARGEST_VALUE]
        if wrong:
            raise TrainingError(f"Label value {wrong[0]} is not in 0-{_LARGEST_VALUE}.")
        twice = {*self.values} & self.ignored_values
        if twice:
            raise TrainingError(f"Label value {min(twice)} both has a class and is ignored; decide on one.")

    @classmethod
    def of_scheme(cls, scheme: ClassScheme, ignored_values: Iterable[int] = ()) -> ClassTable:
        """Return the table of labels that are written as maps are: by the classes' own values, colors and names."""
        ignored = frozenset({scheme.nodata, *ignored_values})
        return cls(
            scheme=scheme,
            values={c.value: index for index, c in enumerate(scheme.classes) if c.value not in ignored},
            colors={c.rgb: index for index, c in enumerate(scheme.classes)},
            names={c.name.lower(): index for index, c in enumerate(scheme.classes)},
            ignored_values=ignored,
        )

    def ignoring(self, values: Iterable[int]) -> ClassTable:
        """Return the table with further label values ignored, also those that had a class."""
        ignored = self.ignored_values | frozenset(values)
        kept = {value: index for value, index in self.values.items() if value not in ignored}
        return ClassTable(
            scheme=self.scheme,
            values=kept,
            colors=self.colors,
            names=self.names,
            ignored_values=ignored,
            ignored_colors=self.ignored_colors,
            ignored_names=self.ignored_names,
            uncounted=self.uncounted,
            color_tolerance=self.color_tolerance,
        )

    def index_of(self, label: object) -> int:
        """Return the class index of one entry of a class column.

        Args:
            label: A number or a text; a text may also be a number.

        Returns:
            The index, `IGNORE_INDEX` where it is ignored, `UNKNOWN` where the table does not have it.
        """
        if isinstance(label, str):
            text = label.strip().lower()
            if text in self.names:
                return self.names[text]
            if text in self.ignored_names or not text:
                return IGNORE_INDEX
        try:
            number = float(str(label))
        except ValueError:
            return UNKNOWN
        if not number.is_integer():
            return UNKNOWN
        return IGNORE_INDEX if int(number) in self.ignored_values else self.values.get(int(number), UNKNOWN)

    def of_values(self, labels: NDArray[np.int64]) -> NDArray[np.int16]:
        """Return the class index of label values: `IGNORE_INDEX` where ignored, `UNKNOWN` where not in the table."""
        lookup = self._value_lookup
        known = (labels >= 0) & (labels < lookup.size - 1)
        return np.asarray(lookup[np.where(known, labels, lookup.size - 1)])

    def of_colors(self, labels: NDArray[np.uint8]) -> NDArray[np.int16]:
        """Return the class index of (3, H, W) label colors as (H, W), as `of_values` does.

        A color within the tolerance of several classes' gets the nearest.
        """
        indexes = np.full(labels.shape[1:], UNKNOWN, np.int16)
        packed = _packed(labels)
        for color, index in self._color_indexes:
            indexes[packed == _packed(np.array(color))] = index
        unknown = indexes == UNKNOWN
        if self.color_tolerance and unknown.any():
            indexes[unknown] = self._nearest(packed[unknown])
        return indexes

    def describe_labels(self) -> str:
        """Return the label values of the table for a sentence, such as ``1 water, 2 land``."""
        pairs = sorted(self.values.items())
        return ", ".join(f"{value} {self.scheme.classes[index].name}" for value, index in pairs)

    @cached_property
    def _value_lookup(self) -> NDArray[np.int16]:
        size = max([*self.values, *self.ignored_values], default=0) + 2
        lookup = np.full(size, UNKNOWN, np.int16)
        lookup[list(self.ignored_values)] = IGNORE_INDEX
        for value, index in self.values.items():
            lookup[value] = index
        return lookup

    @cached_property
    def _color_indexes(self) -> list[tuple[Rgb, int]]:
        return [*self.colors.items(), *((color, IGNORE_INDEX) for color in self.ignored_colors)]

    def _nearest(self, packed: NDArray[np.int32]) -> NDArray[np.int16]:
        found, inverse = np.unique(packed, return_inverse=True)
        rgb = np.stack([found >> 16, found >> 8 & 255, found & 255], axis=1)
        known = np.array([color for color, _ in self._color_indexes])
        apart = np.abs(rgb[:, None] - known[None]).max(axis=2)
        nearest = apart.argmin(axis=1)
        indexes = np.array([index for _, index in self._color_indexes], np.int16)[nearest]
        indexes[apart.min(axis=1) > self.color_tolerance] = UNKNOWN
        return np.asarray(indexes[inverse.reshape(-1)])


def _packed(rgb: NDArray[np.generic]) -> NDArray[np.int32]:
    red, green, blue = rgb.astype(np.int32)
    return np.asarray(red << 16 | green << 8 | blue)
