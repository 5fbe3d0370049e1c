"""Which local day is it, which days does a span hold, which day is complete?

Inside counts a day is an integer: days since 1970-01-01. At every public
function it is a `datetime.date` of the shop's zone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from metrics.problem import Problem

_EPOCH = date(1970, 1, 1).toordinal()


class UnknownZone(Problem):
    """The time zone's name is not in the zone database."""

    key = "unknown_zone"


def number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - _EPOCH


def of_number(value: int) -> date:
    """The date that is `value` days after 1970-01-01."""
    return date.fromordinal(int(value) + _EPOCH)


def zone(name: str) -> ZoneInfo:
    """The zone of that name; raises UnknownZone."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise UnknownZone(zone=name) from error


def last_complete(now: datetime, shop_zone: ZoneInfo) -> date:
    """The last local day that is over at the aware instant `now`."""
    return now.astimezone(shop_zone).date() - timedelta(days=1)


def week_before(day: date) -> date:
    """The same weekday, one week earlier."""
    return day - timedelta(days=7)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Local days from `start` up to, not including, `end`."""

    start: date
    end: date

    @classmethod
    def ending(cls, last: date, days: int) -> Span:
        """The `days` days whose last one is `last`."""
        return cls(last + timedelta(days=1 - days), last + timedelta(days=1))

    @property
    def last(self) -> date:
        """The last day inside the span."""
        return self.end - timedelta(days=1)

    @property
    def days(self) -> int:
        """How many days the span holds; 0 where end <= start."""
        return max(0, (self.end - self.start).days)

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    def __iter__(self) -> Iterator[date]:
        return (self.start + timedelta(days=i) for i in range(self.days))

    def shifted(self, days: int) -> Span:
        """The span moved by `days`."""
        step = timedelta(days=days)
        return Span(self.start + step, self.end + step)

    def clipped(self, start: date) -> Span:
        """The part on or after `start`."""
        return Span(max(self.start, start), max(self.end, start))
