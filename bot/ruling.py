"""What do `asakai rules` and `asakai backtest` ask of the desk and the state database?"""

from __future__ import annotations

from contextlib import closing
from datetime import date, timedelta
from typing import TYPE_CHECKING

from bot.alerting.book import Book
from bot.alerting.rules import every_rule, named
from bot.alerting.trial import Trial, tried
from bot.choices.chosen import WORKSPACE
from bot.desk import Desk, Stored
from bot.lookout import Lookout
from metrics.day import Span

if TYPE_CHECKING:
    from bot.language import Language
    from bot.page import Page


def stored(book: Book) -> Stored:
    """What the state database knows of rules, for their list."""
    return Stored(book.rules(), {name: kept.standing for name, kept in book.standings().items()})


def listed(desk: Desk, language: Language) -> Page:
    """The list of rules with owner and last state."""
    with closing(Book.open(desk.settings.state, WORKSPACE)) as book:
        known = stored(book)
    desk.stored = lambda: known
    return desk.rules(language)


def back_tested(desk: Desk, rule: str, since: date, until: date) -> Trial:
    """A rule, by its name, on the mornings of those days."""
    with closing(Book.open(desk.settings.state, WORKSPACE)) as book:
        watched = named(every_rule(desk.settings, book.rules()), rule)
    return tried(watched.rule, Span(since, until + timedelta(days=1)), Lookout(desk))
