"""What a model offers decides what is run, and only what has labels counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from magnet_geo.datasets import IGNORE_INDEX, ClassTable, LabeledDataset, LabeledImage, MemorySource
from magnet_geo.errors import CancelledError, OptionError, OutputError, SceneError
from magnet_geo.evaluation.dataset_score import ScoringOptions, modes_of, score_dataset
from magnet_geo.evaluation.prediction_picture import PredictionPictures
from magnet_geo.inference import Segmenter, load_model
from magnet_geo.progress import CancelToken, ProgressEvent
from magnet_geo.raster import ModelValues
from tests.cli.conftest import fields
from tests.tiny_model import write_tiny_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Segmenter:
    return load_model(write_tiny_model(tmp_path_factory.mktemp("models") / "tiny.safetensors"), precision="fp32")


def dataset(model: Segmenter, *sources: MemorySource) -> LabeledDataset:
    table = ClassTable.of_scheme(model.manifest.class_scheme())
    return LabeledDataset(sources, table, model.manifest.bands, ModelValues("uint8", (0.0,) * 3, (255.0,) * 3))


def source(name: str = "a.tif", *, gsd_m: float | None = None) -> MemorySource:
    """An image with an empty corner and labels on its upper half."""
    pixels = np.moveaxis(fields(100, 80), 0, -1).copy()
    pixels[:20, :30] = 0
    classes = np.full((100, 80), IGNORE_INDEX, np.uint8)
    classes[:50] = 1
    return MemorySource(name, LabeledImage(pixels, pixels.any(axis=2), classes), gsd_m)


def test_modes_are_those_that_the_model_has(model: Segmenter) -> None:
    assert modes_of(model) == ("coarse", "fast", "full")
    plain = Segmenter(model.manifest.without_refinement(), model.predictor)
    assert modes_of(plain) == ("coarse",)
    found = score_dataset(dataset(plain, source()), plain, ScoringOptions(modes=("coarse", "slid")))
    assert [mode.mode for mode in found.modes] == ["coarse", "slid"]
    with pytest.raises(OptionError, match="has no refinement module"):
        score_dataset(dataset(plain, source()), plain, ScoringOptions(modes=("full",)))


def test_only_labelled_pixels_that_are_mapped_count(model: Segmenter) -> None:
    found = score_dataset(dataset(model, source()), model, ScoringOptions(modes=("coarse",)))
    assert found.modes[0].scores.compared_pixels == 50 * 80 - 20 * 30
    assert found.unlabeled_pixels == 50 * 80
    assert found.pixels == 100 * 80


def test_an_image_of_a_far_pixel_size_is_refused_unless_taken_as_it_is(tmp_path: Path) -> None:
    metre = load_model(write_tiny_model(tmp_path / "metre.safetensors", gsd_m=1.0), precision="fp32")
    far = dataset(metre, source(gsd_m=30.0))
    with pytest.raises(SceneError, match="has pixels of 30 m, but the model 'tiny' is for 1 m"):
        score_dataset(far, metre, ScoringOptions(modes=("coarse",)))
    found = score_dataset(far, metre, ScoringOptions(modes=("coarse",), gsd="native"))
    assert found.modes[0].scores.compared_pixels > 0


def test_progress_rises_to_the_end_and_cancel_stops(model: Segmenter) -> None:
    seen: list[float] = []

    def listen(event: object) -> None:
        assert isinstance(event, ProgressEvent)
        seen.append(event.fraction)

    score_dataset(dataset(model, source()), model, ScoringOptions(), progress=listen)
    assert seen == sorted(seen)
    assert seen[-1] == 1
    token = CancelToken()
    token.cancel()
    with pytest.raises(CancelledError):
        score_dataset(dataset(model, source()), model, ScoringOptions(), cancel=token)


def test_scratch_files_are_gone_after_a_test(model: Segmenter, tmp_path: Path) -> None:
    score_dataset(dataset(model, source()), model, ScoringOptions(modes=("full",), scratch=tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_pictures_of_images_that_share_a_name_are_numbered(model: Segmenter, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    two = dataset(model, source("x/a.tif"), source("y/a.tif"))
    pictures = PredictionPictures(tmp_path / "out", two.sources, two.table.scheme)
    score_dataset(two, model, ScoringOptions(modes=("coarse",)), on_image=pictures.draw)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a_1.png", "a_2.png"]
    with pytest.raises(OutputError, match="cannot be made"):
        PredictionPictures(tmp_path / "no" / "out", two.sources, two.table.scheme)
