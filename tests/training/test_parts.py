"""The small parts of a training: prefetched samples, averaged weights, schedules, changes of color."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from itertools import count, islice

import numpy as np
import pytest
import torch
from torch import nn

from magnet_geo.errors import TrainingError
from magnet_geo.training.augmentation import ColorChange, ColorJitter, Dihedral
from magnet_geo.training.averaging import WeightAverage
from magnet_geo.training.prefetch import made_in_threads
from magnet_geo.training.schedules import polynomial_decay, step_decay, warmed_up
from magnet_geo.training.settings import BackboneSettings, RefinementSettings


def test_samples_made_in_threads_keep_their_order_and_their_error() -> None:
    used = set()

    def make(number: int) -> int:
        used.add(threading.current_thread().name)
        if number == 9:
            raise ValueError("broken sample")
        return number * number

    ready = made_in_threads(make, count(), workers=3, depth=5)
    assert list(islice(ready, 9)) == [number * number for number in range(9)]
    with pytest.raises(ValueError, match="broken sample"):
        next(ready)
    assert threading.current_thread().name not in used


def test_no_more_samples_are_made_ahead_than_asked_for() -> None:
    made = []
    ready = made_in_threads(made.append, count(), workers=1, depth=3)
    next(ready)
    ready.close()
    assert len(made) <= 4


def test_average_lies_between_the_states_it_has_seen() -> None:
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, 0.0)
    average = WeightAverage(model, decay=0.5)
    nn.init.constant_(model.weight, 1.0)
    average.update(model)
    early = average.model.weight.item()
    for _ in range(100):
        average.update(model)
    assert 0.5 <= early < 1
    assert average.model.weight.item() == pytest.approx(1)


def test_an_average_goes_on_from_what_was_kept() -> None:
    torch.manual_seed(0)
    model = nn.BatchNorm2d(2)
    whole, part = (WeightAverage(model, decay=0.9) for _ in range(2))
    for step in range(6):
        model(torch.randn(2, 2, 3, 3))
        whole.update(model)
        if step < 3:
            part.update(model)
        if step == 2:
            resumed = WeightAverage(nn.BatchNorm2d(2), decay=0.9)
            resumed.restore(part.model.state_dict(), updates=part.updates)
        if step > 2:
            resumed.update(model)
    states = whole.model.state_dict(), resumed.model.state_dict()
    assert all(torch.equal(tensor, states[1][key]) for key, tensor in states[0].items())
    assert states[0]["num_batches_tracked"] == 6


def test_schedules_start_high_and_end_at_nothing() -> None:
    assert [polynomial_decay(p, power=2) for p in (-1, 0, 0.5, 1, 2)] == [1, 1, 0.25, 0, 0]
    assert [warmed_up(step, warmup_steps=3) for step in range(4)] == [0.25, 0.5, 0.75, 1.0]
    assert step_decay(0.5, milestones=(0.2, 0.5, 0.8)) == pytest.approx(0.01)


def test_orientations_are_eight_different_ones() -> None:
    corner = np.array([[1, 2], [3, 4]], dtype=np.uint8)
    seen = {Dihedral(turns, mirrored).apply(corner).tobytes() for turns in range(4) for mirrored in (False, True)}
    assert len(seen) == 8


@pytest.mark.parametrize("strength", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_color_changes_neither_see_nor_fill_what_is_not_valid(strength: float, dtype: type) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (32, 32, 3)).astype(dtype)
    valid = np.ones((32, 32), bool)
    valid[:, :16] = False
    black, white = noise.copy(), noise.copy()
    black[~valid], white[~valid] = 0, 255
    jitter = ColorJitter.of_strength(strength, bands=3)
    for seed in range(20):
        change = jitter.draw(np.random.default_rng(seed))
        if change == change.none(3):
            continue
        changed = change.apply(black, valid)
        assert not changed[~valid].any()
        assert ((changed >= 0) & (changed <= 255)).all()
        np.testing.assert_array_equal(changed, change.apply(white, valid))


def test_no_strength_changes_nothing() -> None:
    pixels = np.random.default_rng(0).uniform(0, 255, (8, 8, 5)).astype(np.float32)
    unchanged = ColorJitter.of_strength(0, bands=5).draw(np.random.default_rng(1))
    assert np.array_equal(unchanged.apply(pixels, np.ones((8, 8), bool)), pixels)


def test_color_changes_are_gamma_gain_contrast_and_haze_in_this_order() -> None:
    pixels = np.random.default_rng(0).uniform(0, 255, (8, 8, 2)).astype(np.float32)
    tones = {"gains": (1.1, 0.8), "gamma": 1.3, "contrast": 0.7, "pivot": 0.4, "haze": 0.2, "haze_level": 0.9}
    change = replace(ColorChange.none(2), **tones)
    values = (pixels / 255.0) ** 1.3 * (1.1, 0.8)
    values = (values - 0.4) * 0.7 + 0.4
    expected = np.clip(values * 0.8 + 0.9 * 0.2, 0, 1) * 255
    np.testing.assert_allclose(change.apply(pixels, np.ones((8, 8), bool)), expected, rtol=1e-4)


def test_settings_come_back_from_plain_values() -> None:
    settings = BackboneSettings(decimations=(8, 2), class_weights=(1.0, 2.0), minutes=3.5)
    assert BackboneSettings.from_values(json.loads(settings.to_json())) == settings
    with pytest.raises(TrainingError, match="no setting 'crop_px'"):
        RefinementSettings.from_values({"crop_px": 3})


@pytest.mark.parametrize(
    ("values", "match"),
    [
        ({"batch_size": 0}, "`batch_size` is 0, but must be at least 1"),
        ({"label_smoothing": 1.0}, "`label_smoothing` is 1, but must be at most 0.9"),
        ({"scale_range": (2.0, 1.0)}, "needs a smaller and a greater value"),
        ({"decimations": (4, 3)}, "must be a multiple of the next"),
    ],
)
def test_settings_out_of_range_are_refused(values: dict[str, object], match: str) -> None:
    with pytest.raises(TrainingError, match=match):
        BackboneSettings(**values)  # type: ignore[arg-type]
