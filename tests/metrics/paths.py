"""Which ways lead from orders to counts? Every law runs over each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from pathlib import Path as FilePath

import duckdb
import sqlalchemy

from metrics.counts import Counts, CountsReader
from metrics.rules import Rules
from metrics.segment import ALL, PURCHASE_COUNT
from metrics.warehouse import kept, versions
from metrics.warehouse.answers import named_labels
from metrics.warehouse.file import prepare
from metrics.warehouse.reduce import Warehouse
from tests.metrics import counting, shop_orders, slow

DIMENSIONS = (ALL, "channel", PURCHASE_COUNT)


class Read:
    """Counts that were read before; the engine may be emptied for the next orders."""

    def __init__(self, found: Mapping[str, Counts]) -> None:
        self._found = found

    def counts(self, dimension: str, filters: Mapping[str, str] | None = None) -> Counts:
        assert not filters, "the laws ask for whole dimensions"
        return self._found[dimension]


def as_shop_order(order: slow.Order) -> shop_orders.Order:
    return shop_orders.Order(
        order.order_id, order.customer, order.at, order.amount, order.status, channel=order.channel
    )


@contextmanager
def plain() -> Iterator[counting.Path]:
    """No engine: a loop over customers."""
    yield counting.plain


@contextmanager
def store() -> Iterator[counting.Path]:
    """The embedded store's kernel, in memory: each take is rolled back when its counts are read."""
    opened: dict[Rules, duckdb.DuckDBPyConnection] = {}

    def path(orders: Sequence[slow.Order], rules: Rules) -> CountsReader:
        if rules not in opened:
            opened[rules] = duckdb.connect(":memory:", config={"threads": 1})
            prepare(opened[rules], FilePath(":memory:"), rules)
        connection = opened[rules]
        connection.begin()
        try:
            shop_orders.stage(connection, [as_shop_order(order) for order in orders])
            versions.take(connection, rules, shop_orders.LEARNED)
            return Read({dimension: _kept(connection, dimension, rules) for dimension in DIMENSIONS})
        finally:
            connection.rollback()

    try:
        yield path
    finally:
        for connection in opened.values():
            connection.close()


def _kept(connection: duckdb.DuckDBPyConnection, dimension: str, rules: Rules) -> Counts:
    return Counts(dimension, kept.read_cells(connection, *named_labels(connection, dimension)), rules.horizon_days)


@contextmanager
def taken(orders: Sequence[slow.Order], rules: Rules) -> Iterator[duckdb.DuckDBPyConnection]:
    """The embedded store in memory with these orders."""
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        prepare(connection, FilePath(":memory:"), rules)
        shop_orders.stage(connection, [as_shop_order(order) for order in orders])
        versions.take(connection, rules, shop_orders.LEARNED)
        yield connection


@contextmanager
def push_down() -> Iterator[counting.Path]:
    """The statements for any SQL engine, on SQLite in memory."""
    engine = sqlalchemy.create_engine("sqlite://")
    tables: dict[Rules, sqlalchemy.Table] = {}

    def path(orders: Sequence[slow.Order], rules: Rules) -> CountsReader:
        last = {order.order_id: asdict(as_shop_order(order)) for order in orders}
        with engine.begin() as connection:
            if rules not in tables:  # the same table again: its statements are compiled once
                tables[rules] = shop_orders.fill(connection, (), rules, f"orders_{len(tables)}")
            table = tables[rules]
            connection.execute(table.delete())
            if last:
                connection.execute(table.insert(), list(last.values()))
            warehouse = Warehouse(connection, table, rules)
            return Read({dimension: warehouse.counts(dimension) for dimension in DIMENSIONS})

    try:
        yield path
    finally:
        engine.dispose()


PATHS: dict[str, Callable[[], AbstractContextManager[counting.Path]]] = {
    "plain": plain,
    "store": store,
    "sql": push_down,
}
