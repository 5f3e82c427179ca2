"""The loop's own rules: what is refined, what is kept, what an invalid pixel may do."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from magnet_geo.compute.patch_executor import PatchExecutor
from magnet_geo.grid import MagnificationPyramid, PixelRect, PyramidManner, Size
from magnet_geo.normalization import Normalization
from magnet_geo.progressive import (
    AllPatches,
    BatchRunner,
    ListedPatches,
    MapBuffers,
    MostUncertainPatches,
    NoPatches,
    PatchesAbove,
    PatchRule,
    PointRule,
    SelectionRules,
    Stage,
    build_image_pyramid,
    segment_stages,
)

PLAIN = Normalization((0.0,) * 3, (1.0,) * 3)
WHOLE = PointRule(1, 1)
EVERYTHING = SelectionRules(AllPatches(), WHOLE)
DECIMATED = MagnificationPyramid.from_decimations(8, (4, 2, 1))
# Patches of 10 do not tile 25: the last ones overlap their neighbors.
OVERLAPPING = MagnificationPyramid((Size(10, 10), Size(25, 25)), Size(10, 10), Size(10, 10), PyramidManner.PUBLISHED)
STRETCHED = MagnificationPyramid(
    (Size(8, 8), Size(16, 16), Size(32, 32)), Size(8, 8), Size(8, 8), PyramidManner.PUBLISHED
)
TILED = MagnificationPyramid((Size(10, 10), Size(20, 20)), Size(10, 10), Size(8, 8), PyramidManner.PUBLISHED)


class ShareOfBands:
    """Each band is a class and its share of the bands' sum the probability; refinement gives what it is told."""

    num_classes, batch_size, device, dtype = 3, 2, torch.device("cpu"), torch.float32

    def __init__(self, refined: list[tuple[float, float, float]] | None = None) -> None:
        self.answers = refined
        self.asked: list[tuple[Tensor, Tensor]] = []

    def scale_specific(self, inputs: Tensor) -> Tensor:
        return (inputs + 1e-3) / (inputs + 1e-3).sum(1, keepdim=True)

    def refined(self, level: int, *, scale_specific: Tensor, cumulative: Tensor) -> Tensor:
        if self.answers is None:
            return scale_specific.clone()
        first = len(self.asked)
        # What is asked about is written over afterwards.
        self.asked.extend(zip(scale_specific.clone(), cumulative.clone(), strict=True))
        answers = torch.tensor(self.answers)[torch.arange(first, len(self.asked)) % len(self.answers)]
        return answers[:, :, None, None].expand_as(scale_specific).clone()


def _image(size: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(1, 255, (3, size, size)).astype(np.uint8)


def _stages(
    values: NDArray[np.uint8],
    pyramid: MagnificationPyramid,
    predictor: ShareOfBands,
    *,
    patches: PatchRule,
    points: PointRule = WHOLE,
    valid: NDArray[np.bool_] | None = None,
    wanted: list[NDArray[np.bool_]] | None = None,
) -> list[Stage]:
    image = build_image_pyramid(values, valid, pyramid=pyramid, normalization=PLAIN, device=torch.device("cpu"))
    runner = BatchRunner(predictor)
    stages = segment_stages(image, predictor, SelectionRules(patches, points), runner=runner, wanted=wanted)
    return [Stage(s.level, s.probabilities.clone(), s.refined, s.points) for s in stages]


def test_the_last_stage_of_full_refinement_is_the_last_refined_prediction() -> None:
    values = _image(32)
    stages = _stages(values, DECIMATED, ShareOfBands(), patches=AllPatches())
    inputs = torch.from_numpy(values).float() / 255 + 1e-3
    torch.testing.assert_close(stages[-1].probabilities, inputs / inputs.sum(0), atol=1e-6, rtol=0)
    assert [stage.refined.tolist() for stage in stages] == [[], [True] * 4, [True] * 16]


def test_maps_of_the_next_image_may_take_the_memory_of_the_last() -> None:
    buffers, found = MapBuffers(), list[tuple[int, Tensor]]()
    for seed in (0, 1):
        image = build_image_pyramid(
            _image(32, seed), None, pyramid=DECIMATED, normalization=PLAIN, device=torch.device("cpu")
        )
        *_, last = segment_stages(image, ShareOfBands(), EVERYTHING, buffers=buffers)
        found.append((last.probabilities.data_ptr(), last.probabilities.clone()))
        expected = _stages(_image(32, seed), DECIMATED, ShareOfBands(), patches=AllPatches())[-1].probabilities
        assert torch.equal(found[-1][1], expected)
    assert found[0][0] == found[1][0]


def test_levels_are_means_of_blocks() -> None:
    values = _image(32)
    coarse = _stages(values, DECIMATED, ShareOfBands(), patches=NoPatches())[0].probabilities
    means = torch.from_numpy(values).float().reshape(3, 8, 4, 8, 4).mean((2, 4)) / 255 + 1e-3
    torch.testing.assert_close(coarse, means / means.sum(0), atol=1e-6, rtol=0)


def test_without_refinement_the_coarse_prediction_is_enlarged() -> None:
    stages = _stages(_image(32), DECIMATED, ShareOfBands(), patches=NoPatches())
    for coarse, fine in pairwise(stages):
        expected = torch.nn.functional.interpolate(coarse.probabilities[None], scale_factor=2, mode="bilinear")[0]
        torch.testing.assert_close(fine.probabilities, expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize("pyramid", [DECIMATED, STRETCHED], ids=["decimation", "published"])
def test_points_lie_inside_the_chosen_patches_only(pyramid: MagnificationPyramid) -> None:
    chosen = np.zeros(16, bool)
    chosen[[2, 7, 9]] = True
    rule = ListedPatches((np.zeros(4, bool), chosen))
    points = PointRule(0.5, 3, cell_px=2)
    predictor = ShareOfBands([(1.0, 0.0, 0.0)])
    stages = _stages(_image(32), pyramid, predictor, patches=rule, points=points)
    before = _stages(_image(32), pyramid, ShareOfBands(), patches=NoPatches())[-1].probabilities
    changed = (stages[-1].probabilities != before).any(0)
    inside = np.zeros((32, 32), bool)
    for patch in np.array(pyramid.patches(2))[chosen]:
        inside[patch.slices] = True
    assert not changed.numpy()[~inside].any()
    assert 0 < changed.sum() <= 0.5 * inside.sum()
    assert len(predictor.asked) == 3


def test_points_of_a_patch_are_its_share_of_highest_score() -> None:
    values = _image(32)
    before = _stages(values, DECIMATED, ShareOfBands(), patches=NoPatches())[-1].probabilities
    chosen = np.zeros(16, bool)
    chosen[5] = True
    rule = ListedPatches((np.zeros(4, bool), chosen))
    points = PointRule(0.25, 1, cell_px=1)
    after = _stages(values, DECIMATED, ShareOfBands([(1.0, 0.0, 0.0)]), patches=rule, points=points)[-1].probabilities
    patch = DECIMATED.patches(2)[5]
    ordered = before[(slice(None), *patch.slices)].sort(0).values
    unsure = (1 - (ordered[-1] - ordered[-2])).ravel()
    changed = (after != before).any(0)[patch.slices].ravel()
    assert changed.sum() == 16
    assert unsure[changed].min() >= unsure[~changed].max()


@pytest.mark.parametrize("cell_px", [1, 3, 5, 8, 11])
def test_score_cells_need_not_divide_a_patch(cell_px: int) -> None:
    points = PointRule(0.5, 1, cell_px)
    rule = ListedPatches((np.zeros(4, bool), np.arange(16) == 5))
    before = _stages(_image(32), DECIMATED, ShareOfBands(), patches=NoPatches())[-1].probabilities
    after = _stages(_image(32), DECIMATED, ShareOfBands([(1.0, 0.0, 0.0)]), patches=rule, points=points)[-1]
    changed = (after.probabilities != before).any(0)[DECIMATED.patches(2)[5].slices]
    assert 32 - min(cell_px, 8) ** 2 < changed.sum() <= 32


def test_the_refined_prediction_fades_out_towards_neighboring_patches_only() -> None:
    answer = (1.0, 0.0, 0.0)
    pyramid = MagnificationPyramid.from_decimations(8, (2, 1))
    values = np.full((3, 16, 16), 100, np.uint8)
    faded = PointRule(1, 1, fade_px=2)
    first = ListedPatches((np.arange(4) == 0,))
    old, new = (
        _stages(values, pyramid, ShareOfBands([answer]), patches=rule, points=faded)[-1].probabilities
        for rule in (NoPatches(), first)
    )
    weight = ((new - old)[0] / (1 - old[0])).numpy()
    ramp = np.array([1, 1, 1, 1, 1, 1, 0.75, 0.25])
    np.testing.assert_allclose(weight[:8, :8], np.outer(ramp, ramp), atol=1e-5)
    assert not weight[8:].any()
    assert not weight[:, 8:].any()
    torch.testing.assert_close(new.sum(0), torch.ones(16, 16))


def test_fast_refines_the_most_uncertain_patches() -> None:
    values = np.zeros((3, 25, 25), np.uint8)
    values[0] = 250
    # One corner where two classes are as likely.
    values[1, 16:, 16:] = 250
    predictor = ShareOfBands([(0.0, 0.0, 1.0)])
    points = PointRule(1, 1)
    stage = _stages(values, OVERLAPPING, predictor, patches=MostUncertainPatches(1), points=points)[-1]
    (index,) = np.flatnonzero(stage.refined)
    assert OVERLAPPING.patches(1)[index] == PixelRect(15, 15, 10, 10)
    assert stage.points is not None
    changed = np.zeros((25, 25), bool)
    changed[15:, 15:] = True
    np.testing.assert_array_equal(stage.points.pixels(), changed)
    np.testing.assert_array_equal(stage.probabilities.argmax(0) == 2, changed)


def test_overlapping_patches_are_averaged() -> None:
    answers = [(n / 9, 1 - n / 9, 0.0) for n in range(9)]
    points = PointRule(1, 1)
    stage = _stages(_image(25), OVERLAPPING, ShareOfBands(answers), patches=AllPatches(), points=points)[-1]
    total, times = np.zeros((3, 25, 25)), np.zeros((25, 25))
    for answer, patch in zip(answers, OVERLAPPING.patches(1), strict=True):
        total[(slice(None), *patch.slices)] += np.array(answer)[:, None, None]
        times[patch.slices] += 1
    assert times.max() == 4
    np.testing.assert_allclose(stage.probabilities, total / times, atol=1e-6)


@pytest.mark.parametrize("pyramid", [DECIMATED, TILED, OVERLAPPING], ids=["decimation", "tiled", "overlapping"])
def test_patches_one_by_one_give_the_bytes_of_batches(pyramid: MagnificationPyramid) -> None:
    values = _image(pyramid.window.height)
    rules = SelectionRules(PatchesAbove((0.1, 0.1)), PointRule(0.5, 3))
    image = build_image_pyramid(values, None, pyramid=pyramid, normalization=PLAIN, device=torch.device("cpu"))
    counts = list[int]()
    one_by_one = list[Tensor]()
    refined = 0
    for stage in segment_stages(image, ShareOfBands(), rules, on_batch=counts.append, runner=PatchExecutor(2)):
        one_by_one.append(stage.probabilities.clone())
        refined += int(stage.refined.sum())
    in_batches = segment_stages(image, ShareOfBands(), rules, runner=BatchRunner(ShareOfBands()))
    for single, batched in zip(one_by_one, in_batches, strict=True):
        assert torch.equal(single, batched.probabilities)
    assert refined >= 4
    assert sum(counts) == len(pyramid.patches(0)) + refined


def test_the_refinement_sees_the_cumulative_prediction_of_its_patch() -> None:
    predictor = ShareOfBands([(1.0, 0.0, 0.0)])
    stages = _stages(_image(32), DECIMATED, predictor, patches=ListedPatches((np.ones(4, bool), np.zeros(16, bool))))
    enlarged = torch.nn.functional.interpolate(stages[0].probabilities[None], scale_factor=2, mode="bilinear")[0]
    for (_, cumulative), patch in zip(predictor.asked, DECIMATED.patches(1), strict=True):
        torch.testing.assert_close(cumulative, enlarged[(slice(None), *patch.slices)], atol=1e-6, rtol=0)


def test_patches_of_no_use_are_left_out() -> None:
    wanted = [np.array([True, False, False, True]), np.arange(16) % 2 == 0]
    stages = _stages(_image(32), DECIMATED, ShareOfBands(), patches=AllPatches(), wanted=wanted)
    np.testing.assert_array_equal(stages[1].refined, wanted[0])
    np.testing.assert_array_equal(stages[2].refined, wanted[1])


def test_the_values_of_invalid_pixels_mean_nothing() -> None:
    values, valid = _image(32), np.random.default_rng(4).random((32, 32)) > 0.3
    valid[:8, 8:16] = False
    found = []
    for fill in (0, 97, 255):
        filled = np.where(valid, values, fill).astype(np.uint8)
        found.append(_stages(filled, DECIMATED, ShareOfBands(), patches=AllPatches(), valid=valid))
    for first, *others in zip(*found, strict=True):
        for other in others:
            torch.testing.assert_close(other.probabilities, first.probabilities, atol=0, rtol=0)
    assert not found[0][-1].refined[DECIMATED.patches(2).index(PixelRect(0, 8, 8, 8))]


def test_an_image_may_be_seen_from_any_side() -> None:
    values, valid = _image(32), np.random.default_rng(4).random((32, 32)) > 0.3
    flipped = _stages(values[:, ::-1, ::-1], DECIMATED, ShareOfBands(), patches=AllPatches(), valid=valid[::-1, ::-1])
    copied = _stages(
        values[:, ::-1, ::-1].copy(), DECIMATED, ShareOfBands(), patches=AllPatches(), valid=valid[::-1, ::-1].copy()
    )
    assert torch.equal(flipped[-1].probabilities, copied[-1].probabilities)


def test_an_image_smaller_than_a_window_is_padded_with_invalid_pixels() -> None:
    values = _image(32)
    padded, valid = np.zeros((3, 32, 32), np.uint8), np.zeros((32, 32), bool)
    padded[:, :21, :13], valid[:21, :13] = values[:, :21, :13], True
    small = _stages(values[:, :21, :13], DECIMATED, ShareOfBands(), patches=AllPatches())
    whole = _stages(padded, DECIMATED, ShareOfBands(), patches=AllPatches(), valid=valid)
    for one, other in zip(small, whole, strict=True):
        assert torch.equal(one.probabilities, other.probabilities)


@pytest.mark.parametrize("pyramid", [DECIMATED, OVERLAPPING], ids=["decimation", "published"])
def test_constant_probabilities_stay_constant(pyramid: MagnificationPyramid) -> None:
    values = np.empty((3, pyramid.window.height, pyramid.window.width), np.uint8)
    values[:] = np.array([30, 90, 60])[:, None, None]
    points = PointRule(0.5, 3, cell_px=2)
    for stage in _stages(values, pyramid, ShareOfBands(), patches=AllPatches(), points=points):
        expected = torch.tensor([30.0, 90.0, 60.0])[:, None, None] / 180
        torch.testing.assert_close(stage.probabilities, expected.expand_as(stage.probabilities), atol=2e-3, rtol=0)


def test_a_listener_may_stop_between_batches() -> None:
    def stop(patches: int) -> None:
        raise KeyboardInterrupt

    image = build_image_pyramid(_image(32), None, pyramid=DECIMATED, normalization=PLAIN, device=torch.device("cpu"))
    stages = segment_stages(image, ShareOfBands(), EVERYTHING, on_batch=stop)
    with pytest.raises(KeyboardInterrupt):
        next(stages)


def test_a_batch_size_that_shrinks_on_the_way_loses_no_patch() -> None:
    class Shrinking(ShareOfBands):
        batch_size = 5

        def scale_specific(self, inputs: Tensor) -> Tensor:
            self.batch_size = max(1, self.batch_size - 1)
            return super().scale_specific(inputs)

    image = build_image_pyramid(_image(32), None, pyramid=DECIMATED, normalization=PLAIN, device=torch.device("cpu"))
    predictor = Shrinking()
    for shrinking, steady in zip(
        segment_stages(image, predictor, EVERYTHING, runner=BatchRunner(predictor)),
        segment_stages(image, ShareOfBands(), EVERYTHING),
        strict=True,
    ):
        torch.testing.assert_close(shrinking.probabilities, steady.probabilities, rtol=0, atol=0)


def test_levels_made_of_averages_are_those_made_of_the_pixels() -> None:
    values, valid = _image(32).astype(np.float32), np.ones((32, 32), bool)
    valid[:8, :20] = False
    made_of = {"pyramid": DECIMATED, "normalization": PLAIN, "device": torch.device("cpu")}
    whole = build_image_pyramid(values, valid, **made_of)
    halves = np.where(valid, values, 0).reshape(3, 16, 2, 16, 2).mean((2, 4), dtype=np.float32)
    reduced = build_image_pyramid(halves, valid[::2, ::2], **made_of, decimation=2)
    for level in (0, 1):
        patches = DECIMATED.patches(level)
        torch.testing.assert_close(reduced.inputs(level, patches), whole.inputs(level, patches), rtol=1e-5, atol=1e-6)
    for level in (0, 1, 2):
        assert torch.equal(reduced.valid(level), whole.valid(level))
    stages = [
        list(segment_stages(image, ShareOfBands(), SelectionRules(NoPatches(), WHOLE))) for image in (whole, reduced)
    ]
    for ours, theirs in zip(*stages, strict=True):
        torch.testing.assert_close(ours.probabilities, theirs.probabilities)
