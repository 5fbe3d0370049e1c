"""Is every customer in exactly one of the ten cells?"""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.cpm import CELLS, Cell, Cuts, Group, Kind, cell, customers_by_cell

AS_OF = date(2026, 11, 21)

groups = st.builds(
    lambda tenure, idle, count, amount, n: Group(
        AS_OF - timedelta(days=idle + tenure), AS_OF - timedelta(days=idle), count, amount, n
    ),
    st.integers(0, 900), st.integers(0, 900), st.integers(1, 30), st.integers(0, 200_000), st.integers(1, 9),
)  # fmt: skip


@pytest.mark.parametrize(
    ("purchases", "tenure", "amount", "kind"),
    [
        (1, 0, 90_000, Kind.FIRST),
        (2, 0, 90_000, Kind.TODDLER),
        (9, 89, 90_000, Kind.TODDLER),
        (2, 90, 69_999, Kind.STEADY),
        (9, 900, 69_999, Kind.STEADY),
        (2, 90, 70_000, Kind.TRENDY),
        (9, 209, 70_000, Kind.TRENDY),
        (9, 210, 70_000, Kind.EXCELLENT),
    ],
)
def test_purchases_tenure_and_money_decide_the_kind(purchases: int, tenure: int, amount: int, kind: Kind) -> None:
    customer = Group(AS_OF - timedelta(days=tenure), AS_OF, purchases, amount)
    assert cell(customer, AS_OF) == Cell(kind, lapsed=False)


@pytest.mark.parametrize(("idle", "lapsed"), [(0, False), (239, False), (240, True), (900, True)])
def test_a_customer_lapses_after_240_idle_days(idle: int, *, lapsed: bool) -> None:
    last_on = AS_OF - timedelta(days=idle)
    assert cell(Group(last_on, last_on, 1, 500), AS_OF) == Cell(Kind.FIRST, lapsed)


def test_the_cuts_are_settings() -> None:
    customer = Group(AS_OF - timedelta(days=300), AS_OF, 5, 25_000)
    assert cell(customer, AS_OF).kind is Kind.STEADY
    assert cell(customer, AS_OF, Cuts(amount=25_000)).kind is Kind.EXCELLENT


@given(st.lists(groups))
def test_the_ten_cells_hold_everyone_once(customers: list[Group]) -> None:
    found = customers_by_cell(customers, AS_OF)
    assert tuple(found) == CELLS
    assert len(CELLS) == 10
    assert sum(found.values()) == sum(group.customers for group in customers)


@given(st.lists(groups), st.lists(groups))
def test_parts_add_up_to_the_whole(one: list[Group], other: list[Group]) -> None:
    whole = customers_by_cell(one + other, AS_OF)
    parts = customers_by_cell(one, AS_OF), customers_by_cell(other, AS_OF)
    assert whole == {each: parts[0][each] + parts[1][each] for each in CELLS}
