"""Up to where has each source been read?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics.warehouse.schema import text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def read(connection: DuckDBPyConnection, source: str) -> str:
    """The bookmark of a source, "" where it has none."""
    row = connection.execute(f"SELECT value FROM meta WHERE key = {text('sync:' + source)}").fetchone()
    return str(row[0]) if row else ""


def write(connection: DuckDBPyConnection, source: str, bookmark: str) -> None:
    """Keep the bookmark of a source."""
    connection.execute(f"DELETE FROM meta WHERE key = {text('sync:' + source)}")
    connection.execute(f"INSERT INTO meta VALUES ({text('sync:' + source)}, {text(bookmark)})")
