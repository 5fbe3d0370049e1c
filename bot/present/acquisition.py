"""What is the answer to /kpi CPO: does a new customer bring in more than they cost?"""

from __future__ import annotations

from bot.language import Language
from bot.page import Cell, Fact, Facts, Footnote, Heading, Page, Paragraph, Table, printable
from bot.present.few import count, is_few, people
from bot.present.footing import cohort_and_n, rules, until
from bot.present.label import label_name
from metrics.acquisition import Acquisition, Won
from metrics.report import Basis
from metrics.segment import OTHER

NAMED = 5
_CHANNEL = "channel"


def acquisition(found: Acquisition, basis: Basis, language: Language) -> Page:
    """Value less cost first, then each channel with the day it pays back."""
    said = _headline(found, basis, language)
    body = (Paragraph(text) for text in (_sentence(found, basis, language),) if text)
    table = (_table(found, basis, language),) if found.channels else ()
    foot = _foot(found, basis, language)
    return Page(said, (Heading(said), *body, _facts(found, basis, language), *table, foot), language=language.code)


def _money(value: float | None, basis: Basis, language: Language) -> str:
    return language.say("custom.none") if value is None else language.money(round(value), basis.currency)


def _headline(found: Acquisition, basis: Basis, language: Language) -> str:
    whole = found.whole
    if whole.value.value is None or whole.cpo is None:
        return language.say("cpo.headline_too_few", n=count(whole.customers, language), cohort=found.cohort)
    kind = "cpo.headline" if found.less_goods else "cpo.headline_sales"
    return language.say(
        kind, days=found.horizon, value=_money(whole.value.value, basis, language),
        cpo=_money(whole.cpo, basis, language),
    )  # fmt: skip


def _sentence(found: Acquisition, basis: Basis, language: Language) -> str:
    """The channels that surely do not pay back within the days, else those that surely do."""
    sure = [row for row in found.channels if row.surplus.interval and row.channel != OTHER]
    lost = [row for row in sure if row.surplus.interval and row.surplus.interval[1] < 0]
    open_ = [row for row in sure if row.surplus.interval and row.surplus.interval[0] <= 0 <= row.surplus.interval[1]]
    if lost:
        worst = min(lost, key=lambda row: row.surplus.value or 0)
        return language.say(
            "cpo.lost", channel=_name(worst, language), days=found.horizon,
            amount=_money(-(worst.surplus.value or 0), basis, language),
        )  # fmt: skip
    if open_:
        return language.say("cpo.open", channels=[_name(row, language) for row in open_], days=found.horizon)
    return language.say("cpo.won", days=found.horizon) if sure else ""


def _name(row: Won, language: Language) -> str:
    return language.say("nps.other") if row.channel == OTHER else label_name(_CHANNEL, row.channel, language)


def _facts(found: Acquisition, basis: Basis, language: Language) -> Facts:
    whole = found.whole
    spend = language.say(
        "cpo.of_spend", spend=_money(whole.spend, basis, language), n=people(whole.customers, language)
    )
    return Facts(
        (
            Fact(
                _value_name(found, language),
                _money(whole.value.value, basis, language),
                _interval(whole.value.interval, basis, language),
            ),
            Fact(language.say("cpo.cpo"), _money(whole.cpo, basis, language), spend),
            Fact(
                language.say("cpo.surplus"),
                _surplus(whole, basis, language),
                _interval(whole.surplus.interval, basis, language),
            ),
            Fact(language.say("cpo.payback"), _payback(whole, found, language)),
        )
    )


def _value_name(found: Acquisition, language: Language) -> str:
    return language.say("cpo.value" if found.less_goods else "cpo.value_sales", days=found.horizon)


def _interval(interval: tuple[float, float] | None, basis: Basis, language: Language) -> str:
    return language.say("common.interval", interval=_range(interval, basis, language)) if interval else ""


def _range(interval: tuple[float, float] | None, basis: Basis, language: Language) -> str:
    if interval is None:
        return language.say("custom.none")
    low, high = (_money(edge, basis, language) for edge in interval)
    return language.say("custom.range", low=low, high=high)


def _payback(row: Won, found: Acquisition, language: Language) -> str:
    if row.cpo is None or row.value.value is None:
        return language.say("custom.none")
    if row.payback is None:
        return language.say("cpo.not_yet", days=found.horizon)
    return language.say("cpo.day", day=row.payback) if row.payback else language.say("cpo.first_day")


def _surplus(row: Won, basis: Basis, language: Language) -> str:
    """The difference of the two amounts as they are shown."""
    if row.surplus.value is None or row.value.value is None or row.cpo is None:
        return language.say("custom.none")
    return language.money(round(row.value.value) - round(row.cpo), basis.currency)


def _table(found: Acquisition, basis: Basis, language: Language) -> Table:
    names = ("customers", "spend", "cpo", "value_short", "surplus", "interval", "payback")
    heads = (language.say("dimension.channel"), *(language.say(f"cpo.{name}") for name in names))
    rows = tuple(_row(row, found, basis, language) for row in found.channels)
    return Table(language.say("cpo.caption", cohort=found.cohort), heads, rows)


def _row(row: Won, found: Acquisition, basis: Basis, language: Language) -> tuple[Cell, ...]:
    name = Cell(printable(_name(row, language)))
    if is_few(row.customers):
        return (name, Cell(language.say("custom.few")), *(Cell(language.say("custom.none")),) * 6)
    few = language.say("common.too_few")
    return (
        name,
        Cell(people(row.customers, language), row.customers),
        Cell(_money(row.spend, basis, language) if row.spend else language.say("custom.none"), row.spend),
        _cell(row.cpo, basis, language, language.say("custom.none")),
        _cell(row.value.value, basis, language, few),
        Cell(_surplus(row, basis, language), None if row.surplus.value is None else round(row.surplus.value)),
        Cell(_range(row.surplus.interval, basis, language)),
        Cell(_payback(row, found, language), row.payback),
    )


def _cell(value: float | None, basis: Basis, language: Language, otherwise: str) -> Cell:
    return Cell(otherwise) if value is None else Cell(_money(value, basis, language), round(value))


def _foot(found: Acquisition, basis: Basis, language: Language) -> Footnote:
    loose = [printable(name) for name, _ in found.loose.spend[:NAMED]]
    items = (
        until(basis, language),
        cohort_and_n(found.cohort, found.whole.customers, language),
        language.say("cpo.denominator", days=found.horizon),
        language.say("cpo.goods" if found.less_goods else "cpo.no_goods"),
        language.say("cpo.loose", names=loose) if loose else "",
        rules(basis, language),
        language.say("common.definition", topic=language.say("topic.cpo")),
    )
    return Footnote(tuple(item for item in items if item))
