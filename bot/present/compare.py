"""How does a figure stand against another period, or one kind of customers against another?"""

from __future__ import annotations

from dataclasses import dataclass

from bot.language import Language
from bot.page import Cell, Heading, Page, Paragraph, Part, Table
from bot.present.fact import enough
from bot.present.footing import footing
from bot.present.label import dimension_name
from bot.present.moved import name_of, parts_in_words
from metrics.alert import MINIMUM
from metrics.estimate import Estimate, difference
from metrics.moved import Moved
from metrics.report import Report
from metrics.segment import ALL
from metrics.table import SHOWN_FROM


@dataclass(frozen=True, slots=True)
class Sides:
    """What is compared: how ("before", "week", "label", "period"), and what both sides are called."""

    kind: str
    after: str
    before: str


def repeat(found: Moved, report: Report, sides: Sides, language: Language) -> Page:
    """The repeat rate of both sides, the difference with its interval, and the split by a dimension."""
    said = _headline(found, report, sides, language)
    by_label = found.dimension != ALL
    body: tuple[Part, ...] = (
        Paragraph(_sentence(found, report, sides, language)),
        *((_by_label(found, sides, language),) if by_label and found.rows else ()),
        *(() if by_label and found.rows else (_both(found, sides, language),)),
        *parts_in_words(found, language),
    )
    return _page(said, body, report, language)


def _headline(found: Moved, report: Report, sides: Sides, language: Language) -> str:
    return language.say(
        "compare.headline",
        within=report.repeat.within,
        after=sides.after,
        before=sides.before,
        now=enough(found.after, language),
        then=enough(found.before, language),
        points=points_cell(found.before, found.after, language).text,
    )


def _sentence(found: Moved, report: Report, sides: Sides, language: Language) -> str:
    """Whether the difference is more than chance; of windows that overlap nothing is said of that."""
    if min(found.before.n, found.after.n) < MINIMUM:
        return language.say("compare.too_few", minimum=MINIMUM)
    if overlapping(report, sides):
        return language.say("compare.overlap")
    apart = difference(found.before, found.after)
    low, high = apart.interval or (0.0, 0.0)
    key = "noise" if low <= 0 <= high else "up" if low > 0 else "down"
    return language.say(f"compare.{key}", interval=points_interval(apart, language))


def overlapping(report: Report, sides: Sides) -> bool:
    """Whether the same customers are on both sides: then the interval of two different groups says nothing."""
    return sides.kind == "week" and report.repeat.last_week.cohort.end > report.repeat.now.cohort.start


def points_interval(apart: Estimate, language: Language) -> str:
    """-0.9〜+5.1pt."""
    if apart.interval is None:
        return language.say("custom.none")
    low, high = (language.points(0.0, end) for end in apart.interval)
    return language.say("custom.range", low=low.removesuffix("pt"), high=high)


def _both(found: Moved, sides: Sides, language: Language) -> Table:
    names = ("side", "rate", "interval", "of")
    rows = [
        (Cell(name), rate_cell(rate, language), Cell(language.interval(_of_enough(rate))), _of(rate, language))
        for name, rate in ((sides.after, found.after), (sides.before, found.before))
    ]
    apart = difference(found.before, found.after)
    hidden = min(found.before.n, found.after.n) < MINIMUM or sides.kind == "week"
    interval = language.say("custom.none") if hidden else points_interval(apart, language)
    last = (
        Cell(language.say("compare.difference")),
        points_cell(found.before, found.after, language),
        Cell(interval),
        Cell(language.say("custom.none")),
    )
    return Table(
        language.say("compare.caption"), tuple(language.say(f"compare.{name}") for name in names), (*rows, last)
    )


def _by_label(found: Moved, sides: Sides, language: Language) -> Table:
    dimension = dimension_name(found.dimension, language)
    rows = tuple(
        (
            Cell(name_of(row, found, language)),
            rate_cell(row.before, language),
            rate_cell(row.after, language),
            points_cell(row.before, row.after, language),
            Cell(points_interval(_told(row.before, row.after, sides), language)),
        )
        for row in found.rows
    )
    apart = (language.say("compare.difference"), language.say("compare.interval"))
    headings = (dimension, sides.before, sides.after, *apart)
    return Table(language.say("compare.caption_by", dimension=dimension), headings, rows)


def _told(before: Estimate, after: Estimate, sides: Sides) -> Estimate:
    if min(before.n, after.n) < MINIMUM or sides.kind == "week":
        return Estimate(None, 0)
    return difference(before, after)


def _of_enough(rate: Estimate) -> tuple[float, float] | None:
    return rate.interval if rate.n >= MINIMUM else None


def rate_cell(rate: Estimate, language: Language) -> Cell:
    """20.3%, or データ不足 where too few stand behind it."""
    if rate.n < MINIMUM or rate.value is None:
        return Cell(language.say("common.too_few") if rate.n else language.say("custom.none"))
    return Cell(language.percent(rate.value), round(100 * rate.value, 1))


def _of(rate: Estimate, language: Language) -> Cell:
    if 0 < rate.n < SHOWN_FROM:
        return Cell(language.say("custom.few"))
    return Cell(language.say("common.of_short", k=rate.k or 0, n=rate.n), rate.n)


def points_cell(before: Estimate, after: Estimate, language: Language) -> Cell:
    """+2.1pt, the difference of the rates as they are shown."""
    if before.value is None or after.value is None or min(before.n, after.n) < MINIMUM:
        return Cell(language.say("custom.none"))
    said = language.points(before.value, after.value)
    return Cell(said, float(said.removesuffix("pt").replace("±", "")))


def _page(said: str, body: tuple[Part, ...], report: Report, language: Language) -> Page:
    parts = (Heading(said), *body, footing(report, language))
    return Page(said, parts, language=language.code)
