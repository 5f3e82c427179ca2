"""Sources in files give what the same image in memory gives, window by window."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from magnet_geo.datasets import (
    IGNORE_INDEX,
    DatasetDescription,
    LabeledImage,
    LabeledPair,
    MemorySource,
    open_dataset,
    truth,
)
from magnet_geo.datasets.decoded_images import DecodedImages
from magnet_geo.datasets.reader_pool import ReaderPool
from magnet_geo.errors import BandError, SceneError, TrainingError
from magnet_geo.grid import PixelRect, Size
from magnet_geo.raster import RangeScaling, SceneReader, SceneSource, model_pixels
from tests.datasets.scenes import (
    HEIGHT,
    TABLE,
    WIDTH,
    class_indexes,
    label_values,
    open_one,
    pixels,
    write_picture,
    write_scene,
)
from tests.raster.rasters import write_raster

CUTS = [
    (PixelRect(0, 0, HEIGHT, WIDTH), Size(HEIGHT, WIDTH)),
    (PixelRect(5, 7, 40, 32), Size(20, 16)),
    (PixelRect(-10, 60, 40, 40), Size(40, 40)),
    (PixelRect(-10, -10, 90, 120), Size(30, 40)),
    (PixelRect(20, 20, 10, 10), Size(25, 25)),
    (PixelRect(200, 20, 10, 10), Size(10, 10)),
]


@pytest.fixture
def in_memory() -> MemorySource:
    classes = class_indexes(label_values())
    return MemorySource("memory", LabeledImage.of_bands(pixels(), np.ones(classes.shape, bool), classes))


@pytest.fixture(params=["tif", "png", "strips"])
def stored(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    if request.param == "png":
        image = write_picture(tmp_path / "image.png", pixels().transpose(1, 2, 0))
        return image, write_picture(tmp_path / "labels.png", label_values())
    if request.param == "strips":
        monkeypatch.setattr(model_pixels, "_STRIP_PIXELS", 300)
        monkeypatch.setattr(truth, "_STRIP_PIXELS", 300)
    return write_scene(tmp_path), write_raster(tmp_path / "labels.tif", label_values()[None])


@pytest.mark.parametrize(("rect", "shape"), CUTS)
def test_any_rectangle_is_what_memory_gives(
    stored: tuple[str, str], in_memory: MemorySource, rect: PixelRect, shape: Size
) -> None:
    found, expected = open_one(*stored).read(rect, shape), in_memory.read(rect, shape)
    np.testing.assert_array_equal(found.pixels, expected.pixels)
    np.testing.assert_array_equal(found.valid, expected.valid)
    np.testing.assert_array_equal(found.classes[found.valid], expected.classes[found.valid])
    assert (found.classes[~found.valid] == IGNORE_INDEX).all()


def test_threads_may_read_one_source_at_once(stored: tuple[str, str], in_memory: MemorySource) -> None:
    source = open_one(*stored)
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda cut: source.read(*cut), CUTS * 5))
    for (rect, shape), image in zip(CUTS * 5, found, strict=True):
        np.testing.assert_array_equal(image.pixels, in_memory.read(rect, shape).pixels)


def test_a_source_knows_its_size_bands_and_pixel_size(tmp_path: Path) -> None:
    labels = write_raster(tmp_path / "labels.tif", label_values()[None])
    source = open_one(write_scene(tmp_path), labels)
    assert (source.size, source.band_count) == (Size(HEIGHT, WIDTH), 3)
    assert source.gsd_m == pytest.approx(0.5, rel=1e-3)
    picture = write_picture(tmp_path / "image.png", pixels().transpose(1, 2, 0))
    assert open_one(picture, labels).gsd_m is None


def test_labels_as_colors_give_the_same_classes(tmp_path: Path) -> None:
    values = label_values()
    table = np.zeros((256, 3), np.uint8)
    for land_class in TABLE.scheme.classes:
        table[land_class.value] = land_class.rgb
    values[values == 0] = 1
    colored = write_picture(tmp_path / "labels.png", table[values])
    read = open_one(write_scene(tmp_path), colored).read(*CUTS[0])
    np.testing.assert_array_equal(read.classes, class_indexes(values))


def test_pixels_without_data_have_no_class(tmp_path: Path) -> None:
    values = pixels()
    values[:, 10:20, 30:40] = 0
    labels = np.full((1, HEIGHT, WIDTH), 4, np.uint8)
    read = open_one(write_scene(tmp_path, values, nodata=0), write_raster(tmp_path / "labels.tif", labels)).read(
        *CUTS[0]
    )
    hole = np.zeros((HEIGHT, WIDTH), bool)
    hole[10:20, 30:40] = True
    np.testing.assert_array_equal(~read.valid, hole)
    np.testing.assert_array_equal(read.classes, np.where(hole, IGNORE_INDEX, 1))


def test_a_valid_zero_stays_zero_and_valid(tmp_path: Path) -> None:
    labels = write_raster(tmp_path / "labels.tif", label_values()[None])
    read = open_one(write_scene(tmp_path, np.zeros((3, HEIGHT, WIDTH), np.uint8)), labels).read(*CUTS[0])
    assert not read.pixels.any()
    assert read.valid.all()


def test_wide_values_are_scaled_as_asked(tmp_path: Path) -> None:
    values = (pixels().astype(np.uint16) - 1) * 10
    scene = write_scene(tmp_path, values)
    labels = write_raster(tmp_path / "labels.tif", label_values()[None])
    pair = (LabeledPair(scene, labels),)
    dataset = open_dataset(DatasetDescription(pair, TABLE, scaling=RangeScaling(0, 2550)))
    read = dataset.sources[0].read(*CUTS[0])
    np.testing.assert_allclose(read.pixels, (pixels() - 1).transpose(1, 2, 0), rtol=1e-6)
    assert (dataset.values.dtype, dataset.values.high) == ("uint16", (2550.0,) * 3)
    stretched = open_dataset(DatasetDescription(pair, TABLE))
    assert (stretched.values.dtype, stretched.values.high) == ("uint8", (255.0,) * 3)
    assert np.percentile(stretched.sources[0].read(*CUTS[0]).pixels, 50) == pytest.approx(128, abs=8)


def test_bands_are_chosen_by_number_or_by_the_first_image(tmp_path: Path) -> None:
    labels = write_raster(tmp_path / "labels.tif", label_values()[None])
    four = write_raster(tmp_path / "four.tif", pixels(bands=4), descriptions=("blue", "green", "red", "nir"))
    chosen = open_dataset(DatasetDescription((LabeledPair(four, labels),), TABLE, bands=(3, 1)))
    np.testing.assert_array_equal(chosen.sources[0].read(*CUTS[0]).pixels, pixels(bands=4)[[2, 0]].transpose(1, 2, 0))
    assert chosen.band_names == ("red", "blue")
    everything = open_dataset(DatasetDescription((LabeledPair(four, labels),), TABLE))
    assert everything.band_names == ("blue", "green", "red", "nir")
    three = write_scene(tmp_path)
    assert open_dataset(DatasetDescription((LabeledPair(three, labels),), TABLE)).band_names == ("red", "green", "blue")
    with pytest.raises(BandError, match=r"needs 4 bands .* but 'scene.tif' has"):
        open_dataset(DatasetDescription((LabeledPair(four, labels), LabeledPair(three, labels)), TABLE))
    by_name = DatasetDescription((LabeledPair(four, labels),), TABLE, band_names=("red", "green", "blue"))
    np.testing.assert_array_equal(
        open_dataset(by_name).sources[0].read(*CUTS[0]).pixels, pixels(bands=4)[[2, 1, 0]].transpose(1, 2, 0)
    )


def test_an_unknown_label_is_named_with_its_place(tmp_path: Path) -> None:
    values = label_values()
    values[30, 40] = 9
    source = open_one(write_scene(tmp_path), write_raster(tmp_path / "labels.tif", values[None]))
    source.read(PixelRect(0, 0, 30, WIDTH), Size(30, WIDTH))
    with pytest.raises(
        TrainingError, match=r"'labels.tif' holds the label value 9 \(at row 30, column 40\), .*1 water"
    ):
        source.read(PixelRect(20, 20, 40, 40), Size(40, 40))
    ignoring = open_one(source.name, str(tmp_path / "labels.tif"), table=TABLE.ignoring([9]))
    assert ignoring.read(*CUTS[0]).classes[30, 40] == IGNORE_INDEX


def test_float_labels_must_be_whole_numbers(tmp_path: Path) -> None:
    values = label_values().astype(np.float32)
    scene, path = write_scene(tmp_path), write_raster(tmp_path / "labels.tif", values[None])
    np.testing.assert_array_equal(open_one(scene, path).read(*CUTS[0]).classes, class_indexes(label_values()))
    values[0, 0] = 1.5
    with pytest.raises(TrainingError, match=r"label value 1\.5"):
        open_one(scene, write_raster(tmp_path / "half.tif", values[None])).read(*CUTS[0])


def test_an_unknown_color_is_named(tmp_path: Path) -> None:
    colors = np.full((HEIGHT, WIDTH, 3), 9, np.uint8)
    source = open_one(write_scene(tmp_path), write_picture(tmp_path / "labels.png", colors))
    with pytest.raises(TrainingError, match=r"the label color #090909 \(at row 0, column 0\), which the class table"):
        source.read(*CUTS[0])


def test_missing_labels_and_differing_sizes_are_refused(tmp_path: Path) -> None:
    image = write_picture(tmp_path / "image.png", pixels().transpose(1, 2, 0))
    with pytest.raises(TrainingError, match=r"labels '.*nowhere.png' of 'image.png' do not exist"):
        open_one(image, str(tmp_path / "nowhere.png"))
    small = write_picture(tmp_path / "small.png", label_values(10, 10))
    with pytest.raises(SceneError, match=r"'small.png' \(10 x 10\) and 'image.png' \(83 x 61\) differ in size"):
        open_one(image, small)
    with pytest.raises(SceneError, match="does not exist"):
        open_one(str(tmp_path / "nowhere.tif"), small)


def test_decoded_images_stay_within_their_budget() -> None:
    decoded, decodings = DecodedImages(1000), []

    def image() -> LabeledImage:
        decodings.append(1)
        return LabeledImage(np.zeros((10, 10, 2), np.uint8), np.zeros((10, 10), bool), np.zeros((10, 10), np.uint8))

    for key in ("a", "b", "a", "c", "a", "b"):
        decoded.get(key, image)
        assert decoded.held_bytes <= 1000
    # a and b fit, c pushes out b, which was used longest ago
    assert len(decodings) == 4
    assert decoded.accepts(500)
    assert not decoded.accepts(501)


def test_a_picture_is_decoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = write_picture(tmp_path / "image.png", pixels().transpose(1, 2, 0))
    source = open_one(image, write_picture(tmp_path / "labels.png", label_values()))
    source.read(*CUTS[0])
    monkeypatch.setattr(SceneReader, "read", lambda *_: pytest.fail("read again"))
    for cut in CUTS:
        source.read(*cut)


def test_a_pool_keeps_few_readers_open_and_lends_each_to_one_at_a_time(tmp_path: Path) -> None:
    paths = [write_raster(tmp_path / f"{i}.tif", pixels(seed=i)) for i in range(4)]
    made = []

    def make(path: str) -> SceneReader:
        made.append(SceneReader(SceneSource(path), (1,)))
        return made[-1]

    pool = ReaderPool(most_idle=2)
    with pool.lend(0, lambda: make(paths[0])) as first, pool.lend(0, lambda: make(paths[0])) as second:
        assert first is not second
    for _ in range(3):
        with pool.lend(0, lambda: make(paths[0])) as again:
            assert again.read(PixelRect(0, 0, 1, 1)).valid.all()
    assert len(made) == 2
    for path in paths[1:]:
        with pool.lend(path, lambda: make(path)):  # noqa: B023
            pass
    open_now = [reader for reader in made if reader._dataset is not None]
    assert len(open_now) == 2
    pool.close()
    assert all(reader._dataset is None for reader in made)
