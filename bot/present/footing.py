"""On what does an answer stand: until when, of whom, by which rules?"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from bot.language import Language
from bot.page import Footnote, Page
from bot.present.few import is_few, people
from bot.present.label import dimension_name, label_name
from metrics.day import Span, zone
from metrics.report import Basis, Report


def footing(report: Report, language: Language, *, topic: str = "repeat") -> Footnote:
    """The small print under every page of figures."""
    basis = report.basis
    items = (
        until(basis, language),
        where(basis, language),
        _of_whom(report, topic, language),
        _burn_in(basis, topic, language),
        rules(basis, language),
        language.say("common.definition", topic=language.say(f"topic.{topic}")),
    )
    return Footnote(tuple(item for item in items if item))


def echoed(page: Page, asked: str, language: Language) -> Page:
    """The page with what was asked, as it was typed, first in its small print."""
    said = language.say("common.asked", asked=asked).rstrip()
    last = page.parts[-1]
    if isinstance(last, Footnote):
        return replace(page, parts=(*page.parts[:-1], Footnote((said, *last.items))))
    return replace(page, parts=(*page.parts, Footnote((said,))))


def until(basis: Basis, language: Language) -> str:
    """The shop, and the last day the figures know."""
    day = morning_day(basis.as_of, basis, language)
    key = "common.until_shop" if basis.shop else "common.until"
    known = (
        language.say("common.known", day=basis.known_at.astimezone(zone(basis.zone)).date()) if basis.known_at else ""
    )
    said = language.say(key, shop=basis.shop, day=day)
    return language.listed((said, known)) if known else said


def morning_day(day: date, basis: Basis, language: Language) -> str:
    """A day of this morning; with its year where the morning is a past one."""
    return language.day(day) if basis.known_at else language.day_short(day)


def where(basis: Basis, language: Language) -> str:
    """The filters of the question; empty without."""
    if not basis.filters:
        return ""
    filters = [
        language.say(
            "common.filter",
            dimension=dimension_name(dimension, language),
            label=label_name(dimension, label, language),
        )
        for dimension, label in basis.filters
    ]
    return language.say("common.where", filters=filters)


def rules(basis: Basis, language: Language) -> str:
    """The rules that are not the default; empty where all are."""
    return language.say("common.rules", rules=differing(basis, language)) if basis.rules else ""


def differing(basis: Basis, language: Language) -> list[str]:
    """Each rule that is not the default, in words."""
    return [
        language.say(f"rule.{name}" if language.has(f"rule.{name}") else "rule.other", name=name, value=value)
        for name, value in basis.rules
    ]


def _of_whom(report: Report, topic: str, language: Language) -> str:
    match topic:
        case "repeat":
            cohort, n, interval = report.repeat.now.cohort, report.repeat.now.rate.n, report.repeat.now.rate.interval
        case "gap":
            cohort, n, interval = report.gap.cohort, report.gap.n, None
        case _:
            day = morning_day(report.dormancy.as_of, report.basis, language)
            return language.say("common.everyone", count=_customers(report), day=day)
    if not n:
        return language.say("common.nobody")
    said = [cohort_and_n(cohort, n, language)]
    if interval and not is_few(n):
        said.append(language.say("common.interval", interval=language.interval(interval)))
    return language.listed(said)


def cohort_and_n(cohort: Span, n: int, language: Language) -> str:
    """初回購入 2026/9/24〜10/21、917人."""
    return language.listed((language.say("common.cohort", cohort=cohort), people(n, language)))


def _burn_in(basis: Basis, topic: str, language: Language) -> str:
    """That the history is too short for the usual burn-in; idle figures have none."""
    if topic not in {"repeat", "gap"} or not basis.quality.burn_in_shortened:
        return ""
    return language.say("common.burn_in_shortened", count=basis.quality.burn_in_days)


def _customers(report: Report) -> int:
    now = report.dormancy.now
    return now.active + now.pre_dormant + now.dormant
