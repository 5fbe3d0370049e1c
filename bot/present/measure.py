"""What is the answer to /kpi 施策: did it make customers buy who would not have bought anyway?"""

from __future__ import annotations

from bot.language import Language
from bot.page import Cell, Footnote, Heading, Page, Paragraph, Table, printable
from bot.present.few import is_few, people
from bot.present.footing import rules, until, where
from bot.present.label import dimension_name, label_name
from metrics.alert import MINIMUM
from metrics.estimate import Estimate
from metrics.measure import WITHIN_DAYS, Effect, Measured, Verdict
from metrics.report import Basis
from metrics.segment import OTHER

NAMED = 3
_JUDGED = (Verdict.MORE, Verdict.FEWER, Verdict.OPEN)


def measure(found: Measured, basis: Basis, language: Language) -> Page:
    """What surely helped first, what cannot be said next, then each wave with its hold-out."""
    said = _headline(found, language)
    body = tuple(Paragraph(text) for text in (sentence(found, basis, language),) if text)
    tables = (table(found, basis, language),) if found.waves else ()
    return Page(
        said, (Heading(said), *body, *tables, _foot(found, basis, language)), language=language.code
    )  # fmt: skip


def _headline(found: Measured, language: Language) -> str:
    if not found.waves:
        return language.say("measure.headline_none", span=found.span)
    if len(found.waves) == 1:
        [only] = found.waves
        return language.say(f"measure.headline_{only.verdict}", name=printable(only.name), **_values(only, language))
    judged = sum(each.verdict in _JUDGED for each in found.waves)
    sure = sum(each.verdict is Verdict.MORE for each in found.waves)
    if not judged:
        return language.say("measure.headline_not_judged", total=len(found.waves))
    if not sure:
        return language.say("measure.headline_none_sure", judged=judged)
    return language.say("measure.headline", judged=judged, sure=sure)


def _values(effect: Effect, language: Language) -> dict[str, object]:
    return {
        "within": WITHIN_DAYS,
        "got": language.percent(effect.got.value),
        "held": language.percent(effect.held.value),
        "points": language.points(effect.held.value, effect.got.value),
        "apart": language.points(effect.held.value, effect.got.value).lstrip("+-"),
        "needed": effect.needs_n or 0,
    }


def sentence(found: Measured, basis: Basis, language: Language) -> str:
    """The measures that made more customers buy, those that made fewer, and those without a hold-out."""
    said: list[str] = []
    alone = len(found.waves) == 1  # the headline has said it
    for verdict in (Verdict.MORE, Verdict.FEWER):
        some = [each for each in found.waves if each.verdict is verdict][:NAMED]
        said.extend(() if alone else (_told(each, language) for each in some))
        said.extend(_cost_told(each, basis, language) for each in some if each.per_extra.value is not None)
    unmatched = [each for each in found.waves if each.verdict is Verdict.NO_HOLD_OUT]
    if unmatched and not alone:
        said.append(_no_comparison(unmatched, language))
    return language.say("custom.space").join(said)


def _no_comparison(unmatched: list[Effect], language: Language) -> str:
    quoted = [language.say("measure.quoted", name=printable(each.name)) for each in unmatched[:NAMED]]
    more = len(unmatched) - len(quoted)
    names = language.say("measure.names").join(quoted)
    return language.say("measure.no_comparison_more" if more else "measure.no_comparison", names=names, more=more)


def _told(effect: Effect, language: Language) -> str:
    span = effect.span
    return language.say(
        f"measure.told_{effect.verdict}", name=printable(effect.name),
        sent=language.day_short(span.start) if span.days == 1 else language.span(span),
        **_values(effect, language),
    )  # fmt: skip


def _cost_told(effect: Effect, basis: Basis, language: Language) -> str:
    low, high = effect.per_extra.interval or (0.0, 0.0)
    said = [language.money(round(value), basis.currency) for value in (effect.per_extra.value or 0.0, low, high)]
    return language.say(
        "measure.told_cost", cost=said[0], range=language.say("custom.range", low=said[1], high=said[2])
    )  # fmt: skip


def _sent(effect: Effect, language: Language) -> str:
    return language.day_table(effect.span.start) if effect.span.days == 1 else language.span(effect.span)


def table(found: Measured, basis: Basis, language: Language, caption: str = "") -> Table:
    """Each wave, or each label of each, newest first."""
    rows = found.rows or found.waves
    by = (dimension_name(found.dimension, language),) if found.rows else ()
    names = ("sent", "got", "got_rate", "held", "held_rate", "difference", "interval", "per_extra", "verdict")
    heads = (language.say("measure.name"), *by, *(language.say(f"measure.{name}") for name in names))
    key = caption or ("measure.caption_by" if found.rows else "measure.caption")
    title = language.say(key, dimension="".join(by), within=WITHIN_DAYS)
    return Table(title, heads, tuple(_row(row, found, basis, language) for row in rows))


def _row(row: Effect, found: Measured, basis: Basis, language: Language) -> tuple[Cell, ...]:
    other = language.say("nps.other") if row.label == OTHER else label_name(found.dimension, row.label, language)
    name = (Cell(printable(row.name)), *((Cell(printable(other)),) if found.rows else ()))
    apart, shown = row.difference, row.verdict in _JUDGED
    return (
        *name,
        Cell(_sent(row, language)),
        *_side(row.got, language),
        *_side(row.held, language),
        Cell(language.points(row.held.value, row.got.value), round(100 * apart.value, 1))
        if shown and apart.value is not None
        else Cell(language.say("custom.none")),
        Cell(_interval(apart, language) if shown else language.say("custom.none")),
        Cell(_cost(row, basis, language), None if row.per_extra.value is None else round(row.per_extra.value)),
        Cell(_verdict(row, language)),
    )


def _side(rate: Estimate, language: Language) -> tuple[Cell, Cell]:
    """How many there were, and who of them bought; no share of a few."""
    if not rate.n:
        return Cell(language.say("custom.none")), Cell(language.say("custom.none"))
    n = Cell(people(rate.n, language), None if is_few(rate.n) else rate.n)
    if rate.value is None or rate.n < MINIMUM:
        return n, Cell(language.say("common.too_few"))
    return n, Cell(language.percent(rate.value), round(100 * rate.value, 1))


def _interval(apart: Estimate, language: Language) -> str:
    if apart.interval is None:
        return language.say("custom.none")
    low, high = (language.points(0.0, edge) for edge in apart.interval)
    return language.say("custom.range", low=low, high=high)


def _cost(row: Effect, basis: Basis, language: Language) -> str:
    value = row.per_extra.value
    return language.say("custom.none") if value is None else language.money(round(value), basis.currency)


def _verdict(row: Effect, language: Language) -> str:
    if row.verdict in {Verdict.OPEN, Verdict.TOO_FEW} and row.needs_n:
        return language.say(f"measure.{row.verdict}_needs", count=row.needs_n)
    return language.say(f"measure.{row.verdict}")


def _foot(found: Measured, basis: Basis, language: Language) -> Footnote:
    waiting = sum(each.waiting for each in found.waves)
    needs = any(each.needs_n for each in (*found.waves, *found.rows))
    items = (
        until(basis, language),
        where(basis, language),
        language.say("measure.counted", within=WITHIN_DAYS, span=found.span),
        language.say("measure.cut", count=len(found.rows)) if found.cut else "",
        language.say("measure.needs_note") if needs else "",
        language.say("measure.waiting_note", within=WITHIN_DAYS, n=people(waiting, language)) if waiting else "",
        language.say("measure.strangers", n=people(found.strangers, language)) if found.strangers else "",
        language.say("measure.torn", n=people(found.torn, language)) if found.torn else "",
        rules(basis, language),
        language.say("common.definition", topic=language.say("topic.measure")),
    )
    return Footnote(tuple(item for item in items if item))
