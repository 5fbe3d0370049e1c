"""Does the sample shop tell the story that it was made for, and always the same one?"""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from metrics.rules import Rules
from metrics.sources import files, sample
from metrics.sources.synthetic import bench_orders

LAST_DAY = date(2026, 11, 20)
FIRSTS = """
WITH purchases AS (
    SELECT customer_id, ordered_at::DATE AS day, min(coalesce(cycle_no, 0)) AS cycle,
        arg_min(channel, ordered_at) AS channel
    FROM incoming
    WHERE customer_id IS NOT NULL AND status NOT IN ('cancelled', 'returned') AND coalesce(cycle_no, 1) = 1
    GROUP BY ALL
), ranked AS (
    SELECT *, row_number() OVER one AS k, lead(day) OVER one - day AS gap FROM purchases
    WINDOW one AS (PARTITION BY customer_id ORDER BY day)
)
SELECT channel, day, coalesce(gap <= 30, false) AS again FROM ranked WHERE k = 1 AND cycle = 0
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return sample.sample_shop(tmp_path_factory.mktemp("shop"), LAST_DAY)


@pytest.fixture(scope="module")
def connection(shop):
    with duckdb.connect() as connection:
        files.stage(connection, shop.orders, Rules())
        connection.execute(f"CREATE TEMP TABLE firsts AS {FIRSTS}")
        yield connection


def rate(connection, since: date, until: date, where: str = "true") -> float:
    """30-day repeat rate of one-off first customers from `since` to `until`, by a plain query."""
    sql = f"SELECT avg(again::INT) FROM firsts WHERE day BETWEEN ? AND ? AND {where}"
    return connection.execute(sql, [since, until]).fetchone()[0]


def digest(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_the_same_day_and_seed_give_the_same_bytes(shop, tmp_path):
    sample.sample_shop(tmp_path / "again", LAST_DAY)
    assert digest(tmp_path / "again") == digest(shop.orders.parent)


def test_the_bytes_are_those_of_every_machine(shop):
    assert digest(shop.orders.parent)["orders.csv"][:16] == "2ffbbf21e20a6139"


def test_another_seed_or_day_gives_another_shop(shop, tmp_path):
    other = sample.sample_shop(tmp_path / "other", LAST_DAY, seed=5)
    assert digest(other.orders.parent)["orders.csv"] != digest(shop.orders.parent)["orders.csv"]
    later = sample.sample_shop(tmp_path / "later", LAST_DAY + timedelta(days=1))
    assert later.drop_day == shop.drop_day + timedelta(days=1)


def test_every_order_is_accepted(connection, shop, tmp_path):
    with duckdb.connect() as own:
        staged = files.stage(own, shop.orders, Rules())
    assert (staged.rejected, staged.ignored, staged.duplicates) == (0, 0, 0)
    assert staged.accepted == shop.order_count
    assert 5_800 < shop.customers < 6_200
    assert 5 < staged.unidentified < 30
    assert staged.oldest_at.date() == shop.first_day
    assert staged.newest_at.date() == LAST_DAY


@pytest.mark.parametrize("last_day", [LAST_DAY, date(2026, 2, 28), date(2027, 1, 4)])
def test_the_rate_is_above_the_target_and_falls_below_it_at_the_end(last_day, tmp_path):
    shop = sample.sample_shop(tmp_path, last_day)
    with duckdb.connect() as own:
        files.stage(own, shop.orders, Rules())
        own.execute(f"CREATE TEMP TABLE firsts AS {FIRSTS}")
        before = rate(own, shop.drop_day - timedelta(days=280), shop.drop_day - timedelta(days=1))
        after = rate(own, last_day - timedelta(days=57), last_day - timedelta(days=30))
        assert 0.205 < before < 0.235
        assert 0.15 < after < 0.19


def test_only_the_planted_channel_fell(connection, shop):
    def change(where: str) -> float:
        matured = LAST_DAY - timedelta(days=30)
        before = rate(connection, shop.drop_day - timedelta(days=200), shop.drop_day - timedelta(days=1), where)
        return rate(connection, shop.drop_day, matured, where) - before

    assert change(f"channel = '{sample.DROP_CHANNEL}'") < -0.08
    assert abs(change(f"channel <> '{sample.DROP_CHANNEL}'")) < 0.03


def test_the_shop_has_the_life_of_a_real_one(connection, shop):
    counts = dict(connection.execute("SELECT status, count(*) FROM incoming GROUP BY 1").fetchall())
    assert set(counts) == {"shipped", "cancelled", "returned", "pending", "processing"}
    ids = connection.execute(
        "SELECT count(DISTINCT customer_id), count(DISTINCT customer_id) FILTER (subscription_id IS NOT NULL),"
        " count(DISTINCT customer_id) FILTER (starts_with(customer_id, 'e:')), count(DISTINCT channel),"
        " count(DISTINCT region), count(*) FILTER (hour(ordered_at) < 3) FROM incoming"
    ).fetchone()
    everyone, subscribers, guests, channels, regions, late = ids
    assert 0.15 < subscribers / everyone < 0.25
    assert 200 < guests < 500
    assert (channels, regions) == (4, 8)
    assert late > 200
    idle = connection.execute(
        "SELECT count(*) FROM (SELECT max(ordered_at)::DATE AS day FROM incoming WHERE customer_id IS NOT NULL"
        " GROUP BY customer_id) WHERE DATE '2026-11-20' - day BETWEEN 60 AND 89"
    ).fetchone()
    assert 150 < idle[0] < 600


def test_the_other_tables_fit_the_orders(shop):
    with duckdb.connect() as own:

        def one(sql: str, path: Path) -> tuple[object, ...]:
            return own.execute(sql.replace("TABLE", f"read_csv('{path}')")).fetchone()

        scores = one("SELECT count(*), min(score), max(score), max(answered_at) FROM TABLE", shop.nps)
        assert 300 < scores[0] < 1_500
        assert scores[1:3] == (0, 10)
        assert scores[3] < datetime(2026, 11, 21)
        assert one("SELECT count(DISTINCT channel), count(*), min(cost) >= 0 FROM TABLE", shop.channel_costs) == (
            3,
            3 * 730,
            True,
        )
        assert one("SELECT list_sort(list(DISTINCT role)) FROM TABLE", shop.products) == (["back", "front", "middle"],)
        sent = one("SELECT count(DISTINCT name), max(sent_at), max(cost), avg(hold_out) FROM TABLE", shop.measures)
        assert (sent[0], sent[1].date(), sent[2]) == (5, date(2026, 11, 8), 85)
        assert 0.1 < sent[3] < 0.3
        started = one("SELECT count(*) FROM TABLE", shop.subscriptions)[0]
        first_deliveries = one("SELECT count(*) FROM TABLE WHERE cycle_no = 1", shop.orders)[0]
        assert started == first_deliveries > 500


def test_the_shop_is_made_in_a_moment(tmp_path):
    start = datetime.now()  # noqa: DTZ005
    sample.sample_shop(tmp_path, LAST_DAY)
    assert (datetime.now() - start).total_seconds() < 2  # noqa: DTZ005


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_bench_orders_have_the_said_shape_in_every_format(tmp_path, suffix):
    path = bench_orders(tmp_path / f"orders{suffix}", 20_000, seed=3)
    found = duckdb.sql(
        f"SELECT count(*), count(DISTINCT order_id), count(DISTINCT customer_id), count(DISTINCT channel),"
        f" count(DISTINCT product), count(DISTINCT region), round(avg((status = 'cancelled')::INT), 2) FROM '{path}'"
    ).fetchone()
    assert found == (20_000, 20_000, 8_000, 5, 24, 47, 0.04)


def test_bench_orders_are_sorted_and_always_the_same(tmp_path):
    first = bench_orders(tmp_path / "a.csv", 5_000, seed=3)
    again = bench_orders(tmp_path / "b.csv", 5_000, seed=3)
    other = bench_orders(tmp_path / "c.csv", 5_000, seed=4)
    assert first.read_bytes() == again.read_bytes() != other.read_bytes()
    days = [line.split(",")[2] for line in first.read_text().splitlines()[1:]]
    assert days == sorted(days)


def test_bench_orders_in_a_database_equal_those_in_a_file(tmp_path):
    text = bench_orders(tmp_path / "a.csv", 1_000)
    bench_orders(tmp_path / "a.duckdb", 1_000)
    with duckdb.connect(tmp_path / "a.duckdb") as own:
        assert own.execute(f"SELECT count(*) FROM (FROM orders EXCEPT FROM '{text}')").fetchone() == (0,)
        assert own.execute("SELECT count(*) FROM orders").fetchone() == (1_000,)
