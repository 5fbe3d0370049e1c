"""How is the state database opened, and brought up to date?

SQLite for one process, PostgreSQL for several replicas. Neither may keep anybody waiting without end.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from bot.delivery.schema import schema_range
from metrics.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

MIGRATIONS = Path(__file__).with_name("migrations")
_UPGRADE_LOCK = 4_127_001  # any number, the same in every replica
UPGRADE_SECONDS = 120.0
UPGRADE_POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Waits:
    """How many seconds PostgreSQL is waited for.

    `connection`: the life of a connection, one short transaction or the migrations. Servers keep the
    other deadlines; this one the client keeps, which alone frees it from a wire that swallows packets.
    """

    connect: int = 10
    statement: float = 10.0
    lock: float = 8.0
    idle: float = 20.0
    connection: float = 20.0

    @property
    def options(self) -> str:
        """What the server is told."""
        told = {
            "statement_timeout": self.statement,
            "lock_timeout": self.lock,
            "idle_in_transaction_session_timeout": self.idle,
        }
        return " ".join(f"-c {name}={seconds * 1000:.0f}" for name, seconds in told.items())


WAITS = Waits()


class StateUnreachable(Problem):
    """The state database cannot be opened."""

    key = "state_unreachable"


class StateKind(Problem):
    """The state database is neither SQLite nor PostgreSQL."""

    key = "state_kind"


class StateFromFuture(Problem):
    """A newer Asakai has already changed the state database."""

    key = "state_from_future"


def open_engine(url: str, waits: Waits = WAITS) -> sa.Engine:
    """Connect to the state database (a URL, or a SQLite file) and bring it up to date; raises a Problem."""
    url = url if "://" in url else f"sqlite:///{url}"
    try:
        return _up_to_date(_engine(sa.make_url(url), waits))
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError) as error:
        raise StateKind(url=_without_password(url)) from error
    except (sa.exc.DBAPIError, OSError) as error:
        cause = getattr(error, "orig", None) or error
        raise StateUnreachable(url=_without_password(url), reason=str(cause).strip()) from error


def _up_to_date(engine: sa.Engine) -> sa.Engine:
    try:
        _upgrade(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _without_password(url: str) -> str:
    try:
        return sa.make_url(url).set(query={}).render_as_string(hide_password=True)  # options may hold one too
    except sa.exc.ArgumentError:
        return "…"


def _engine(url: sa.URL, waits: Waits) -> sa.Engine:
    if url.get_backend_name() == "sqlite":
        return _sqlite(url)
    if url.get_backend_name() == "postgresql":
        return _postgres(url, waits)
    raise sa.exc.ArgumentError(url.get_backend_name())


def _postgres(url: sa.URL, waits: Waits) -> sa.Engine:
    """One connection per transaction: one that broke overnight is nobody's trouble.

    It is cut when its time is over, whatever it waits for.
    """
    told = {"connect_timeout": waits.connect, "options": waits.options}
    engine = sa.create_engine(url, hide_parameters=True, poolclass=sa.NullPool, connect_args=told)

    @sa.event.listens_for(engine, "connect")
    def _begin(connection: Any, record: Any) -> None:  # noqa: ANN401  the driver's connection, the pool's record
        record.info["deadline"] = cut_after(waits.connection, connection.fileno())

    @sa.event.listens_for(engine, "close")
    def _end(_connection: Any, record: Any) -> None:  # noqa: ANN401  the same
        if deadline := record.info.pop("deadline", None):
            deadline.cancel()

    return engine


def cut_after(seconds: float, descriptor: int) -> threading.Timer:
    """Shut a connection's socket down when the time is over, unless the timer is cancelled before."""
    watched = socket.socket(fileno=os.dup(descriptor))

    class _Timer(threading.Timer):
        def run(self) -> None:
            super().run()
            watched.close()

    def cut() -> None:
        with suppress(OSError):  # it has ended by itself
            watched.shutdown(socket.SHUT_RDWR)

    timer = _Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    return timer


def _sqlite(url: sa.URL) -> sa.Engine:
    if not url.database or url.database == ":memory:":  # would forget what was sent
        raise sa.exc.ArgumentError(url.database)
    Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url, hide_parameters=True, connect_args={"timeout": 5})

    @sa.event.listens_for(engine, "connect")
    def _safe(connection: Any, _record: Any) -> None:  # noqa: ANN401  whatever driver SQLAlchemy found
        connection.isolation_level = None  # the driver's own BEGIN would come too late to take the lock
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _upgrade(engine: sa.Engine) -> None:
    """Run the missing migrations in one transaction, one process at a time; raises TimeoutError."""
    end = time.monotonic() + UPGRADE_SECONDS
    while not _upgraded(engine):  # each look is a transaction of its own: none waits longer than the deadlines
        if time.monotonic() > end:
            raise TimeoutError(f"another process has been changing the tables for {UPGRADE_SECONDS:g} s")
        time.sleep(UPGRADE_POLL_SECONDS)


def _upgraded(engine: sa.Engine) -> bool:
    """Whether the tables are now those of this code; False while another process is changing them."""
    from alembic import command  # noqa: PLC0415  0.2 s that only opening pays
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    with engine.begin() as connection:
        if (current := _revision(connection)) == (newest := scripts.get_current_head()):
            return True
        if engine.dialect.name == "postgresql":
            if not connection.execute(sa.select(sa.func.pg_try_advisory_xact_lock(_UPGRADE_LOCK))).scalar_one():
                return False
            current = _revision(connection)  # whoever had the lock before may have done it
        known = {script.revision for script in scripts.walk_revisions()}
        if current is not None and current not in known:
            _check_range(connection, current, known, newest)
        elif current != newest:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            _write_range(connection, [script.module for script in scripts.walk_revisions()])
    return True


def _revision(connection: sa.Connection) -> str | None:
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415

    return MigrationContext.configure(connection).get_current_revision()


def _check_range(connection: sa.Connection, current: str, known: set[str], newest: str | None) -> None:
    """Go on with tables that a newer version has only added to; raise where it took away what we need."""
    needs = None
    if sa.inspect(connection).has_table(schema_range.name):
        needs = connection.execute(sa.select(schema_range.c.needs)).scalar_one_or_none()
    if needs not in known:
        raise StateFromFuture(revision=current, newest=newest)


def _write_range(connection: sa.Connection, newest_first: Sequence[ModuleType]) -> None:
    """Say from which revision on code can work with the tables: what the newest revision that names one says."""
    needs = next(module.NEEDS for module in newest_first if hasattr(module, "NEEDS"))
    connection.execute(sa.delete(schema_range))
    connection.execute(sa.insert(schema_range).values(id=1, needs=needs))
