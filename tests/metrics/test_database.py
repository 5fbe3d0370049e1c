"""How does one SELECT over a shop's database become incoming orders?"""

from __future__ import annotations

from datetime import datetime

import duckdb
import pytest
import sqlalchemy as sa

from metrics.rules import Rules
from metrics.sources import checks, columns, database
from metrics.sources.files import stage as stage_file

JPY = Rules()
ALL = "SELECT order_id, customer_id, ordered_at, amount, status, channel FROM asakai_src_orders ORDER BY order_id"
SERVERS = ("postgres", "mariadb")


@pytest.fixture
def connection():
    connection = duckdb.connect()
    yield connection
    connection.close()


@pytest.fixture(params=["sqlite", "duckdb", *SERVERS])
def shop(request, tmp_path):
    """A URL of each kind of database with 120 orders, one of them without a date."""
    kind = request.param
    url = request.getfixturevalue(kind) if kind in SERVERS else f"{kind}:///{tmp_path}/shop.db"
    writing = sa.create_engine(url, poolclass=sa.NullPool)
    table = sa.Table(
        "asakai_src_orders", sa.MetaData(),
        sa.Column("order_id", sa.String(20)), sa.Column("customer_id", sa.Integer),
        sa.Column("ordered_at", sa.DateTime), sa.Column("amount", sa.Numeric(12, 2)),
        sa.Column("status", sa.String(20)), sa.Column("channel", sa.String(20)),
    )  # fmt: skip
    rows = [
        {"order_id": f"A{n:03d}", "customer_id": n % 7, "ordered_at": datetime(2026, 11, 21, 23, n % 60),
         "amount": 1980, "status": "Paid", "channel": "100%ＬＩＮＥ髙"} for n in range(120)
    ]  # fmt: skip
    rows[50]["ordered_at"] = None
    with writing.begin() as live:
        table.drop(live, checkfirst=True)
        table.create(live)
        live.execute(sa.insert(table), rows)
    yield url
    with writing.begin() as live:
        table.drop(live)


def test_every_database_gives_the_same_orders(connection, shop, monkeypatch):
    monkeypatch.setattr(database, "CHUNK_ROWS", 40)
    told: list[int] = []
    staged = database.stage(connection, shop, ALL, JPY, progress=told.append)
    assert (staged.rows, staged.accepted, staged.unidentified) == (120, 119, 18)
    assert staged.bad == (checks.BadRow("database", 51, "ordered_at", "", "empty_date"),)
    assert told == [40, 80, 120]
    first = connection.execute("SELECT * EXCLUDE (source) FROM incoming ORDER BY seq LIMIT 1 OFFSET 1").fetchone()
    assert first == (
        "A001", "id:1", datetime(2026, 11, 21, 23, 1), 1980, "paid", None, None, None, "100%ＬＩＮＥ髙", None, None, 1,
    )  # fmt: skip


def test_a_percent_sign_in_the_select_is_only_that(connection, shop):
    staged = database.stage(connection, shop, ALL.replace("ORDER", "WHERE channel LIKE '100%' ORDER"), JPY)
    assert staged.rows == 120


def test_an_empty_result_is_no_problem(connection, shop):
    staged = database.stage(connection, shop, ALL.replace("ORDER", "WHERE 1 = 0 ORDER"), JPY)
    assert (staged.rows, staged.accepted) == (0, 0)
    assert connection.execute("SELECT * FROM incoming").fetchall() == []


def test_a_failing_select_is_told_in_the_databases_words(connection, shop):
    with pytest.raises(database.QueryFailed) as caught:
        database.stage(connection, shop, "SELECT order_id FROM nowhere", JPY)
    assert "now" in str(caught.value.values["why"])


def test_missing_columns_are_named(connection, shop):
    with pytest.raises(columns.MissingColumns) as caught:
        database.stage(connection, shop, "SELECT order_id, amount FROM asakai_src_orders", JPY)
    assert caught.value.values["missing"] == "customer_id, ordered_at"


def test_the_servers_transaction_is_read_only(connection, postgres):
    server = sa.create_engine(postgres, poolclass=sa.NullPool)
    with server.begin() as live:
        live.execute(sa.text("DROP SEQUENCE IF EXISTS asakai_src_seq"))
        live.execute(sa.text("CREATE SEQUENCE asakai_src_seq"))
    sql = "SELECT nextval('asakai_src_seq') AS order_id, 1 AS customer_id, now() AS ordered_at, 1 AS amount"
    with pytest.raises(database.QueryFailed) as caught:
        database.stage(connection, postgres, sql, JPY)
    assert "read-only" in str(caught.value.values["why"])
    with server.begin() as live:
        live.execute(sa.text("DROP SEQUENCE asakai_src_seq"))


@pytest.mark.parametrize(
    "query",
    [
        "", "DELETE FROM orders", "SELECT 1; DROP TABLE orders", "UPDATE orders SET a = 1",
        "WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone",
        "SELECT * INTO copy FROM orders", "/*! DELETE FROM orders */ SELECT 1", "PRAGMA writable_schema = 1",
    ],
)  # fmt: skip
def test_anything_but_one_select_is_refused(query):
    with pytest.raises(database.QueryRefused):
        database.one_select(query)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 'a; DELETE FROM b' AS x -- not; this",
        "WITH o AS (SELECT 1) SELECT * FROM o;",
        "select \"update\", replace(a, 'x', 'y') as b, created_at from orders",
        "/* insert into */ SELECT updated_at FROM t",
    ],
)
def test_words_in_quotes_and_comments_do_no_harm(query):
    assert database.one_select(query) == query.rstrip(";")


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("postgresql://shop:geheim@127.0.0.1:9/db", database.DatabaseUnreachable),
        ("mysql://shop:geheim@127.0.0.1:9/db", database.DatabaseUnreachable),
        ("sqlite:////nowhere/shop.db", database.DatabaseUnreachable),
        ("duckdb:////nowhere/shop.db", database.DatabaseUnreachable),
        ("filemaker://shop:geheim@127.0.0.1/db", database.DatabaseUrl),
        ("shop:geheim", database.DatabaseUrl),
        ("mysql+mysqldb://shop:geheim@127.0.0.1/db", database.DriverMissing),
    ],
)
def test_a_database_that_cannot_be_reached_is_named_without_its_password(connection, url, problem):
    with pytest.raises(problem) as caught:
        database.stage(connection, url, "SELECT 1", JPY)
    assert "geheim" not in str(caught.value)


def test_a_missing_sqlite_file_is_not_created(connection, tmp_path):
    with pytest.raises(database.DatabaseUnreachable):
        database.stage(connection, f"sqlite:///{tmp_path}/none.db", "SELECT 1", JPY)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", SERVERS)
def test_a_wrong_password_is_told_without_it(connection, kind, request):
    server = sa.make_url(request.getfixturevalue(kind)).set(username="asakai_nobody", password="geheim")
    url = server.render_as_string(hide_password=False)
    with pytest.raises(database.WrongLogin) as caught:
        database.stage(connection, url, "SELECT 1", JPY)
    assert caught.value.values["user"] == "asakai_nobody"
    assert "geheim" not in str(caught.value)


def test_an_aware_instant_becomes_shop_local(connection):
    sql = (
        "SELECT 'A1' AS order_id, 'C' AS customer_id, TIMESTAMPTZ '2026-11-21 15:30:00+00' AS ordered_at, 1.0 AS amount"
    )
    database.stage(connection, "duckdb:///:memory:", sql, JPY)
    assert connection.execute("SELECT ordered_at FROM incoming").fetchall() == [(datetime(2026, 11, 22, 0, 30),)]


def test_file_and_database_give_the_same_incoming(connection, shop, tmp_path):
    database.stage(connection, shop, ALL, JPY, source="shop")
    first = connection.execute("SELECT * FROM incoming ORDER BY seq").fetchall()
    lines = ["order_id,customer_id,ordered_at,amount,status,channel"]
    lines += [
        f"A{n:03d},{n % 7},{'' if n == 50 else f'2026-11-21 23:{n % 60:02d}'},1980,Paid,100%ＬＩＮＥ髙"
        for n in range(120)
    ]
    path = tmp_path / "same.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    stage_file(connection, path, JPY, source="shop")
    assert connection.execute("SELECT * FROM incoming ORDER BY seq").fetchall() == first
