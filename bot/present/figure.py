"""What is the answer to /kpi リピート, /kpi 間隔, /kpi 休眠?

One panel per figure: the number first, where it comes from, what it means.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.language import Language
from bot.page import Cell, Chart, Fact, Facts, Heading, Page, Paragraph, Part, Table
from bot.present import rate
from bot.present.digest import trend
from bot.present.fact import median_of, since_last_week
from bot.present.few import count
from bot.present.footing import footing
from bot.present.label import label_name
from metrics.alert import MINIMUM
from metrics.estimate import Estimate
from metrics.gap import Gap
from metrics.report import Report
from metrics.segment import PURCHASE_COUNT

CURVE_STEP_DAYS = 10
CURVE_POINTS = 18


def repeat(report: Report, language: Language) -> Page:
    """The 30-day first-repeat rate, confirmed and provisional."""
    said = rate.headline(report, language)
    return _page(
        said,
        (
            *rate.in_words(report, language),
            rate.facts(report, language),
            *(() if rate.is_of_period(report) else trend(report.repeat, language)),
            Paragraph(language.say("repeat.next", within=report.repeat.within)),
        ),
        report,
        language,
        "repeat",
    )


def gap(report: Report, language: Language) -> Page:
    """Days from the first to the second purchase."""
    found = report.gap
    return _page(
        _gap_headline(found, language),
        _gap_body(found, language) if found.n >= MINIMUM else (),
        report,
        language,
        "gap",
    )


def dormant(report: Report, language: Language) -> Page:
    """Who is about to go dormant: how many, how they moved, how likely a return is."""
    found = report.dormancy
    said = language.say(
        "dormant.headline",
        count=found.now.pre_dormant,
        dormant=found.now.dormant,
        day=language.day_short(found.as_of),
    )
    return _page(
        said,
        (
            Paragraph("\n".join(_movement(report, language))),
            _idle(report, language),
            *_chances(found.return_chance, language),
        ),
        report,
        language,
        "dormant",
    )


def _page(
    said: str,
    body: tuple[Part, ...],
    report: Report,
    language: Language,
    topic: str,
) -> Page:
    foot = footing(report, language, topic=topic)
    return Page(said, (Heading(said), *body, foot), language=language.code)


def _gap_headline(found: Gap, language: Language) -> str:
    if found.n < MINIMUM:
        return language.say("gap.headline_too_few", n=count(found.n, language))
    if found.median_days.value is not None:
        return language.say("gap.headline", days=median_of(found, language), n=found.n)
    if found.days_to_20.value is None:
        return language.say("gap.headline_open", n=found.n)
    return language.say("gap.headline_not_reached", twenty=language.days(found.days_to_20.value), n=found.n)


def _gap_body(found: Gap, language: Language) -> tuple[Part, ...]:
    return (
        *_gap_sentence(found, language),
        _gap_facts(found, language),
        _returned(found, language),
        *_curve(found, language),
    )


def _gap_sentence(found: Gap, language: Language) -> tuple[Paragraph, ...]:
    shares = {point.days: point.share.value for point in found.returned}
    if shares.get(30) is None or shares.get(90) is None:
        return ()
    f30, f90 = language.percent(shares[30]), language.percent(shares[90])
    return (Paragraph(language.say("gap.sentence", f30=f30, f90=f90)),)


def _gap_facts(found: Gap, language: Language) -> Facts:
    mean = language.say(
        "gap.mean_note",
        n=language.say("common.customers", count=found.bounded_mean_days.n),
        cohort=found.bounded_cohort,
    )
    return Facts(
        (
            _reached("gap.median", found.median_days, language),
            _reached("gap.twenty", found.days_to_20, language),
            Fact(language.say("gap.rmst"), language.days(found.rmst90_days.value), language.say("gap.rmst_note")),
            Fact(language.say("gap.mean"), language.days(found.bounded_mean_days.value), mean),
        )
    )


def _reached(key: str, days: Estimate, language: Language) -> Fact:
    if days.value is None:
        return Fact(language.say(key), language.say("gap.not_reached"), language.say("gap.not_reached_note"))
    if days.interval is None:
        return Fact(language.say(key), language.days(days.value))
    low, high = (language.number(end) for end in days.interval)
    interval = language.say("custom.range", low=low, high=language.days(days.interval[1])) if high else ""
    return Fact(language.say(key), language.days(days.value), language.say("common.interval", interval=interval))


def _returned(found: Gap, language: Language) -> Table:
    names = ("within", "back", "interval", "watched")
    rows = tuple(
        (
            Cell(language.days(point.days), point.days),
            Cell(*_share(point.share, language)),
            Cell(language.interval(point.share.interval)),
            Cell(language.say("common.customers", count=point.at_risk), point.at_risk),
        )
        for point in found.returned
    )
    return Table(language.say("gap.caption"), tuple(language.say(f"gap.{name}") for name in names), rows)


def _share(share: Estimate, language: Language) -> tuple[str, float | None]:
    return language.percent(share.value), None if share.value is None else round(100 * share.value, 1)


def _curve(found: Gap, language: Language) -> tuple[Chart, ...]:
    days = range(CURVE_STEP_DAYS, len(found.curve), CURVE_STEP_DAYS)[:CURVE_POINTS]
    if len(days) <= 1:
        return ()
    shares = tuple(round(100 * found.curve[day], 1) for day in days)
    name = language.say("gap.curve")
    axis = language.say("gap.curve_axis")
    return (Chart(name, "area", tuple(str(day) for day in days), ((name, shares),), axis, "%", "%"),)


def _movement(report: Report, language: Language) -> tuple[str, str]:
    today, seven = report.dormancy.today, report.dormancy.week
    return (
        language.say(
            "dormant.sentence",
            entering=today.entering,
            crossing=today.crossing,
            back_pre=today.back_pre_dormant,
            back=today.back_dormant,
        ),
        language.say(
            "dormant.week_sentence",
            entering=seven.entering,
            crossing=seven.crossing,
            back=seven.back_pre_dormant + seven.back_dormant,
        ),
    )


def _idle(report: Report, language: Language) -> Facts:
    now, before = report.dormancy.now, report.dormancy.last_week
    counts: tuple[tuple[str, int, int], ...] = (
        ("active", now.active, before.active),
        ("pre_dormant", now.pre_dormant, before.pre_dormant),
        ("dormant", now.dormant, before.dormant),
    )
    return Facts(
        tuple(
            Fact(
                language.say(f"dormant.{name}"),
                language.say("common.customers", count=today),
                since_last_week(today - then, language),
            )
            for name, today, then in counts
        )
    )


def _chances(chances: Sequence[tuple[str, Estimate]], language: Language) -> tuple[Table, ...]:
    if not chances:
        return ()
    names = ("bucket", "chance", "interval", "watched")
    rows = tuple(
        (
            Cell(label_name(PURCHASE_COUNT, bucket, language)),
            chance_cell(chance, language),
            Cell(language.interval(chance.interval)),
            Cell(language.say("common.customers", count=chance.n), chance.n),
        )
        for bucket, chance in chances
    )
    return (Table(language.say("dormant.caption"), tuple(language.say(f"dormant.{name}") for name in names), rows),)


def chance_cell(chance: Estimate, language: Language) -> Cell:
    """14.2%, or 履歴不足 where too few stand behind it."""
    if chance.value is None:
        return Cell(language.say("dormant.too_few"))
    return Cell(language.percent(chance.value), round(100 * chance.value, 1))
