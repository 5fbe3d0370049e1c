"""How do the orders of a shop's own database get in?

One SELECT (or WITH) whose columns bear the canonical names, over any SQLAlchemy
URL. Rows are streamed in chunks and checked like a file's; nothing is written there.
"""

from __future__ import annotations

import os
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from metrics.problem import Problem
from metrics.sources import checks, rows
from metrics.sources.columns import layout

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from sqlalchemy.engine import URL, Connection, Engine

    from metrics.rules import Rules
    from metrics.sources.checks import Staged
    from metrics.sources.columns import Layout
    from metrics.sources.rows import Rows

CHUNK_ROWS = 50_000
TIMEOUT_SECONDS = 10
CANCEL_SECONDS = 5.0
"""So long the server may take to end a statement before its connection is cut."""
SILENT_SECONDS: float = 600
"""How long a server may say nothing before its connection is cut: no answer frees who waits on a dead wire."""
_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
_EXTRAS = {"psycopg": "postgres", "pymysql": "mysql"}
_SERVERS = frozenset({"postgresql", "mysql", "mariadb"})
_CHUNK = "asakai_chunk"
_LOGIN = re.compile(
    r"password|authentication|access denied|no pg_hba|role .* does not exist|not permitted to log in", re.IGNORECASE
)
_NO_TEXT = re.compile(r"'(?:[^'\\]|''|\\.)*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|--[^\n]*|/\*.*?\*/", re.DOTALL)
_WRITES = re.compile(r"\b(insert\s+into|delete\s+from|merge\s+into|update\s+(\S+\s+)?set|into)\b", re.IGNORECASE)


class DatabaseUrl(Problem):
    """The URL is none that SQLAlchemy understands, or its database is unknown."""

    key = "database_url"


class DriverMissing(Problem):
    """The database's driver is an extra that is not installed."""

    key = "database_driver_missing"


class DatabaseUnreachable(Problem):
    """Nobody answers at the host and port, or there is no such database."""

    key = "database_unreachable"


class WrongLogin(Problem):
    """The database refuses the user or the password."""

    key = "database_login"


class QueryRefused(Problem):
    """Not one SELECT or WITH."""

    key = "database_not_a_select"


class QueryFailed(Problem):
    """The database could not run the SELECT."""

    key = "database_query"


class TooSlow(Problem):
    """The database did not answer in time."""

    key = "sync_too_slow"


def stage(  # noqa: PLR0913  # what is read where, by which rules, and how to say it
    connection: DuckDBPyConnection,
    url: str,
    query: str,
    rules: Rules,
    *,
    source: str = "database",
    progress: Callable[[int], None] | None = None,
    accept_bad: bool = False,
) -> Staged:
    """Read the SELECT's rows into `incoming`; raises a Problem, and then there is no `incoming`.

    Dates without an offset are taken as shop-local. `progress` is told the rows so far.
    A bad row's number counts the result's rows from 1.
    """
    checks.clear(connection)
    single = one_select(query)
    with result_of(url, single) as (header, chunks):
        columns = layout(header, rules, file=source, source=source)
        checks.register(connection, columns)
        rows = 0
        for chunk in chunks:
            _take(connection, columns, rules, chunk, rows)
            rows += len(chunk)
            if progress:
                progress(rows)
        if not rows:
            _take(connection, columns, rules, [], 0)
    return checks.summed_up(connection, columns, rules, accept_bad=accept_bad)


def one_select(query: str) -> str:
    """The query without its last semicolon; raises QueryRefused for anything but one SELECT or WITH."""
    bare = _NO_TEXT.sub(" ", query.replace("/*!", ";")).strip().rstrip(";").strip()
    first = bare.split(None, 1)[0].casefold() if bare else ""
    if first not in {"select", "with"} or ";" in bare or _WRITES.search(bare):
        raise QueryRefused(query=" ".join(query.split())[:80])
    return query.strip().rstrip(";").strip()


def engine(url: str) -> Engine:
    """An engine that gives up connecting after 10 seconds; the drivers are psycopg 3 and pymysql."""
    address = _address(url)
    try:
        return sa.create_engine(address, connect_args=_options(address), poolclass=sa.NullPool)
    except NoSuchModuleError as error:
        raise DatabaseUrl(url=_shown(address)) from error
    except ModuleNotFoundError as error:
        driver = error.name or address.drivername
        raise DriverMissing(driver=driver, extra=_EXTRAS.get(driver, driver)) from error


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise DatabaseUrl(url=url.split(":", 1)[0][:20] + ":…") from error
    address = address.set(drivername=_DRIVERS.get(address.drivername, address.drivername))
    return _opened_read_only(address) if address.get_backend_name() == "sqlite" else address


def _opened_read_only(address: URL) -> URL:
    """SQLite would create a missing file; opened for reading it says that there is none."""
    path = address.database or ""
    if path in {"", ":memory:"} or path.startswith("file:"):
        return address
    return address.set(database="file:" + quote(path)).update_query_dict({"mode": "ro", "uri": "true"})


def _options(address: URL) -> dict[str, object]:
    backend = address.get_backend_name()
    if backend in _SERVERS:
        # pymysql waits for a silent server's greeting as long as for a row
        silent = {"read_timeout": SILENT_SECONDS} if address.get_driver_name() == "pymysql" else {}
        return {"connect_timeout": TIMEOUT_SECONDS, **silent}
    if backend == "duckdb" and address.database not in {None, "", ":memory:"}:
        if not Path(str(address.database)).exists():
            raise DatabaseUnreachable(url=_shown(address), why="no such file")
        return {"read_only": True}
    return {}


def _shown(address: URL) -> str:
    """Where the database is, without user, password and options."""
    host = f"{address.host or ''}{f':{address.port}' if address.port else ''}"
    place = unquote((address.database or "").removeprefix("file:"))
    return f"{address.get_backend_name()}://{host}/{place}"


def _take(connection: DuckDBPyConnection, columns: Layout, rules: Rules, chunk: Rows, before: int) -> None:
    """Add one chunk to `staged`, and its bad rows to `rejected`."""
    cast = ", ".join(f"{name}::VARCHAR AS {name}" for name in columns.every)
    with rows.shown(connection, chunk, columns.every, _CHUNK):
        fields = checks.selection(columns, rules)
        invalid = checks.invalid_rows(connection) if before else 0
        verb = "INSERT INTO staged" if before else "CREATE OR REPLACE TEMP TABLE staged AS"
        connection.execute(f"{verb} SELECT {fields} FROM (SELECT {cast} FROM {_CHUNK})")
        if checks.invalid_rows(connection) > invalid:
            raw = f"SELECT row_number() OVER () + {before} AS row, {cast} FROM {_CHUNK}"
            checks.reject(connection, columns, rules, raw)


@contextmanager
def result_of(url: str, query: str) -> Iterator[tuple[tuple[str, ...], Iterator[Rows]]]:
    """The names of the result's columns and its rows in chunks, read in one transaction."""
    database = engine(url)
    try:
        with connected(database) as live, query_problems(database.url):
            if database.dialect.name in _SERVERS:
                live.exec_driver_sql("SET TRANSACTION READ ONLY")
            # without parameters a % in the query is a percent sign
            streaming = live.execution_options(stream_results=True, max_row_buffer=CHUNK_ROWS, no_parameters=True)
            with cut_off(live, SILENT_SECONDS):
                result = streaming.exec_driver_sql(query)
            with closing(result):
                yield tuple(result.keys()), _heard(live, result.partitions(CHUNK_ROWS))
    finally:
        database.dispose()


def _heard(live: Connection, chunks: Iterator[Rows]) -> Iterator[Rows]:
    """The chunks, each of them within the time that a server may be silent."""
    while True:
        with cut_off(live, SILENT_SECONDS):
            chunk = next(chunks, None)
        if chunk is None:
            return
        yield chunk


@contextmanager
def cut_off(live: Connection, seconds: float) -> Iterator[None]:
    """Shut the connection's socket when that takes longer; a file has none."""
    if live.dialect.name not in _SERVERS:
        yield
        return
    driver: Any = live.connection.driver_connection
    wire = driver if live.dialect.name == "postgresql" else driver._sock  # noqa: SLF001  pymysql has no word for it
    with socket.socket(fileno=os.dup(wire.fileno())) as watched:
        timer = threading.Timer(seconds, _shut, (watched,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def _shut(watched: socket.socket) -> None:
    with suppress(OSError):  # it has ended by itself
        watched.shutdown(socket.SHUT_RDWR)


def connected(database: Engine) -> Connection:
    """An open connection; raises DatabaseUrl, WrongLogin, DatabaseUnreachable."""
    try:
        return database.connect()
    except TypeError as error:  # the driver does not know an option of the URL
        raise DatabaseUrl(url=_shown(database.url)) from error
    except DBAPIError as error:
        shown = _shown(database.url)
        if _LOGIN.search(str(error.orig)):
            raise WrongLogin(url=shown, user=database.url.username or "") from error
        raise DatabaseUnreachable(url=shown, why=_why(error, database.url)) from error


@contextmanager
def query_problems(address: URL) -> Iterator[None]:
    """What the database says of a query becomes a Problem."""
    try:
        yield
    except DBAPIError as error:
        raise QueryFailed(url=_shown(address), why=_why(error, address)) from error
    except SQLAlchemyError as error:
        raise QueryFailed(url=_shown(address), why=type(error).__name__) from error


def _why(error: DBAPIError, address: URL) -> str:
    """The first line of what the database said, without the password."""
    said = error.orig
    text = str(said.args[-1]) if said is not None and said.args else str(said)
    line = next(iter(text.strip().splitlines()), "")
    password = str(address.password or "")
    return line.replace(password, "***") if password else line


@contextmanager
def read_only(url: str, source: str, seconds: float) -> Iterator[Connection]:
    """A connection in one read-only transaction that sees one moment, given up after so many seconds.

    Raises DatabaseUrl, WrongLogin, DatabaseUnreachable, QueryFailed, TooSlow.
    """
    database = engine(url)
    try:
        with connected(database) as live, query_problems(database.url), deadline(live, url, source, seconds):
            if database.dialect.name in _SERVERS:
                level = "ISOLATION LEVEL REPEATABLE READ, " if database.dialect.name == "postgresql" else ""
                live.exec_driver_sql(f"SET TRANSACTION {level}READ ONLY")
            yield live
            live.rollback()
    finally:
        database.dispose()


@contextmanager
def deadline(live: Connection, url: str, source: str, seconds: float) -> Iterator[None]:
    """Give up what the connection is at after a while; the driver raises where it is waiting. Raises TooSlow."""
    over = threading.Event()

    def give_up() -> None:
        over.set()
        _end_statement(live, url)

    timer = threading.Timer(seconds, give_up)
    timer.daemon = True
    timer.start()
    try:
        with cut_off(live, seconds + CANCEL_SECONDS):
            yield
    except Exception as error:
        if over.is_set():
            raise TooSlow(source=source, seconds=int(seconds)) from error
        raise
    finally:
        timer.cancel()
    if over.is_set():
        raise TooSlow(source=source, seconds=int(seconds))


def _end_statement(live: Connection, url: str) -> None:
    """Ask the server, from beside, to end what it is at; on a dead wire that fails too, and the socket is cut."""
    driver: Any = live.connection.driver_connection
    with suppress(Exception):
        if live.dialect.name == "postgresql":
            driver.cancel_safe(timeout=CANCEL_SECONDS)  # the older cancel() would stop every thread while it waits
        elif live.dialect.name in _SERVERS:
            beside = engine(url)
            with closing(beside.connect()) as second:
                second.exec_driver_sql(f"KILL QUERY {int(driver.thread_id())}")
            beside.dispose()
        elif hasattr(driver, "interrupt"):  # the engines that run inside this process
            driver.interrupt()


def columns_of(live: Connection, query: str) -> dict[str, str]:
    """The names of the SELECT's columns, each with its kind.

    local, instant (with an offset), date, number, text, flag; "" where the database does not tell.
    """
    inner = query.replace(":", r"\:")
    found = live.execute(sa.text(f"SELECT * FROM ({inner}) q WHERE 1 = 0"))
    told: Any = found.cursor.description
    return {str(one[0]): _kind(live.dialect.name, one[1]) for one in told}


_KINDS: dict[str, dict[int, str]] = {
    "postgresql": {
        1114: "local", 1184: "instant", 1082: "date", 16: "flag",
        **dict.fromkeys((20, 21, 23, 700, 701, 1700), "number"), **dict.fromkeys((25, 1042, 1043), "text"),
    },
    "mysql": {
        7: "local", 12: "local", 10: "date",
        **dict.fromkeys((0, 1, 2, 3, 4, 5, 8, 9, 246), "number"), **dict.fromkeys((252, 253, 254), "text"),
    },
}  # fmt: skip
_WORDS = (
    ("WITH TIME ZONE", "instant"), ("TIMESTAMP", "local"), ("DATETIME", "local"), ("DATE", "date"), ("BOOL", "flag"),
    ("VARCHAR", "text"), ("INT", "number"), ("DECIMAL", "number"), ("DOUBLE", "number"), ("FLOAT", "number"),
    ("NUMBER", "number"), ("STRING", "text"),
)  # fmt: skip
"""How an engine that names its types names them, the longest first."""


def _kind(dialect: str, told: object) -> str:
    if isinstance(told, int):
        return _KINDS.get("mysql" if dialect == "mariadb" else dialect, {}).get(told, "")
    said = str(told).upper() if told is not None else ""
    return next((kind for word, kind in _WORDS if word in said), "")
