"""Where does a number come from: what is counted, how many, who is left out?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from bot.language import Language
from bot.page import Cell, Fact, Facts, Footnote, Heading, Page, Paragraph, Part, Table
from bot.present.definition import items, title
from bot.present.few import is_few, people
from bot.present.footing import footing
from bot.present.quality import rule_name
from metrics.day import Span, zone
from metrics.report import Basis, Report

FIGURES: Final = ("repeat", "gap", "dormant")
About = tuple[tuple[str, str], ...]
"""What a message speaks of, as its metadata keeps it: figure, as_of, dimension, filters, start, end."""


def about(figure: str, report: Report, *, dimension: str = "", period: Span | None = None) -> About:
    """What is kept with a message, so that its numbers can be counted again."""
    basis = report.basis
    kept = {
        "figure": figure,
        "as_of": basis.as_of.isoformat(),
        "known_at": basis.known_at.isoformat() if basis.known_at else "",
        "dimension": dimension,
        "filters": json.dumps(basis.filters, ensure_ascii=False) if basis.filters else "",
        "start": period.start.isoformat() if period else "",
        "end": period.end.isoformat() if period else "",
    }
    return tuple((name, value) for name, value in kept.items() if value)


def asked_of(kept: Mapping[str, str]) -> tuple[date, tuple[tuple[str, str], ...], Span | None]:
    """The day, filters and period that a message keeps; ValueError or KeyError where that is not ours."""
    raw = json.loads(kept.get("filters") or "[]")
    filters = tuple((str(dimension), str(label)) for dimension, label in raw)
    period = None
    if kept.get("start"):
        period = Span(date.fromisoformat(kept["start"]), date.fromisoformat(kept["end"]))
    return date.fromisoformat(kept["as_of"]), filters, period


def source(figure: str, report: Report, language: Language) -> Page:
    """The definition with its counts, cohort dates and exclusions; of the morning message: of all three figures."""
    topics = (figure,) if figure in FIGURES else FIGURES
    known = report.basis.known_at
    said = language.say(
        "source.headline",
        topic=language.listed(language.say(f"topic.{topic}") for topic in topics),
        figure=_values(topics, report, language),
        day=language.day(report.basis.as_of),
    )
    body: list[Part] = []
    for topic in topics:
        body += [Paragraph(title(topic, report, language), strong=True), *_counts(topic, report, language)]
        body += items(topic, report, language)
    notes = (language.say("source.known", day=known.astimezone(zone(report.basis.zone)).date()),) if known else ()
    return Page(
        said,
        (
            Heading(language.say("source.title")),
            Paragraph(said),
            *body,
            _left_out(report.basis, language),
            *((Footnote(notes),) if notes else ()),
            footing(report, language, topic=topics[0]),
        ),
        language=language.code,
    )


def _values(topics: Sequence[str], report: Report, language: Language) -> str:
    said = {
        "repeat": language.percent(report.repeat.now.rate.value),
        "gap": language.days(report.gap.days_to_20.value),
        "dormant": language.say("common.customers", count=report.dormancy.now.pre_dormant),
    }
    return language.listed(said[topic] for topic in topics)


def _counts(topic: str, report: Report, language: Language) -> tuple[Facts, ...]:
    """Numerator and denominator of the figure itself."""
    found, now = report.repeat.now.rate, report.dormancy.now
    match topic:
        case "repeat":
            k = language.say("custom.none") if is_few(found.n) else language.say("common.customers", count=found.k or 0)
            n = people(found.n, language)
        case "dormant":
            k = language.say("common.customers", count=now.pre_dormant)
            n = language.say("common.customers", count=now.customers)
        case _:
            return ()
    facts = ((language.say("definition.numerator"), k), (language.say("definition.denominator"), n))
    return (Facts(tuple(Fact(label, value) for label, value in facts)),)


def _left_out(basis: Basis, language: Language) -> Table:
    seen = basis.quality
    rows = [(rule_name(name, language), count) for name, count in seen.dropped]
    rows.append((language.say("source.burn_in", days=seen.burn_in_days), seen.firsts_in_burn_in))
    return Table(
        language.say("source.left_out"),
        (language.say("source.rule"), language.say("source.count")),
        tuple((Cell(name), Cell(language.number(count), count)) for name, count in rows),
        page_size=10,
    )
