"""When is the digest due, and on which days?"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.delivery.clock import Calendar, UnknownCountry, due_at, is_business_day, next_due, windows

TOKYO = ZoneInfo("Asia/Tokyo")
EIGHT = time(8, 0)


def test_eight_in_tokyo_is_eleven_at_night_in_utc() -> None:
    assert due_at(date(2026, 11, 20), EIGHT, TOKYO) == datetime(2026, 11, 19, 23, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "at", "due"),
    [
        pytest.param("Europe/Berlin", (2026, 3, 29), (2, 30), (2026, 3, 29, 1, 30), id="a gap moves forward: 03:30"),
        pytest.param("Europe/Berlin", (2026, 10, 25), (2, 30), (2026, 10, 25, 0, 30), id="twice means the first"),
        pytest.param("America/Havana", (2026, 3, 8), (0, 30), (2026, 3, 8, 5, 30), id="a gap at midnight"),
        pytest.param("Australia/Lord_Howe", (2026, 10, 4), (2, 15), (2026, 10, 3, 15, 45), id="a gap of half an hour"),
        pytest.param("Pacific/Apia", (2011, 12, 31), (8, 0), (2011, 12, 30, 18, 0), id="the day after the skipped one"),
    ],
)
def test_due_time_survives_clock_changes(
    zone: str, day: tuple[int, int, int], at: tuple[int, int], due: tuple[int, ...]
) -> None:
    assert due_at(date(*day), time(*at), ZoneInfo(zone)) == datetime(*due, tzinfo=UTC)  # type: ignore[misc, arg-type]  # a table of bare numbers


def test_a_date_that_never_was_is_never_due() -> None:
    assert due_at(date(2011, 12, 30), EIGHT, ZoneInfo("Pacific/Apia")) is None


def test_every_date_of_two_years_is_due_once_and_in_order() -> None:
    for name in ("Europe/Berlin", "America/Havana", "Australia/Lord_Howe", "Asia/Tokyo", "Africa/Casablanca"):
        dues = [due_at(date(2026, 1, 1) + timedelta(days=i), time(2, 30), ZoneInfo(name)) for i in range(730)]
        assert None not in dues
        assert dues == sorted(set(dues)), name  # type: ignore[type-var]  # None was excluded above


@pytest.mark.parametrize(
    ("now", "due"),
    [
        pytest.param((2011, 12, 29, 7, 59, 59), (2011, 12, 29, 8, 0), id="today"),
        pytest.param(
            (2011, 12, 29, 8, 0), (2011, 12, 31, 8, 0), id="at the time it is the next one, past a skipped date"
        ),
    ],
)
def test_the_next_due_time_is_after_now(now: tuple[int, ...], due: tuple[int, ...]) -> None:
    apia = ZoneInfo("Pacific/Apia")
    coming = next_due(datetime(*now, tzinfo=apia).astimezone(UTC), EIGHT, apia)  # type: ignore[misc, arg-type]  # a table of bare numbers
    assert coming == datetime(*due, tzinfo=apia)  # type: ignore[misc, arg-type]  # the same


def test_a_window_opens_at_the_due_time_and_closes_after_the_keeping_time() -> None:
    keep = timedelta(hours=12)

    def open_at(hour: int, minute: int = 0) -> list[date]:
        now = datetime(2026, 11, 20, hour, minute, tzinfo=TOKYO)
        return [window.local_date for window in windows(now, EIGHT, TOKYO, keep)]

    assert open_at(7, 59) == []
    assert open_at(8) == [date(2026, 11, 20)]
    assert open_at(19, 59) == [date(2026, 11, 20)]
    assert open_at(20) == []


def test_a_long_keeping_time_catches_up_on_yesterday_first() -> None:
    now = datetime(2026, 11, 20, 9, 0, tzinfo=TOKYO)
    dates = [window.local_date for window in windows(now, EIGHT, TOKYO, timedelta(hours=36))]
    assert dates == [date(2026, 11, 19), date(2026, 11, 20)]


@pytest.mark.parametrize(
    ("day", "works"),
    [
        pytest.param(date(2026, 11, 20), True, id="Friday"),
        pytest.param(date(2026, 11, 21), False, id="Saturday"),
        pytest.param(date(2026, 11, 23), False, id="勤労感謝の日"),
        pytest.param(date(2026, 5, 6), False, id="振替休日"),
        pytest.param(date(2026, 9, 22), False, id="国民の休日 between two holidays"),
        pytest.param(date(2026, 12, 30), False, id="company holiday"),
        pytest.param(date(2026, 12, 26), True, id="a working Saturday"),
    ],
)
def test_business_days_of_a_shop_in_japan(day: date, works: bool) -> None:
    calendar = Calendar("JP", frozenset({date(2026, 12, 30)}), frozenset({date(2026, 12, 26)}))
    assert is_business_day(day, calendar) is works


def test_without_a_country_only_weekends_are_off() -> None:
    assert is_business_day(date(2026, 11, 23), Calendar(None))
    assert not is_business_day(date(2026, 11, 22), Calendar(None))


def test_a_shop_that_never_closes_still_has_its_own_days_off() -> None:
    calendar = Calendar("JP", frozenset({date(2027, 1, 1)}), every_day=True)
    assert is_business_day(date(2026, 11, 22), calendar)
    assert not is_business_day(date(2027, 1, 1), calendar)


def test_an_unknown_country_is_a_problem_with_its_code() -> None:
    with pytest.raises(UnknownCountry) as caught:
        is_business_day(date(2026, 11, 20), Calendar("XX"))
    assert caught.value.values == {"country": "XX"}
