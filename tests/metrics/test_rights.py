"""Is a role that may only read really kept from writing, by its GRANTs alone, and is one that may write named?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from metrics.sources.rights import writes

PASSWORD = "only-for-this-test"


@contextmanager
def roles(url: str, *statements: str, drop: tuple[str, ...]) -> Iterator[sa.URL]:
    """A database with a table of orders, and what was granted; the role is gone at the end."""
    owner = at_once(url)
    with owner.connect() as live:
        try:
            for statement in ("DROP TABLE IF EXISTS ledger_of_orders", "CREATE TABLE ledger_of_orders (id INT)"):
                live.exec_driver_sql(statement)
            for statement in statements:
                live.exec_driver_sql(statement)
            yield owner.url
        finally:
            for statement in (*drop, "DROP TABLE ledger_of_orders"):
                live.exec_driver_sql(statement)
    owner.dispose()


def at_once(url: str | sa.URL) -> sa.Engine:
    """An engine that keeps no connection and commits each statement."""
    return sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)


def login(url: sa.URL, name: str) -> str:
    return url.set(username=name, password=PASSWORD).render_as_string(hide_password=False)


def test_a_read_only_role_of_postgresql_can_write_nothing_whatever_its_session_says(postgres: str) -> None:
    reader = f"asakai_reader_{sa.make_url(postgres).database}"
    made = (
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        f"CREATE ROLE {reader} LOGIN PASSWORD '{PASSWORD}'",
        f"GRANT SELECT ON ledger_of_orders TO {reader}",
    )
    with roles(postgres, *made, drop=(f"DROP OWNED BY {reader}", f"DROP ROLE {reader}")) as url:
        assert writes(login(url, reader)) == ()
        with at_once(login(url, reader)).connect() as live:
            live.exec_driver_sql("SET default_transaction_read_only = off")
            assert live.exec_driver_sql("SELECT count(*) FROM ledger_of_orders").scalar_one() == 0
            for statement in (
                "INSERT INTO ledger_of_orders VALUES (1)",
                "UPDATE ledger_of_orders SET id = 2",
                "DELETE FROM ledger_of_orders",
                "TRUNCATE ledger_of_orders",
                "CREATE TABLE public.mine (id INT)",
            ):
                with pytest.raises(sa.exc.DBAPIError, match=r"permission denied|must be owner"):
                    live.exec_driver_sql(statement)


def test_a_role_of_postgresql_that_can_write_is_named_with_what_it_can_write_to(postgres: str) -> None:
    writer = f"asakai_writer_{sa.make_url(postgres).database}"
    made = (
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        f"CREATE ROLE {writer} LOGIN PASSWORD '{PASSWORD}'",
        f"GRANT SELECT, UPDATE ON ledger_of_orders TO {writer}",
    )
    with roles(postgres, *made, drop=(f"DROP OWNED BY {writer}", f"DROP ROLE {writer}")) as url:
        assert writes(login(url, writer)) == ("public.ledger_of_orders",)
    assert writes(postgres)[0] == "superuser"


def test_a_role_of_mariadb_is_judged_by_its_grants(mariadb: str) -> None:
    base = sa.make_url(mariadb).database
    user = f"r_{base}"[:30]
    made = (
        f"CREATE USER '{user}'@'%%' IDENTIFIED BY '{PASSWORD}'",
        f"GRANT SELECT ON `{base}`.* TO '{user}'@'%%'",
    )
    with roles(mariadb, *made, drop=(f"DROP USER '{user}'@'%%'",)) as url:
        assert writes(login(url, user)) == ()
        with at_once(url).connect() as live:
            live.exec_driver_sql(f"GRANT INSERT ON `{base}`.ledger_of_orders TO '{user}'@'%%'")
        assert writes(login(url, user)) == (f"{base}.ledger_of_orders",)


def test_a_file_is_opened_for_reading(tmp_path: Path) -> None:
    assert writes(f"sqlite:///{tmp_path}/x.db") == ()
