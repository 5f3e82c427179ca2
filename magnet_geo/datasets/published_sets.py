"""Class tables of the published sets: Cityscapes and DeepGlobe land cover."""

from __future__ import annotations

from magnet_geo.classes import ClassScheme
from magnet_geo.datasets.class_table import ClassTable
from magnet_geo.model.preset_classes import CITYSCAPES_CLASSES, DEEPGLOBE_CLASSES

# Label id of each of the 19 evaluated classes, in the order of the train ids.
_CITYSCAPES_LABEL_IDS = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)
_CITYSCAPES_LAST_LABEL_ID = 33
_CITYSCAPES_IGNORED_NAMES = (
    "unlabeled",
    "ego vehicle",
    "rectification border",
    "out of roi",
    "static",
    "dynamic",
    "ground",
    "parking",
    "rail track",
    "guard rail",
    "bridge",
    "tunnel",
    "polegroup",
    "caravan",
    "trailer",
    "license plate",
)
# The set's own rule: each channel counts as 0 below 128 and as 255 from there on.
_DEEPGLOBE_TOLERANCE = 127


def _cityscapes() -> ClassTable:
    scheme = ClassScheme(CITYSCAPES_CLASSES)
    by_id = {label: index for index, label in enumerate(_CITYSCAPES_LABEL_IDS)}
    return ClassTable(
        scheme=scheme,
        values=by_id,
        colors={c.rgb: index for index, c in enumerate(scheme.classes)},
        names={c.name: index for index, c in enumerate(scheme.classes)},
        ignored_values=frozenset({*range(_CITYSCAPES_LAST_LABEL_ID + 1), 255} - set(by_id)),
        ignored_names=frozenset(_CITYSCAPES_IGNORED_NAMES),
    )


def _cityscapes_train_ids() -> ClassTable:
    return ClassTable.of_scheme(ClassScheme(CITYSCAPES_CLASSES))


def _deepglobe() -> ClassTable:
    scheme = ClassScheme(DEEPGLOBE_CLASSES)
    return ClassTable(
        scheme=scheme,
        values={c.value: index for index, c in enumerate(scheme.classes)},
        colors={c.rgb: index for index, c in enumerate(scheme.classes)},
        names={c.name: index for index, c in enumerate(scheme.classes)},
        ignored_values=frozenset({scheme.nodata}),
        uncounted=frozenset({0}),
        color_tolerance=_DEEPGLOBE_TOLERANCE,
    )


PUBLISHED_TABLES = {
    "cityscapes": _cityscapes,
    "cityscapes-trainids": _cityscapes_train_ids,
    "deepglobe": _deepglobe,
}
