"""How does a table beside the orders get into the store, and what is said of it?

It comes through the same doors as orders: a file, a folder, a dropped file, a SELECT. What it is,
its header tells.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.page import printable
from bot.present import few
from metrics.acquisition import Channels, Loose, loose_ends
from metrics.problem import Problem
from metrics.sources import people
from metrics.sources.beside import reading
from metrics.sources.beside.preset import Layout, Preset
from metrics.sources.people import People
from metrics.warehouse import beside, roles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from bot.language import Language
    from metrics.rules import Rules
    from metrics.sources.checks import Staged
    from metrics.sources.reading import Wish
    from metrics.warehouse.beside import Kept
    from metrics.warehouse.store import Store

MOST_NAMES = 5
ASKS = {"nps": "nps", "channel_costs": "cpo", "subscriptions": "continuation", "measures": "measure"}
"""Table -> which question it switches on."""


class WhoseCustomers(Problem):
    """There are orders of several sources: a customer number alone tells nobody."""

    key = "whose_customers"


@dataclass(frozen=True, slots=True)
class Stood:
    """What became of such a table: rows read, rows kept (None: a dry run), and what its channels meet."""

    table: str
    title: str
    verified: bool
    staged: Staged
    kept: Kept | None = None
    loose: Loose = field(default_factory=Loose)
    strangers: int = 0


@dataclass(frozen=True, slots=True)
class TableFeed:
    """A table that is synchronised: read whole, each time. `name`: of its source; `people`: whose rows they are."""

    name: str
    url: str
    select: str
    preset: Preset
    people: People
    channels: Channels


def from_file(
    connection: DuckDBPyConnection, path: Path, rules: Rules, wish: Wish, channels: Channels, *, dry: bool
) -> Stood | None:
    """Read a file and keep its rows; None where it is no such table."""
    found = reading.stage_file(
        connection, path, rules, _whose(connection, path.name, wish.source, joined=wish.joined, dry=dry),
        wish.beside, accept_bad=wish.accept_bad,
    )  # fmt: skip
    return None if found is None else _stood(connection, found, rules, channels, dry=dry)


def is_table(path: Path) -> bool:
    """Whether the file's header is of such a table."""
    return reading.is_table(path)


def from_query(connection: DuckDBPyConnection, feed: TableFeed, rules: Rules, *, accept_bad: bool) -> Stood:
    """Read a SELECT and keep its rows."""
    whose = _whose(connection, feed.name, feed.people.source, joined=feed.people.joined, dry=False)
    found = reading.stage_query(connection, feed.url, feed.select, rules, whose, feed.preset, accept_bad=accept_bad)
    return _stood(connection, found, rules, feed.channels, dry=False)


def _whose(
    connection: DuckDBPyConnection, file: str, source: str, *, joined: bool, dry: bool
) -> Callable[[Layout], People]:
    """Whose customers or orders a table's rows are of: the source named, else the only one that has orders."""

    def of(layout: Layout) -> People:
        table = layout.table
        if source or dry or not (table.people or table.name == "order_items"):
            return people.of(source or (layout.preset.name if layout.preset else "file"), joined=joined)
        known = beside.sources_of_orders(connection)
        if len(known) > 1:
            raise WhoseCustomers(path=file, known=known)
        return people.of(known[0] if known else "file", joined=joined)

    return of


def _stood(
    connection: DuckDBPyConnection, found: reading.Found, rules: Rules, channels: Channels, *, dry: bool
) -> Stood:
    table, preset = found.layout.table, found.layout.preset
    title, verified = (preset.title, preset.verified) if preset else ("", True)
    if dry:
        return Stood(table.name, title, verified, found.staged)
    kept = beside.take(connection, table.name, found.people.source)
    loose = loose_of(connection, rules, channels) if table.name == "channel_costs" else Loose()
    unknown = beside.strangers(connection, table.name)[0] if table.people else 0
    return Stood(table.name, title, verified, found.staged, kept, loose, unknown)


def retell(store: Store, connection: DuckDBPyConnection, stood: Stood | None, known_at: datetime) -> None:
    """Where products or lines came, give orders the role of what they sold."""
    if stood and stood.kept and stood.table in {"products", "order_items"} and roles.stage(connection, store.rules):
        store.take(connection, known_at, repeats=False)


def loose_of(connection: DuckDBPyConnection, rules: Rules, channels: Channels) -> Loose:
    """Spend that won nobody, and customers whose channel cost nothing; nothing where there is no spend."""
    spend = beside.spend_by_name(connection)
    return loose_ends(channels, spend, beside.customers_by_channel(connection, rules)) if spend else Loose()


def said_of(stood: Stood, name: str, language: Language, currency: str) -> Iterator[str]:
    """What became of one table, and what it makes possible."""
    what, staged = language.say(f"beside.table.{stood.table}"), stood.staged
    if stood.title:
        yield language.say("origin.read_lines", name=name, title=stood.title, lines=staged.rows)
    if not stood.verified:
        yield language.say("origin.unverified", name=name, title=stood.title)
    if stood.kept is None:
        yield language.say("beside.dry", name=name, what=what, count=staged.accepted)
    else:
        yield language.say(
            "beside.imported", name=name, what=what, count=staged.accepted, new=stood.kept.new,
            changed=stood.kept.changed + stood.kept.gone, unchanged=stood.kept.unchanged,
        )  # fmt: skip
    if staged.ignored:
        yield language.say("beside.totals", name=name, count=staged.ignored)
    if staged.duplicates:
        yield language.say("beside.duplicates", name=name, count=staged.duplicates)
    if stood.strangers:
        yield language.say("beside.strangers", name=name, count=stood.strangers)
    yield from said_of_loose(stood.loose, language, currency)
    if stood.kept is not None and stood.table in ASKS:
        yield language.say("beside.ask", question=language.say(f"command.{ASKS[stood.table]}"))


def said_of_loose(loose: Loose, language: Language, currency: str) -> Iterator[str]:
    """Unmapped spend and unmapped orders, each in one line."""
    if loose.spend:
        yield language.say("beside.loose_spend", names=spend_names(loose, language, currency))
    if loose.orders:
        yield language.say("beside.loose_orders", names=order_names(loose, language))


def spend_names(loose: Loose, language: Language, currency: str) -> str:
    """The names under which money was spent that won nobody."""
    said = [
        language.say("beside.name", name=printable(name), value=language.money(cost, currency))
        for name, cost in loose.spend[:MOST_NAMES]
    ]
    return _cut(said, len(loose.spend), language)


def order_names(loose: Loose, language: Language) -> str:
    """The channels of customers that cost nothing."""
    said = [
        language.say(
            "beside.name", name=printable(label) or language.say("label.unknown"),
            value=few.people(n, language),
        )
        for label, n in loose.orders[:MOST_NAMES]
    ]  # fmt: skip
    return _cut(said, len(loose.orders), language)


def _cut(said: list[str], total: int, language: Language) -> str:
    more = [language.say("custom.cut", count=total - MOST_NAMES)] if total > MOST_NAMES else []
    return language.listed([*said, *more])
