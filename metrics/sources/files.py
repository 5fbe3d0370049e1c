"""How do the orders of a CSV or TSV file get in?

DuckDB reads the file once, several threads at a time, and reads and checks
every cell on the way. The slower ways are taken only by files that need them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import TYPE_CHECKING

import duckdb

from metrics.landing import CannotLand, Landing
from metrics.sources import checks
from metrics.sources.cells import literal
from metrics.sources.columns import known_names, layout
from metrics.sources.people import People
from metrics.sources.text import SourceHeaderOnly, Text, has_blank_lines, open_text, repaired

if TYPE_CHECKING:
    from metrics.rules import Rules
    from metrics.sources.checks import Staged
    from metrics.sources.columns import Layout

LOOK_SECONDS = 0.2
Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class _Reading:
    """One file on its way in."""

    connection: duckdb.DuckDBPyConnection
    text: Text
    columns: Layout
    rules: Rules
    progress: Progress | None


def stage(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    rules: Rules,
    *,
    source: str = "file",
    progress: Progress | None = None,
    accept_bad: bool = False,
) -> Staged:
    """Read the file into `incoming`; raises a Problem, and then there is no `incoming`.

    `progress` is told the share that is read, 0..1, from another thread.
    """
    checks.clear(connection)
    with TemporaryDirectory(prefix="asakai-") as scratch:
        text = open_text(path, Path(scratch), known_names(rules))
        whose = People(source)
        return stage_text(
            connection, text, Path(scratch), rules, people=whose, progress=progress, accept_bad=accept_bad
        )


def stage_text(  # noqa: PLR0913  # what is read where, by which rules, whose it is, and how to say it
    connection: duckdb.DuckDBPyConnection,
    text: Text,
    scratch: Path,
    rules: Rules,
    *,
    people: People,
    progress: Progress | None = None,
    accept_bad: bool = False,
) -> Staged:
    """The same for a text that is open already; `people`: the source and whose customers it has."""
    columns = replace(layout(text.header, rules, file=text.name, source=people.source), people=people, above=text.above)
    checks.register(connection, columns)
    _read(_Reading(connection, text, columns, rules, progress), scratch)
    staged = checks.summed_up(connection, columns, rules, accept_bad=accept_bad)
    if not staged.accepted and not staged.rejected:  # nothing but empty rows
        checks.clear(connection)
        raise SourceHeaderOnly(path=text.name)
    return staged


def land(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    rules: Rules,
    landing: Landing,
    *,
    source: str = "file",
    progress: Progress | None = None,
) -> Staged:
    """Read the file into the landing's table, inside the caller's transaction; `incoming` shows it as `stage` does.

    Only what is good throughout can land: raises CannotLand where any row is bad, comes twice or
    needs mending, and a Problem where the file is none.
    """
    checks.clear(connection)
    with TemporaryDirectory(prefix="asakai-") as scratch:
        text = open_text(path, Path(scratch), known_names(rules))
        return land_text(connection, text, rules, landing, people=People(source), progress=progress)


def land_text(  # what is read where, by which rules, whose it is, and how to say it
    connection: duckdb.DuckDBPyConnection,
    text: Text,
    rules: Rules,
    landing: Landing,
    *,
    people: People,
    progress: Progress | None = None,
) -> Staged:
    """The same for a text that is open already; `people`: the source and whose customers it has."""
    if text.leading_blank:
        raise CannotLand
    found = layout(text.header, rules, file=text.name, source=people.source)
    columns = replace(found, decimal_amount=True, people=people)
    checks.register(connection, columns)
    rows = f"SELECT {checks.landing_selection(columns, rules)} FROM {_table(text.path, text.delimiter, columns)}"
    reading = _Reading(connection, text, columns, rules, progress)
    _run(reading, f"INSERT INTO {landing.table} BY NAME SELECT *, {landing.more} FROM ({rows})")
    return checks.landed(connection, rules, landing.table)


def _read(reading: _Reading, scratch: Path) -> None:
    connection, text = reading.connection, reading.text
    table = _table(text.path, text.delimiter, reading.columns)
    plain = replace(reading, columns=replace(reading.columns, decimal_amount=True))
    fast = _table(text.path, text.delimiter, plain.columns)
    if text.leading_blank or not (_parsed(plain, fast) or _parsed(reading, table)):
        _read_repaired(reading, scratch)
        return
    if not checks.count(connection, "SELECT count(*) FROM staged"):
        raise SourceHeaderOnly(path=text.name)
    if not checks.invalid_rows(connection):
        return
    if has_blank_lines(text.path):
        # DuckDB leaves blank lines out without counting them: row numbers would be wrong.
        _read_repaired(reading, scratch)
        return
    numbered = f"SELECT row_number() OVER () + 1 AS row, * FROM {table}"
    bad = f"SELECT rowid + 2 FROM staged WHERE NOT ({checks.VALID})"
    checks.reject(connection, reading.columns, reading.rules, f"SELECT * FROM ({numbered}) WHERE row IN ({bad})")


def _read_repaired(reading: _Reading, scratch: Path) -> None:
    """The same through a cleaned copy, which knows each row's number and its cells."""
    clean = replace(reading, columns=replace(reading.columns, width="cells"))
    table = _table(repaired(reading.text, scratch), ",", reading.columns, extra=("row BIGINT", "cells INTEGER"))
    _fill(clean, table)
    if not checks.count(reading.connection, "SELECT count(*) FROM staged"):
        raise SourceHeaderOnly(path=reading.text.name)
    checks.reject(reading.connection, clean.columns, reading.rules, f"SELECT * FROM {table}")


def _parsed(reading: _Reading, table: str) -> bool:
    """Whether DuckDB could take the file's records, and where the layout says so its amounts, as they are."""
    try:
        _fill(reading, table)
    except CannotLand:
        return False
    return True


def _fill(reading: _Reading, table: str) -> None:
    fields = checks.selection(reading.columns, reading.rules)
    _run(reading, f"CREATE OR REPLACE TEMP TABLE staged AS SELECT {fields} FROM {table}")


def _run(reading: _Reading, statement: str) -> None:
    """Read the file by that statement; raises CannotLand where DuckDB cannot take a record or an amount."""
    with _branches_kept(reading.connection), watched(reading.connection, reading.progress):
        try:
            reading.connection.execute(statement)
        except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
            raise CannotLand from error


def _table(path: Path, delimiter: str, columns: Layout, extra: tuple[str, ...] = ()) -> str:
    """The file as a table of text; nothing is guessed by the reader."""
    kinds = dict.fromkeys(columns.every, "VARCHAR")
    if columns.decimal_amount:
        kinds[columns.refs["amount"]] = "DECIMAL(18, 6)"
    types = [*(field.split() for field in extra), *kinds.items()]
    struct = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in types)
    return (
        f"read_csv({literal(str(path))}, auto_detect = false, header = true, delim = {literal(delimiter)},"
        f" quote = '\"', escape = '\"', compression = 'none', max_line_size = 4194304, columns = {{{struct}}})"
    )


@contextmanager
def _branches_kept(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Keep the reader's rare branches rare: shared sub-expressions would be computed for every row."""
    before = connection.execute("SELECT current_setting('disabled_optimizers')").fetchall()[0][0]
    connection.execute("SET disabled_optimizers = 'common_subexpressions'")
    try:
        yield
    except CannotLand:  # a landing's transaction is aborted and takes no setting: it is set beside it
        with connection.cursor() as beside:
            beside.execute(f"SET GLOBAL disabled_optimizers = {literal(before)}")
        raise
    else:
        connection.execute(f"SET disabled_optimizers = {literal(before)}")


@contextmanager
def watched(connection: duckdb.DuckDBPyConnection, progress: Progress | None) -> Iterator[None]:
    """Tell `progress` every now and then how far the running statement is."""
    if progress is None:
        yield
        return
    connection.execute("SET enable_progress_bar = true; SET enable_progress_bar_print = false")
    over = Event()

    def look() -> None:
        while not over.wait(LOOK_SECONDS):
            progress(min(1.0, max(0.0, connection.query_progress() / 100)))

    watcher = Thread(target=look, name="import-progress", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
    progress(1.0)
