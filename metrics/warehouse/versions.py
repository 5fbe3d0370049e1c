"""How do staged orders become the current ones, with nothing lost and only the touched folded?"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from metrics.day import number
from metrics.rules import Rules
from metrics.warehouse import kept
from metrics.warehouse.contribution import Contribution, Customers, OrderRows, contribution, without_rows
from metrics.warehouse.memory import return_large_blocks
from metrics.warehouse.pull import (
    HASHED,
    STATUS_DIMENSION,
    Shape,
    add_labels,
    number_labels,
    order_ids,
    order_ids_of,
    part,
    part_of,
    pull,
)
from metrics.warehouse.schema import CELLS, HASHES, kept_columns, name, order_columns, text
from metrics.warehouse.tally import Marks

if TYPE_CHECKING:
    from collections.abc import Callable

    from duckdb import DuckDBPyConnection

    from metrics.cells import Ints


ORDERS_A_PULL = 600_000
"""A rebuild pulls about this many orders at a time, so that memory stays bounded: each pull reads the whole table."""

ORDERS_A_CHUNK = 300_000
"""And counts about this many of them at a time: counting needs several times their size."""

REBUILD_MEMORY = "128MB"
"""What the engine may hold while a rebuild counts beside it."""

ORDERS_A_MATCH = 500_000
"""So many incoming orders at a time are looked for among those that are kept."""

ROWS_APART = 1_000_000
"""Rows closer than this are looked for in one stretch: each is a statement's part, and the engine skips between."""

TIDY_BATCHES = 30
"""So many folds close the file without tidying it: merging row groups costs as much as the fold itself."""
_TIDYING = 100  # the engine's own default

FOLD_SHARE = 0.15
"""A batch that touches more than this share of the orders is cheaper to rebuild than to fold."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What an import did: orders new, changed, already known; customers touched."""

    batch: int
    new: int
    changed: int
    unchanged: int
    customers: int
    rebuilt: bool


def take(
    connection: DuckDBPyConnection,
    rules: Rules,
    known_at: datetime,
    progress: Callable[[float], None] = lambda _: None,
    *,
    repeats: bool = True,
) -> Taken:
    """Merges the table `incoming` into the store; the caller holds the transaction.

    known_at: aware instant at which these orders were learned; repeats: whether an order
    may stand in `incoming` more than once.
    """
    batch = next_batch(connection)
    existing = int(_one(connection, "SELECT count(*) FROM orders"))
    first = not existing and not (repeats and _repeated(connection))
    new, changed, same = (_first_load(connection, rules, batch), 0, 0) if first else _compare(connection, rules)
    anew = new + changed > FOLD_SHARE * existing
    customers = 0
    if anew:
        if not first:
            _apply(connection, rules, batch)
        customers = rebuild(connection, rules, progress)
    elif new + changed:
        customers = _fold(connection, rules, batch)
    _note(connection, batch, known_at, (new, changed))
    for table in ("fresh", "matched"):  # `incoming` may be a view: it belongs to whoever staged it
        connection.execute(f"DROP TABLE IF EXISTS {table}")
    return Taken(batch, new, changed, same, customers, anew)


def settle(
    connection: DuckDBPyConnection, rules: Rules, known_at: datetime, progress: Callable[[float], None] = lambda _: None
) -> Taken:
    """Counts the orders of a first load that were written into the empty `orders`; the caller holds the transaction."""
    batch, new = next_batch(connection), int(_one(connection, "SELECT count(*) FROM orders"))
    customers = rebuild(connection, rules, progress)
    _note(connection, batch, known_at, (new, 0))
    return Taken(batch, new, 0, 0, customers, rebuilt=True)


def next_batch(connection: DuckDBPyConnection) -> int:
    """The number of the import that comes next."""
    return int(_one(connection, "SELECT coalesce(max(batch), 0) + 1 FROM batch"))


def _note(connection: DuckDBPyConnection, batch: int, known_at: datetime, counted: tuple[int, int]) -> None:
    """Write down an import: when it was learned, orders new and changed."""
    at = text(str(known_at.astimezone(UTC).replace(tzinfo=None)))
    connection.execute(f"INSERT INTO batch VALUES ({batch}, {at}::TIMESTAMP, {counted[0]}, {counted[1]})")


def _compare(connection: DuckDBPyConnection, rules: Rules) -> tuple[int, int, int]:
    """Orders of `incoming` that are new, changed, and as they were; leaves `fresh` and `matched`."""
    _fresh(connection, rules)
    _match(connection, rules)
    fates = dict(connection.execute("SELECT fate, count(*) FROM fresh GROUP BY fate").fetchall())
    return fates.get("new", 0), fates.get("changed", 0), fates.get("same", 0)


def _repeated(connection: DuckDBPyConnection) -> bool:
    """Whether two incoming orders may be the same one, by their hashes."""
    hashes = np.sort(connection.execute("SELECT hash(source, order_id) AS h FROM incoming").fetchnumpy()["h"])
    return bool((hashes[1:] == hashes[:-1]).any())


def _first_load(connection: DuckDBPyConnection, rules: Rules, batch: int) -> int:
    """All of `incoming` into the empty store: nothing to compare with, nothing to copy twice.

    Rows stay in their order, which is time in most exports: what comes again lies close together.
    """
    columns = ", ".join(name(column) for column in order_columns(rules))
    connection.execute(f"INSERT INTO orders BY NAME SELECT {columns}, {HASHED}, {batch} AS batch FROM incoming")
    return int(_one(connection, "SELECT count(*) FROM orders"))


def rebuild(connection: DuckDBPyConnection, rules: Rules, progress: Callable[[float], None] = lambda _: None) -> int:
    """Counts everything anew from the current orders; gives the number of customers.

    Customers are taken in parts by hash: while one is counted, the next is pulled.
    """
    progress(0.0)
    return_large_blocks()
    connection.execute(f"SET memory_limit = '{REBUILD_MEMORY}'; SET preserve_insertion_order = false")
    for table in ("customers", *CELLS):
        connection.execute(f"DELETE FROM {table}")
    number_labels(connection, "orders", rules)
    fixed, ledger, in_use = kept.Fixed.of(connection), kept.Ledger(), Lock()
    orders = int(_one(connection, "SELECT count(*) FROM orders"))
    pulls = max(1, round(orders / ORDERS_A_PULL))
    chunks = max(1, round(orders / pulls / ORDERS_A_CHUNK))
    shape = Shape.small(connection, "orders")

    def counted(rows: OrderRows, pulled: int) -> list[Customers]:
        states = []
        for chunk in range(pulled * chunks, (pulled + 1) * chunks):
            found = contribution(part_of(rows, chunk, pulls * chunks), rules, order_ids(connection, "orders", in_use))
            kept.count(ledger, found, fixed, rules)
            states.append(found.customers)
        return states

    def written(states: list[Customers]) -> int:
        with in_use:
            for state in states:
                kept.write_customers(connection, state, rules)
        return sum(len(state.customer) for state in states)

    customers, states = 0, list[Customers]()
    with ThreadPoolExecutor(1) as counting:
        before: Future[list[Customers]] | None = None
        for pulled in range(pulls):
            with in_use:
                rows = pull(connection, "orders", rules, part(pulled, pulls), shape)
            states = before.result() if before else []
            before = counting.submit(counted, rows, pulled)
            del rows
            customers += written(states)
            progress(pulled / pulls)
        customers += written(before.result() if before else [])
    count_unknown_statuses(connection, ledger, "orders", rules)
    connection.execute("SET preserve_insertion_order = true")  # cells that lie in order need not be sorted by readers
    kept.write_cells(connection, ledger, 0)
    progress(1.0)
    return customers


def found_in(connection: DuckDBPyConnection, table: str, rules: Rules, where: str = "true") -> Contribution:
    """The contribution of the table's customers that satisfy `where`."""
    return contribution(pull(connection, table, rules, where), rules, order_ids(connection, table))


def found_until(connection: DuckDBPyConnection, rules: Rules, as_of: date, where: str = "true") -> Contribution:
    """The contribution of the orders on days up to and on as_of, of the customers that satisfy `where`."""
    return found_in(connection, "orders", rules, f"{where} AND epoch_us(ordered_at) // 86400000000 <= {number(as_of)}")


def _fresh(connection: DuckDBPyConnection, rules: Rules) -> None:
    """`fresh`: incoming orders with hashes, the last version of each only."""
    columns = ", ".join(name(column) for column in order_columns(rules))
    connection.execute(f"CREATE TEMP TABLE fresh AS SELECT {columns}, {HASHED}, 'new' AS fate, seq FROM incoming")
    rows, distinct = connection.execute("SELECT count(*), count(DISTINCT order_hash) FROM fresh").fetchall()[0]
    if rows != distinct:
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE fresh AS SELECT * FROM fresh"
            " QUALIFY row_number() OVER (PARTITION BY source, order_id ORDER BY seq DESC) = 1"
        )


def _match(connection: DuckDBPyConnection, rules: Rules) -> None:
    """`matched`: current versions of fresh orders; `fate` becomes changed or same for those.

    Hashes find the rows, the text decides. Reading the text of every order would cost
    more than all the rest of a morning's import, so only stretches with hits are read,
    and of some fresh orders at a time, so that memory stays bounded.
    """
    [(first, last)] = connection.execute(
        "SELECT coalesce(min(rowid), 0), coalesce(max(rowid), 0) FROM fresh"
    ).fetchall()
    made = "CREATE TEMP TABLE matched AS"
    for start in range(first, last + 1, ORDERS_A_MATCH):  # rows of an open transaction are not numbered from 0
        end = start + ORDERS_A_MATCH
        part = f"(SELECT rowid AS fresh_place, * FROM fresh WHERE rowid >= {start} AND rowid < {end})"
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE hit AS SELECT o.rowid AS place, f.fresh_place FROM orders o"
            f" JOIN {part} f ON o.order_hash = f.order_hash"
        )
        places = np.sort(connection.execute("SELECT place FROM hit").fetchnumpy()["place"])
        near = " UNION ALL ".join(
            "SELECT rowid AS place, * FROM orders"
            f" WHERE rowid IN (SELECT place FROM hit WHERE place BETWEEN {low} AND {high})"
            for low, high in _stretches(places)
        )
        connection.execute(
            f"{made} SELECT n.*, hit.fresh_place FROM ({near}) n JOIN hit USING (place)"
            f" JOIN {part} f USING (fresh_place) WHERE n.source = f.source AND n.order_id = f.order_id"
        )
        made = "INSERT INTO matched"
        _judge(connection, rules, start, end)
    connection.execute("DROP TABLE hit")


def _judge(connection: DuckDBPyConnection, rules: Rules, start: int, end: int) -> None:
    """Tell of the matched orders in the rows `start` to `end` of `fresh` whether they say what is kept."""
    mine = f"fresh_place >= {start} AND fresh_place < {end}"
    differs = " OR ".join(f"f.{name(column)} IS DISTINCT FROM m.{name(column)}" for column in order_columns(rules))
    connection.execute(
        f"UPDATE fresh f SET fate = CASE WHEN {differs} THEN 'changed' ELSE 'same' END"
        f" FROM (FROM matched WHERE {mine}) m WHERE m.fresh_place = f.rowid"
    )


def _stretches(places: Ints) -> list[tuple[int, int]]:
    """Stretches of row numbers, first and last, that hold all the sorted places."""
    if not len(places):
        return [(0, -1)]
    apart = np.flatnonzero(np.diff(places) > ROWS_APART)
    low, high = places[np.append(0, apart + 1)], places[np.append(apart, len(places) - 1)]
    return list(zip(low.tolist(), high.tolist(), strict=True))


def _apply(connection: DuckDBPyConnection, rules: Rules, batch: int) -> None:
    """Moves replaced versions to `superseded` and writes the new ones."""
    columns = kept_columns(rules)
    moved = ", ".join(f"m.{name(column)}" for column in (*order_columns(rules), *HASHES, "batch"))
    connection.execute(
        f"INSERT INTO superseded BY NAME SELECT {moved}, {batch} AS gone FROM matched m"
        " JOIN fresh f ON m.fresh_place = f.rowid WHERE f.fate = 'changed'"
    )
    connection.execute(
        "DELETE FROM orders WHERE rowid IN (SELECT place FROM matched m"
        " JOIN fresh f ON m.fresh_place = f.rowid WHERE f.fate = 'changed')"
    )
    connection.execute(
        f"INSERT INTO orders BY NAME SELECT {columns}, {batch} AS batch FROM fresh WHERE fate <> 'same' ORDER BY seq"
    )


def _fold(connection: DuckDBPyConnection, rules: Rules, batch: int) -> int:
    """Takes away what the touched customers added, applies the batch, adds what they add now."""
    connection.execute(f"SET max_vacuum_tasks = {0 if batch % TIDY_BATCHES else _TIDYING}")
    connection.execute(
        "CREATE TEMP TABLE touched AS SELECT DISTINCT customer_hash FROM fresh WHERE fate <> 'same'"
        " UNION SELECT m.customer_hash FROM matched m JOIN fresh f ON m.fresh_place = f.rowid WHERE f.fate = 'changed'"
    )
    number_labels(connection, "fresh", rules)
    fixed, ledger = kept.Fixed.of(connection), kept.Ledger()
    ids = order_ids_of(connection, "orders", "fresh")
    before = pull(connection, "orders", rules, "customer_hash IN (SELECT customer_hash FROM touched)")
    kept.count(ledger, contribution(before, rules, ids), fixed, rules, sign=-1)
    changed = "FROM matched m JOIN fresh f ON m.fresh_place = f.rowid WHERE f.fate = 'changed'"
    gone = np.asarray(connection.execute(f"SELECT place {changed}").fetchnumpy()["place"], np.int64)
    after = without_rows(before, gone).with_other(pull(connection, "fresh", rules, "fate <> 'same'"))
    found = contribution(after, rules, ids)
    kept.count(ledger, found, fixed, rules)
    count_unknown_statuses(connection, ledger, f"(SELECT m.* {changed})", rules, sign=-1)
    count_unknown_statuses(connection, ledger, "(FROM fresh WHERE fate <> 'same')", rules)
    _apply(connection, rules, batch)
    connection.execute("DELETE FROM customers WHERE customer_hash IN (SELECT customer_hash FROM touched)")
    kept.write_customers(connection, found.customers, rules)
    kept.write_cells(connection, ledger, batch)
    connection.execute("DROP TABLE touched")
    return len(found.customers.customer)


def count_unknown_statuses(
    connection: DuckDBPyConnection, ledger: kept.Ledger, table: str, rules: Rules, sign: int = 1
) -> None:
    """Orders by day whose status no rule names; they count, and are listed."""
    known = {*rules.purchase_statuses, *rules.excluded, *rules.returned}
    found = connection.execute(f"SELECT DISTINCT status FROM {table}").fetchall()
    strange = ", ".join(text(status) for (status,) in found if status not in known)
    if not strange:
        return
    unknown = f"FROM {table} WHERE status IN ({strange})"
    add_labels(connection, f"SELECT DISTINCT {text(STATUS_DIMENSION)} AS dimension, status AS value {unknown}")
    got = connection.execute(
        f"SELECT label.id::BIGINT AS label, (epoch_us(ordered_at) // 86400000000)::BIGINT AS day"
        f" FROM (SELECT status, ordered_at {unknown}) JOIN label"
        f" ON label.dimension = {text(STATUS_DIMENSION)} AND label.value = status"
    ).fetchnumpy()
    label, day = (np.asarray(got[key], np.int64) for key in ("label", "day"))
    ledger.quality.add(Marks(label, day), sign)


def _one(connection: DuckDBPyConnection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    if row is None:
        raise LookupError(sql)
    return int(row[0])
