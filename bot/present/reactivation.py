"""What is the answer to /kpi 掘り起こし: how many dormant customers came back?"""

from __future__ import annotations

from bot.language import Language
from bot.page import Cell, Fact, Facts, Footnote, Heading, Page, Paragraph, Part, Table, printable
from bot.present import measure
from bot.present.few import is_few, people
from bot.present.footing import rules, until, where
from bot.present.label import dimension_name, label_name
from metrics.alert import MINIMUM
from metrics.dormancy import DORMANT_DAYS
from metrics.measure import Measured
from metrics.reactivation import SHOWN_FROM, Back, Reactivation, hidden
from metrics.report import Basis
from metrics.segment import OTHER


def reactivation(found: Reactivation, sent: Measured | None, basis: Basis, language: Language) -> Page:
    """How many came back, with what share of the dormant and what revenue; by label or period; and by measure."""
    said = _headline(found.whole, language)
    table = _table(found, basis, language)
    parts: tuple[Part, ...] = (Heading(said), _facts(found.whole, basis, language), *table)
    if sent is not None and sent.waves and not found.rows:
        told = measure.sentence(sent, basis, language)
        named = measure.table(sent, basis, language, caption="reactivation.caption_measures")
        parts = (*parts, *((Paragraph(told),) if told else ()), named)
    return Page(said, (*parts, _foot(found.whole, basis, language)), language=language.code)


def _headline(whole: Back, language: Language) -> str:
    if not whole.rate.n and not whole.customers:
        return language.say("reactivation.headline_nobody", span=whole.span)
    if is_few(whole.rate.n) or whole.rate.n < MINIMUM:
        return language.say("reactivation.headline_too_few", span=whole.span, back=_back(whole, language))
    return language.say(
        "reactivation.headline", span=whole.span, back=whole.customers, rate=language.percent(whole.rate.value),
        k=whole.rate.k or 0, n=whole.rate.n,
    )  # fmt: skip


def _facts(whole: Back, basis: Basis, language: Language) -> Facts:
    each = whole.revenue / whole.customers if whole.customers >= SHOWN_FROM else None
    return Facts(
        (
            Fact(language.say("reactivation.back"), _back(whole, language)),
            Fact(language.say("reactivation.rate"), _rate(whole, language), _interval(whole, language)),
            Fact(
                language.say("reactivation.revenue"), _revenue(whole, basis, language),
                "" if each is None
                else language.say("reactivation.each", value=language.money(round(each), basis.currency)),
            ),
        )
    )  # fmt: skip


def _back(row: Back, language: Language) -> str:
    """How many of so many; of a few it is not said."""
    if is_few(max(row.rate.n, row.customers)):
        return language.say("common.few_customers")
    return language.say("common.customers", count=row.customers)


def _rate(row: Back, language: Language) -> str:
    return language.percent(row.rate.value) if row.rate.n >= MINIMUM else language.say("common.too_few")


def _interval(row: Back, language: Language) -> str:
    if row.rate.n < MINIMUM:
        return ""
    return language.say("common.interval", interval=language.interval(row.rate.interval))


def _revenue(row: Back, basis: Basis, language: Language) -> str:
    """No amount of a few: it would say what one of them spent."""
    if is_few(row.customers):
        return language.say("custom.none")
    return language.money(row.revenue, basis.currency)


def _table(found: Reactivation, basis: Basis, language: Language) -> tuple[Table, ...]:
    """By the labels of the dimension that was asked for, else by period, the newest first."""
    rows = found.rows or tuple(reversed(found.trend))
    if not rows:
        return ()
    name = dimension_name(found.dimension, language) if found.rows else language.say("reactivation.period")
    names = ("back", "dormant", "rate", "interval", "revenue")
    heads = (name, *(language.say(f"reactivation.{key}") for key in names))
    caption = language.say(
        "reactivation.caption_by" if found.rows else "reactivation.caption",
        dimension=name, span=found.whole.span, days=found.whole.span.days,
    )  # fmt: skip
    unsaid = hidden(rows) if found.rows else frozenset()
    shown = tuple(_row(row, found, basis, language, unsaid=at in unsaid) for at, row in enumerate(rows))
    return (Table(caption, heads, shown),)


def _row(row: Back, found: Reactivation, basis: Basis, language: Language, *, unsaid: bool) -> tuple[Cell, ...]:
    named = language.say("nps.other") if row.label == OTHER else label_name(found.dimension, row.label, language)
    name = Cell(printable(named)) if found.rows else Cell(language.span(row.span))
    shown, unsaid = row.rate.n >= MINIMUM and row.rate.value is not None, unsaid or is_few(row.customers)
    back = None if is_few(max(row.rate.n, row.customers)) else row.customers
    return (
        name,
        Cell(_back(row, language), back),
        Cell(people(row.rate.n, language), None if is_few(row.rate.n) else row.rate.n),
        Cell(_rate(row, language), round(100 * (row.rate.value or 0), 1) if shown else None),
        Cell(language.interval(row.rate.interval) if shown else language.say("custom.none")),
        Cell(language.say("custom.none")) if unsaid else Cell(_revenue(row, basis, language), row.revenue),
    )


def _foot(whole: Back, basis: Basis, language: Language) -> Footnote:
    items = (
        until(basis, language),
        language.listed((whole.span, language.say("reactivation.of", n=people(whole.rate.n, language)))),
        where(basis, language),
        language.say("reactivation.counted", days=DORMANT_DAYS),
        rules(basis, language),
        language.say("common.definition", topic=language.say("topic.reactivation")),
    )
    return Footnote(tuple(item for item in items if item))
