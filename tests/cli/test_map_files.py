"""What `segment` leaves on the disk."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import rasterio
from rio_cogeo.cogeo import cog_validate

from magnet_geo.records.segment_result import SegmentResult
from tests.cli.conftest import HEIGHT, WIDTH, fields
from tests.cli.runs import box_option, names, segment_json
from tests.raster.rasters import write_raster
from tests.tiny_model import VALUES

NAMES = ("clay", "grass", "water")


@pytest.fixture(scope="module")
def written(scene: Path, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SegmentResult]:
    """The folder of a run that writes everything, and its result."""
    folder = tmp_path_factory.mktemp("written")
    options = ("--confidence", folder / "sure.tif", "--probabilities", folder / "shares.tif")
    return folder, segment_json(scene, "-o", folder / "map.tif", "--model", tiny_model, *options)


def test_there_is_nothing_but_the_outputs(written: tuple[Path, SegmentResult]) -> None:
    folder, result = written
    assert names(folder) == ["map.qml", "map.sld", "map.tif", "map.tif.aux.xml", "shares.tif", "sure.tif"]
    assert (result.confidence, result.probabilities) == (str(folder / "sure.tif"), str(folder / "shares.tif"))


def test_every_raster_is_a_valid_cog(written: tuple[Path, SegmentResult]) -> None:
    for name in ("map.tif", "shares.tif", "sure.tif"):
        assert cog_validate(written[0] / name, strict=True) == (True, [], [])


def test_a_map_of_several_tiles_is_a_valid_cog(tmp_path: Path, tiny_model: Path, maps: Path) -> None:
    output = maps / "wide.tif"
    path = write_raster(tmp_path / "wide.tif", fields(600, 1100))
    segment_json(path, "-o", output, "--model", tiny_model, "--refine", "off")
    assert cog_validate(output, strict=True) == (True, [], [])
    with rasterio.open(output) as dataset:
        assert (dataset.block_shapes, dataset.overviews(1)) == ([(512, 512)], [2, 4])


def test_the_map_says_what_it_is(written: tuple[Path, SegmentResult]) -> None:
    folder, result = written
    with rasterio.open(folder / "map.tif") as dataset:
        assert (dataset.driver, dataset.count, dataset.dtypes, dataset.nodata) == ("GTiff", 1, ("uint8",), 255)
        assert dataset.descriptions == ("class",)
        colors = dataset.colormap(1)
        assert [colors[value] for value in VALUES] == [(255, 0, 0, 255), (0, 255, 0, 255), (0, 0, 255, 255)]
        assert dataset.tags(1).items() >= {f"CLASS_{v}": name for v, name in zip(VALUES, NAMES, strict=True)}.items()
        tags = dataset.tags()
    assert tags["TIFFTAG_SOFTWARE"].startswith("magnet-geo ")
    assert tags["MAGNET_GEO_MODEL"] == f"tiny {result.model.version}"
    assert tags["MAGNET_GEO_MODEL_SHA256"] == result.model.sha256


def test_the_sidecars_name_the_classes(written: tuple[Path, SegmentResult]) -> None:
    folder, _ = written
    sidecar = ElementTree.parse(folder / "map.tif.aux.xml")
    assert [entry.text for entry in sidecar.iter("Category")] == ["unclassified", *NAMES]
    entries = [entry.attrib for entry in ElementTree.parse(folder / "map.qml").iter("paletteEntry")]
    assert [(int(entry["value"]), entry["label"]) for entry in entries] == list(zip(VALUES, NAMES, strict=True))


def test_probabilities_and_certainty_agree_with_the_map(written: tuple[Path, SegmentResult]) -> None:
    folder, _ = written
    with rasterio.open(folder / "map.tif") as dataset:
        classes = dataset.read(1)
    with rasterio.open(folder / "shares.tif") as dataset:
        assert (dataset.descriptions, dataset.nodata, dataset.shape) == (NAMES, 255, (HEIGHT, WIDTH))
        shares = dataset.read().astype(int)
    with rasterio.open(folder / "sure.tif") as dataset:
        assert (dataset.descriptions, dataset.nodata) == (("certainty",), 255)
        certainty = dataset.read(1).astype(int)
    assert np.abs(shares.sum(axis=0) - 254).max() <= 2
    own = np.take_along_axis(shares, classes[None].astype(int) - 1, axis=0)[0]
    np.testing.assert_array_equal(own, shares.max(axis=0))
    first, second = np.sort(shares, axis=0)[-1], np.sort(shares, axis=0)[-2]
    assert np.abs(first - second - certainty).max() <= 1


def test_creation_options_are_honoured(scene: Path, tiny_model: Path, maps: Path) -> None:
    output = maps / "map.tif"
    options = ("--co", "COMPRESS=ZSTD", "--co", "blocksize=256", "--co", "OVERVIEWS=NONE")
    segment_json(scene, "-o", output, "--model", tiny_model, *options)
    with rasterio.open(output) as dataset:
        assert (dataset.compression.name, dataset.block_shapes) == ("zstd", [(256, 256)])
    assert cog_validate(output, strict=True)[0]


def test_an_area_maps_as_the_whole_does(scene: Path, tiny_model: Path, maps: Path) -> None:
    box = box_option(cols=(40, 100), rows=(30, 80))
    segment_json(scene, "-o", maps / "whole.tif", "--model", tiny_model)
    result = segment_json(scene, "-o", maps / "part.tif", "--model", tiny_model, box)
    with rasterio.open(maps / "whole.tif") as whole, rasterio.open(maps / "part.tif") as part:
        assert (part.shape, part.transform) == (whole.shape, whole.transform)
        inside = (slice(30, 80), slice(40, 100))
        expected = np.full(whole.shape, 255, np.uint8)
        expected[inside] = whole.read(1)[inside]
        np.testing.assert_array_equal(part.read(1), expected)
    assert result.valid_pixels == 50 * 60
