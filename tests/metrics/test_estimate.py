"""How sure is a share of n customers?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from metrics.estimate import Estimate, difference, rate, score_interval, wilson


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_published_intervals(k: int, n: int, low: float, high: float) -> None:
    assert wilson(k, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_agrees_with_scipy(pair: tuple[int, int]) -> None:
    k, n = pair
    expected = binomtest(k, n).proportion_ci(method="wilson")
    assert wilson(k, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share_and_stays_between_0_and_1(pair: tuple[int, int]) -> None:
    k, n = pair
    low, high = wilson(k, n) or (1.0, 0.0)
    assert 0.0 <= low <= k / n <= high <= 1.0


def test_0_of_0_has_no_value() -> None:
    assert rate(0, 0) == Estimate(None, 0, None, 0)


def test_all_and_none_touch_the_ends() -> None:
    assert (wilson(20, 20) or (0, 0))[1] == 1.0
    assert (wilson(0, 20) or (1, 1))[0] == 0.0


def test_an_effective_number_need_not_be_whole() -> None:
    between = score_interval(0.2, 150.5) or (0, 0)
    below, above = score_interval(0.2, 150) or (0, 0), score_interval(0.2, 151) or (0, 0)
    assert below[0] < between[0] < above[0]


@pytest.mark.parametrize(
    ("one", "other", "interval"),
    [
        ((56, 70), (48, 80), (0.0524, 0.3339)),
        ((9, 10), (3, 10), (0.1705, 0.8090)),
        ((6, 7), (2, 7), (0.0582, 0.8062)),
        ((5, 56), (0, 29), (-0.0381, 0.1926)),
        ((0, 10), (0, 20), (-0.1611, 0.2775)),
        ((10, 10), (0, 20), (0.6791, 1.0)),
    ],
)
def test_the_interval_of_a_difference_is_that_of_newcombes_table(one, other, interval) -> None:
    """Newcombe (1998), table II, method 10; statsmodels' confint_proportions_2indep(method="newcomb") says the same."""
    assert difference(rate(*other), rate(*one)).interval == pytest.approx(interval, abs=5e-5)
