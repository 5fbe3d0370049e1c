"""Is the continuation of subscriptions counted from due deliveries only, contract by contract?"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from metrics.day import Span, number, of_number
from metrics.rules import Rules
from metrics.segment import OTHER
from metrics.sources import files
from metrics.sources.beside.reading import stage_file
from metrics.sources.people import People
from metrics.subscription import NEVER, Contracts, continuation
from metrics.warehouse import beside
from metrics.warehouse.answers import UnknownLabel
from metrics.warehouse.further import Further, NoContracts
from metrics.warehouse.store import Store

NOW = datetime(2026, 11, 21, tzinfo=UTC)
AS_OF = date(2026, 11, 20)
TODAY = number(AS_OF)


def contracts(*days: tuple[int, ...], ended: dict[int, int] | None = None, split: int = 0) -> Contracts:
    """Each contract by the ages in days of its deliveries, the first one first."""
    flat = [(at, place, TODAY - age) for at, ages in enumerate(days) for place, age in enumerate(ages, start=1)]
    contract, place, day = (np.array([row[column] for row in flat], np.int64) for column in range(3))
    over = np.array([TODAY - (ended or {}).get(at, -NEVER) for at in range(len(days))], np.int64)
    started = np.array([TODAY - ages[0] for ages in days], np.int64)
    label = (np.arange(len(days)) >= split).astype(np.int64)
    return Contracts(started, np.minimum(over, NEVER), contract, place, day, 0, label, ("LINE", "Meta"))


def test_a_contract_is_counted_when_its_next_delivery_was_due_fourteen_days_ago() -> None:
    """Thirty went on after 30 days; 44 days after the first delivery the others are over, 43 days after not yet."""
    gone_on, ended = [(100, 70)] * 30, [(100,)] * 10
    found = continuation(contracts(*gone_on, *ended, *[(44,)] * 5, *[(43,)] * 7), AS_OF)
    assert [(step.delivery, step.went_on.k, step.went_on.n, step.waiting) for step in found.steps] == [
        (1, 30, 45, 7), (2, 0, 30, 0),
    ]  # fmt: skip
    assert found.steps[0].reached == pytest.approx(30 / 45)
    assert found.steps[1].reached == 0


def test_a_cancellation_is_counted_no_earlier_than_those_who_go_on() -> None:
    base = [(100, 70)] * 30 + [(100,)] * 10
    cancelled = dict.fromkeys(range(40, 60), 5)
    found = continuation(contracts(*base, *[(20,)] * 20, ended=cancelled), AS_OF)
    assert (found.steps[0].went_on.k, found.steps[0].went_on.n, found.steps[0].waiting) == (30, 40, 20)
    assert (found.running, found.begun, found.ended) == (40, 20, 20)


def test_a_contract_is_due_by_its_own_last_interval() -> None:
    """Every 60 days: its third delivery, 70 days after the second, is not overdue; every 30 days it is."""
    quick, slow = [(130, 100, 70)] * 30, [(190, 130, 70)] * 30
    found = continuation(contracts(*quick, *slow), AS_OF)
    third = found.steps[2]
    assert (third.went_on.k, third.went_on.n, third.waiting) == (0, 30, 30)


def test_nothing_is_said_from_a_delivery_with_few_contracts_on() -> None:
    found = continuation(contracts(*[(100, 70)] * 29), AS_OF)
    assert found.steps == ()


def test_a_period_takes_the_deliveries_in_it_and_days_after_as_of_are_unseen() -> None:
    known = contracts(*[(100, 70)] * 30, *[(100,)] * 10)
    june = Span(of_number(TODAY - 101), of_number(TODAY - 90))
    assert [step.delivery for step in continuation(known, AS_OF, june).steps] == [1]
    earlier = AS_OF - timedelta(days=71)
    assert continuation(known, earlier).steps == ()  # nothing had come again, so nothing was due yet


def test_by_label_each_has_its_own_rate_and_the_parts_add_up() -> None:
    """Forty of LINE, thirty of which went on; thirty of Meta, of which all did."""
    known = contracts(*[(100, 70)] * 30, *[(100,)] * 10, *[(100, 70)] * 30, ended={39: 80}, split=40)
    found = continuation(known, AS_OF, dimension="channel")
    assert [(row.label, row.counted, row.running, row.steps[0].went_on.k) for row in found.rows] == [
        ("LINE", 40, 39, 30), ("Meta", 30, 30, 30),
    ]  # fmt: skip
    assert sum(row.counted for row in found.rows) == found.counted == 70
    assert continuation(known, AS_OF).rows == ()


def test_small_groups_go_together_so_that_none_follows_from_the_others() -> None:
    found = continuation(contracts(*[(100, 70)] * 44, split=4), AS_OF, dimension="channel")
    assert [(row.label, row.counted) for row in found.rows] == [(OTHER, 44)]


ORDERS = """
1,A,2026-08-01 10:00,100,,T1,,LINE
2,A,2026-09-01 10:00,100,,T1,,LINE
3,A,2026-10-01 10:00,100,returned,T1,,LINE
4,A,2026-11-01 10:00,100,,T1,,LINE
5,B,2026-08-01 10:00,100,cancelled,T2,1,Meta
6,B,2026-09-01 10:00,100,,T2,2,Meta
7,B,2026-12-01 10:00,100,,T2,3,Meta
8,C,2026-09-01 10:00,100,,T9,1,LINE
9,C,2026-09-02 10:00,100,,,,LINE
"""
TABLE = "T1,A,2026-08-01,2026-11-10\nT2,B,2026-08-01,\nT3,C,2026-12-01,\n"


def shop(folder: Path, table: str) -> Further:
    store = Store(folder / "store.duckdb", Rules())
    head = "order_id,customer_id,ordered_at,amount,status,subscription_id,cycle_no,channel"
    (folder / "orders.csv").write_text(f"{head}\n{ORDERS}")
    (folder / "contracts.csv").write_text(f"subscription_id,customer_id,started_at,ended_at\n{table}")
    with store.writing() as connection:
        files.stage(connection, folder / "orders.csv", store.rules)
        store.take(connection, NOW)
        if table:
            assert stage_file(connection, folder / "contracts.csv", store.rules, lambda _: People())
            beside.take(connection, "subscriptions", "file")
    return Further(store)


def test_deliveries_are_those_that_were_kept_by_their_number_or_their_place_in_time(tmp_path: Path) -> None:
    found = shop(tmp_path, TABLE).contracts(AS_OF, "all", {})
    rows = [tuple(row) for row in zip(found.contract, found.number, map(of_number, found.day), strict=True)]
    assert rows == [
        (0, 1, date(2026, 8, 1)), (0, 2, date(2026, 9, 1)), (0, 3, date(2026, 11, 1)),
        (1, 2, date(2026, 9, 1)),  # the first was cancelled, the third is yet to come
    ]  # fmt: skip
    assert found.started.tolist() == [number(date(2026, 8, 1))] * 2
    assert found.ended.tolist() == [number(date(2026, 11, 10)), NEVER]
    assert found.unlisted == 1


def test_contracts_are_labelled_by_their_customers_first_purchase_and_filtered_by_it(tmp_path: Path) -> None:
    further = shop(tmp_path, TABLE)
    found = further.contracts(AS_OF, "channel", {})
    assert [found.labels[at] if at >= 0 else "nobody" for at in found.label] == ["LINE", "Meta"]
    meta = further.contracts(AS_OF, "all", {"channel": "Meta"})
    assert (meta.contract.tolist(), [of_number(day) for day in meta.day]) == ([0], [date(2026, 9, 1)])
    assert (meta.started.tolist(), meta.unlisted) == ([number(date(2026, 8, 1))], 0)
    with pytest.raises(UnknownLabel):
        further.contracts(AS_OF, "all", {"channel": "TV"})


def test_without_the_table_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(NoContracts):
        shop(tmp_path, "").contracts(AS_OF, "all", {})
