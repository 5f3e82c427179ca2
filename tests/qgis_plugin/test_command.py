from __future__ import annotations

import shlex
import sys

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st
from magnet_geo_qgis.core.engine import Call, Engine, quote_command, wheel_name
from magnet_geo_qgis.core.segment_request import Box, SceneSource, SegmentRequest, refine_argument, slider_refinement

from magnet_geo.cli.commands.segment import segment

WORDS = st.lists(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0\n"), min_size=1), min_size=1)


def parsed(request: SegmentRequest) -> dict[str, object]:
    """What the real command makes of a request."""
    with click.Context(segment) as context:
        arguments = Call(Engine(sys.executable), tuple(request.arguments())).full_arguments()
        command = arguments.index("segment")
        context.args = segment.parse_args(context, arguments[command + 1 :])
        return dict(context.params)


def test_the_engine_understands_every_choice() -> None:
    request = SegmentRequest(
        SceneSource("-odd name é.tif", ("NUM_THREADS=2",), "EPSG:32633"),
        "out dir/o.tif",
        bands=(3, 2, 1),
        box=Box(-3.5, -1, 2, 4.25, "EPSG:4326"),
        refine="0.25",
        min_confidence=0.3,
        gsd="native",
        scaling="0,3000",
        device="cpu",
        max_memory="2GB",
        preview="p.tif",
        confidence="c.tif",
        probabilities="q.tif",
        resume=False,
    )
    found = parsed(request)
    assert found["scenes"] == ("-odd name é.tif",)
    assert found["bounds"] == (-3.5, -1.0, 2.0, 4.25)
    assert found["bands"] == (3, 2, 1)
    assert found["open_options"] == (("NUM_THREADS", "2"),)
    assert found["cancel_on_eof"] is True
    assert found["progress"] == "jsonl"
    assert found["overwrite"] is True
    assert found["resume"] is False
    assert found["max_memory"] == 2_000_000_000


def test_choices_that_were_not_made_are_left_to_the_engine() -> None:
    found = SegmentRequest(SceneSource("s.tif"), "o.tif").arguments()
    assert found == ["segment", "-o", "o.tif", "--model", "landcover", "--overwrite", "--", "s.tif"]


@pytest.mark.parametrize(
    ("choice", "value"), [("model", ""), ("full", "full"), ("fast", "fast"), ("off", "off"), ("share", "0.3")]
)
def test_refinement_by_name_or_share(choice: str, value: str) -> None:
    assert refine_argument(choice, 0.3) == value


def test_the_slider_goes_from_coarse_to_full() -> None:
    assert [slider_refinement(p, 4) for p in range(5)] == ["off", "0.25", "0.5", "0.75", "full"]


@given(WORDS)
def test_a_shown_command_is_read_back_by_the_shell(words: list[str]) -> None:
    assert shlex.split(quote_command(words)) == words


@pytest.mark.parametrize(
    ("word", "quoted"),
    [("a", "a"), ("a b", '"a b"'), ("", '""'), ("C:\\x y\\", '"C:\\x y\\\\"'), ('say "hi"', '"say \\"hi\\""')],
)
def test_windows_quotes(word: str, quoted: str) -> None:
    assert quote_command([word], windows=True) == quoted


def test_the_engine_s_python_reads_no_foreign_packages() -> None:
    assert Call(Engine("py"), ("segment", "s.tif")).full_arguments()[:4] == ["-I", "-u", "-m", "magnet_geo"]
    assert Call(Engine("magnet-geo", is_python=False), ("model", "list"), speaks_protocol=False).full_arguments() == [
        "model",
        "list",
    ]


@pytest.mark.parametrize(
    ("source", "name"),
    [("C:\\Users\\Jörg\\magnet_geo-0.1.0-py3-none-any.whl", "magnet_geo-0.1.0-py3-none-any.whl"), ("magnet-geo", None)],
)
def test_wheels_are_known_by_their_name(source: str, name: str | None) -> None:
    assert wheel_name(source) == name
