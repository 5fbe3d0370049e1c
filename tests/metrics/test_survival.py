"""Do curves on counts agree with the published ones and with scipy?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import CensoredData, ecdf

from metrics.estimate import wilson
from metrics.survival import (
    Curve,
    at_risk_of,
    back_between,
    kaplan_meier,
    one,
    quantile_days,
    restricted_mean,
    restricted_mean_days,
    share_back,
)  # fmt: skip

SIX_MP = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
"""Weeks in remission, 6-MP arm of Freireich et al. (1963); + is censored."""


def curve_of(times: str, longest: int = 40) -> Curve:
    events, censored = np.zeros(longest + 1, np.int64), np.zeros(longest + 1, np.int64)
    for time in times.split():
        (censored if time.endswith("+") else events)[int(time.rstrip("+"))] += 1
    return kaplan_meier(events, at_risk_of(events.sum() + censored.sum(), events, censored))


def test_the_curve_of_freireich_1963_is_reproduced() -> None:
    survival = curve_of(SIX_MP).survival
    published = {6: 0.8571, 7: 0.8067, 10: 0.7529, 13: 0.6902, 16: 0.6275, 22: 0.5378, 23: 0.4482}
    assert {week: round(float(survival[week]), 4) for week in published} == published


def test_greenwoods_error_of_freireich_1963_is_reproduced() -> None:
    curve = curve_of(SIX_MP)
    errors = curve.survival * np.sqrt(curve.spread)
    assert [round(float(errors[week]), 4) for week in (6, 10, 16, 23)] == [0.0764, 0.0963, 0.1141, 0.1346]


def test_the_median_of_freireich_1963_is_23_weeks() -> None:
    assert quantile_days(curve_of(SIX_MP), 0.5) == 23


def test_a_median_that_is_not_reached_is_no_number() -> None:
    assert np.isnan(quantile_days(curve_of("5 9+ 9+ 9+"), 0.5))


def test_the_curve_ends_where_nobody_is_watched() -> None:
    survival = curve_of("5 9+ 9+").survival
    assert survival[9] == pytest.approx(2 / 3)
    assert np.isnan(survival[10:]).all()


def test_the_curve_stays_at_zero_once_everyone_is_back() -> None:
    curve = curve_of("5 9 9")
    assert (curve.survival[9:] == 0).all()
    assert share_back(curve, 30, 3).value == 1.0


def test_a_share_met_exactly_counts_as_met() -> None:
    assert quantile_days(curve_of("3 " + "9+ " * 4), 0.2) == 3


def test_the_restricted_mean_is_the_sum_of_survival_below_the_horizon() -> None:
    assert restricted_mean_days(curve_of("2 4 9+ 9+"), 5) == pytest.approx(1 + 1 + 0.75 + 0.75 + 0.5)


def test_the_error_of_the_restricted_mean_is_that_of_the_mean_where_nobody_left() -> None:
    times = [2, 2, 3, 5, 7, 7, 9, 12]
    found = restricted_mean(curve_of(" ".join(map(str, times))), 30, len(times))
    low, high = found.interval or (0.0, 0.0)
    assert found.value == pytest.approx(np.mean(times))
    assert (high - low) / 2 / 1.959963984540054 == pytest.approx(np.std(times) / np.sqrt(len(times)))


people = st.lists(st.tuples(st.integers(0, 38), st.booleans()), min_size=1, max_size=40)


@given(people)
def test_kaplan_meier_agrees_with_scipy(people: list[tuple[int, bool]]) -> None:
    times, lost = np.array([t for t, _ in people]), np.array([c for _, c in people])
    found = curve_of(" ".join(f"{t}{'+' if c else ''}" for t, c in people)).survival
    expected = ecdf(CensoredData.right_censored(times, lost)).sf
    for time, value in zip(expected.quantiles, expected.probabilities, strict=True):
        assert found[int(time)] == pytest.approx(value, abs=1e-12)


@given(st.lists(st.integers(0, 38), min_size=1, max_size=60), st.integers(0, 38))
def test_where_nobody_left_sight_the_curve_is_the_plain_share_with_wilsons_interval(gaps: list[int], age: int) -> None:
    found = share_back(curve_of(" ".join(map(str, gaps))), age, len(gaps))
    k = sum(gap <= age for gap in gaps)
    assert found.value == pytest.approx(k / len(gaps), abs=1e-12)
    if k > 0:
        assert found.interval == pytest.approx(wilson(k, len(gaps)), abs=1e-9)


@given(people, st.integers(0, 20), st.integers(1, 18))
def test_an_interval_holds_its_share(people: list[tuple[int, bool]], idle: int, more: int) -> None:
    curve = curve_of(" ".join(f"{t}{'+' if c else ''}" for t, c in people))
    found = back_between(curve, idle, idle + more, len(people))
    if found.value is not None:
        low, high = found.interval or (1.0, 0.0)
        assert 0 <= low <= found.value + 1e-12
        assert found.value - 1e-12 <= high <= 1


def test_the_chance_of_the_idle_is_read_from_those_idle_as_long() -> None:
    curve = curve_of("3 3 3 3 8 8 " + "20+ " * 4)
    assert back_between(curve, 5, 10, 6).value == pytest.approx(2 / 6)


def test_labels_are_curves_of_their_own() -> None:
    events = np.array([[0, 1, 0], [0, 0, 2]])
    both = kaplan_meier(events, np.array([[2, 2, 1], [4, 4, 4]]))
    for label in (0, 1):
        alone = kaplan_meier(events[label], both.at_risk[label])
        assert (one(both, label).survival == alone.survival).all()
