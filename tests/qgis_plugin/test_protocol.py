from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from magnet_geo_qgis.core import protocol
from magnet_geo_qgis.core.protocol import (
    Cancelled,
    Failure,
    Hello,
    LineSplitter,
    Log,
    Noise,
    Preview,
    Progress,
    Result,
    parse_line,
    parse_result,
)

from magnet_geo.cli.output.protocol import (
    PROTOCOL_VERSION,
    CancelledLine,
    ErrorLine,
    HelloLine,
    LogLine,
    PreviewLine,
    ProgressLine,
)


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\n\r"), min_size=1)), st.data())
def test_lines_do_not_depend_on_how_the_stream_is_cut(texts: list[str], data: st.DataObject) -> None:
    texts = [text for text in texts if text.strip()]
    stream = "".join(text + "\n" for text in texts).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    splitter = LineSplitter()
    lines = []
    for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        lines += splitter.feed(stream[begin:end])
    assert [line.decode() for line in lines] == [t for t in texts if t.encode().strip()]


def test_the_last_line_may_lack_its_end() -> None:
    splitter = LineSplitter()
    assert splitter.feed(b"one\ntwo") == [b"one"]
    assert splitter.flush() == [b"two"]
    assert splitter.flush() == []


def test_endless_noise_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "MAX_LINE_BYTES", 1000)
    splitter = LineSplitter()
    for _ in range(50):
        assert splitter.feed(b"x" * 100) == []
    assert splitter.feed(b"x\nnext\n") == [b"next"]


def test_the_plugin_reads_every_line_the_engine_writes() -> None:
    lines = {
        HelloLine(version="0.1.0", pid=7): Hello(PROTOCOL_VERSION, "0.1.0", 7),
        ProgressLine(fraction=0.5, stage="coarse", message="Coarse pass"): Progress(0.5, "coarse", "Coarse pass"),
        LogLine(level="warning", message="Hm."): Log("warning", "Hm."),
        PreviewLine(raster="/tmp/é.tif"): Preview("/tmp/é.tif"),
        ErrorLine(code="bands", message="No."): Failure("bands", "No."),
        CancelledLine(): Cancelled(),
    }
    assert {parse_line(line.model_dump_json().encode()) for line in lines} == set(lines.values())


def test_both_sides_speak_the_same_version() -> None:
    assert protocol.PROTOCOL_VERSION == PROTOCOL_VERSION


@pytest.mark.parametrize(
    "line", [b"libtiff: warning", b"[1]", b"{}", b'{"type": 3}', b'{"type":"progress","fraction":"much"}', b"\xff\xfe"]
)
def test_what_is_no_message_is_noise(line: bytes) -> None:
    assert isinstance(parse_line(line), Noise)


def test_messages_of_unknown_kinds_are_passed_over() -> None:
    assert parse_line(b'{"type": "weather", "mood": "sunny"}') is None


@given(st.floats(allow_nan=False))
def test_progress_stays_between_0_and_1(fraction: float) -> None:
    message = parse_line(json.dumps({"type": "progress", "fraction": fraction}).encode())
    assert isinstance(message, Progress)
    assert 0 <= message.fraction <= 1


def test_a_plain_result_is_found_below_other_output() -> None:
    assert parse_result('hello\n{"a": 1}\n') == Result({"a": 1})
    assert parse_result("hello\n") is None
