"""Labelled images for training and tests: read by rectangle, straight from the files people have."""

from magnet_geo.datasets.labeled_image import IGNORE_INDEX, LabeledImage
from magnet_geo.datasets.source import LabeledSource, MemorySource

__all__ = ["IGNORE_INDEX", "LabeledImage", "LabeledSource", "MemorySource"]
