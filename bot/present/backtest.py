"""What would a rule have done in the past?"""

from __future__ import annotations

from bot.language import Language
from bot.page import Cell, Footnote, Heading, Page, Paragraph, Table
from bot.present.watched import shown, title
from metrics.alert import Rule
from metrics.backtest import Backtest, Firing


def backtest(rule: Rule, found: Backtest, language: Language, *, all_known: bool = True) -> Page:
    """The episodes with their dates, length and values. `all_known` False: some lie before the first import."""
    count = len(found.firings)
    key = "backtest.headline" if count else "backtest.none"
    headline = language.say(key, rule=title(rule.name, language), span=found.span, count=count)
    said = [language.say("backtest.mornings", count=found.mornings)]
    if found.replayed:
        said.append(language.say("backtest.replayed", count=found.replayed))
    if not all_known:
        said.append(language.say("backtest.known_now"))
    table = (_table(rule, found, language),) if count else ()
    states = [
        language.say("backtest.state", state=language.say(f"alert.state.{state.value}"), count=n)
        for state, n in found.states
    ]
    foot = Footnote((language.say("backtest.states", states=states),))
    return Page(headline, (Heading(headline), Paragraph("\n".join(said)), *table, foot), language=language.code)


def _table(rule: Rule, found: Backtest, language: Language) -> Table:
    heads = ("backtest.began", "backtest.ended", "backtest.lasted", "backtest.value", "backtest.worst")
    rows = tuple(_row(rule, firing, language) for firing in found.firings)
    return Table(language.say("backtest.caption"), tuple(map(language.say, heads)), rows, page_size=10)


def _row(rule: Rule, firing: Firing, language: Language) -> tuple[Cell, ...]:
    ended = language.day_table(firing.ended_on) if firing.ended_on else language.say("backtest.open")
    return (
        Cell(language.day_table(firing.began_on)),
        Cell(ended),
        Cell(language.number(firing.mornings), float(firing.mornings)),
        Cell(shown(rule, firing.first.estimate, language)),
        Cell(shown(rule, firing.worst.estimate, language)),
    )
