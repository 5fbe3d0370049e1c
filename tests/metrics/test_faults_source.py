"""What happens when the shop's database breaks, or is not what it was yesterday?

One sentence that says what to do, never a half import: the orders of before stay as they were.
"""

from __future__ import annotations

import gc
from contextlib import closing
from datetime import UTC, date, datetime

import duckdb
import pytest
import sqlalchemy as sa

from metrics.problem import Problem
from metrics.rules import Rules
from metrics.sources import columns, database, people
from metrics.sources.files import stage as stage_file
from metrics.sources.live import Bookmark, Feed, pages
from metrics.sources.question import Question
from metrics.sources.recognition import database_mapping
from metrics.warehouse.store import Store
from tests.bot.wire import FaultyWire

RULES = Rules()
NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
LOCAL = datetime(2026, 11, 20, 12, 0)
WIDE = "repeat('x', 60000)"  # 120 rows of it fit into no buffer between the server and us
ROWS = f"SELECT n AS order_id, 1 AS customer_id, ordered_at, 100 AS amount, {WIDE} AS product FROM faulty ORDER BY n"


@pytest.fixture(params=["postgres", "mariadb"])
def behind(request):
    """A server with 120 orders, and the address that leads to it over a wire that breaks."""
    url = sa.make_url(request.getfixturevalue(request.param))
    if url.host is None or url.host.startswith("/"):
        pytest.skip("the server listens on a socket only; the wire needs TCP")
    table = sa.Table("faulty", sa.MetaData(), sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
                     sa.Column("ordered_at", sa.DateTime))  # fmt: skip
    server = sa.create_engine(url, poolclass=sa.NullPool)
    with server.begin() as filling:
        table.drop(filling, checkfirst=True)
        table.create(filling)
        filling.execute(table.insert(), [{"n": n, "ordered_at": datetime(2026, 11, 1, 9, n % 60)} for n in range(120)])
    with FaultyWire(url.host, url.port or 0) as wire:
        yield wire, url.set(host="127.0.0.1", port=wire.port).render_as_string(hide_password=False)
    gc.collect()  # pymysql complains about what it left unread when its objects go: here, not in another test
    with server.begin() as emptying:
        table.drop(emptying)


# pymysql reads on when its result goes, and on a wire that is cut that fails where nobody can catch it
left_unread = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@left_unread
@pytest.mark.parametrize("mood", ["refuse", "swallow", "reset", "half"])
def test_a_database_refused_black_holed_reset_or_dropped_mid_result_is_one_problem_and_no_half_import(
    behind, mood, monkeypatch, tmp_path
):
    wire, url = behind
    monkeypatch.setattr(database, "CHUNK_ROWS", 20)
    monkeypatch.setattr(database, "SILENT_SECONDS", 2.0)
    store = Store(tmp_path / "store.duckdb", RULES)

    def take(break_it):
        with store.writing() as connection:
            database.stage(connection, url, ROWS, RULES, source="shop", progress=break_it)
            store.take(connection, NOW)

    def break_it(_rows):
        wire.mood = mood

    if mood == "refuse":
        wire.mood = mood
    with pytest.raises(Problem) as caught:
        take(break_it)
    assert isinstance(caught.value, database.QueryFailed | database.DatabaseUnreachable)
    with pytest.raises(Problem), store.reading():
        pass  # there is no store yet: nothing was taken
    wire.mood = "pass"
    take(lambda _rows: None)
    with store.reading() as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (120,)


@left_unread
def test_a_black_holed_sync_is_given_up_by_our_own_deadline_and_goes_on_the_next_time(behind, monkeypatch):
    wire, url = behind
    monkeypatch.setattr(database, "CANCEL_SECONDS", 0.5)
    select = "SELECT n AS order_id, 1 AS customer_id, ordered_at, 100 AS amount FROM faulty"
    feed = Feed(url, Question(select), database_mapping("", {}, "own"), people.of("own"), page_rows=50, seconds=0.5)
    reading = pages(feed, Bookmark(), LOCAL)
    first = next(reading)
    wire.mood = "swallow"
    with pytest.raises(database.TooSlow):
        next(reading)
    wire.mood = "pass"
    rest = [
        len(page.rows) for page in pages(Feed(url, Question(select), feed.mapping, feed.people), first.behind, LOCAL)
    ]
    assert rest == [70, 0]


def test_a_slow_database_only_takes_longer(behind, monkeypatch):
    wire, url = behind
    wire.mood = "slow"
    with duckdb.connect() as connection:
        small = ROWS.replace(WIDE, "'x'")
        assert database.stage(connection, url, small, RULES).accepted == 120


DRIFTS = {
    "missing column": ("order_id TEXT, customer_id TEXT, ordered_at TEXT", "ordered_at, order_id, customer_id"),
    "renamed column": ("order_id TEXT, customer_id TEXT, ordered_at TEXT, total INTEGER", "*"),
}


def staged(tmp_path, layout, rows, select="SELECT * FROM sales"):
    """What comes of a table that looks so today."""
    path = tmp_path / "shop.db"
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as shop:
        shop.execute(sa.text(f"CREATE TABLE sales ({layout})"))
        for row in rows:
            shop.exec_driver_sql(f"INSERT INTO sales VALUES ({', '.join('?' * len(row))})", row)
    engine.dispose()
    connection = duckdb.connect()
    result = database.stage(connection, f"sqlite:///{path}", select, RULES, accept_bad=True)
    with closing(connection):
        kept = connection.execute("SELECT order_id, customer_id, ordered_at, amount FROM incoming ORDER BY seq")
        return result, kept.fetchall()


@pytest.mark.parametrize("drift", DRIFTS)
def test_schema_drift_a_missing_or_renamed_column_is_named_and_nothing_is_read(tmp_path, drift):
    layout, chosen = DRIFTS[drift]
    with pytest.raises(columns.MissingColumns) as caught:
        staged(tmp_path, layout, [], f"SELECT {chosen} FROM sales")
    assert caught.value.values["missing"] == "amount"


LAYOUT = "order_id TEXT, customer_id TEXT, ordered_at TEXT, amount TEXT"


def test_schema_drift_text_dates_and_retyped_amounts_are_read_as_what_they_say(tmp_path):
    rows = [("A1", "C1", "2026-11-21 10:00:00", "1980"), ("A2", "7", "2026/11/22", "1,980"),
            ("A3", "C1", "2026-02-30", "5")]  # fmt: skip
    found, kept = staged(tmp_path, LAYOUT, rows)
    assert [(row[0], row[2].date().isoformat(), row[3]) for row in kept] == [
        ("A1", "2026-11-21", 1980),
        ("A2", "2026-11-22", 1980),
    ]
    assert [(bad.row, bad.column, bad.value) for bad in found.bad] == [(3, "ordered_at", "2026-02-30")]


def test_schema_drift_null_ids_are_told_and_never_merged_into_one_customer(tmp_path):
    rows = [("A1", None, "2026-11-21 10:00:00", "1"), (None, "C1", "2026-11-21 10:00:00", "1"),
            ("A2", None, "2026-11-22 10:00:00", "1")]  # fmt: skip
    found, kept = staged(tmp_path, LAYOUT, rows)
    assert found.unidentified == 2
    assert [row[:2] for row in kept] == [("A1", None), ("A2", None)]
    assert [(bad.row, bad.column) for bad in found.bad] == [(2, "order_id")]


def test_an_empty_table_is_no_orders_and_no_error(tmp_path):
    found, kept = staged(tmp_path, LAYOUT, [])
    assert (found.rows, found.accepted, kept) == (0, 0, [])


def test_sql_in_segment_names_is_only_a_name(tmp_path):
    evil = "x'); DROP TABLE orders; --"
    path = tmp_path / "evil.csv"
    lines = [f'{n},c{n % 9},2026-{1 + n % 9:02d}-11 10:00:00,100,"{evil}"' for n in range(40)]
    path.write_text("order_id,customer_id,ordered_at,amount,channel\n" + "\n".join(lines) + "\n", encoding="utf-8")
    store = Store(tmp_path / "store.duckdb", RULES)
    with store.writing() as connection:
        stage_file(connection, path, RULES)
        store.take(connection, NOW)
    assert store.labels("channel") == (evil,)
    with store.reading() as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (40,)


def test_future_dates_change_nothing_that_is_said_of_today(tmp_path):
    header = "order_id,customer_id,ordered_at,amount"
    known = [f"{n},c{n % 20},2026-11-{1 + n % 9:02d} 10:00:00,100" for n in range(60)]
    ahead = ["f1,c1,2031-01-01 10:00:00,100", "f2,new,2027-01-01 10:00:00,100"]

    def active(name, lines):
        path, store = tmp_path / f"{name}.csv", Store(tmp_path / f"{name}.duckdb", RULES)
        path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
        with store.writing() as connection:
            stage_file(connection, path, RULES)
            store.take(connection, NOW)
        return store.counts("channel").idle(date(2026, 11, 19)).active.sum(), store.quality(date(2026, 11, 19)).orders

    assert active("with", [*known, *ahead]) == active("without", known) == (20, 60)
