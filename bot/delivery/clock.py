"""At which instant is a local date's message due, and is that date a business day?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from metrics.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

_SATURDAY = 5


class UnknownCountry(Problem):
    """No public holidays are known for that country code."""

    key = "unknown_country"


def utc_now() -> datetime:
    """The wall clock of this machine."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are business days.

    `country`: ISO code whose public holidays are off, None for none.
    `company`: further days off. `working`: days that count in spite of all (make-up Saturdays).
    `every_day`: weekends and holidays count too; only `company` days are off. `weekdays`: of
    these, only those (Monday is 0).
    """

    country: str | None = "JP"
    company: frozenset[date] = frozenset()
    working: frozenset[date] = frozenset()
    every_day: bool = False
    weekdays: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """A local date whose message is due at `due_at` and no longer worth posting from `expires_at`."""

    local_date: date
    due_at: datetime
    expires_at: datetime


@lru_cache(maxsize=4096)
def due_at(day: date, at: time, zone: ZoneInfo) -> datetime | None:
    """The instant (UTC) of that wall time; None where the zone skipped the whole date.

    A wall time inside a gap moves forward by the gap; one that happens twice means the first.
    """
    if not _exists(day, zone):
        return None
    return datetime.combine(day, at.replace(fold=0), tzinfo=zone).astimezone(UTC)


def _exists(day: date, zone: ZoneInfo) -> bool:
    """Whether the zone's clocks ever showed the date (Apia never had 2011-12-30)."""
    ends = (time(0, 0), time(23, 59, 59))
    return any(datetime.combine(day, end, tzinfo=zone).astimezone(UTC).astimezone(zone).date() == day for end in ends)


def windows(now: datetime, at: time, zone: ZoneInfo, keep: timedelta) -> Iterator[Window]:
    """The local dates that are due at `now` and not yet expired, oldest first."""
    today = now.astimezone(zone).date()
    for back in range(keep.days + 1, -1, -1):
        day = today - timedelta(days=back)
        due = due_at(day, at, zone)
        if due is not None and due <= now < due + keep:
            yield Window(day, due, due + keep)


def next_due(now: datetime, at: time, zone: ZoneInfo) -> datetime | None:
    """The next instant after `now` at which a local date's message is due; None where it is days away."""
    today = now.astimezone(zone).date()
    coming = (due_at(today + timedelta(days=ahead), at, zone) for ahead in range(3))
    return next((due for due in coming if due is not None and due > now), None)


def is_business_day(day: date, calendar: Calendar) -> bool:
    """Whether the shop works that day."""
    if day in calendar.working:
        return True
    if day in calendar.company:
        return False
    if calendar.every_day:
        return calendar.weekdays is None or day.weekday() in calendar.weekdays
    return day.weekday() < _SATURDAY and day not in public_holidays(calendar.country, day.year)


@lru_cache(maxsize=32)
def public_holidays(country: str | None, year: int) -> frozenset[date]:
    """The public holidays of one year; raises UnknownCountry."""
    if country is None:
        return frozenset()
    import holidays  # noqa: PLC0415  the package costs 0.1 s, and `asakai --help` must not pay it

    try:
        return frozenset(holidays.country_holidays(country, years=year))
    except NotImplementedError as error:
        raise UnknownCountry(country=country) from error
