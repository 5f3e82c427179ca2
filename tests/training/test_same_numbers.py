"""Scoring, validation and training see a scene's pixels as `segment` sees them, bit for bit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from rasterio.transform import Affine

from magnet_geo.datasets import ClassTable, DatasetDescription, LabeledPair, LabeledSource, open_dataset
from magnet_geo.grid import PixelRect
from magnet_geo.inference import Segmenter, load_model
from magnet_geo.raster import AutoScaling, ModelValues, NoScaling, RangeScaling
from magnet_geo.scene import SegmentOptions, plan_run
from magnet_geo.scene.plan import RunPlan
from magnet_geo.scene.window.model_window import ModelWindow, read_model_window
from magnet_geo.scene.window.reader import WindowReader
from magnet_geo.training.validation_set import ValidationSet
from tests.raster.rasters import write_raster
from tests.tiny_model import VALUES, WINDOW_PX, write_tiny_model

Scaling = Literal["auto", "none"] | tuple[float, float]

HEIGHT, WIDTH = 761, 810
HOLE = np.s_[40:170, 100:230]
MODES = {"auto": AutoScaling(), "none": NoScaling()}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Segmenter:
    path = write_tiny_model(tmp_path_factory.mktemp("models") / "metre.safetensors", gsd_m=1.0)
    return load_model(path, precision="fp32")


def noise(dtype: str, high: int) -> NDArray[np.generic]:
    """Values with zeros, and with nothing but zeros in one corner."""
    values = np.random.default_rng(8).integers(0, high, (3, HEIGHT, WIDTH)).astype(dtype)
    values[:, :30, :50] = 0
    return values


def with_nan() -> NDArray[np.float32]:
    values = noise("float32", 1000) / np.float32(1000)
    values[:, HOLE[0], HOLE[1]] = np.nan
    return values


def mask() -> NDArray[np.bool_]:
    valid = np.ones((HEIGHT, WIDTH), bool)
    valid[HOLE] = False
    return valid


def pixels_of(gsd_m: float) -> dict[str, object]:
    return {"transform": Affine(gsd_m, 0, 4e5, 0, -gsd_m, 5e6)}


SCENES: dict[str, tuple[NDArray[np.generic], dict[str, object], Scaling]] = {
    "bytes": (noise("uint8", 256), {"nodata": 0}, "auto"),
    "bytes as they are": (noise("uint8", 256), {"dataset_mask": mask()}, "none"),
    "stretched": (noise("uint16", 4000), {"dataset_mask": mask()}, "auto"),
    "scaled": (noise("uint16", 4000), {}, (17, 3111)),
    "floating": (with_nan(), {}, (0, 0.9)),
    "finer": (noise("uint8", 256), {"dataset_mask": mask()} | pixels_of(0.37), "none"),
    "finer and wide": (noise("uint16", 4000), {"dataset_mask": mask()} | pixels_of(1 / 3), (17, 3111)),
    "coarser": (with_nan(), pixels_of(1.7), (0, 0.9)),
}


@dataclass
class Case:
    """A scene as `segment` plans it, and as a labelled image of one class."""

    plan: RunPlan
    source: LabeledSource
    seen: list[ModelWindow]


@pytest.fixture(params=SCENES)
def case(request: pytest.FixtureRequest, model: Segmenter, tmp_path: Path) -> Case:
    values, layout, scaling = SCENES[request.param]
    place = {"transform": layout.get("transform", pixels_of(1)["transform"])}
    scene = write_raster(tmp_path / "scene.tif", values, **(layout | place))
    labels = write_raster(tmp_path / "labels.tif", np.full((1, HEIGHT, WIDTH), VALUES[1], np.uint8), **place)
    plan = plan_run(scene, model, SegmentOptions(scaling=scaling))
    manifest, taken = model.manifest, model.manifest.scaling
    description = DatasetDescription(
        (LabeledPair(scene, labels),),
        ClassTable.of_scheme(manifest.class_scheme()),
        band_names=manifest.bands,
        scaling=MODES[scaling] if isinstance(scaling, str) else RangeScaling(*scaling),
        values=ModelValues(taken.dtype, taken.low, taken.high),
    )
    reader = WindowReader(plan, manifest.pyramid.window)
    seen = list(reader.read_ahead(plan.windows, decimation=lambda window: 1, for_map=True))
    return Case(plan, open_dataset(description).sources[0], seen)


def test_every_reader_gives_the_numbers_that_segment_sees(case: Case, model: Segmenter) -> None:
    size = model.manifest.pyramid.window
    for own in case.seen:
        scored = read_model_window(case.source.read_pixels, own.window, model_size=size)
        trained = case.source.read(own.window.read, size)
        for found in (scored.values, np.moveaxis(trained.pixels, 2, 0)):
            np.testing.assert_array_equal(found, own.values)
            assert found.dtype == own.values.dtype
        for valid in (scored.valid, trained.valid):
            np.testing.assert_array_equal(valid, own.valid)
        np.testing.assert_array_equal(scored.support_valid, own.support_valid)


def test_validation_sees_the_windows_that_segment_maps(case: Case, model: Segmenter) -> None:
    validated = list(ValidationSet((case.source,), model.manifest, len(case.seen), torch.device("cpu")))
    finest = len(model.manifest.pyramid.levels) - 1
    place = (PixelRect(0, 0, WINDOW_PX, WINDOW_PX),)
    found = {window.image.inputs(finest, place).numpy().tobytes() for window in validated}
    own = {model.image(each.values, each.valid).inputs(finest, place).numpy().tobytes() for each in case.seen}
    assert len(validated) == len(case.seen) > 1
    assert found == own
