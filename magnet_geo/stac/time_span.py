"""`TimeSpan`: when a scene was taken, as exactly as it is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from magnet_geo.errors import OptionError

# Photographs of the Earth from the air are not older.
_EARLIEST = datetime(1858, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """An instant, a day or an interval, in UTC.

    Attributes:
        start: When it begins.
        end: When it ends; the same for an instant.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start > self.end:
            raise OptionError(f"The time span ends ({self.end:%Y-%m-%d}) before it begins ({self.start:%Y-%m-%d}).")

    @classmethod
    def parse(cls, text: str) -> TimeSpan:
        """From ``2024-06-01``, ``2024-06-01T10:30:00Z`` or two of them with a slash between.

        Raises:
            OptionError: It is none of these.
        """
        first, _, last = text.partition("/")
        try:
            begin, end = _bounds(first), _bounds(last or first)
        except ValueError as error:
            raise OptionError(
                f"'{text}' is no time; write 2024-06-01, 2024-06-01T10:30:00Z or 2024-05-01/2024-09-30."
            ) from error
        return cls(begin[0], end[1])

    @classmethod
    def at(cls, instant: datetime) -> TimeSpan:
        """Return a single instant."""
        return cls(instant, instant)

    @classmethod
    def before(cls, instant: datetime) -> TimeSpan:
        """All that is known of a scene whose file is silent: it was taken before it was mapped."""
        return cls(_EARLIEST, instant)

    @property
    def instant(self) -> datetime | None:
        """The one time that stands for the span; None where it is longer than a day."""
        return self.start if self.end - self.start < timedelta(days=1) else None


def _bounds(text: str) -> tuple[datetime, datetime]:
    text = text.strip()
    if len(text) == len("2024-06-01"):
        day = datetime.combine(date.fromisoformat(text), time(), UTC)
        return day, day + timedelta(days=1) - _SECOND
    instant = datetime.fromisoformat(text)
    instant = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    return instant, instant
