"""How do orders come out of DuckDB as arrays?"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from metrics.cells import Ints
from metrics.rules import Rules
from metrics.warehouse.arrays import execute
from metrics.warehouse.contribution import Kind, OrderIds, OrderRows, Standing
from metrics.warehouse.schema import name, text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

STATUS_DIMENSION = "_status"
RULE_DIMENSION = "_rule"


_ALONE = "'order:' || source || ':' || order_id"

HASHES = {
    "order_hash": "hash(source, order_id)",
    "customer_hash": f"CASE WHEN customer_id IS NULL THEN hash({_ALONE}) ELSE hash(customer_id) END",
    "customer_check": (
        "CASE WHEN customer_id IS NULL THEN 0::UINTEGER ELSE (hash(substr(customer_id, 2)) >> 32 | 1)::UINTEGER END"
    ),
}
"""SQL of schema.HASHES: short cuts to an order and a customer; a second hash tells customers apart, 0 is nobody.

The text is compared wherever it matters; an order without identity is a customer of its own.
"""
HASHED = ", ".join(f"{sql} AS {column}" for column, sql in HASHES.items())


def standing(rules: Rules) -> str:
    """SQL of Standing."""
    least = ">=" if rules.zero_amounts else ">"
    return (
        f"CASE WHEN status IN ({_list(rules.excluded)}) THEN {Standing.EXCLUDED:d}"
        f" WHEN status IN ({_list(rules.returned)}) THEN {Standing.RETURNED:d}"
        f" WHEN amount {least} 0 THEN {Standing.PURCHASE:d} ELSE {Standing.ZERO:d} END::UTINYINT"
    )


_KIND = (
    f"CASE WHEN cycle_no >= 2 THEN {Kind.RENEWAL:d} WHEN subscription_id IS NOT NULL OR cycle_no = 1"
    f" THEN {Kind.START:d} ELSE {Kind.ONE_OFF:d} END::UTINYINT"
)
_KNOWN_FIRST = "(first_flag IS NOT FALSE AND coalesce(cycle_no, 1) < 2)::UTINYINT"
"""Whose first order here is a later delivery of a subscription bought before the data begin."""
_SUBSCRIPTION = (
    "CASE WHEN cycle_no IS NULL AND subscription_id IS NOT NULL THEN hash(subscription_id) ELSE 0::UBIGINT END"
)


def _list(values: tuple[str, ...]) -> str:
    return ", ".join(text(value) for value in values) or "NULL"


@dataclass(frozen=True, slots=True)
class Shape:
    """How a table's orders come out: `told`: whether any says something of subscriptions; SQL types of numbers."""

    told: bool
    second: str = "BIGINT"
    amount: str = "BIGINT"
    label: str = "INTEGER"
    row: str = "BIGINT"

    @classmethod
    def of(cls, connection: DuckDBPyConnection, table: str) -> Shape:
        """In the types that are counted with."""
        return cls(_any_told(connection, table))

    @classmethod
    def small(cls, connection: DuckDBPyConnection, table: str) -> Shape:
        """In the smallest types that hold every one of the table's numbers: fewer bytes to fetch, and to keep."""
        found = connection.execute(
            "SELECT epoch_us(min(ordered_at)) // 1000000, epoch_us(max(ordered_at)) // 1000000,"
            f" min(amount), max(amount), (SELECT max(id) FROM label), max(rowid) FROM {table}"
        ).fetchall()[0]
        first, last, least, most, label, row = (number or 0 for number in found)
        return cls(_any_told(connection, table), _type(first, last), _type(least, most), _type(0, label), _type(0, row))


def _type(least: int, most: int) -> str:
    """The smallest SQL type of those numbers."""
    return next(name for name, kind in _SMALL.items() if np.iinfo(kind).min <= least and most <= np.iinfo(kind).max)


def pull(
    connection: DuckDBPyConnection, table: str, rules: Rules, where: str = "true", shape: Shape | None = None
) -> OrderRows:
    """The table's orders that satisfy `where`, as arrays; labels must be numbered (see number_labels)."""
    shape = shape or Shape.of(connection, table)
    if where == "true":
        return _arrays(connection, _selection(table, rules, shape), rules)
    # Chosen before their labels are numbered: left to itself the engine numbers every row's first.
    chosen = f"WITH chosen AS MATERIALIZED (SELECT rowid, * FROM {table} WHERE {where})"
    return _arrays(connection, f"{chosen} {_selection('chosen', rules, shape)}", rules)


def part(number: int, parts: int) -> str:
    """SQL condition of one of so many equal parts of the customers, by their hashes."""
    if parts == 1:
        return "true"
    low, high = _hashes(number, parts)
    return f"customer_hash BETWEEN {low}::UBIGINT AND {high}::UBIGINT"


def part_of(orders: OrderRows, number: int, parts: int) -> OrderRows:
    """The same part of orders that are here, in the types that are counted with."""
    low, high = _hashes(number, parts)
    mine = np.flatnonzero((orders.customer >= np.uint64(low)) & (orders.customer <= np.uint64(high)))
    return OrderRows(
        **{field: np.asarray(getattr(orders, field)[mine], _KINDS.get(field)) for field in OrderRows.__slots__}
    )


def _hashes(number: int, parts: int) -> tuple[int, int]:
    """The first and the last hash of a part."""
    return 2**64 * number // parts, 2**64 * (number + 1) // parts - 1


def _selection(table: str, rules: Rules, shape: Shape) -> str:
    joins = " ".join(
        f"JOIN label l{i} ON l{i}.dimension = {text(column)} AND l{i}.value = coalesce(o.{name(column)}, '')"
        for i, column in enumerate(rules.columns)
    )
    labels = "".join(f", l{i}.id::{shape.label} AS label{i}" for i in range(len(rules.columns)))
    kinds = f", {_KIND} AS kind, {_SUBSCRIPTION} AS subscription, {_KNOWN_FIRST} AS known_first"
    return (
        f"SELECT customer_hash AS customer, customer_check AS check_hash,"
        f" (epoch_us(ordered_at) // 1000000)::{shape.second} AS second, amount::{shape.amount} AS amount,"
        f" {standing(rules)} AS standing{labels}, o.rowid::{shape.row} AS place{kinds if shape.told else ''}"
        f" FROM {table} o {joins}"
    )


def _arrays(connection: DuckDBPyConnection, select: str, rules: Rules) -> OrderRows:
    got = connection.execute(select).fetchnumpy()
    size, told = len(got["customer"]), "kind" in got
    numbers = [np.asarray(got[f"label{i}"]) for i in range(len(rules.columns))]
    return OrderRows(
        **{field: np.asarray(got[column]) for field, column in _FIELDS.items()},
        identified=(np.asarray(got["check_hash"]) != 0).astype(np.uint8),
        kind=np.asarray(got["kind"]) if told else np.broadcast_to(np.uint8(Kind.ONE_OFF), size),
        subscription=np.asarray(got["subscription"]) if told else np.broadcast_to(np.uint64(0), size),
        known_first=np.asarray(got["known_first"]) if told else np.broadcast_to(np.uint8(1), size),
        labels=np.stack(numbers, axis=1) if numbers else np.zeros((size, 0), np.int32),
    )


_KINDS: dict[str, type[np.signedinteger]] = {
    "second": np.int64, "amount": np.int64, "row": np.int64, "labels": np.int32,
}  # fmt: skip
"""Fields of many bytes that mostly hold small numbers, and what they are counted as."""
_SMALL: dict[str, type[np.integer]] = {
    "UTINYINT": np.uint8, "USMALLINT": np.uint16, "INTEGER": np.int32, "UINTEGER": np.uint32, "BIGINT": np.int64,
}  # fmt: skip

_FIELDS = {
    "customer": "customer", "check": "check_hash", "second": "second", "amount": "amount", "standing": "standing",
    "row": "place",
}  # fmt: skip


def _any_told(connection: DuckDBPyConnection, table: str) -> bool:
    """Whether any order says something of subscriptions or first purchases: most shops' never do."""
    found = connection.execute(
        f"SELECT 1 FROM {table}"
        " WHERE subscription_id IS NOT NULL OR cycle_no IS NOT NULL OR first_flag IS NOT NULL LIMIT 1"
    ).fetchone()
    return found is not None


def order_ids(
    connection: DuckDBPyConnection, table: str, in_use: AbstractContextManager[object] | None = None
) -> OrderIds:
    """Gives the order ids of rows of `table`, in the order asked; `in_use` guards the connection."""

    def of(rows: NDArray[np.integer]) -> NDArray[np.object_]:
        asked = {"place": np.asarray(rows), "position": np.arange(len(rows))}
        with in_use or nullcontext():
            got = execute(
                connection,
                f"SELECT order_id FROM arrays JOIN {table} o ON o.rowid = arrays.place ORDER BY position",
                asked,
            ).fetchnumpy()["order_id"]
        return np.asarray(got, object)

    return of


def order_ids_of(connection: DuckDBPyConnection, table: str, other: str) -> OrderIds:
    """The same where rows of `other` are among those of `table`, with negative numbers (see with_other)."""
    mine, theirs = order_ids(connection, table), order_ids(connection, other)

    def of(rows: Ints) -> NDArray[np.object_]:
        text = np.empty(len(rows), object)
        text[rows >= 0] = mine(rows[rows >= 0])
        text[rows < 0] = theirs(-1 - rows[rows < 0])
        return text

    return of


def number_labels(connection: DuckDBPyConnection, table: str, rules: Rules) -> None:
    """Gives every label among those orders a number, once for all."""
    fixed = [("all", ""), ("entry", "one_off"), ("entry", "subscription")]
    values = ", ".join(f"({text(dimension)}, {text(value)})" for dimension, value in fixed)
    selects = [f"SELECT * FROM (VALUES {values}) AS fixed(dimension, value)"]
    selects += [
        f"SELECT DISTINCT {text(column)} AS dimension, coalesce({name(column)}, '') AS value FROM {table}"
        for column in rules.columns
    ]
    add_labels(connection, " UNION ALL ".join(selects))


def add_labels(connection: DuckDBPyConnection, select: str) -> None:
    """Numbers the labels (dimension, value) of the SELECT that have no number yet."""
    connection.execute(
        "INSERT INTO label SELECT (SELECT coalesce(max(id), -1) FROM label)"
        " + row_number() OVER (ORDER BY dimension, value), dimension, value"
        f" FROM ({select}) ANTI JOIN label USING (dimension, value)"
    )


def label_numbers(connection: DuckDBPyConnection, dimension: str, values: tuple[str, ...]) -> Ints:
    """The numbers of fixed labels, made where they are missing."""
    known = _numbers(connection, dimension)
    if not known.keys() >= set(values):
        rows = ", ".join(f"({text(dimension)}, {text(value)})" for value in values)
        add_labels(connection, f"SELECT * FROM (VALUES {rows}) AS fixed(dimension, value)")
        known = _numbers(connection, dimension)
    return np.array([known[value] for value in values], np.int64)


def _numbers(connection: DuckDBPyConnection, dimension: str) -> dict[str, int]:
    return dict(connection.execute(f"SELECT value, id FROM label WHERE dimension = {text(dimension)}").fetchall())
