"""Does the revenue curve count one-time buyers and only those watched long enough?"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.day import Span
from metrics.exposure import observed_by_age
from metrics.value import lifetime_value, revenue_curve
from tests.metrics.counting import DAY, counts_of


def test_each_age_is_divided_by_those_watched_through_it() -> None:
    curve = revenue_curve(np.array([1000, 0, 300]), np.array([10, 10, 5]))
    assert curve.tolist() == [100.0, 100.0, 160.0]


def test_an_age_nobody_has_reached_has_no_value() -> None:
    revenue, watched = np.array([1000, 0, 0]), np.array([10, 10, 0])
    assert np.isnan(revenue_curve(revenue, watched)[2])
    assert lifetime_value(revenue, watched, 1).value == 100.0
    assert lifetime_value(revenue, watched, 2).value is None
    assert lifetime_value(revenue, watched, 9).value is None


purchases = st.lists(
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 5000)), min_size=1, max_size=4), min_size=1, max_size=12
)


@given(purchases, st.integers(0, 90), st.integers(0, 60))
def test_the_curve_is_what_a_loop_over_customers_says(
    customers: list[list[tuple[int, int]]], last: int, horizon: int
) -> None:
    as_of = DAY + timedelta(days=last)
    firsts = [min(day for day, _ in own) for own in customers]
    counts = counts_of([("", DAY + timedelta(days=first), None, 1) for first in firsts])
    watched = observed_by_age(counts, Span(DAY, DAY + timedelta(days=100)), as_of, 60)[0]
    revenue = np.zeros(61, np.int64)
    expected: float | None = 0.0
    by_age: dict[int, int] = defaultdict(int)
    for own, first in zip(customers, firsts, strict=True):
        for day, amount in own:
            if day <= last and day - first <= 60:
                revenue[day - first] += amount
                by_age[day - first] += amount
    for age in range(horizon + 1):
        old_enough = sum(1 for first in firsts if first + age <= last)
        expected = None if expected is None or not old_enough else expected + by_age[age] / old_enough
    found = lifetime_value(revenue, watched, horizon)
    assert found.value == (None if expected is None else pytest.approx(expected))
    assert found.n == sum(1 for first in firsts if first + horizon <= last)
