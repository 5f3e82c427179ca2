"""What a scene that looks unlike the training data is told, and that others are told nothing."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import rasterio
import torch
from numpy.typing import NDArray

from magnet_geo.inference import Segmenter
from magnet_geo.model import Manifest, find_model, read_manifest
from magnet_geo.progress import WarningEvent
from magnet_geo.scene import segment_scene
from magnet_geo.scene.window.domain_check import DomainCheck
from tests.scene.stub_model import stub_model, write_scene
from tests.tiny_model import tiny_manifest

VILLAGE = Path(__file__).parents[3] / "examples" / "village" / "village_rgb_2m.tif"
BAND = {"mean": 140, "std": 70, "percentiles": [{"percent": p, "value": v} for p, v in ((5, 14), (50, 154), (95, 233))]}
SPREAD = {"mean": 13, "std": 9, "percentiles": [{"percent": p, "value": v} for p, v in ((5, 2), (95, 33), (99, 41))]}


def manifest(**changes: object) -> Manifest:
    known = {"training_statistics": [BAND] * 3, "training_spread": SPREAD, "expected_certainty": 0.7}
    return tiny_manifest(**(known | changes))


def scene(low: float, high: float, *, colorfulness: int = 12) -> NDArray[np.uint8]:
    """Gives a (3, 64, 64) picture between two gray values whose bands differ."""
    gray = np.random.default_rng(3).uniform(low, high, (64, 64))
    return np.stack([gray, gray + colorfulness / 2, gray + colorfulness]).clip(0, 255).astype(np.uint8)


def sure(certainty: float = 0.7) -> torch.Tensor:
    """Gives (3, 64, 64) probabilities of one certainty."""
    low = (1 - certainty) / 3
    return torch.tensor([low + certainty, low, low])[:, None, None].expand(3, 64, 64)


def look(values: NDArray[np.generic], probabilities: torch.Tensor, known: Manifest | None = None) -> DomainCheck:
    seen = DomainCheck(manifest() if known is None else known)
    seen.add(values, np.ones((64, 64), np.bool_), probabilities)
    return seen


def test_a_scene_like_the_training_data_is_told_nothing() -> None:
    assert look(scene(10, 240), sure()).warning() is None


@pytest.mark.parametrize(
    ("values", "probabilities", "words"),
    [
        (scene(0, 50), sure(), "much darker"),
        (scene(240, 250, colorfulness=5), sure(), "much brighter"),
        (scene(10, 180, colorfulness=66), sure(), "bands differ by 66 of 255 on average, at home by 13"),
        (scene(10, 240, colorfulness=0), sure(), "gray, without color"),
        (scene(10, 240), sure(0.5), r"mean certainty is 0\.50, at home 0\.70"),
    ],
)
def test_the_reason_is_named(values: NDArray[np.uint8], probabilities: torch.Tensor, words: str) -> None:
    warning = look(values, probabilities).warning()
    assert warning is not None
    assert re.search(words, warning)
    assert ";" not in warning.split(")")[0]
    assert warning.endswith(".")


def test_a_scene_of_another_tint_is_told_which_band_stands_out() -> None:
    tinted = scene(60, 160, colorfulness=0)
    tinted[1] += 25
    warning = look(tinted, sure()).warning()
    assert warning is not None
    assert "its green is 25 above its other bands on average, of 255, at home 0 below" in warning
    tinted[1] -= 10
    assert look(tinted, sure()).warning() is None


def test_the_bundled_model_is_warned_of_green_countryside() -> None:
    known = read_manifest(find_model("landcover"))
    with rasterio.open(VILLAGE) as dataset:
        seen = DomainCheck(known)
        values = dataset.read()
        seen.add(values, np.ones(values.shape[1:], np.bool_), sure().repeat(2, 1, 1)[: len(known.classes)])
    assert re.search(r"its blue is 21 below its other bands on average, of 255, at home 5 above", seen.warning() or "")


def test_reasons_come_in_one_sentence() -> None:
    warning = look(scene(0, 50, colorfulness=0), sure(0.2)).warning()
    assert warning is not None
    assert warning.count(";") == 3


def test_invalid_pixels_do_not_count() -> None:
    seen = DomainCheck(manifest())
    values, valid = scene(10, 240), np.ones((64, 64), np.bool_)
    values[:, :32], valid[:32] = 0, False
    seen.add(values, valid, sure())
    assert seen.warning() is None
    assert seen.mean_spread == pytest.approx(12, abs=1)


def test_windows_add_up() -> None:
    both, dark = DomainCheck(manifest()), DomainCheck(manifest())
    for values in (scene(0, 50), scene(10, 240)):
        both.add(values, np.ones((64, 64), np.bool_), sure())
    dark.add(scene(0, 50), np.ones((64, 64), np.bool_), sure())
    assert both.warning() is None
    assert dark.warning() is not None


def test_certainty_is_that_of_the_tempered_probabilities() -> None:
    tempered = look(scene(10, 240), sure(0.9), manifest(temperature=3.0))
    assert tempered.mean_certainty < look(scene(10, 240), sure(0.9)).mean_certainty == pytest.approx(0.9)


def test_a_model_that_tells_nothing_of_its_training_never_warns() -> None:
    known = manifest(training_statistics=(), training_spread=None, expected_certainty=None)
    assert look(scene(0, 5, colorfulness=0), sure(0.01), known).warning() is None


def test_nothing_valid_is_no_reason_to_warn() -> None:
    seen = DomainCheck(manifest())
    seen.add(scene(0, 5), np.zeros((64, 64), np.bool_), sure(0.01))
    assert seen.warning() is None


def test_statistics_in_native_values_are_scaled_like_the_scene() -> None:
    band = {**BAND, "percentiles": [{"percent": p, "value": v * 8} for p, v in ((5, 14), (50, 154), (95, 233))]}
    scaling = {"dtype": "uint16", "low": [0, 0, 0], "high": [2040, 2040, 2040]}
    known = manifest(training_statistics=[band] * 3, scaling=scaling)
    assert look(scene(10, 240), sure(), known).warning() is None
    assert look(scene(0, 50), sure(), known).warning() is not None


@pytest.mark.parametrize("published", [False, True])
def test_a_run_tells_it_at_the_end_and_in_the_maps_record(tmp_path: Path, published: bool) -> None:
    stub = stub_model(published=published)
    known = {"training_statistics": [BAND] * 3, "training_spread": SPREAD}
    model = Segmenter(Manifest.from_values(stub.manifest.model_dump() | known), stub.predictor)
    events: list[object] = []

    def run(name: str, values: NDArray[np.uint8]) -> tuple[str, ...]:
        scene_path = write_scene(tmp_path / name, values)
        done = segment_scene(
            scene_path, output=tmp_path / f"map_{name}", model=model, progress=lambda event: events.append(event)
        )
        return done.warnings

    usual, dark = scene(10, 240).repeat(2, axis=1), scene(1, 50).repeat(2, axis=1)
    assert run("usual.tif", usual) == ()
    assert not any(isinstance(event, WarningEvent) for event in events)
    (warning,) = run("dark.tif", dark)
    assert "much darker" in warning
    assert [event.message for event in events if isinstance(event, WarningEvent)] == [warning]
    with rasterio.open(tmp_path / "map_dark.tif") as dataset:
        assert "much darker" in str(dataset.tags())
