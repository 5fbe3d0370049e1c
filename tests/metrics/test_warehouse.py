"""Do all engines, and the embedded store's kernel, count the same?"""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from sqlalchemy import create_engine

from metrics.day import Span
from metrics.rules import Rules
from metrics.segment import UnknownDimension
from metrics.warehouse.reduce import Warehouse
from tests.metrics.shop_orders import Order, any_rules, fill, many_orders, order, plain, store_of

DIMENSIONS = ("all", "channel", "region", "product", "entry", "purchase_count")
ENGINES = ("duckdb", "sqlite", "postgres", "mariadb")


def url_of(engine: str, request: pytest.FixtureRequest) -> str:
    if engine in ("postgres", "mariadb"):
        return str(request.getfixturevalue(engine))
    return {"duckdb": "duckdb:///:memory:", "sqlite": "sqlite://"}[engine]


def a_year_of_orders(seed: int, size: int = 1500) -> list[Order]:
    """Orders with every trap, the same in each run."""
    draw = random.Random(seed)
    statuses = ["completed"] * 12 + ["cancelled", "returned", "Shipped!", "pending"]
    return [
        order(
            f"o{i}",
            draw.choice([None, *(f"c{draw.randrange(400)}" for _ in range(30)), "C7", "c7 "]),
            draw.randrange(400),
            draw.choice([draw.randrange(1440), 5, 1435]),
            amount=draw.choice([1000, 2500, 0, -100, 980]),
            status=draw.choice(statuses).lower(),
            subscription_id=draw.choice([None] * 9 + [f"s{draw.randrange(40)}"]),
            cycle_no=draw.choice([None] * 9 + [1, 2]),
            first_flag=draw.choice([None] * 9 + [False]),
            channel=draw.choice([None, "web", "Web", "Google広告", "店舗"]),
            product=draw.choice(["x", "y", None]),
        )
        for i in range(size)
    ]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "rules",
    [Rules(), Rules(same_day="separate", zero_amounts=True), Rules(merge_minutes=0, subscription_first="same")],
    ids=["default", "separate", "same"],
)
def test_every_engine_counts_what_the_embedded_store_counts(
    engine: str, rules: Rules, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    orders = a_year_of_orders(seed=7)
    store = store_of(tmp_path, orders, rules)
    database = create_engine(url_of(engine, request))
    with database.begin() as connection:
        warehouse = Warehouse(connection, fill(connection, orders, rules), rules)
        for dimension in DIMENSIONS:
            assert plain(warehouse.counts(dimension)) == plain(store.counts(dimension)), dimension
        chosen = {"channel": "Web", "entry": "one_off"}
        for dimension in DIMENSIONS:
            assert plain(warehouse.counts(dimension, chosen)) == plain(store.counts(dimension, chosen)), dimension
    database.dispose()


@settings(max_examples=20)
@given(many_orders(least=5), any_rules)
def test_kernel_and_sql_agree_on_any_orders(orders: list[Order], rules: Rules) -> None:
    database = create_engine("sqlite://")
    with TemporaryDirectory() as folder, database.begin() as connection:
        store = store_of(Path(folder), orders, rules)
        warehouse = Warehouse(connection, fill(connection, orders, rules), rules)
        for dimension in DIMENSIONS:
            assert plain(warehouse.counts(dimension)) == plain(store.counts(dimension)), dimension
    database.dispose()


def test_orders_around_midnight_are_one_purchase_within_the_hour(tmp_path: Path) -> None:
    orders = [
        order("1", "near", 0, 23 * 60 + 50), order("2", "near", 1, 30), order("3", "near", 1, 900),
        order("4", "far", 0, 23 * 60 + 50), order("5", "far", 1, 51),
    ]  # fmt: skip
    counts = store_of(tmp_path, orders).counts("all")
    first_day = Span.ending(orders[0].ordered_at.date(), 1)
    assert list(counts.firsts(first_day)) == [2]
    assert list(counts.seconds(first_day, 30)) == [1], "61 minutes later is another purchase, 40 minutes is not"
    assert counts.start == orders[0].ordered_at.date()


def test_the_first_label_wins_and_ties_go_to_the_smaller_order_id_as_text(tmp_path: Path) -> None:
    orders = [order("9", "a", 0, channel="late"), order("10", "a", 0, channel="early"), order("1", "a", 5, channel="x")]
    counts = store_of(tmp_path, orders).counts("channel")
    assert counts.labels == ("early", "late", "x")
    day = Span.ending(orders[0].ordered_at.date(), 1)
    assert list(counts.firsts(day)) == [1, 0, 0]


def test_a_returned_first_order_stays_and_a_returned_second_one_goes(tmp_path: Path) -> None:
    orders = [
        order("1", "first returned", 0, status="returned"), order("2", "first returned", 10),
        order("3", "second returned", 0), order("4", "second returned", 10, status="returned"),
    ]  # fmt: skip
    counts = store_of(tmp_path, orders).counts("all")
    day = Span.ending(orders[0].ordered_at.date(), 1)
    assert (list(counts.firsts(day)), list(counts.seconds(day, 30))) == ([2], [1])


def test_a_renewal_is_no_repeat_but_keeps_the_customer_active(tmp_path: Path) -> None:
    orders = [order(str(i), "a", 30 * i, subscription_id="s", cycle_no=i + 1) for i in range(4)]
    store = store_of(tmp_path, orders)
    day = Span.ending(orders[0].ordered_at.date(), 1)
    by_entry = store.counts("entry")
    at = by_entry.labels.index("subscription")
    assert by_entry.firsts(day)[at] == 1
    assert by_entry.seconds(day, 180)[at] == 0
    assert store.counts("all").firsts(day)[0] == 0, "their own cohort"
    assert store.counts("all").idle(orders[-1].ordered_at.date() + timedelta(days=59)).active[0] == 1


def test_a_subscription_older_than_the_data_is_no_first_purchase(tmp_path: Path) -> None:
    orders = [order("1", "a", 0, subscription_id="s", cycle_no=7), order("2", "a", 9), order("3", "b", 0, cycle_no=1)]
    store = store_of(tmp_path, orders, Rules(subscription_first="same"))
    assert store.counts("all").firsts(Span.ending(orders[0].ordered_at.date(), 1)).tolist() == [1]
    assert dict(store.quality(date(2030, 1, 1)).dropped)["first_not_trusted"] == 1


def test_an_unknown_dimension_is_named_with_the_known_ones(tmp_path: Path) -> None:
    store = store_of(tmp_path, [order("1", "a", 0)])
    with pytest.raises(UnknownDimension) as raised:
        store.counts("chanel")
    assert raised.value.values["name"] == "chanel"
    assert "channel" in raised.value.values["known"]
