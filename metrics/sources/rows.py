"""How do the rows of a database come before DuckDB?"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from duckdb import DuckDBPyConnection

    Rows = Sequence[Sequence[object]]


@contextmanager
def shown(connection: DuckDBPyConnection, rows: Rows, columns: Sequence[str], name: str) -> Iterator[None]:
    """The rows as a table of that name, every cell as the text a CSV would hold; it is gone afterwards."""
    import pandas as pd  # noqa: PLC0415  80 MB that a running bot must not hold

    texts = [[as_text(cell) for cell in row] for row in rows]
    connection.register(name, pd.DataFrame(texts, columns=list(columns), dtype=object))
    try:
        yield
    finally:
        connection.unregister(name)


def as_text(cell: object) -> str | None:
    """A value as the text that a CSV would hold."""
    if cell is None or isinstance(cell, str):
        return cell
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, Decimal):
        return format(cell, "f")
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "replace")
    return str(cell)
