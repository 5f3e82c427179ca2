"""Texts by people and strangers end in plain values or in one clause, whatever is in them."""

from __future__ import annotations

import pytest

from magnet_geo.text_formats import parse_json, parse_xml, parse_yaml


def test_plain_values_come_out() -> None:
    assert parse_yaml("a: [1, x]\nb: &z {c: 2}\nd: *z") == {"a": [1, "x"], "b": {"c": 2}, "d": {"c": 2}}
    assert parse_json('{"a": [1e-5, null]}') == {"a": [1e-5, None]}
    assert parse_xml(b"<a><b c='1'/></a>").find("b").attrib == {"c": "1"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [", "expected"),
        ("[" * 100 + "]" * 100, "nested deeper than 64 levels"),
        ("a: 2026-13-45", "cannot be .*month"),
        ("a: !!timestamp x", "cannot be"),
        ("a: !!int x", "cannot be .*invalid literal"),
        ("9" * 5000, "cannot be .*digits"),
        ("a: !!python/object:os.system {}", "could not determine a constructor"),
        ("? {a: b}\n: c", "unhashable"),
    ],
)
def test_yaml_that_cannot_be_is_told_in_one_line(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as error:
        parse_yaml(text)
    assert "\n" not in str(error.value)


def test_a_short_yaml_that_stands_for_many_values_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 8)]
    with pytest.raises(ValueError, match="stands for more than 1,000,000 values"):
        parse_yaml("\n".join(lines))


@pytest.mark.parametrize("text", ["{", "[" * 100_000, "9" * 5000, "\x00"])
def test_json_that_cannot_be_is_told_in_one_line(text: str) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011
        parse_json(text)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"<a>", b"", b'<?xml version="1.0" encoding="klingon"?><a/>', b"\xff\xfe<"])
def test_xml_that_cannot_be_is_told_in_one_line(content: bytes) -> None:
    with pytest.raises(ValueError, match="it is no readable XML") as error:
        parse_xml(content)
    assert "\n" not in str(error.value)


def test_what_is_too_large_is_not_read() -> None:
    for parse in (parse_yaml, parse_json):
        with pytest.raises(ValueError, match="larger than 16 MB"):
            parse(" " * (2**24 + 1))
