"""What does the shop's morning message say?

One message per shop and day, always in the same order: the rate and whether it
meets the target, what moved, what to do today, the three figures, the trend,
where to go on, and on what it stands. Tables and notes follow in the thread.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.language import Language
from bot.page import Button, Buttons, Chart, Footnote, Heading, Page, Paragraph, Part
from bot.present.fact import rate_of, three_facts
from bot.present.footing import footing, morning_day
from bot.present.label import by, dimension_name, label_name
from bot.present.movement import NOT_COMPARABLE, action, fallen_in, is_to_contact, week, why
from bot.present.quality import quality
from bot.present.segment import segment, telling
from bot.present.source import about
from metrics.alert import MINIMUM
from metrics.repeat import Repeat
from metrics.report import Report, SegmentTable


def digest(report: Report, language: Language) -> Page:
    """The morning's page; the morning is the day after the last complete day."""
    said = headline(report, language)
    return Page(
        said,
        (
            Heading(said),
            Paragraph(f"{week(report, language)}{language.say('custom.space')}{why(report, language)}"),
            Paragraph(action(report, language), strong=True),
            three_facts(report, language),
            *trend(report.repeat, language),
            _buttons(report, language),
            footing(report, language),
        ),
        thread=_thread(report, language),
        language=language.code,
        about=about("digest", report),
    )


def headline(report: Report, language: Language) -> str:
    """The notification: number first, then the target, then the day."""
    repeat, judgement = report.repeat, report.judgement
    said = language.say(
        f"digest.headline.{judgement.status.value}",
        within=repeat.within,
        rate=rate_of(repeat, judgement, language),
        target=language.target(judgement.threshold),
        n=judgement.estimate.n,
        day=morning_day(report.basis.as_of + timedelta(days=1), report.basis, language),
    )
    segments = [label_name(dimension, label, language) for dimension, label in report.basis.filters]
    return language.say("digest.of_segments", headline=said, segments=segments) if segments else said


def trend(repeat: Repeat, language: Language, line: str = "digest.trend.target") -> tuple[Part, ...]:
    """The rate by week and the same in words; nothing with fewer than two weeks to tell of.

    `line`: what the level is called that it is held against.
    """
    known = [
        (point.as_of, point.rate.value)
        for point in repeat.trend
        if point.rate.value is not None and point.rate.n >= MINIMUM
    ]
    if len(known) <= 1:
        return ()
    shares = [share for _, share in known]
    percents = tuple(round(100 * share, 1) for share in shares)
    chart = Chart(
        title=language.say("digest.trend.title", within=repeat.within, weeks=len(known)),
        kind="line",
        categories=tuple(language.day_axis(day) for day, _ in known),
        series=(
            (language.say("digest.trend.rate"), percents),
            (language.say(line), (round(100 * repeat.target, 1),) * len(known)),
        ),
        x_label=language.say("digest.trend.axis"),
        y_label="%",
        unit="%",
    )
    words = language.say(
        "digest.trend.words",
        weeks=len(known),
        back=(known[-1][0] - known[0][0]).days // 7,
        low=language.percent(min(shares)),
        high=language.percent(max(shares)),
        first=language.percent(shares[0]),
        points=language.points(shares[0], shares[-1]),
    )
    return (chart, Footnote((words,)))


def _buttons(report: Report, language: Language) -> Buttons:
    """Always in this order; primary is the one that today's action names."""
    where = fallen_in(report) or next((table.dimension for table in report.segments if telling(table)), None)
    contact = is_to_contact(report) or not where
    drill = (drill_down(where, language, primary=not contact),) if where else ()
    waiting = Button(language.say("button.list"), language.say("command.list"), primary=contact)
    meaning = Button(
        language.say("button.definition"),
        language.say("command.definition", topic=language.say("topic.repeat")),
    )
    return Buttons((*drill, waiting, meaning))


def drill_down(dimension: str, language: Language, *, primary: bool = True) -> Button:
    """The button that shows the repeat rate by a dimension."""
    return Button(
        language.say("button.by", dimension=dimension_name(dimension, language)),
        by("repeat", dimension, language),
        primary=primary,
    )


def _thread(report: Report, language: Language) -> tuple[Page, ...]:
    tables = tuple(_drill(table, report, language) for table in report.segments if telling(table))
    return (*tables, quality(report.basis, language))


def _drill(table: SegmentTable, report: Report, language: Language) -> Page:
    """The worst segments first, and why the rate moved."""
    page = segment(table, report, language)
    *parts, foot = page.parts
    why = Button(language.say("button.why"), by("why", table.dimension, language))
    ways = () if table.dimension in NOT_COMPARABLE else (Buttons((why,)),)
    return replace(page, parts=(*parts, *ways, foot), about=about("repeat", report, dimension=table.dimension))
