"""What happens in a shop of a few thousand orders, told once for every platform that might keep its books?

The orders are the sample generator's. A platform's file (shop_eccube, shop_woocommerce) writes them into its
tables and, beside them, the purchases that are right; neither knows the presets.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from metrics.sources.sample import sample_shop

LAST_DAY = date(2026, 11, 19)
FIRST_LOOK = datetime(2026, 11, 19, 8)
"""The first sync; what changes does so at noon of that day, and the second sync is a day later."""
SECOND_LOOK = FIRST_LOOK + timedelta(days=1)
NOON = datetime(2026, 11, 19, 12)
LATELY = datetime(2026, 9, 10)
EVERY = 6
"""Only every sixth customer of the sample: about 2,300 orders."""
HEADER = ("order_id", "customer_id", "email", "ordered_at", "amount", "status", "channel", "region", "product")
Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Sale:
    """An order, or what is none yet or no more; times are the shop's own.

    member: 0 is a guest; email: "" where nobody wrote it down. state: shipped, processing, pending, odd (one that
    only this shop has), cancelled, returned, cart (in progress), dropped (thrown away, its row is still there).
    """

    number: int
    member: int
    email: str
    at: datetime
    amount: int
    state: str
    channel: str
    region: str
    product: str
    changed_at: datetime
    given_back: int = 0

    @property
    def left(self) -> int:
        """What the shop keeps of the money."""
        return self.amount - self.given_back


@dataclass(frozen=True, slots=True)
class Story:
    """The sales as they stand at the first look and at the second."""

    before: tuple[Sale, ...]
    after: tuple[Sale, ...]
    deleted: frozenset[int]


@dataclass(frozen=True, slots=True)
class Platform:
    """Who keeps the books: tables, rows for sales, and what is right, as rows under HEADER.

    status_of: the platform's own word for the state that only this shop has.
    excluded: how many sales are listed as left out by their status.
    """

    preset: str
    tables: Callable[[sa.MetaData], None]
    rows: Callable[[Sequence[Sale]], Rows]
    right: Callable[[Sequence[Sale]], Iterable[tuple[Any, ...]]]
    excluded: Callable[[Sequence[Sale]], int]
    status_of: str


def told(folder: Path) -> Story:
    """The story; the same every time."""
    with sample_shop(folder, LAST_DAY).orders.open(encoding="utf-8", newline="") as file:
        taken = [row for row in csv.DictReader(file) if _who(row) % EVERY == 0]
    sales = [_sale(number, row) for number, row in enumerate(taken, start=1)]
    sales = [replace(one, state=_unusual(one)) for one in sales]
    there = tuple(one for one in sales if one.at < FIRST_LOOK.replace(hour=0))
    after, deleted = _a_day_later(sales)
    return Story(there, after, deleted)


def _who(row: dict[str, str]) -> int:
    return int("0" + "".join(filter(str.isdigit, row["email"])))


def _sale(number: int, row: dict[str, str]) -> Sale:
    at = datetime.fromisoformat(row["ordered_at"])
    return Sale(
        number, _who(row) if row["customer_id"] else 0, row["email"], at, int(row["amount"]), row["status"],
        row["channel"], row["region"], row["product"], at + timedelta(minutes=1),
    )  # fmt: skip


def _unusual(sale: Sale) -> str:
    """Some shipped orders were carts that nobody paid for, or thrown away, or are in a state of this shop's own."""
    places = {7: "odd", 19: "cart", 31: "dropped"}
    return places.get(sale.number % 41, sale.state) if sale.state == "shipped" else sale.state


def _a_day_later(sales: Sequence[Sale]) -> tuple[tuple[Sale, ...], frozenset[int]]:
    """Orders are cancelled, returned, refunded in part, deleted; carts are paid for; a guest registers."""
    recent = [one for one in sales if LATELY < one.at < FIRST_LOOK.replace(hour=0)]
    shipped = [one for one in recent if one.state == "shipped" and one.member]
    carts = [one for one in recent if one.state == "cart"]
    newcomer = next(one.email.casefold() for one in recent if one.email and not one.member and _all_recent(one, sales))
    changes: dict[int, dict[str, Any]] = {}
    changes |= {one.number: {"state": "cancelled"} for one in shipped[0:5]}
    changes |= {one.number: {"state": "returned"} for one in shipped[5:9]}
    changes |= {one.number: {"given_back": 300} for one in shipped[9:12]}
    changes |= {one.number: {"state": "processing", "at": NOON} for one in carts[:2]}
    changes |= {one.number: {"member": 90_001} for one in sales if one.email.casefold() == newcomer}
    deleted = frozenset(one.number for one in (*shipped[12:16], carts[2]))
    after = (
        replace(one, **changes[one.number], changed_at=NOON + timedelta(seconds=one.number))
        if one.number in changes
        else one
        for one in sales
        if one.number not in deleted
    )
    return tuple(after), deleted


def _all_recent(sale: Sale, sales: Sequence[Sale]) -> bool:
    return all(one.at > LATELY for one in sales if one.email.casefold() == sale.email.casefold())


def counted(sales: Sequence[Sale], *states: str) -> int:
    """How many sales are in one of those states."""
    return sum(one.state in states for one in sales)


def utc(at: datetime) -> datetime:
    """The shop's time in UTC, naive; Japan has no summer time."""
    return at - timedelta(hours=9)


# --- tables, as a line for each column -----------------------------------------------------


def _unsigned(kind: Any, of_mysql: Any) -> Any:
    return kind.with_variant(of_mysql, "mysql", "mariadb")


_KINDS: dict[str, Any] = {
    "int": sa.Integer(),
    "uint": _unsigned(sa.Integer(), mysql.INTEGER(unsigned=True)),
    "small": sa.SmallInteger(),
    "usmall": _unsigned(sa.SmallInteger(), mysql.SMALLINT(unsigned=True)),
    "tiny": _unsigned(sa.SmallInteger(), mysql.TINYINT(1)),
    "ubig": _unsigned(sa.BigInteger(), mysql.BIGINT(unsigned=True)),
    "text": sa.Text(),
    "numeric": sa.Numeric(),
    "money": sa.Numeric(12, 2),
    "umoney": _unsigned(sa.Numeric(12, 2), mysql.NUMERIC(12, 2, unsigned=True)),
    "whole": sa.Numeric(10, 0),
    "total": sa.Numeric(26, 8),
    "double": sa.Double(),
    "datetime": sa.DateTime(),
    "datetimetz": sa.DateTime(timezone=True),
    "timestamp": sa.TIMESTAMP(),
}
_INDEXED = frozenset({"order_id", "post_id", "parent_order_id", "customer_id"})
"""Columns that have an index wherever they are no key; parent_id of WooCommerce's analytics has none."""
_EMPTY = {"str": "", "tex": "", "dat": NOON, "tim": NOON}


def table(metadata: sa.MetaData, name: str, columns: str) -> None:
    """A table of lines "name kind"; `!` after a kind is NOT NULL; the first column is the key."""
    made = []
    for position, line in enumerate(columns.split(",")):
        column, kind = line.split()
        bare = kind.rstrip("!")
        typed = sa.String(int(bare[3:])) if bare.startswith("str") else _KINDS[bare]
        empty = _EMPTY.get(bare[:3], 0) if kind.endswith("!") else None
        made.append(
            sa.Column(
                column, typed, primary_key=position == 0, nullable=not kind.endswith("!") and position > 0,
                autoincrement=False, default=empty, index=position > 0 and column in _INDEXED,
            )
        )  # fmt: skip
    sa.Table(name, metadata, *made)


class Books:
    """The platform's database, made to hold what a moment asks for, row by row."""

    def __init__(self, engine: sa.Engine, platform: Platform) -> None:
        self.engine, self.platform, self.metadata = engine, platform, sa.MetaData()
        self._there: dict[str, dict[Any, dict[str, Any]]] = {}
        platform.tables(self.metadata)
        self.metadata.drop_all(engine)
        self.metadata.create_all(engine)

    def hold(self, sales: Sequence[Sale]) -> None:
        """Insert, update and delete until the tables hold the rows for these sales."""
        rows = self.platform.rows(sales)
        with self.engine.begin() as live:
            for name, wanted in rows.items():
                self._change(live, self.metadata.tables[name], wanted)

    def _change(self, live: sa.Connection, tab: sa.Table, wanted: list[dict[str, Any]]) -> None:
        key = next(iter(tab.primary_key))
        there, now = self._there.get(tab.name, {}), {row[key.name]: row for row in wanted}
        gone = [one for one in there if one not in now]
        if gone:
            live.execute(tab.delete().where(key.in_(gone)))
        new = [row for one, row in now.items() if one not in there]
        if new:
            live.execute(tab.insert(), new)
        for one, row in now.items():
            if one in there and there[one] != row:
                live.execute(tab.update().where(key == one).values(row))
        self._there[tab.name] = now

    def close(self) -> None:
        """The tables go."""
        self.metadata.drop_all(self.engine)
        self.engine.dispose()
