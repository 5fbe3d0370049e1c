"""What does the store keep beside the orders: spend, products, answers, contracts, measures?

A table is made when its first file comes. A row that comes again is the same row, changed or
not; what one import brings is taken wholly or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from metrics.beside import TABLES, Sort, Table
from metrics.warehouse.file import transaction
from metrics.warehouse.schema import label_column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

    from metrics.rules import Rules

STAGED = "beside"
_KINDS = {
    Sort.TEXT: "VARCHAR", Sort.DAY: "DATE", Sort.INSTANT: "TIMESTAMP", Sort.MONEY: "BIGINT", Sort.SPEND: "BIGINT",
    Sort.WHOLE: "INTEGER", Sort.TRUTH: "BOOLEAN", Sort.ROLE: "VARCHAR",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kept:
    """Rows of one import: new, changed, as they were, and those that are gone with what they belonged to."""

    new: int
    changed: int
    unchanged: int
    gone: int = 0


def place(table: Table) -> str:
    """The name that the table has in the store."""
    return f"beside_{table.name}"


def has(connection: DuckDBPyConnection, name: str) -> bool:
    """Whether anything of that table is there."""
    table = place(TABLES[name])
    there = connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = ?", [table]).fetchone()
    return there is not None and connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is not None


def take(connection: DuckDBPyConnection, name: str, source: str) -> Kept:
    """Merge the staged table `beside` into the store's, in one transaction."""
    table = TABLES[name]
    with transaction(connection):
        create(connection, table)
        return _merged(connection, table, source)


def sources_of_orders(connection: DuckDBPyConnection) -> tuple[str, ...]:
    """The sources that orders are filed under."""
    rows = connection.execute("SELECT DISTINCT source FROM orders ORDER BY source").fetchall()
    return tuple(row[0] for row in rows)


def create(connection: DuckDBPyConnection, table: Table) -> None:
    """Make the table where it is missing."""
    people = ", customer_id VARCHAR" if table.people else ""
    columns = ", ".join(f"{column.name} {_KINDS[column.sort]}" for column in table.columns)
    connection.execute(f"CREATE TABLE IF NOT EXISTS {place(table)} (source VARCHAR{people}, {columns})")


def _merged(connection: DuckDBPyConnection, table: Table, source: str) -> Kept:
    here, key = place(table), table.key
    rest = [column for column in table.kept if column not in key]
    mine = "k.source = $source"
    same = " AND ".join(f"k.{column} IS NOT DISTINCT FROM s.{column}" for column in key)
    differs = " OR ".join(f"k.{column} IS DISTINCT FROM s.{column}" for column in rest) or "false"
    named = {"source": source}
    found, changed = connection.execute(
        f"SELECT count(*), count(*) FILTER ({differs}) FROM {here} k JOIN {STAGED} s ON {mine} AND {same}", named
    ).fetchall()[0]
    [[staged]] = connection.execute(f"SELECT count(*) FROM {STAGED}").fetchall()
    gone = _gone(connection, table, source)
    connection.execute(f"DELETE FROM {here} k USING {STAGED} s WHERE {mine} AND {same} AND ({differs})", named)
    columns = ", ".join(table.kept)
    order = _listed(key, "s")
    connection.execute(
        f"INSERT INTO {here} BY NAME SELECT $source AS source, {columns} FROM {STAGED} s"
        f" WHERE NOT EXISTS (SELECT 1 FROM {here} k WHERE {mine} AND {same}) ORDER BY {order}",
        named,
    )
    return Kept(staged - found, changed, found - changed, gone)


def _gone(connection: DuckDBPyConnection, table: Table, source: str) -> int:
    """Leave out what a whole that comes again does not have any more."""
    if not table.whole:
        return 0
    whole = ", ".join(table.whole)
    rows = connection.execute(
        f"DELETE FROM {place(table)} WHERE source = $source AND ({whole}) IN (SELECT {whole} FROM {STAGED})"
        f" AND ({_listed(table.key)}) NOT IN (SELECT {_listed(table.key)} FROM {STAGED}) RETURNING 1",
        {"source": source},
    ).fetchall()
    return len(rows)


def _listed(columns: Sequence[str], of: str = "") -> str:
    return ", ".join(f"{of}.{column}" if of else column for column in columns)


def spend_by_name(connection: DuckDBPyConnection) -> tuple[tuple[str, int], ...]:
    """What was spent under each name that a platform or a file uses; minor units."""
    if not has(connection, "channel_costs"):
        return ()
    rows = connection.execute(
        "SELECT channel, sum(cost)::BIGINT FROM beside_channel_costs GROUP BY 1 ORDER BY 1"
    ).fetchall()
    return tuple((name, int(cost)) for name, cost in rows)


def customers_by_channel(connection: DuckDBPyConnection, rules: Rules) -> tuple[tuple[str, int], ...]:
    """Customers by the channel of their first purchase, "" where it is not known."""
    if "channel" not in rules.columns:
        return ()
    rows = connection.execute(
        f"SELECT value, count(*) FROM customers JOIN label ON id = {label_column('channel')} GROUP BY 1 ORDER BY 1"
    ).fetchall()
    return tuple((label, int(n)) for label, n in rows)


def strangers(connection: DuckDBPyConnection, name: str) -> tuple[int, int]:
    """Rows of people whom no order knows, and all rows of that table."""
    if not has(connection, name):
        return 0, 0
    unknown = "hash(customer_id) NOT IN (SELECT customer_hash FROM customers)" if TABLES[name].people else "false"
    [(unknown, rows)] = connection.execute(
        f"SELECT count(*) FILTER ({unknown}), count(*) FROM {place(TABLES[name])}"
    ).fetchall()
    return int(unknown), int(rows)
