"""Do a shop's own databases come in rightly, only what is new, and again after an interruption?"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa

from bot.settings.layers import load
from bot.syncing import NothingToSync, feeds, sync
from metrics.rules import Rules
from metrics.sources import live, people
from metrics.sources.database import QueryRefused, TooSlow
from metrics.sources.live import Bookmark, Feed, NoKey, pages, stage
from metrics.sources.question import Question
from metrics.sources.recognition import database_mapping, databases
from metrics.warehouse import bookmark
from metrics.warehouse.store import Store


def _beside(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


shop_databases = _beside("shop_databases")
RULES = Rules(purchase_statuses=("bought",), excluded=("out",), returned=("back",))
NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
LOCAL = datetime(2026, 11, 20, 12, 0)
CHANGED_LATER = datetime(2026, 11, 1)
Shop = Callable[[str], tuple[Feed, sa.Engine]]


@pytest.fixture(params=["postgres", "mariadb"])
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    """A platform's database with its traps, on a real server; the tables go afterwards."""
    url = request.getfixturevalue(request.param)
    engine = sa.create_engine(url)
    metadata = sa.MetaData()

    def fill(preset: str) -> tuple[Feed, sa.Engine]:
        rows = shop_databases.SHOPS[preset](metadata)
        metadata.create_all(engine)
        with engine.begin() as connection:
            for name, several in rows.items():
                connection.execute(metadata.tables[name].insert(), several)
        mapping = database_mapping(preset, {}, preset)
        return Feed(url, databases()[preset], mapping, people.of(preset), page_rows=2), engine

    yield fill
    metadata.drop_all(engine)
    engine.dispose()


def orders(feed: Feed, since: Bookmark | None = None) -> list[tuple[Any, ...]]:
    """The orders that count or are listed, of all pages."""
    found: list[tuple[Any, ...]] = []
    with duckdb.connect() as connection:
        for page in pages(feed, since or Bookmark(), LOCAL):
            if page.rows:
                assert stage(connection, feed, page, RULES).rejected == 0
                found += connection.execute(
                    "SELECT order_id, split_part(customer_id, ':', 1), ordered_at, amount, status, region, product"
                    " FROM incoming WHERE status <> 'out' ORDER BY seq"
                ).fetchall()
    return sorted(found, key=lambda row: int(row[0]))


@pytest.mark.parametrize("preset", sorted(shop_databases.SHOPS))
def test_a_platform_s_database_gives_the_right_orders_page_by_page(shop: Shop, preset: str) -> None:
    feed, _ = shop(preset)
    assert orders(feed) == shop_databases.RIGHT[preset]
    assert orders(replace(feed, page_rows=1000)) == shop_databases.RIGHT[preset]


@pytest.mark.parametrize("preset", sorted(shop_databases.SHOPS))
def test_what_the_orders_sold_comes_with_them_and_again(shop: Shop, preset: str, tmp_path: Path) -> None:
    feed, _ = shop(preset)
    store = Store(tmp_path / "store.duckdb", RULES)
    for page_rows in (2, 1000):
        for _ in sync(store, replace(feed, page_rows=page_rows), lambda: NOW):
            pass
        with store.writing() as connection:
            found = connection.execute("SELECT * EXCLUDE (source) FROM beside_order_items ORDER BY ALL").fetchall()
            bookmark.write(connection, preset, "")
        assert found == shop_databases.SOLD[preset]


def test_a_changed_order_s_lines_replace_those_that_were_kept(shop: Shop, tmp_path: Path) -> None:
    feed, engine = shop("eccube4_db")
    store = Store(tmp_path / "store.duckdb", RULES)
    assert list(sync(store, feed, lambda: NOW))
    with engine.begin() as live:
        live.execute(sa.text("DELETE FROM dtb_order_item WHERE id = 2"))
        live.execute(sa.text("UPDATE dtb_order SET update_date = :at WHERE id = 1"), {"at": CHANGED_LATER})
    assert list(sync(store, feed, lambda: NOW))
    with store.reading() as connection:
        found = connection.execute("SELECT * EXCLUDE (source) FROM beside_order_items ORDER BY ALL").fetchall()
    assert found == [("1", "SER-30", "美容液①", 1, 2000), ("7", "化粧水", "化粧水", 1, 3000)]


def test_only_what_was_changed_since_comes_again(shop: Shop) -> None:
    feed, engine = shop("eccube4_db")
    *_, last = pages(feed, Bookmark(), LOCAL)
    assert last.behind.whole
    since = Bookmark.of_json(last.behind.as_json())
    later = datetime(2026, 10, 7)
    with engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE dtb_order SET order_status_id = 3, update_date = :at WHERE id = 1"), {"at": later}
        )
        connection.execute(
            sa.text("UPDATE dtb_order SET update_date = :at WHERE id = 2"), {"at": later - timedelta(days=30)}
        )
    found = [row[0] for page in pages(feed, since, LOCAL) for row in page.rows]
    assert found[-1] == 1
    assert 2 not in found
    assert len(found) == len(set(found))


def test_without_a_time_of_change_the_last_ninety_days_come_again(shop: Shop) -> None:
    feed, engine = shop("woocommerce_analytics")
    *_, last = pages(feed, Bookmark(), LOCAL)
    with engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE wp_wc_order_stats SET date_created_gmt = :at WHERE order_id = 2"),
            {"at": LOCAL - timedelta(days=91)},
        )
    found = [row[0] for page in pages(feed, last.behind, LOCAL) for row in page.rows]
    assert 2 not in found
    assert set(found) == {1, 3, 4, 7}


WOOCOMMERCE = ("woocommerce_hpos", "woocommerce_analytics")


@pytest.mark.parametrize("preset", WOOCOMMERCE)
def test_which_statuses_woocommerce_s_reports_leave_out_is_the_shop_s_own_choice(shop: Shop, preset: str) -> None:
    feed, engine = shop(preset)
    left_out = 'a:2:{i:0;s:10:"processing";i:1;s:6:"failed";}'
    with engine.begin() as connection:
        connection.execute(
            sa.text("INSERT INTO wp_options VALUES (2, 'woocommerce_excluded_report_order_statuses', :left_out)"),
            {"left_out": left_out},
        )
    found = {row[0]: (row[3], row[4]) for row in orders(feed)}
    assert found == {"1": (4000, "bought"), "3": (900, "bought"), "4": (0, "back")}


@pytest.mark.parametrize("preset", WOOCOMMERCE)
def test_a_part_of_the_question_is_left_out_where_its_table_is_missing(shop: Shop, preset: str) -> None:
    feed, engine = shop(preset)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE wp_options"))
    assert orders(feed) == shop_databases.RIGHT[preset]
    with duckdb.connect() as connection:
        [page] = [page for page in pages(replace(feed, page_rows=99), Bookmark(), LOCAL) if page.rows]
        stage(connection, feed, page, RULES)
        told = connection.execute("SELECT order_id, channel FROM incoming WHERE channel IS NOT NULL").fetchall()
    assert told == [("1", "LINE")]


@pytest.mark.parametrize("preset", WOOCOMMERCE)
def test_wordpress_tables_may_begin_otherwise(shop: Shop, preset: str, tmp_path: Path) -> None:
    feed, engine = shop(preset)
    said = f'[[source]]\nname = "wp"\nurl = "{feed.url}"\npreset = "{preset}"\nprefix = "x7_"\n'
    (tmp_path / "shop.toml").write_text(said, encoding="utf-8")
    names = [name for name in sa.inspect(engine).get_table_names() if name.startswith("wp_")]
    renames = {name: name.replace("wp_", "x7_", 1) for name in names}
    with engine.begin() as connection:
        for name, new in renames.items():
            connection.execute(sa.text(f"ALTER TABLE {name} RENAME TO {new}"))
    try:
        [other] = feeds(load({}, tmp_path))
        assert isinstance(other, Feed)
        assert orders(replace(other, people=feed.people)) == shop_databases.RIGHT[preset]
    finally:
        with engine.begin() as connection:
            for name, new in renames.items():
                connection.execute(sa.text(f"ALTER TABLE {new} RENAME TO {name}"))


def test_who_was_away_for_longer_than_ninety_days_misses_nothing(shop: Shop) -> None:
    feed, engine = shop("woocommerce_analytics")
    *_, last = pages(feed, Bookmark(), LOCAL)
    later = LOCAL + timedelta(days=200)
    with engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE wp_wc_order_stats SET date_created_gmt = :at WHERE order_id = 2"),
            {"at": LOCAL + timedelta(days=10)},
        )
    assert 2 in [row[0] for page in pages(feed, last.behind, later) for row in page.rows]


def test_a_change_dated_in_the_future_hides_no_other_change(shop: Shop) -> None:
    feed, engine = shop("eccube4_db")
    change = sa.text("UPDATE dtb_order SET update_date = :at WHERE id = :id")
    with engine.begin() as connection:
        connection.execute(change, {"at": LOCAL + timedelta(days=9000), "id": 1})
    *_, last = pages(feed, Bookmark(), LOCAL)
    with engine.begin() as connection:
        connection.execute(change, {"at": LOCAL + timedelta(hours=3), "id": 2})
    found = [row[0] for page in pages(feed, last.behind, LOCAL + timedelta(days=1)) for row in page.rows]
    assert 2 in found


def test_an_interrupted_sync_goes_on_with_the_next_page(shop: Shop, tmp_path: Path) -> None:
    feed, _ = shop("eccube4_db")
    store = Store(tmp_path / "store.duckdb", RULES)
    stopped = sync(store, feed, lambda: NOW)
    next(stopped)
    stopped.close()
    rest = [done.staged.rows for done in sync(store, feed, lambda: NOW)]
    assert sum(rest) == 7 - feed.page_rows
    with store.reading() as connection:
        assert connection.execute("SELECT count(*) FROM orders WHERE status <> 'out'").fetchone() == (4,)
    again = [done.taken for done in sync(store, feed, lambda: NOW)]
    assert all(taken.new == taken.changed == 0 for taken in again)


def test_nothing_can_be_written_and_a_slow_page_is_given_up(shop: Shop, request: pytest.FixtureRequest) -> None:
    feed, _ = shop("eccube4_db")
    with pytest.raises(QueryRefused):
        list(pages(replace(feed, question=Question("DELETE FROM dtb_order")), Bookmark(), LOCAL))
    with pytest.raises(NoKey):
        list(pages(replace(feed, question=Question("SELECT id AS order_id FROM dtb_order")), Bookmark(), LOCAL))
    sleep = "pg_sleep(60)" if "postgresql" in feed.url else "SLEEP(60)"
    slow = f"SELECT o.id AS order_id, o.update_date AS changed_at FROM dtb_order o WHERE {sleep} IS NOT NULL"
    with pytest.raises(TooSlow):
        list(pages(replace(feed, question=Question(slow), seconds=1.0), Bookmark(), LOCAL))


def test_a_percent_sign_and_a_colon_in_a_select_are_no_parameters(shop: Shop) -> None:
    feed, _ = shop("eccube4_db")
    text = (
        "SELECT o.id AS order_id, o.update_date AS changed_at, '12:30 :x 5%' AS note"
        " FROM dtb_order o WHERE o.email LIKE '%b.jp'"
    )
    assert sum(len(page.rows) for page in pages(replace(feed, question=Question(text)), Bookmark(), LOCAL)) == 7


def test_the_bookmark_survives_json() -> None:
    for mark in (Bookmark(), Bookmark(LOCAL, 7), Bookmark(LOCAL.date(), "A7", whole=True), Bookmark("2026-10", 1)):
        assert Bookmark.of_json(mark.as_json()) == mark
    assert Bookmark.of_json("") == Bookmark()


def test_sources_with_a_url_are_synchronised_by_name(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text(
        '[[source]]\nname = "honten"\nurl = "sqlite:///x.db"\npreset = "eccube4_db"\n'
        '[[source]]\nname = "files"\nfiles = ["*.csv"]\n',
        encoding="utf-8",
    )
    settings = load({}, tmp_path)
    [feed] = feeds(settings)
    assert (feed.people.source, feed.mapping.zone) == ("honten", "UTC")
    assert "x.db" not in repr(settings)
    with pytest.raises(NothingToSync):
        feeds(settings, ("files",))


def test_a_shop_s_own_select_needs_no_preset(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE sales (no TEXT, who TEXT, at TEXT, yen INTEGER)"))
        connection.execute(sa.text("INSERT INTO sales VALUES ('1', 'C1', '2026-10-05 10:00:00', 100)"))
    engine.dispose()
    select = "SELECT no AS order_id, who AS customer_id, at AS ordered_at, yen AS amount FROM sales"
    feed = Feed(
        f"sqlite:///{tmp_path / 'shop.db'}", Question(select), database_mapping("", {}, "own"), people.of("own")
    )
    with duckdb.connect() as connection:
        first, last = pages(feed, Bookmark(), LOCAL)
        assert stage(connection, feed, first, Rules()).accepted == 1
        assert connection.execute("SELECT customer_id, amount FROM incoming").fetchall() == [("id:own/C1", 100)]
        assert last.behind.whole
    assert live.PAGE_ROWS == 50_000
