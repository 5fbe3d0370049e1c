"""How is the store's file opened, recognised, and brought to the shop's rules?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from metrics.problem import Problem
from metrics.warehouse import schema
from metrics.warehouse.pull import HASHES
from metrics.warehouse.versions import rebuild

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from metrics.rules import Rules

MEMORY_LIMIT = "400MB"
_POLL_SECONDS = 0.02
_SETTLED_NS = 2_000_000_000
"""Longer than any file system's clock ticks: two changes within one tick look alike."""
_TABLES = {"meta", "batch", "orders", "superseded", "label", "customers", *schema.CELLS}
_FIXED = ("zone", "currency")
"""Rules that an order is read by; they hold for a store's whole life."""


class NotAStore(Problem):
    """The file is no store of ours, or one of a newer version."""

    key = "not_a_store"


class OtherShop(Problem):
    """The orders were read by another zone or currency: their local times or amounts would be wrong."""

    key = "other_shop"


class StoreBusy(Problem):
    """Another process keeps the file open."""

    key = "store_busy"


class StoreNotWritable(Problem):
    """The system lets the file be neither opened nor made there, or the disk is full."""

    key = "store_not_writable"


class StoreDamaged(Problem):
    """The file is a store, but parts of it cannot be read."""

    key = "store_damaged"


def connect(path: Path, *, read_only: bool, wait_seconds: float) -> DuckDBPyConnection:
    """Opens the file, waiting for another process that has it; raises NotAStore, StoreBusy."""
    import duckdb  # noqa: PLC0415 - 0.2 s that --help must not pay

    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY_LIMIT,
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    _refuse_foreign(path)
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            return duckdb.connect(str(path.absolute()), read_only=read_only, config=settings)
        except duckdb.IOException as error:
            if "set lock" not in str(error):  # "block" is in the message of a damaged one
                raise _trouble(path, error) or NotAStore(path=str(path)) from error
            if time.monotonic() > deadline:
                raise StoreBusy(path=str(path), seconds=int(wait_seconds)) from error
        except duckdb.Error as error:
            raise NotAStore(path=str(path)) from error
        time.sleep(_POLL_SECONDS)


def looks(path: Path) -> tuple[object, ...] | None:
    """What of the file and its log changes with every commit; None where it was written so lately that it may not."""
    found: list[object] = []
    for one in (path, path.with_name(path.name + ".wal")):
        try:
            state = one.stat()
        except FileNotFoundError:
            found.append(None)
            continue
        if time.time_ns() - state.st_mtime_ns < _SETTLED_NS:
            return None
        found.append((state.st_ino, state.st_size, state.st_mtime_ns))
    return tuple(found) if found[0] else None


def _refuse_foreign(path: Path) -> None:
    """DuckDB would open a CSV file or a Parquet file as a database of its own."""
    if not path.exists():
        return
    if not path.is_file():  # to open a pipe would wait for ever
        raise NotAStore(path=str(path))
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError as error:
        raise StoreNotWritable(path=str(path), reason=error.strerror or str(error)) from error
    if len(head) == 12 and not head.endswith(b"DUCK"):  # noqa: PLR2004  shorter: another process may just be making it
        raise NotAStore(path=str(path))


@contextmanager
def troubles(path: Path) -> Iterator[None]:
    """What the engine says of a damaged file or a full disk becomes a Problem."""
    import duckdb  # noqa: PLC0415 - 0.2 s that --help must not pay

    try:
        yield
    except duckdb.Error as error:
        problem = _trouble(path, error)
        if problem is None:
            raise
        raise problem from error


def _trouble(path: Path, error: Exception) -> Problem | None:
    """The Problem behind an error of the engine; None where it is none that is known."""
    said = str(error)
    reasons = ("No space left", "Permission denied", "Read-only file system", "No such file", "Cannot open file")
    for reason in reasons:
        if reason in said:
            return StoreNotWritable(path=str(path), reason=reason)
    if any(sign in said for sign in ("Corrupt database", "Could not read enough bytes", "Failed to deserialize")):
        return StoreDamaged(path=str(path))
    return None


@contextmanager
def transaction(connection: DuckDBPyConnection) -> Iterator[None]:
    """Commits at the end; rolls back where anything is raised."""
    connection.execute("BEGIN")
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.execute("COMMIT")


def prepare(connection: DuckDBPyConnection, path: Path, rules: Rules) -> bool:
    """Creates the tables of an empty file (True); counts anew where the rules are others than before.

    Raises NotAStore, OtherShop.
    """
    if not _tables(connection):
        for statement in schema.create(rules):
            connection.execute(statement)
        _set(connection, "version", str(schema.VERSION))
        _set(connection, "generation", "0")
        for setting in _FIXED:
            _set(connection, setting, getattr(rules, setting))
        _set(connection, "signature", signature(connection, rules))
        return True
    check(connection, path)
    _check_shop(connection, path, rules)
    if signed(connection) != signature(connection, rules):
        _adapt(connection, rules)
    return False


def check(connection: DuckDBPyConnection, path: Path) -> None:
    """Raises NotAStore unless the file is a store of this version."""
    if not _tables(connection) >= _TABLES or _get(connection, "version") != str(schema.VERSION):
        raise NotAStore(path=str(path))


def _check_shop(connection: DuckDBPyConnection, path: Path, rules: Rules) -> None:
    """Orders are kept in local time and minor units; raises OtherShop where the settings now mean others."""
    for setting in _FIXED:
        before, now = _get(connection, setting), getattr(rules, setting)
        if before != now:
            raise OtherShop(path=str(path), name=setting, before=before, now=now)


def signature(connection: DuckDBPyConnection, rules: Rules) -> str:
    """What the kept counts depend on besides the orders: the rules, the engine's hash and what is hashed."""
    probe = connection.execute("SELECT hash('asakai', 'probe')").fetchone()
    return f"{rules!r} {probe} {HASHES}"


def signed(connection: DuckDBPyConnection) -> str:
    """The signature of the counts in the file."""
    return _get(connection, "signature")


def watermark(connection: DuckDBPyConnection) -> tuple[str, int]:
    """(generation of the kept counts, last batch folded in)."""
    row = connection.execute("SELECT coalesce(max(batch), 0) FROM batch").fetchone()
    return _get(connection, "generation"), int(row[0]) if row else 0


def next_generation(connection: DuckDBPyConnection) -> None:
    """Says that cells were rewritten: who has them in memory must read all again."""
    _set(connection, "generation", str(int(_get(connection, "generation")) + 1))


def _adapt(connection: DuckDBPyConnection, rules: Rules) -> None:
    """Other rules, or an engine that hashes otherwise: new columns, hashes and counts."""
    for table in ("orders", "superseded"):
        columns = {row[0].lower() for row in connection.execute(f"DESCRIBE {table}").fetchall()}
        for column in rules.columns:
            if column.lower() not in columns:  # as the engine compares them
                connection.execute(f"ALTER TABLE {table} ADD COLUMN {schema.name(column)} VARCHAR")
        hashes = ", ".join(f"{column} = {sql}" for column, sql in HASHES.items())
        connection.execute(f"UPDATE {table} SET {hashes}")
    connection.execute("DROP TABLE customers")
    connection.execute(next(sql for sql in schema.create(rules) if sql.startswith("CREATE TABLE customers ")))
    rebuild(connection, rules)
    _set(connection, "signature", signature(connection, rules))
    next_generation(connection)


def _tables(connection: DuckDBPyConnection) -> set[str]:
    return {row[0] for row in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}


def _get(connection: DuckDBPyConnection, key: str) -> str:
    row = connection.execute(f"SELECT value FROM meta WHERE key = {schema.text(key)}").fetchone()
    return str(row[0]) if row else ""


def _set(connection: DuckDBPyConnection, key: str, value: str) -> None:
    connection.execute(f"DELETE FROM meta WHERE key = {schema.text(key)}")
    connection.execute(f"INSERT INTO meta VALUES ({schema.text(key)}, {schema.text(value)})")
