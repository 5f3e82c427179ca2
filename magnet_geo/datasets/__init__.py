"""Labelled images for training and tests: read by rectangle, straight from the files people have."""

from magnet_geo.datasets.check import CheckReport, check_dataset
from magnet_geo.datasets.cityscapes import prepare_cityscapes
from magnet_geo.datasets.class_census import ClassCensus, take_census
from magnet_geo.datasets.class_file import read_class_table
from magnet_geo.datasets.class_table import UNKNOWN, ClassTable
from magnet_geo.datasets.contact_sheet import contact_sheet, overlay, picture
from magnet_geo.datasets.dataset import DatasetDescription, LabeledDataset, open_dataset, open_truth, overlap_warnings
from magnet_geo.datasets.deepglobe import SeededSplit, prepare_deepglobe
from magnet_geo.datasets.labeled_image import IGNORE_INDEX, LabeledImage
from magnet_geo.datasets.pairs import LabeledPair, pairs_of_folders, pairs_of_list
from magnet_geo.datasets.parts import PartSource, WithoutParts
from magnet_geo.datasets.preparation import ListedSplit, Preparation
from magnet_geo.datasets.published_sets import PUBLISHED_TABLES
from magnet_geo.datasets.source import LabeledSource, MemorySource
from magnet_geo.datasets.split import split_sources
from magnet_geo.datasets.truth import Truth

__all__ = [
    "IGNORE_INDEX",
    "PUBLISHED_TABLES",
    "UNKNOWN",
    "CheckReport",
    "ClassCensus",
    "ClassTable",
    "DatasetDescription",
    "LabeledDataset",
    "LabeledImage",
    "LabeledPair",
    "LabeledSource",
    "ListedSplit",
    "MemorySource",
    "PartSource",
    "Preparation",
    "SeededSplit",
    "Truth",
    "WithoutParts",
    "check_dataset",
    "contact_sheet",
    "open_dataset",
    "open_truth",
    "overlap_warnings",
    "overlay",
    "pairs_of_folders",
    "pairs_of_list",
    "picture",
    "prepare_cityscapes",
    "prepare_deepglobe",
    "read_class_table",
    "split_sources",
    "take_census",
]
