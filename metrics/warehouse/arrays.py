"""How do arrays get into a statement?"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from duckdb import DuckDBPyConnection


def execute(connection: DuckDBPyConnection, sql: str, arrays: Mapping[str, object]) -> DuckDBPyConnection:
    """Runs the statement, in which the table `arrays` has those columns (numpy arrays of one length).

    DuckDB finds the table by the name of this variable. A registered table would stay in
    memory until the transaction ends, and a rebuild is one transaction.
    """
    arrays = dict(arrays)
    return connection.execute(sql)
