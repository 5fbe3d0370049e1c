"""Do two stores hold the same?

Their files cannot tell (docs/adr/0011): the engine's blocks lie as they came. What a store holds is
written as one text in a fixed order, its orders, the counts kept of them and the tables beside them; equal
stores give equal bytes, however their orders came in, and the SHA-256 of those bytes is the store's fingerprint.
An order that its database no longer has is not there: who reads that database for the first time cannot know of it.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from metrics.beside import TABLES
from metrics.rules import DELETED
from metrics.warehouse.beside import has, place
from metrics.warehouse.pull import RULE_DIMENSION
from metrics.warehouse.schema import CELLS, name, order_columns, text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from metrics.rules import Rules

FORMAT = "asakai store 1"
NOTHING = "\\N"
"""How a cell without a value is written: an empty text is a value."""
_ROWS = 10_000


def fingerprint(connection: DuckDBPyConnection, rules: Rules, write: Callable[[bytes], object] = lambda _: None) -> str:
    """The SHA-256 of the store's content in hexadecimal; `write` is given the bytes, part by part."""
    digest = hashlib.sha256()
    for part in _content(connection, rules):
        digest.update(part)
        write(part)
    return digest.hexdigest()


def _content(connection: DuckDBPyConnection, rules: Rules) -> Iterator[bytes]:
    """Orders by source and id, counts by dimension, label, day, other tables; when they were learned is not told."""
    yield _lines([(FORMAT, rules.zone, rules.currency), order_columns(rules)])
    columns = ", ".join(name(column) for column in order_columns(rules))
    there = f"status <> {text(DELETED)}" if DELETED in rules.excluded else "true"
    yield from _rows(connection, f"SELECT {columns} FROM orders WHERE {there} ORDER BY source, order_id")
    for table in CELLS:
        yield _lines([(table,)])
        yield from _rows(
            connection,
            "SELECT dimension, value, day, what, sum(n)::BIGINT AS n FROM"
            f" (SELECT dimension, value, day, what, n FROM {table} JOIN label ON label = id"
            f" {_without_gone(there) if table == 'quality_cells' else ''})"
            " GROUP BY ALL HAVING sum(n) <> 0 ORDER BY dimension, value, day, what",
        )
    for beside in TABLES.values():
        if has(connection, beside.name):
            yield _lines([(place(beside),)])
            kept = ", ".join(beside.kept)
            sold = f"WHERE (source, order_id) NOT IN (SELECT (source, order_id) FROM orders WHERE NOT ({there}))"
            where = sold if beside.name == "order_items" else ""
            yield from _rows(connection, f"SELECT source, {kept} FROM {place(beside)} {where} ORDER BY ALL")


def _without_gone(there: str) -> str:
    """What quality counts of orders that are gone, taken away: that they are orders, and left out."""
    return (
        f"UNION ALL SELECT {text(RULE_DIMENSION)}, rule, (epoch_us(ordered_at) // 86400000000)::INTEGER, 0, -1"
        f" FROM orders, (VALUES ('orders'), ('excluded')) r(rule) WHERE NOT ({there})"
    )


def _rows(connection: DuckDBPyConnection, select: str) -> Iterator[bytes]:
    found = connection.execute(select)
    while rows := found.fetchmany(_ROWS):
        yield _lines(rows)


def _lines(rows: list[Any]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([NOTHING if cell is None else cell for cell in row] for row in rows)
    return text.getvalue().encode()
