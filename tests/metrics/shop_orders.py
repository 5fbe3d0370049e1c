"""Orders as a test writes them, and how they get into each engine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from hypothesis import strategies as st
from sqlalchemy import Connection, MetaData, Table, insert

from metrics.cells import Cells
from metrics.counts import Counts
from metrics.rules import Rules
from metrics.warehouse.store import Store
from metrics.warehouse.tables import orders_table
from metrics.warehouse.versions import Taken

if TYPE_CHECKING:
    import duckdb
    import numpy as np

LEARNED = datetime(2026, 1, 1, tzinfo=UTC)
BEGIN = datetime(2025, 1, 1)


@dataclass(frozen=True)
class Order:
    """One order; customer None: cannot be identified."""

    order_id: str
    customer_id: str | None
    ordered_at: datetime
    amount: int = 1000
    status: str = "completed"
    subscription_id: str | None = None
    cycle_no: int | None = None
    first_flag: bool | None = None
    channel: str | None = None
    region: str | None = None
    product: str | None = None


def order(order_id: str, customer: str | None, day: int, minute: int = 600, **facts: Any) -> Order:
    """An order `day` days after 2025-01-01, `minute` minutes after midnight."""
    return Order(order_id, customer, BEGIN + timedelta(days=day, minutes=minute), **facts)


def stage(connection: duckdb.DuckDBPyConnection, orders: Sequence[Order], source: str = "test") -> None:
    """Fills the table `incoming` as a source does."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE incoming (source VARCHAR, order_id VARCHAR, customer_id VARCHAR,"
        " ordered_at TIMESTAMP, amount BIGINT, status VARCHAR, subscription_id VARCHAR, cycle_no INTEGER,"
        " first_flag BOOLEAN, channel VARCHAR, region VARCHAR, product VARCHAR, seq BIGINT)"
    )
    if orders:
        rows = pd.DataFrame([asdict(each) for each in orders]).astype({"cycle_no": "Int64", "first_flag": "boolean"})
        rows = rows.assign(source=source, seq=range(len(rows)))
        connection.register("rows", rows)
        connection.execute("INSERT INTO incoming BY NAME SELECT * FROM rows")
        connection.unregister("rows")


def import_orders(store: Store, orders: Sequence[Order], at: datetime = LEARNED, source: str = "test") -> Taken:
    """One import into the embedded store."""
    with store.writing() as connection:
        stage(connection, orders, source)
        return store.take(connection, at)


def store_of(folder: Path, orders: Sequence[Order], rules: Rules | None = None) -> Store:
    """A fresh store of these orders."""
    store = Store(folder / "store.duckdb", rules or Rules())
    import_orders(store, orders)
    return store


def fill(connection: Connection, orders: Iterable[Order], rules: Rules, name: str = "orders") -> Table:
    """A table of these orders in any SQL engine."""
    metadata = MetaData()
    table = orders_table(rules, name, metadata)
    metadata.drop_all(connection)
    metadata.create_all(connection)
    rows = [asdict(each) for each in orders]
    if rows:
        connection.execute(insert(table), rows)
    return table


def plain(counts: Counts) -> dict[str, dict[tuple[Any, ...], int]]:
    """Counts as plain dictionaries: cell -> customers, with label names; empty labels left out."""
    cells = counts.cells()
    return {
        "cohort": _named(cells, cells.cohort),
        "gap": _named(cells, cells.gap),
        "idle": _named(cells, cells.idle),
    }


def _named(cells: Cells, rows: np.ndarray) -> dict[tuple[Any, ...], int]:
    return {(cells.labels[row[0]], *(int(value) for value in row[1:-1])): int(row[-1]) for row in rows}


times = st.integers(0, 420 * 24 * 6).map(lambda tens: BEGIN + timedelta(minutes=10 * tens))
near_midnight = st.tuples(st.integers(0, 200), st.sampled_from((-60, -30, -1, 0, 1, 29, 30, 59, 61))).map(
    lambda pair: BEGIN + timedelta(days=pair[0], minutes=pair[1] + 1440)
)
subscriptions = st.sampled_from(
    [(None, None), (None, None), (None, None), ("s1", 1), ("s1", 2), ("s1", None), ("s2", None)]
)


@st.composite
def any_order(draw: st.DrawFn, ids: st.SearchStrategy[str] | None = None) -> Order:
    """An order with every trap in it: no identity, cancelled, free, returned, renewals, unknown status."""
    subscription, cycle = draw(subscriptions)
    return Order(
        order_id=draw(st.integers(0, 10**6).map(str) if ids is None else ids),
        customer_id=draw(st.sampled_from(["a", "A", "b", "c", "d", "e", "é", None])),
        ordered_at=draw(times | near_midnight),
        amount=draw(st.sampled_from([1000, 1000, 500, 0, -200])),
        status=draw(st.sampled_from(["completed", "completed", "completed", "cancelled", "returned", "shipped!", ""])),
        subscription_id=subscription,
        cycle_no=cycle,
        first_flag=draw(st.sampled_from([None, None, None, True, False])),
        channel=draw(st.sampled_from([None, "", "web", "Web", "店舗"])),
        region=draw(st.sampled_from([None, "東京"])),
        product=draw(st.sampled_from([None, "x", "y"])),
    )


def many_orders(least: int = 0, most: int = 40) -> st.SearchStrategy[list[Order]]:
    """Orders with distinct ids."""
    return st.lists(any_order(), min_size=least, max_size=most, unique_by=lambda each: each.order_id)


any_rules = st.builds(
    Rules,
    same_day=st.sampled_from(["merge", "separate"]),
    merge_minutes=st.sampled_from([0, 30, 60]),
    zero_amounts=st.booleans(),
    subscription_first=st.sampled_from(["own", "same"]),
    horizon_days=st.sampled_from([180, 30, 500]),
)
