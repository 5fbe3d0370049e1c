"""Is each step counted of those who have been watched long enough, and from the right day on?"""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from metrics.day import Span, number, of_number
from metrics.estimate import wilson
from metrics.product_ladder import NEVER, Climbers, Ladder, ladder
from metrics.rules import Rules
from metrics.segment import DEFAULT_COLUMNS, PRODUCT_ROLE, NoRoles
from metrics.sources import files
from metrics.sources.beside.reading import stage_file
from metrics.sources.people import People
from metrics.warehouse import beside, roles
from metrics.warehouse.further import Further
from metrics.warehouse.store import Store

NOW = datetime(2026, 11, 21, tzinfo=UTC)
AS_OF = date(2026, 11, 20)
TODAY = number(AS_OF)
LONG_AGO = date(2000, 1, 1)
RULES = Rules(columns=(*DEFAULT_COLUMNS, PRODUCT_ROLE))


def climbers(*ages: tuple[int | None, ...]) -> Climbers:
    """Each customer by the ages in days of front, middle, back, and back after the middle; None: never."""
    rows = [[NEVER if age is None else TODAY - age for age in (*each, *[None] * (4 - len(each)))] for each in ages]
    return Climbers(*np.array(rows, np.int64).reshape(-1, 4).T)


def told(found: Ladder) -> list[tuple[int | None, int, int | None]]:
    return [(step.taken.k, step.taken.n, step.days) for step in found.steps]


def test_a_step_on_the_last_day_counts_and_the_day_after_does_not() -> None:
    known = climbers(*[(200, 110)] * 30, *[(200, 109)] * 10, *[(200, None, 150)] * 5)
    found = ladder(known, AS_OF, LONG_AGO, horizon=90)
    assert told(found)[:2] == [(30, 45, 90), (5, 45, None)]
    assert found.steps[0].taken.value == pytest.approx(30 / 45)
    assert found.steps[0].taken.interval == wilson(30, 45)


def test_only_those_watched_for_the_whole_time_are_counted() -> None:
    known = climbers(*[(90,)] * 30, *[(89, 10)] * 30, *[(90 + 364,)] * 3, *[(90 + 365,)] * 4)
    assert told(ladder(known, AS_OF, LONG_AGO, horizon=90))[0] == (0, 33, None)


def test_from_the_middle_on_it_is_counted_from_the_day_of_the_middle_product() -> None:
    known = climbers(*[(500, 200, None, 111)] * 30, *[(300, 200, 250, 105)] * 10)
    assert told(ladder(known, AS_OF, LONG_AGO, horizon=90))[2] == (30, 40, 89)


def test_under_thirty_no_share_is_told() -> None:
    found = ladder(climbers(*[(200, 190)] * 29), AS_OF, LONG_AGO, horizon=90)
    assert (found.steps[0].taken.value, found.steps[0].taken.interval, found.began) == (None, None, 29)


def test_a_period_and_the_first_trusted_day_bound_the_cohort() -> None:
    known = climbers(*[(200,)] * 30, *[(210,)] * 30, *[(220,)] * 30)
    period = Span(of_number(TODAY - 210), of_number(TODAY - 100))
    assert ladder(known, AS_OF, LONG_AGO, period, 90).began == 60
    assert ladder(known, AS_OF, of_number(TODAY - 205), None, 90).began == 30
    early = Span(of_number(TODAY - 400), of_number(TODAY - 300))
    assert ladder(known, AS_OF, of_number(TODAY - 205), early, 90).cohort.days == 0


ORDERS = """
1,A,2026-01-01 10:00,
2,A,2026-01-10 10:00,
3,A,2026-02-01 10:00,
4,A,2026-03-01 10:00,
5,B,2026-01-02 23:50,
6,B,2026-01-03 00:20,
7,B,2026-02-05 10:00,cancelled
8,B,2026-02-06 10:00,
9,C,2026-01-01 10:00,
10,C,2026-02-01 10:00,
11,D,2026-01-05 10:00,
12,D,2026-12-01 10:00,
13,E,2026-12-01 10:00,
14,,2026-01-05 10:00,
16,G,2026-01-06 10:00,
"""
ITEMS = "1,F\n1,M\n2,F\n3,M\n3,F\n4,B\n5,F\n6,M\n7,M\n8,B\n9,M\n10,B\n11,F\n12,M\n13,F\n14,F\n16,F\n"
PRODUCTS = "F,front\nM,middle\nB,back\n"


def shop(folder: Path, orders: str = ORDERS, items: str = ITEMS, products: str = PRODUCTS) -> Further:
    store = Store(folder / "store.duckdb", RULES)
    priced = "".join(f"{row},{'false' if row.startswith('16,') else ''},100\n" for row in orders.strip().splitlines())
    (folder / "orders.csv").write_text(f"order_id,customer_id,ordered_at,status,first_flag,amount\n{priced}")
    with store.writing() as connection:
        files.stage(connection, folder / "orders.csv", store.rules)
        store.take(connection, NOW)
    for name, head, text in (
        ("order_items", "order_id,product_code", items), ("products", "product_code,role", products),
    ):  # fmt: skip
        (folder / f"{name}.csv").write_text(f"{head}\n{text}")
        with store.writing() as connection:
            if text:
                assert stage_file(connection, folder / f"{name}.csv", store.rules, lambda _: People())
                beside.take(connection, name, "file")
            if roles.stage(connection, store.rules):
                store.take(connection, NOW, repeats=False)
    return Further(store)


def rows(found: Climbers) -> list[tuple[str, ...]]:
    def day(at: int) -> str:
        return "never" if at == NEVER else of_number(at).isoformat()

    columns = (found.front, found.middle, found.back, found.middle_back)
    return sorted(tuple(map(day, each)) for each in zip(*(column.tolist() for column in columns), strict=True))


RIGHT = [
    ("2026-01-01", "2026-02-01", "2026-03-01", "2026-03-01"),  # A; the middle product of the first basket is no step
    ("2026-01-02", "never", "2026-02-06", "never"),  # B; past midnight is the same purchase, cancelled is none
    ("2026-01-05", "never", "never", "never"),  # D; the step comes after as_of
]
"""C began at the middle, E after as_of, whose order 14 was nobody knows, and the shop says that G had bought before."""


def test_the_days_of_each_customer_are_those_of_their_purchases(tmp_path: Path) -> None:
    further = shop(tmp_path)
    assert rows(further.climbers(AS_OF)) == RIGHT
    assert ("2026-01-05", "2026-12-01", "never", "never") in rows(further.climbers(date(2026, 12, 2)))


def test_the_order_of_rows_and_what_comes_after_change_nothing(tmp_path: Path) -> None:
    chance = random.Random(3)
    for at in range(3):
        mixed = [text.strip().splitlines() for text in (ORDERS, ITEMS, PRODUCTS)]
        for lines in mixed:
            chance.shuffle(lines)
        mixed[0].append("15,A,2026-11-21 10:00,")
        mixed[1].append("15,B")
        (tmp_path / str(at)).mkdir()
        found = shop(tmp_path / str(at), *("\n".join(lines) + "\n" for lines in mixed))
        assert rows(found.climbers(AS_OF)) == RIGHT


@pytest.mark.parametrize("missing", ["items", "products"])
def test_without_lines_or_roles_it_says_so(tmp_path: Path, missing: str) -> None:
    with pytest.raises(NoRoles):
        shop(tmp_path, **{missing: ""}).climbers(AS_OF)


def test_a_year_of_starts_ends_before_the_horizon() -> None:
    found = ladder(climbers((200,)), AS_OF, LONG_AGO)
    assert (found.horizon, found.cohort) == (180, Span.ending(AS_OF - timedelta(days=180), 365))
