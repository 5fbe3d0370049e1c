"""How good are the orders behind the figures?"""

from __future__ import annotations

from bot.language import Language
from bot.page import Cell, Footnote, Heading, Page, Paragraph, Part, Table
from bot.present.footing import morning_day, until
from metrics.day import zone
from metrics.report import Basis, Quality


def quality(basis: Basis, language: Language) -> Page:
    """What was left out or merged on the way from orders to purchases."""
    seen = basis.quality
    return Page(
        language.say(
            "quality.headline",
            orders=seen.orders,
            customers=seen.customers,
            day=morning_day(basis.as_of, basis, language),
        ),
        (
            Heading(language.say("quality.title")),
            Paragraph("\n".join(_sentences(basis, language))),
            *_dropped(seen, language),
            Footnote((until(basis, language),)),
        ),
        language=language.code,
    )


def _sentences(basis: Basis, language: Language) -> list[str]:
    seen = basis.quality
    said = [
        language.say("quality.intro", orders=seen.orders, purchases=seen.purchases, customers=seen.customers),
    ]
    if seen.newest_at:
        said.append(language.say("quality.newest", day=seen.newest_at.astimezone(zone(basis.zone)).date()))
    if seen.merged:
        said.append(language.say("quality.merged", count=seen.merged))
    if seen.unidentified:
        said.append(language.say("quality.unidentified", count=seen.unidentified))
    if seen.firsts_in_burn_in:
        said.append(language.say("quality.burn_in", days=seen.burn_in_days, count=seen.firsts_in_burn_in))
    if seen.burn_in_shortened:
        said.append(language.say("quality.burn_in_shortened"))
    if seen.unknown_statuses:
        said.append(language.say("quality.statuses", statuses=_statuses(seen, language)))
    return said


def _statuses(seen: Quality, language: Language) -> list[str]:
    return [language.say("quality.status", status=status, count=count) for status, count in seen.unknown_statuses]


def _dropped(seen: Quality, language: Language) -> tuple[Part, ...]:
    rows = tuple(
        (Cell(rule_name(name, language)), Cell(language.number(orders), orders))
        for name, orders in seen.dropped
        if orders
    )
    if not rows:
        return (Paragraph(language.say("quality.clean")),)
    headings = (language.say("quality.rule"), language.say("quality.orders"))
    return (Table(language.say("quality.caption"), headings, rows),)


def rule_name(name: str, language: Language) -> str:
    """Why orders were left out, as readers know it."""
    key = f"quality.dropped.{name}"
    return language.say(key) if language.has(key) else name
