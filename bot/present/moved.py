"""Why did the repeat rate move: other customers, or customers who behave otherwise?

Mix is what moved because the shares of the labels changed, rate what moved within
them. Each number is rounded so that what is shown adds up exactly to the change shown.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from bot.language import Language
from bot.page import Cell, Fact, Facts, Footnote, Heading, Page, Paragraph, Part, Table
from bot.present.footing import footing
from bot.present.label import dimension_name, label_name
from metrics.alert import MINIMUM
from metrics.change import OTHER, rounded
from metrics.estimate import Estimate
from metrics.moved import Moved, MovedRow
from metrics.report import Report

if TYPE_CHECKING:
    from bot.present.compare import Sides

TENTH = Fraction(1, 1000)
"""A tenth of a point, as a share."""


def why(found: Moved, report: Report, sides: Sides, language: Language) -> Page:
    """The change, and what each label of a dimension added to it."""
    said = language.say(
        "moved.headline_label" if sides.kind == "label" else "moved.headline",
        within=report.repeat.within,
        change=language.change(found.before.value, found.after.value),
        after=sides.after,
        before=sides.before,
    )
    body = _body(found, sides, language) if told(found) else (Paragraph(language.say("moved.open")),)
    return Page(
        said,
        (
            Heading(language.say("moved.title")),
            Paragraph(said, strong=True),
            *body,
            footing(report, language),
        ),
        language=language.code,
    )


def told(found: Moved) -> bool:
    """Whether the change can be laid at the labels' door: at least two of them, and enough customers."""
    return len(found.rows) > 1 and min(found.before.n, found.after.n) >= MINIMUM


def parts_in_words(found: Moved, language: Language) -> tuple[Part, ...]:
    """In one sentence: how much is mix, how much is rate; nothing where that cannot be told."""
    if not told(found):
        return ()
    mix, rate = _mix_and_rate(found, language)
    return (
        Paragraph(
            language.say(
                "moved.sentence",
                dimension=dimension_name(found.dimension, language),
                mix=points(mix),
                rate=points(rate),
            )
        ),
    )


def points(tenths: int) -> str:
    """+2.1pt, ±0.0pt: so many tenths of a point."""
    return f"{Decimal(tenths).scaleb(-1):+}pt" if tenths else "±0.0pt"


def name_of(row: MovedRow, found: Moved, language: Language) -> str:
    """The label as readers know it; "other" with how many labels are in it."""
    if row.label == OTHER and found.merged:
        return language.say("moved.other", count=found.merged)
    return label_name(found.dimension, row.label, language)


def _change(found: Moved, language: Language) -> int:
    """The change in tenths of a point, as it is shown."""
    said = language.points(found.before.value, found.after.value).removesuffix("pt").replace("±", "")
    return int(Decimal(said).scaleb(1))


def _mix_and_rate(found: Moved, language: Language) -> tuple[int, int]:
    mix, rate = rounded((found.mix, found.rate), _change(found, language), TENTH)
    return mix, rate


def _body(found: Moved, sides: Sides, language: Language) -> tuple[Part, ...]:
    mix, rate = _mix_and_rate(found, language)
    mixes = rounded([row.mix for row in found.rows], mix, TENTH)
    rates = rounded([row.rate for row in found.rows], rate, TENTH)
    whole = points(mix + rate)
    facts = Facts(
        (
            Fact(language.say("moved.mix"), points(mix), language.say("moved.mix_note")),
            Fact(language.say("moved.rate"), points(rate), language.say("moved.rate_note")),
            Fact(language.say("moved.both"), whole, language.say("moved.both_note")),
        )
    )
    rows = [
        (
            Cell(name_of(row, found, language)),
            Cell(_rates(row, language)),
            *(_cell(tenths) for tenths in (one, other, one + other)),
        )
        for row, one, other in zip(found.rows, mixes, rates, strict=True)
    ]
    total = (
        Cell(language.say("moved.total")),
        Cell(_arrow(found.before, found.after, language)),
        *map(_cell, (mix, rate, mix + rate)),
    )
    dimension = dimension_name(found.dimension, language)
    names = ("change", "mix", "rate", "both")
    table = Table(
        language.say("moved.caption", dimension=dimension),
        (dimension, *(language.say(f"moved.column_{name}") for name in names)),
        (*rows, total),
        page_size=10,
    )
    return (facts, table, Footnote(tuple(_notes(found, sides, language))))


def _cell(tenths: int) -> Cell:
    return Cell(points(tenths), tenths / 10)


def _rates(row: MovedRow, language: Language) -> str:
    return _arrow(row.before, row.after, language)


def _arrow(before: Estimate, after: Estimate, language: Language) -> str:
    """18.2%→20.3%; a rate of too few is not said."""
    if max(before.n, after.n) < MINIMUM:
        return language.say("custom.none")
    said = (language.percent(one.value) if one.n >= MINIMUM else language.say("custom.none") for one in (before, after))
    return language.say("moved.arrow", before=next(said), after=next(said))


def _notes(found: Moved, sides: Sides, language: Language) -> list[str]:
    notes = [language.say("moved.adds_up")]
    if found.merged:
        notes.append(language.say("moved.merged"))
    if sides.kind == "week":
        notes.append(language.say("compare.overlap"))
    return notes
