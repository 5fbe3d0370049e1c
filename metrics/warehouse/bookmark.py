"""Up to where has each source been read?"""

from __future__ import annotations

import json
from datetime import UTC, datetime
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


def looked(connection: DuckDBPyConnection, at: datetime) -> None:
    """Write down that every row of a source had been read at that aware instant, whether anything was new or not."""
    connection.execute("DELETE FROM meta WHERE key = 'looked_at'")
    connection.execute(f"INSERT INTO meta VALUES ('looked_at', {text(at.astimezone(UTC).isoformat())})")


def looked_at(connection: DuckDBPyConnection) -> datetime | None:
    """When that was last so."""
    row = connection.execute("SELECT value FROM meta WHERE key = 'looked_at'").fetchone()
    return datetime.fromisoformat(row[0]) if row else None


def underway(connection: DuckDBPyConnection) -> bool:
    """Whether some source has been read in part only."""
    rows = connection.execute("SELECT value FROM meta WHERE key LIKE 'sync:%'").fetchall()
    return any(not json.loads(value)["whole"] for (value,) in rows)
