from __future__ import annotations

from datetime import UTC, datetime

import pytest

from magnet_geo.errors import OptionError
from magnet_geo.stac import TimeSpan


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("text", "start", "end", "instant"),
    [
        ("2024-06-01", utc(2024, 6, 1), utc(2024, 6, 1, 23, 59, 59), utc(2024, 6, 1)),
        ("2024-06-01T10:30:00Z", utc(2024, 6, 1, 10, 30), utc(2024, 6, 1, 10, 30), utc(2024, 6, 1, 10, 30)),
        ("2024-06-01T12:30:00+02:00", utc(2024, 6, 1, 10, 30), utc(2024, 6, 1, 10, 30), utc(2024, 6, 1, 10, 30)),
        ("2024-06-01T10:30:00", utc(2024, 6, 1, 10, 30), utc(2024, 6, 1, 10, 30), utc(2024, 6, 1, 10, 30)),
        ("2024-05-01/2024-09-30", utc(2024, 5, 1), utc(2024, 9, 30, 23, 59, 59), None),
    ],
)
def test_times_people_write(text: str, start: datetime, end: datetime, instant: datetime | None) -> None:
    span = TimeSpan.parse(text)
    assert (span.start, span.end, span.instant) == (start, end, instant)


@pytest.mark.parametrize("text", ["yesterday", "2024-13-01", "", "2024-05-01/soon", "01.06.2024"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(OptionError, match="is no time; write 2024-06-01"):
        TimeSpan.parse(text)


def test_a_span_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(OptionError, match=r"ends \(2023-01-01\) before it begins \(2024-01-01\)"):
        TimeSpan.parse("2024-01-01/2023-01-01")
