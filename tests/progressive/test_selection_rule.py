"""Which patches are refined."""

from __future__ import annotations

import numpy as np

from magnet_geo.progressive import AllPatches, ListedPatches, MostUncertainPatches, NoPatches, PatchesAbove

UNCERTAINTY = np.array([0.2, np.nan, 0.7, 0.5, 0.7, 0.0, np.nan])


def _chosen(rule: object, level: int = 1) -> list[int]:
    return np.flatnonzero(rule.choose(level, UNCERTAINTY)).tolist()  # type: ignore[attr-defined]


def test_full_takes_every_patch_with_a_valid_pixel() -> None:
    assert _chosen(AllPatches()) == [0, 2, 3, 4, 5]


def test_off_takes_none() -> None:
    assert _chosen(NoPatches()) == []


def test_fast_takes_the_most_uncertain_first_and_ties_in_order() -> None:
    assert [_chosen(MostUncertainPatches(n)) for n in (1, 2, 3)] == [[2], [2, 4], [2, 3, 4]]


def test_fast_never_takes_a_patch_without_a_valid_pixel() -> None:
    assert _chosen(MostUncertainPatches(7)) == [0, 2, 3, 4, 5]


def test_a_threshold_is_reached_by_equality_and_belongs_to_its_level() -> None:
    rule = PatchesAbove((0.5, 0.7, 0.0))
    assert [_chosen(rule, level) for level in (1, 2, 3)] == [[2, 3, 4], [2, 4], [0, 2, 3, 4, 5]]


def test_listed_patches_need_a_valid_pixel_too() -> None:
    listed = np.array([True, True, False, False, True, False, True])
    assert _chosen(ListedPatches((listed,))) == [0, 4]
