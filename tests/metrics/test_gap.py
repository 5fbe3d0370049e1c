"""Is the time to the second purchase read as defined?"""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from metrics.burn_in import BurnIn
from metrics.day import Span
from metrics.exposure import HorizonTooShort
from metrics.gap import bounded_gap, gap, gap_by_label, observed_gap
from tests.metrics.counting import DAY, TRUSTED, counts_of

LATER = DAY + timedelta(days=300)


def test_the_median_is_the_day_half_are_back() -> None:
    found = gap(counts_of([("", DAY, 10, 2), ("", DAY, 40, 3), ("", DAY, None, 5)]), LATER, TRUSTED)
    assert found.median_days.value == 40
    assert found.days_to_20.value == 10
    assert found.n == 10


def test_a_median_that_is_not_reached_has_no_value() -> None:
    found = gap(counts_of([("", DAY, 10, 4), ("", DAY, None, 6)]), LATER, TRUSTED)
    assert found.median_days.value is None
    assert found.median_days.n == 10


def test_those_who_have_not_had_the_time_are_not_held_against_the_share() -> None:
    old, new = DAY, LATER - timedelta(days=20)
    found = gap(counts_of([("", old, 30, 1), ("", old, None, 1), ("", new, None, 8)]), LATER, TRUSTED)
    thirty = found.returned[0]
    assert (thirty.days, thirty.at_risk) == (30, 2)
    assert thirty.share.value == pytest.approx(0.5)


def test_a_return_after_as_of_is_not_known() -> None:
    counts = counts_of([("", DAY, 50, 5), ("", DAY, None, 5)])
    assert gap(counts, DAY + timedelta(days=49), TRUSTED).days_to_20.value is None
    assert gap(counts, DAY + timedelta(days=50), TRUSTED).days_to_20.value == 50


def test_shares_are_told_at_30_60_and_90_days() -> None:
    found = gap(counts_of([("", DAY, 30, 1), ("", DAY, 60, 1), ("", DAY, 90, 1), ("", DAY, None, 1)]), LATER, TRUSTED)
    assert [(r.days, r.share.value, r.at_risk) for r in found.returned] == [(30, 0.25, 4), (60, 0.5, 3), (90, 0.75, 2)]
    assert found.rmst90_days.value == pytest.approx(30 + 0.75 * 30 + 0.5 * 30)


def test_the_curve_ends_where_nobody_is_watched() -> None:
    found = gap(counts_of([("", DAY, None, 4)]), DAY + timedelta(days=25), TRUSTED)
    assert found.curve == (0.0,) * 26
    assert found.rmst90_days.value is None


def test_the_bounded_gap_asks_only_those_first_seen_180_days_ago() -> None:
    edge = LATER - timedelta(days=180)
    counts = counts_of([
        ("", DAY, 10, 1), ("", edge, 180, 1), ("", edge, 181, 1), ("", edge + timedelta(days=1), 3, 5),
    ], horizon_days=200)  # fmt: skip
    found = gap(counts, LATER, TRUSTED)
    assert found.bounded_cohort == Span(DAY, edge + timedelta(days=1))
    assert (found.bounded_mean_days.value, found.bounded_mean_days.n) == (95, 2)


@pytest.mark.parametrize(("gaps", "median"), [([3], 3), ([3, 8], 5.5), ([3, 8, 9], 8), ([3, 3, 9, 9], 6), ([], None)])
def test_the_median_of_an_even_number_lies_between_the_middle_two(gaps: list[int], median: float | None) -> None:
    counts = counts_of([("", DAY, None, 1), *[("", DAY, days, 1) for days in gaps]])
    assert bounded_gap(counts, LATER, DAY)[0].median_days.value == median
    assert (
        observed_gap(counts_of([("", DAY, None, 1), *[("", DAY, days, 1) for days in gaps]], 400), LATER)[
            0
        ].median_days.value
        == median
    )


def test_the_cohort_is_the_last_365_days_without_the_burn_in() -> None:
    counts = counts_of([("", DAY + timedelta(days=day), None, 1) for day in range(800)])
    as_of = DAY + timedelta(days=799)
    assert gap(counts, as_of, TRUSTED).cohort == Span.ending(as_of, 365)
    early = DAY + timedelta(days=500)
    assert gap(counts, early, BurnIn(DAY, 365)).cohort == Span(DAY + timedelta(days=250), early + timedelta(days=1))


def test_a_period_that_was_asked_for_is_the_cohort() -> None:
    counts = counts_of([("", DAY, 5, 1), ("", DAY + timedelta(days=40), 9, 1)])
    asked = Span(DAY + timedelta(days=30), DAY + timedelta(days=60))
    found = gap(counts, LATER, TRUSTED, asked)
    assert (found.cohort, found.n, found.median_days.value) == (asked, 1, 9)


def test_labels_asked_for_are_answered_in_that_order() -> None:
    counts = counts_of([("a", DAY, 5, 1), ("b", DAY, 6, 1), ("c", DAY, 7, 1)])
    found = gap_by_label(counts, LATER, TRUSTED, rows=(2, 0))
    assert [row.median_days.value for row in found] == [7, 5]
    assert gap_by_label(counts, LATER, TRUSTED, rows=()) == ()


def test_the_unbounded_gap_needs_counts_as_long_as_the_history() -> None:
    counts = counts_of([("", DAY, 200, 1)])
    with pytest.raises(HorizonTooShort):
        observed_gap(counts, date(2026, 12, 31))


def test_a_morning_before_the_first_purchase_has_nothing() -> None:
    found = gap(counts_of([("", DAY, 5, 1)]), DAY - timedelta(days=9), TRUSTED)
    assert (found.n, found.median_days.value, found.bounded_mean_days.value) == (0, None, None)
