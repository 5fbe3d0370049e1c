"""What does every test find: servers, real orders, and a calm machine?"""

from __future__ import annotations

import importlib.util
import logging
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
import structlog
from hypothesis import HealthCheck, settings
from sqlalchemy import create_engine
from sqlalchemy.schema import CreateSchema, DropSchema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from types import ModuleType

    from playwright.sync_api import Browser

HERE = Path(__file__).parent

# A busy machine is not a failing law: no deadline, and in CI the same examples every time.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("house"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "house")


def _load(name: str) -> ModuleType:
    """A module beside this file; tests are no package."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


servers = _load("servers")


def _missing(reason: str) -> NoReturn:
    """A failure in CI, a named skip elsewhere."""
    if servers.must_have_servers():
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def _serve(server: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    try:
        context = server()
        url = context.__enter__()
    except servers.NoServerError as error:
        _missing(str(error))
    try:
        yield url
    finally:
        context.__exit__(None, None, None)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """SQLAlchemy URL of an empty PostgreSQL database of this run's own."""
    yield from _serve(servers.postgres_url)


@pytest.fixture
def empty_postgres(postgres: str) -> str:
    """The same database, emptied of what earlier tests have left."""
    engine = create_engine(postgres)
    with engine.begin() as connection:
        connection.execute(DropSchema("public", cascade=True))
        connection.execute(CreateSchema("public"))
        connection.exec_driver_sql("GRANT USAGE ON SCHEMA public TO PUBLIC")  # as in a new database
    engine.dispose()
    return postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def state_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty state database of each kind."""
    sqlite = f"sqlite:///{tmp_path}/state.db"
    return sqlite if request.param == "sqlite" else str(request.getfixturevalue("empty_postgres"))


@pytest.fixture(scope="session")
def mariadb() -> Iterator[str]:
    """SQLAlchemy URL of an empty MariaDB database of this run's own."""
    yield from _serve(servers.mariadb_url)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; closed after each file, for its event loop must not outlive the tests that want it."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed here")
    path = os.environ.get("ASAKAI_TEST_CHROMIUM") or shutil.which("chromium")
    if path is None:
        _missing("no Chromium here (apt-get install chromium, or set ASAKAI_TEST_CHROMIUM)")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    """A bot that runs sets up logging for its whole process."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def quick_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bot looks at the clock each second: time is moved, and nobody wants to wait for it."""
    monkeypatch.setattr("bot.schedule.EVERY_SECONDS", 1)
    monkeypatch.setattr("bot.schedule.JITTER_SECONDS", 0)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real orders and reference values beside the checkout."""
    folder = Path(os.environ.get("ASAKAI_SHARED_DATA") or HERE.parents[1] / "shared" / "data")
    if not (folder / "reference.csv").is_file():
        pytest.skip(f"no real orders here: {folder} has no reference.csv (set ASAKAI_SHARED_DATA)")
    return folder
