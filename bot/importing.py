"""How do orders get from files or a database into the store?

Files go in one after the other, each wholly or not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bot.beside import Stood, from_file, is_table, retell
from metrics.acquisition import Channels
from metrics.landing import CannotLand
from metrics.sources.checks import TooManyBadRows, refuse_taken, register_always, write_errors
from metrics.sources.reading import UnknownHeader, Wish, land, stage
from metrics.warehouse.health import strange

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from duckdb import DuckDBPyConnection

    from metrics.landing import Landing
    from metrics.sources.checks import Staged
    from metrics.warehouse.store import Store
    from metrics.warehouse.versions import Taken

    Progress = Callable[[str, float], None]
    """Told the name of what is read, and which share of it is done (0..1)."""
    Fill = Callable[[DuckDBPyConnection, Callable[[float], None]], Staged]
    Land = Callable[[DuckDBPyConnection, Callable[[float], None], Landing], Staged]

READING_SHARE = 0.6
"""How much of the work reading is; the rest is folding."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one file or query; a dry run has `taken` nothing. `stood`: it was a table beside the orders.

    `strange`: in a dry run, the statuses that nobody knows, with their orders; else the store tells.
    """

    name: str
    staged: Staged
    taken: Taken | None
    stood: Stood | None = None
    strange: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """How to import: under which source name, with bad rows or not, and where to list them.

    source: "" files orders under the platform's name; wish: how a file is read, where the shop says so;
    dry: read and check only; channels: what names of campaigns mean.
    """

    source: str = ""
    accept_bad: bool = False
    errors: Path | None = None
    dry: bool = False
    joined: bool = False
    wish: Callable[[Path], Wish] | None = None
    channels: Channels = field(default_factory=Channels)

    def of(self, path: Path) -> Wish:
        """How to read this file."""
        said = self.wish(path) if self.wish else Wish()
        source = self.source or said.source
        return replace(said, source=source, joined=self.joined, accept_bad=self.accept_bad)


def import_files(
    store: Store, files: Sequence[Path], wanted: Wanted, known_at: datetime, progress: Progress
) -> Iterator[Imported]:
    """Import the files in their order, and tell of each; raises a Problem, and then its file changed nothing.

    What holds no orders comes last: whose customers it names is known once there are orders.
    """
    given = [_file(store, path, wanted, _numbered(wanted.errors, at)) for at, path in enumerate(files)]
    later: list[_Input] = [one for one in given if one.beside]
    for one in given:
        if one.beside:
            continue
        try:
            yield _tried(store, one, progress) if wanted.dry else _import(store, one, known_at, progress)
        except UnknownHeader:
            if len(given) == 1 or not one.may_stand():
                raise
            later.append(one)
    for one in later:
        last = replace(one, beside=True)
        yield _tried(store, last, progress) if wanted.dry else _import(store, last, known_at, progress)


def _file(store: Store, path: Path, wanted: Wanted, errors: Path | None) -> _Input:
    wish = wanted.of(path)

    def fill(connection: DuckDBPyConnection, tell: Callable[[float], None]) -> Staged:
        return stage(connection, path, store.rules, wish, tell)

    def fly(connection: DuckDBPyConnection, tell: Callable[[float], None], landing: Landing) -> Staged:
        return land(connection, path, store.rules, landing, wish, tell)

    def stand(connection: DuckDBPyConnection) -> Imported | None:
        stood = from_file(connection, path, store.rules, wish, wanted.channels, dry=wanted.dry)
        return None if stood is None else Imported(path.name, stood.staged, None, stood)

    return _Input(path.name, fill, errors, fly, stand, lambda: is_table(path), beside=wish.beside is not None)


def import_query(
    store: Store, url: str, select: str, wanted: Wanted, known_at: datetime, progress: Progress
) -> Iterator[Imported]:
    """Import the rows of one SELECT; raises a Problem, and then nothing has changed."""
    from metrics.sources import database  # noqa: PLC0415  SQLAlchemy only where a database is read

    def fill(connection: DuckDBPyConnection, _tell: Callable[[float], None]) -> Staged:
        return database.stage(
            connection, url, select, store.rules, source=wanted.source or "file", accept_bad=wanted.accept_bad
        )

    given = _Input("SELECT", fill, wanted.errors)
    yield _tried(store, given, progress) if wanted.dry else _import(store, given, known_at, progress)


@dataclass(frozen=True, slots=True)
class _Input:
    """One file or query: its name, what stages its rows, where its bad rows are listed, and what lands them.

    stand: what takes it where it is a table beside the orders; may_stand: whether its header is of one;
    beside: it is known to be one.
    """

    name: str
    fill: Fill
    errors: Path | None
    land: Land | None = None
    stand: Callable[[DuckDBPyConnection], Imported | None] = lambda _: None
    may_stand: Callable[[], bool] = lambda: False
    beside: bool = False


@dataclass(frozen=True, slots=True)
class _Told:
    """When the orders were learned, and who hears how far reading and counting are."""

    known_at: datetime
    reading: Callable[[float], None]
    counting: Callable[[float], None]


def _import(store: Store, given: _Input, known_at: datetime, progress: Progress) -> Imported:
    if given.errors:
        refuse_taken(given.errors)
    told = _Told(
        known_at, _part(progress, given.name, 0.0, READING_SHARE), _part(progress, given.name, READING_SHARE, 1.0)
    )
    with store.writing() as connection:
        done = _beside(
            connection,
            given,
            lambda: _landed(store, connection, given, told) or _staged(store, connection, given, told),
        )
        retell(store, connection, done.stood, known_at)
        return done


def _beside(connection: DuckDBPyConnection, given: _Input, orders: Callable[[], Imported]) -> Imported:
    """What is said to be a table beside the orders, or has no header of orders, is tried as one."""
    if not given.beside:
        try:
            return orders()
        except UnknownHeader as unknown:
            with _listing(connection, given.errors):
                found = given.stand(connection)
            if found is None:
                raise unknown from None
            return found
    with _listing(connection, given.errors):
        found = given.stand(connection)
    return found or orders()


def _landed(store: Store, connection: DuckDBPyConnection, given: _Input, told: _Told) -> Imported | None:
    """A first load, written where it stays; None where the orders must be staged."""
    if given.land is None:
        return None
    register_always(connection)
    try:
        with store.landing(connection) as landing, _listing(connection, given.errors):
            staged = given.land(connection, told.reading, landing)
            return Imported(given.name, staged, store.settle(connection, told.known_at, told.counting))
    except CannotLand:
        return None


def _staged(store: Store, connection: DuckDBPyConnection, given: _Input, told: _Told) -> Imported:
    with _listing(connection, given.errors):
        staged = given.fill(connection, told.reading)
    if staged.rejected and not staged.accepted:  # not even --accept-bad can take anything from it
        raise TooManyBadRows(staged, given.name)
    taken = store.take(connection, told.known_at, told.counting, repeats=staged.duplicates > 0)
    return Imported(given.name, staged, taken)


def _tried(store: Store, given: _Input, progress: Progress) -> Imported:
    """Read and check beside the store, which is not even opened."""
    import duckdb  # noqa: PLC0415  0.2 s that --help must not pay

    if given.errors:
        refuse_taken(given.errors)
    with TemporaryDirectory(prefix="asakai-") as scratch:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": "400MB", "temp_directory": scratch, "autoinstall_known_extensions": "false",
        }  # fmt: skip
        with duckdb.connect(config=settings) as connection:
            return _beside(connection, given, lambda: _dry(store, connection, given, progress))


def _dry(store: Store, connection: DuckDBPyConnection, given: _Input, progress: Progress) -> Imported:
    with _listing(connection, given.errors):
        staged = given.fill(connection, _part(progress, given.name, 0.0, 1.0))
    return Imported(given.name, staged, None, strange=strange(connection, store.rules, "incoming"))


@contextmanager
def _listing(connection: DuckDBPyConnection, errors: Path | None) -> Iterator[None]:
    """List the bad rows, also where there are too many of them."""
    try:
        yield
    except TooManyBadRows:
        if errors:
            write_errors(connection, errors)
        raise
    if errors:
        write_errors(connection, errors)


def _numbered(path: Path | None, at: int) -> Path | None:
    """Give each of several files a list of its own: errors.csv, then errors-2.csv."""
    return path.with_stem(f"{path.stem}-{at + 1}") if path and at else path


def _part(progress: Progress, name: str, start: float, end: float) -> Callable[[float], None]:
    return lambda share: progress(name, start + (end - start) * min(max(share, 0.0), 1.0))
