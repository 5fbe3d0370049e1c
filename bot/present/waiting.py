"""Whom to contact first, of those about to go dormant?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.language import Language
from bot.page import Cell, Heading, Page, Paragraph, Part, Table
from bot.present.figure import chance_cell
from bot.present.footing import footing
from metrics.dormancy import AboutToGoDormant
from metrics.report import Report

COLUMNS = ("customer", "idle", "purchases", "amount", "chance")


def waiting(
    rows: Sequence[AboutToGoDormant],
    pseudonyms: Mapping[str, str],
    report: Report,
    language: Language,
) -> Page:
    """The ranked list; a customer is shown only as the pseudonym of its customer_id."""
    day = language.day_short(report.dormancy.as_of)
    total = report.dormancy.now.pre_dormant
    key = "headline_empty" if not rows else "headline" if len(rows) < total else "headline_all"
    said = language.say(f"list.{key}", count=len(rows), total=total, day=day)
    return Page(
        said,
        (
            Heading(said),
            *_body(rows, pseudonyms, report, language),
            footing(report, language, topic="dormant"),
        ),
        language=language.code,
    )


def _body(
    rows: Sequence[AboutToGoDormant], pseudonyms: Mapping[str, str], report: Report, language: Language
) -> tuple[Part, ...]:
    if not rows:
        return (Paragraph(language.say("list.empty")),)
    headings = tuple(language.say(f"list.{name}") for name in COLUMNS)
    cells = tuple(_cells(row, pseudonyms[row.customer_id], report.basis.currency, language) for row in rows)
    return (Paragraph(language.say("list.note")), Table(language.say("list.caption"), headings, cells, page_size=10))


def _cells(row: AboutToGoDormant, name: str, currency: str, language: Language) -> tuple[Cell, ...]:
    return (
        Cell(name),
        Cell(language.days(row.idle_days), row.idle_days),
        Cell(language.say("label.purchases", times=row.purchase_count), row.purchase_count),
        Cell(language.money(row.amount, currency), row.amount),
        chance_cell(row.return_chance, language),
    )
