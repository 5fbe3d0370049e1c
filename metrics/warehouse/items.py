"""What did the orders that come in sell, and what is kept of it?

An order's lines come all at once with it: those of its latest version replace what was kept. They go in some
orders at a time, so that memory stays bounded however many lines there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics.beside import TABLES
from metrics.warehouse.beside import create, has, place
from metrics.warehouse.schema import text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ROWS_A_PART = 500_000
"""Lines of orders that begin on about as many rows are put together at a time."""

TABLE = place(TABLES["order_items"])
_NEW = "sold_now"


def take(connection: DuckDBPyConnection, *, repeats: bool) -> None:
    """Merge `incoming_items` of the orders `itemised`, where the source says what was sold.

    The caller holds the transaction. repeats: whether an order may come more than once; its last version counts.
    """
    if not _there(connection):
        return
    create(connection, TABLES["order_items"])
    first = not repeats and not has(connection, "order_items")
    [(source, rows)] = connection.execute("SELECT any_value(source), max(seq) FROM itemised").fetchall()
    for low in range(0, (rows or 0) + 1, ROWS_A_PART):
        part = f"seq >= {low} AND seq < {low + ROWS_A_PART}"
        if first:
            connection.execute(f"INSERT INTO {TABLE} BY NAME {_lines(part)}")
        else:
            _merge(connection, part, str(source))
    connection.execute("DROP VIEW itemised")
    connection.execute("DROP TABLE incoming_items")


def _there(connection: DuckDBPyConnection) -> bool:
    found = connection.execute("SELECT 1 FROM duckdb_views() WHERE view_name = 'itemised'").fetchone()
    return found is not None


def _lines(part: str, last: str = "") -> str:
    """One row per order and code."""
    known = "CASE WHEN count(*) = count({0}) THEN try_cast(sum({0}) AS {1}) END AS {0}"
    sums = ", ".join(known.format(field, kind) for field, kind in (("quantity", "INTEGER"), ("amount", "BIGINT")))
    return (
        f"SELECT source, order_id, code AS product_code, min(name) AS product_name, {sums}"
        f" FROM (FROM itemised WHERE {part}{last}) JOIN (FROM incoming_items WHERE {part}) USING (seq)"
        " GROUP BY source, order_id, code"
    )


def _merge(connection: DuckDBPyConnection, part: str, source: str) -> None:
    """Replace the lines of those orders whose lines are others than before."""
    last = " QUALIFY row_number() OVER (PARTITION BY order_id ORDER BY seq DESC) = 1"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {_NEW} AS {_lines(part, last)}")
    columns = "order_id, product_code, product_name, quantity, amount"
    asked = f"order_id IN (SELECT order_id FROM itemised WHERE {part})"
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE sold_before AS"
        f" SELECT rowid AS place, {columns} FROM {TABLE} WHERE source = {text(source)} AND {asked}"
    )
    now, before = (f"(SELECT {columns} FROM {table})" for table in (_NEW, "sold_before"))
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE sold_otherwise AS SELECT DISTINCT order_id FROM"
        f" (({now} EXCEPT {before}) UNION ALL ({before} EXCEPT {now}))"
    )
    changed = "order_id IN (SELECT order_id FROM sold_otherwise)"
    connection.execute(f"DELETE FROM {TABLE} WHERE rowid IN (SELECT place FROM sold_before WHERE {changed})")
    connection.execute(f"INSERT INTO {TABLE} BY NAME SELECT * FROM {_NEW} WHERE {changed}")
    for table in (_NEW, "sold_before", "sold_otherwise"):
        connection.execute(f"DROP TABLE {table}")
