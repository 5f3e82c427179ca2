"""What the dialog shows: cards, fits, times, requirements."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from magnet_geo_qgis.core import requirement
from magnet_geo_qgis.core.estimate import RunTime, duration_text
from magnet_geo_qgis.core.model_card import MapClass, area_text, read_fit, read_model_card
from magnet_geo_qgis.core.requirement import EngineRequirement, Probe, folder_name, parse_probe, pip_reason
from magnet_geo_qgis.core.version import is_at_least

from magnet_geo.records.segment_result import TimeEstimate

VILLAGE = Path(__file__).parents[2] / "examples" / "village" / "village_rgb_2m.tif"


def engine_json(*arguments: str) -> dict[str, object]:
    done = subprocess.run([sys.executable, "-m", "magnet_geo", *arguments], capture_output=True, check=True, text=True)
    return json.loads(done.stdout)


def test_the_card_of_the_bundled_model() -> None:
    card = read_model_card(engine_json("model", "show", "landcover", "--json"))
    assert card.bands == ("red", "green", "blue")
    assert [c.value for c in card.classes] == [1, 2, 3, 4, 5]
    html = card.html()
    assert "vegetation" in html
    assert card.classes[0].color in html
    assert "pixels of about 1 m" in html


def test_a_card_escapes_what_it_shows() -> None:
    record = {"name": "<b>", "title": "a < b", "classes": [], "bands": ["red"]}
    assert "a &lt; b" in read_model_card({"manifest": record}).html()


def test_the_fit_of_the_example_scene() -> None:
    fit = read_fit(engine_json("info", str(VILLAGE), "--json"))
    assert fit.bands == (1, 2, 3)
    assert fit.pixels == 810_000
    assert fit.problems == ()
    assert any("2 m" in text for text in fit.warnings)


def test_areas_in_one_line_largest_first() -> None:
    classes = (
        MapClass(1, "water", "#000000", 900.0, 0.1),
        MapClass(2, "land", "#000000", 2e7, 0.6),
        MapClass(3, "road", "#000000", None, 0.3),
        MapClass(4, "none", "#000000", 0.0, 0.0),
    )
    assert area_text(classes) == "land 20.0 km², road 30.0 %, water 900 m²"


seconds = st.floats(0, 1e6)


@given(seconds, seconds, seconds, st.none() | st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_more_refinement_never_takes_less_time(
    coarse: float, refining: float, ranking: float, fast: float | None, one: float, other: float
) -> None:
    estimate = TimeEstimate(
        seconds=coarse + refining,
        read_seconds=0,
        network_seconds=coarse + refining,
        write_seconds=0,
        ranking_seconds=ranking,
        refining_seconds=refining,
        refined_share=1,
        fast_share=fast,
    )
    run_time = RunTime.of_plan({"estimate": estimate.model_dump()})
    small, large = sorted([one, other])
    assert run_time.seconds(small) <= run_time.seconds(large)
    assert run_time.seconds(run_time.fast_share) == run_time.seconds(1 if fast is None else fast)


def test_durations_are_told_as_people_say_them() -> None:
    assert [duration_text(s) for s in (3, 42, 600, 9000)] == ["about 5 s", "about 40 s", "about 10 min", "about 2 h"]


def probe_of(**changes: object) -> Probe:
    facts: dict[str, object] = {
        "executable": "p",
        "python": (3, 11, 2),
        "prefix": "/p",
        "platform": "Linux",
        "can_make_venv": True,
        "packages": {},
    }
    return Probe(**{**facts, **changes})  # type: ignore[arg-type]


def test_a_python_tells_what_it_has() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-c", requirement.PROBE_CODE], capture_output=True, text=True, check=True
    )
    probe = parse_probe("some banner\n" + done.stdout)
    assert probe is not None
    assert probe.python == sys.version_info[:3]
    assert probe.has_engine
    assert probe.packages["torch"]
    assert parse_probe("no json") is None


def test_a_python_that_cannot_make_the_environment_is_refused_with_a_reason() -> None:
    assert probe_of().objection() == ""
    assert "Python 3.9.1 is too old" in probe_of(python=(3, 9, 1)).objection()
    assert "python3-venv" in probe_of(can_make_venv=False).objection()


def test_another_requirement_gets_another_folder() -> None:
    requirements = [EngineRequirement(), EngineRequirement(torch="cuda"), EngineRequirement(source="/a b/é.whl")]
    assert len({folder_name(probe_of(), r) for r in requirements}) == 3
    assert folder_name(probe_of(), requirements[0]).startswith("py311-")


def test_torch_alone_comes_from_its_own_index() -> None:
    (_, torch), (_, engine) = EngineRequirement("x.whl", torch_index="INDEX", constraints="c.txt").pip_steps()
    assert torch[-3:] == ["--index-url", "INDEX", "torch>=2.4"]
    assert "INDEX" not in engine
    assert engine[-1] == "x.whl"
    assert "c.txt" in torch
    assert "c.txt" in engine


def test_the_reason_of_pip_is_not_its_last_line() -> None:
    lines = ["Collecting x", "ERROR: No space left on device", "", "[notice] A new release of pip"]
    assert pip_reason(lines) == "No space left on device"


@pytest.mark.parametrize(("found", "fits"), [("0.1.0", True), ("0.1", True), ("1.0.0rc1", True), ("0.0.9", False)])
def test_versions(found: str, fits: bool) -> None:
    assert is_at_least(found, "0.1.0") is fits
    assert not is_at_least("unknown", "0.1.0")
