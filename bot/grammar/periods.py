"""Which local days are meant by 先月, 直近30日, 10/1-10/31 or "last 90 days"?

All spans are relative to `as_of`, the last complete day; the reader's today is
the day after. Spans end at as_of at the latest, because later days are not known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Final

from metrics.day import Span
from metrics.problem import Problem

LONGEST_DAYS: Final = 36_500
_FIRST_YEAR: Final = 1900
_LAST_YEAR: Final = 2200
_YEAR_DIGITS: Final = 4
_ALL_SINCE: Final = date(1970, 1, 1)
_WRAPS_WITHIN_DAYS: Final = 183


class ImpossibleDate(Problem):
    """The calendar has no such day."""

    key = "impossible_date"


class ReversedPeriod(Problem):
    """The period ends before it starts."""

    key = "reversed_period"


class BadWindow(Problem):
    """A number of days that is zero, negative, or longer than a century."""

    key = "bad_window"


class PeriodNotOver(Problem):
    """No day of the period is complete yet."""

    key = "period_not_over"


def _months_back(day: date, months: int) -> date:
    """The same day of the month, that many months earlier (the month's last day where it is missing)."""
    index = day.year * 12 + day.month - 1 - months
    first = date(index // 12, index % 12 + 1, 1)
    return first + timedelta(days=min(day.day, _month_days(first)) - 1)


def _month_days(first: date) -> int:
    return (_next_month(first) - first).days


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _month(today: date, back: int) -> Span:
    first = _months_back(today.replace(day=1), back)
    return Span(first, _next_month(first))


def _week(today: date, back: int) -> Span:
    monday = today - timedelta(days=today.weekday() + 7 * back)
    return Span(monday, monday + timedelta(days=7))


def _quarter(today: date, back: int) -> Span:
    first = _months_back(date(today.year, (today.month - 1) // 3 * 3 + 1, 1), 3 * back)
    return Span(first, _months_back(first, -3))


def _year(today: date, back: int) -> Span:
    return Span(date(today.year - back, 1, 1), date(today.year - back + 1, 1, 1))


def _days_ago(today: date, back: int) -> Span:
    day = today - timedelta(days=back)
    return Span(day, day + timedelta(days=1))


_Relative = Callable[[date, int], Span]
_RELATIVE: Final[Mapping[str, tuple[_Relative, int]]] = {
    word: (build, back)
    for build, back, words in (
        (_days_ago, 0, ("今日", "本日", "today", "きょう")),
        (_days_ago, 1, ("昨日", "前日", "きのう", "yesterday")),
        (_days_ago, 2, ("一昨日", "おととい", "day before yesterday", "the day before yesterday")),
        (_week, 0, ("今週", "this week", "week to date")),
        (_week, 1, ("先週", "前週", "last week", "previous week")),
        (_week, 2, ("先々週", "week before last")),
        (_month, 0, ("今月", "当月", "this month", "month to date", "mtd")),
        (_month, 1, ("先月", "前月", "last month", "previous month")),
        (_month, 2, ("先々月", "month before last")),
        (_quarter, 0, ("今四半期", "当四半期", "this quarter", "quarter to date", "qtd")),
        (_quarter, 1, ("前四半期", "先四半期", "last quarter", "previous quarter")),
        (_year, 0, ("今年", "本年", "this year", "year to date", "ytd")),
        (_year, 1, ("昨年", "去年", "前年", "last year", "previous year")),
        (_year, 2, ("一昨年", "おととし", "year before last")),
    )
    for word in words
}
_FIXED_MONTHS: Final[Mapping[str, int]] = {
    "半年": 6, "直近半年": 6, "過去半年": 6, "half a year": 6, "half year": 6, "last half year": 6,
    "一年": 12, "直近一年": 12, "a year": 12, "past year": 12, "past month": 1,
}  # fmt: skip
_ALL: Final = frozenset(("全期間", "all time", "since ever"))

_BACK: Final = re.compile(
    r"(?P<back>直近の?|過去の?|最近の?|前|last|past|previous|recent|the last|the past)? ?"
    r"(?P<sign>[-+]?)(?P<count>\d{1,9}) ?"
    r"(?:(?P<day>日間?|days?|d)|(?P<week>週間?|weeks?|w)|(?P<month>[かヶヵケカ箇]月間?|months?)|(?P<year>年間|年|years?))"
)
_WINDOW: Final = re.compile(
    r"(?:within |in )?(?P<sign>[-+]?)(?P<count>\d{1,9}) ?(?:日|days?|d)(?:以内|以上|間|の| or more)?"
)
_MONTH_NAMES: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAME: Final = (
    r"(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_POINTS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?P<y>\d{4})[-/.年] ?(?P<m>\d{1,2})[-/.月] ?(?P<d>\d{1,2})日?",
        r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})",
        r"(?P<y>\d{4})[-/.年] ?(?P<m>\d{1,2})月?",
        r"(?P<m>\d{1,2})[/月] ?(?P<d>\d{1,2})日?",
        r"(?P<m>\d{1,2})月",
        r"(?P<y>\d{4})[-/年 ]?(?:度? ?第?(?P<q>[1-4])四半期|q(?P<q2>[1-4]))",
        r"(?:第?(?P<q>[1-4])四半期|q(?P<q2>[1-4]))(?:[ /-]?(?P<y>\d{4}))?",
        _NAME + r"(?: (?P<d>\d{1,2})(?:st|nd|rd|th)?)?(?:,? (?P<y>\d{4}))?",
        r"(?P<d>\d{1,2})(?:st|nd|rd|th)? " + _NAME + r"(?:,? (?P<y>\d{4}))?",
        r"(?P<y>\d{4})年?",
    )
)
_RANGE_MARK: Final = re.compile(r" ?(?:~|\.{2,3}|から| to | and | until | through ) ?| - |-")
_SINCE: Final = re.compile(r"(?:since |from )(?P<a>.+)|(?P<b>.+?) ?(?:以降|以後|から|~|\.\.)")


def read_days(text: str) -> int | None:
    """A bare number of days (90日, within 30 days); None where the text is none. Raises BadWindow."""
    found = _WINDOW.fullmatch(text)
    return _count(found, text) if found else None


def read_period(text: str, as_of: date) -> Span | None:
    """The days that a folded phrase means; None where it means none. Raises a Problem where it cannot be."""
    readers = (_named, _back, _point, _range, _since)
    span = next((span for reader in readers if (span := reader(text, as_of))), None)
    if span is None:
        return None
    if span.start > as_of:
        raise PeriodNotOver(period=text, last=as_of)
    return Span(span.start, min(span.end, as_of + timedelta(days=1)))


def _count(found: re.Match[str], text: str) -> int:
    count = int(found["count"])
    if found["sign"] == "-" or not 0 < count <= LONGEST_DAYS:
        raise BadWindow(window=text)
    return count


def _named(text: str, as_of: date) -> Span | None:
    today = as_of + timedelta(days=1)
    if text in _RELATIVE:
        build, back = _RELATIVE[text]
        return build(today, back)
    if text in _FIXED_MONTHS:
        return Span(_months_back(today, _FIXED_MONTHS[text]), today)
    return Span(min(_ALL_SINCE, as_of), today) if text in _ALL else None


def _back(text: str, as_of: date) -> Span | None:
    """直近90日, past 4 weeks, 3か月: the units before today."""
    found = _BACK.fullmatch(text)
    if found is None or (
        not found["back"] and (found["day"] or (found["year"] and len(found["count"]) == _YEAR_DIGITS))
    ):
        return None
    count = _count(found, text)
    today = as_of + timedelta(days=1)
    months = count * 12 if found["year"] else count if found["month"] else 0
    days = count * 7 if found["week"] else count
    if max(days, months * 30) > LONGEST_DAYS:
        raise BadWindow(window=text)
    return Span(_months_back(today, months), today) if months else Span(today - timedelta(days=days), today)


def _point(text: str, as_of: date, after: date | None = None) -> Span | None:
    """A day, month, quarter or year. Without a year: the latest that has begun, or the next from `after`."""
    for pattern in _POINTS:
        if found := pattern.fullmatch(text):
            parts = {key: value for key, value in found.groupdict().items() if value}
            return _calendar(parts, text, as_of, after)
    return None


def _calendar(parts: Mapping[str, str], text: str, as_of: date, after: date | None) -> Span:
    if "y" in parts:
        span = _in_year(parts, int(parts["y"]))
    elif after is not None:
        span = _first(parts, (after.year, after.year + 1), lambda found: found.end > after)
    else:
        span = _first(parts, range(as_of.year, as_of.year - 9, -1), lambda found: found.start <= as_of)
    if span is None:
        raise ImpossibleDate(date=text)
    return span


def _first(parts: Mapping[str, str], years: range | tuple[int, ...], fits: Callable[[Span], bool]) -> Span | None:
    spans = (_in_year(parts, year) for year in years)
    return next((span for span in spans if span is not None and fits(span)), None)


def _in_year(parts: Mapping[str, str], year: int) -> Span | None:
    quarter = parts.get("q") or parts.get("q2")
    month = _MONTH_NAMES.index(parts["name"][:3]) + 1 if "name" in parts else int(parts.get("m", "1"))
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    try:
        if quarter:
            return _quarter(date(year, int(quarter) * 3, 1), 0)
        first = date(year, month, int(parts.get("d", "1")))
    except ValueError:
        return None
    if "d" in parts:
        return _days_ago(first, 0)
    return Span(first, _next_month(first)) if "m" in parts or "name" in parts else _year(first, 0)


def _range(text: str, as_of: date) -> Span | None:
    text = text.removeprefix("from ").removeprefix("between ")
    for mark in _RANGE_MARK.finditer(text):
        left, right = text[: mark.start()].strip(), text[mark.end() :].strip().removesuffix("まで")
        if _looks_like_a_point(left) and _looks_like_a_point(right):
            return _between(left, right, as_of, text)
    return None


def _looks_like_a_point(text: str) -> bool:
    return any(pattern.fullmatch(text) for pattern in _POINTS) or text in _RELATIVE


def _place(text: str, as_of: date, after: date | None = None) -> Span:
    span = _named(text, as_of) or _point(text, as_of, after)
    if span is None:
        raise ImpossibleDate(date=text)
    return span


def _between(left: str, right: str, as_of: date, text: str) -> Span:
    start = _place(left, as_of)
    end = _place(right, as_of, after=start.start)
    wrapped = end.end.year > start.start.year and not re.search(r"\d{4}", right)
    if end.end <= start.start or (wrapped and (end.end - start.start).days > _WRAPS_WITHIN_DAYS):
        raise ReversedPeriod(period=text)
    return Span(start.start, end.end)


def _since(text: str, as_of: date) -> Span | None:
    found = _SINCE.fullmatch(text)
    start = found and (found["a"] or found["b"])
    if not start or not _looks_like_a_point(start):
        return None
    point = _place(start, as_of)
    return Span(point.start, max(point.end, as_of + timedelta(days=1)))
