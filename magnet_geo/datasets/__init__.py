"""Labelled images for training and tests: read by rectangle, straight from the files people have."""

from magnet_geo.datasets.class_file import read_class_table
from magnet_geo.datasets.class_table import UNKNOWN, ClassTable
from magnet_geo.datasets.labeled_image import IGNORE_INDEX, LabeledImage
from magnet_geo.datasets.published_sets import PUBLISHED_TABLES
from magnet_geo.datasets.source import LabeledSource, MemorySource

__all__ = [
    "IGNORE_INDEX",
    "PUBLISHED_TABLES",
    "UNKNOWN",
    "ClassTable",
    "LabeledImage",
    "LabeledSource",
    "MemorySource",
    "read_class_table",
]
