"""Does the 30-day first-repeat rate use the right customers?"""

from __future__ import annotations

from datetime import timedelta

import pytest

from metrics.burn_in import BurnIn, trusted_from
from metrics.day import Span
from metrics.estimate import Estimate
from metrics.exposure import HorizonTooShort
from metrics.repeat import (
    ENOUGH,
    WIDTHS,
    adaptive_cohort,
    adaptive_rates,
    daily_rates,
    first_repeat_rate,
    provisional,
    repeat,
    repeat_by_label,
)  # fmt: skip
from tests.metrics.counting import DAY, TRUSTED, counts_of, daily


def test_the_cohort_of_a_busy_shop_is_28_days_that_ended_30_days_ago() -> None:
    as_of = DAY + timedelta(days=300)
    (cohort,) = adaptive_cohort(counts_of(daily(10, 2)), as_of, TRUSTED)
    assert cohort == Span(as_of - timedelta(days=57), as_of - timedelta(days=29))
    assert cohort.days == 28


@pytest.mark.parametrize(("per_day", "days"), [(8, 28), (7, 35), (6, 35), (5, 42), (3, 70), (2, 105), (1, 180)])
def test_a_quieter_shop_looks_further_back_by_whole_weeks(per_day: int, days: int) -> None:
    (cohort,) = adaptive_cohort(counts_of(daily(per_day, 1)), DAY + timedelta(days=300), TRUSTED)
    assert cohort.days == days


def test_the_widest_window_is_180_days() -> None:
    assert WIDTHS[:3] == (28, 35, 42)
    assert WIDTHS[-2:] == (175, 180)


def test_each_label_has_its_own_window() -> None:
    counts = counts_of([*daily(10, 2, label="busy"), *daily(2, 1, label="quiet")])
    assert [cohort.days for cohort in adaptive_cohort(counts, DAY + timedelta(days=300), TRUSTED)] == [28, 105]


def test_the_rate_is_k_of_n_with_wilsons_interval() -> None:
    found = adaptive_rates(counts_of(daily(10, 2)), (DAY + timedelta(days=300),), TRUSTED).point(0, 0).rate
    assert (found.value, found.k, found.n) == (0.2, 56, 280)
    assert found.interval == pytest.approx((0.157, 0.251), abs=1e-3)


def test_a_shop_of_two_weeks_has_no_rate_yet() -> None:
    found = repeat(counts_of(daily(10, 2, days=14)), DAY + timedelta(days=13), TRUSTED)
    assert found.now.rate == Estimate(None, 0, None, 0)
    assert found.provisional.value is None


def test_first_purchases_in_the_burn_in_are_left_out() -> None:
    counts, as_of = counts_of(daily(1, 1)), DAY + timedelta(days=300)
    assert adaptive_cohort(counts, as_of, BurnIn(DAY, 50))[0].start == as_of - timedelta(days=209)
    assert adaptive_cohort(counts, as_of, BurnIn(DAY, 365))[0].start == DAY + timedelta(days=150)


def test_at_most_half_of_the_history_is_burnt_in() -> None:
    assert trusted_from(DAY, DAY + timedelta(days=99)) == DAY + timedelta(days=50)
    assert trusted_from(DAY, DAY + timedelta(days=2000)) == DAY + timedelta(days=365)
    assert BurnIn(DAY).shortened(DAY + timedelta(days=728))
    assert not BurnIn(DAY).shortened(DAY + timedelta(days=729))
    assert trusted_from(None, DAY) == DAY


def test_last_week_is_what_last_weeks_morning_said() -> None:
    counts, as_of = counts_of([*daily(3, 1), *daily(4, 2, days=200)]), DAY + timedelta(days=300)
    burn_in = BurnIn(DAY)
    this, last = repeat(counts, as_of, burn_in), repeat(counts, as_of - timedelta(days=7), burn_in)
    assert this.last_week == last.now
    assert this.trend[:-1] == last.trend[1:]


def test_the_trend_is_13_weeks_and_ends_now() -> None:
    found = repeat(counts_of(daily(10, 2)), DAY + timedelta(days=300), TRUSTED)
    assert len(found.trend) == 13
    assert found.trend[-1] == found.now
    assert found.trend[-2] == found.last_week
    assert found.trend[0].as_of == DAY + timedelta(days=300 - 84)


def test_the_window_before_touches_the_window_now() -> None:
    found = repeat(counts_of([*daily(10, 2, days=240), *daily(10, 3, days=240)]), DAY + timedelta(days=250), TRUSTED)
    assert found.before.cohort.end == found.now.cohort.start
    assert found.before.cohort.days == found.now.cohort.days
    assert (found.before.rate.k, found.before.rate.n) == (140, 560)


def test_the_provisional_rate_moves_28_days_after_a_change() -> None:
    changed_on = DAY + timedelta(days=200)
    calm = [row for row in daily(40, 8, gap=1) if row[1] < changed_on]
    brisk = [row for row in daily(40, 16, gap=1) if row[1] >= changed_on]
    counts, as_of = counts_of([*calm, *brisk]), changed_on + timedelta(days=28)
    assert repeat(counts, as_of, TRUSTED).now.rate.value == pytest.approx(0.2)
    assert repeat(counts, as_of, TRUSTED).provisional.value == pytest.approx(0.4)


def test_without_change_the_provisional_rate_is_the_confirmed_one() -> None:
    found = repeat(counts_of(daily(10, 2, gap=25)), DAY + timedelta(days=300), TRUSTED)
    assert found.provisional.value == pytest.approx(0.2)
    assert found.provisional.interval is not None


def test_the_provisional_rate_needs_20_at_risk_on_every_day() -> None:
    as_of = DAY + timedelta(days=300)
    sparse = [("", DAY + timedelta(days=i), None, 1) for i in range(0, 300, 2)]
    assert provisional(counts_of(sparse), as_of, TRUSTED)[0] == Estimate(None, 13)
    assert provisional(counts_of(daily(1, 0)), as_of, TRUSTED)[0].value == 0.0


def test_a_period_that_was_asked_for_counts_as_far_as_it_has_matured() -> None:
    counts, as_of = counts_of(daily(10, 2)), DAY + timedelta(days=100)
    asked = Span(DAY + timedelta(days=60), DAY + timedelta(days=95))
    found = repeat(counts, as_of, TRUSTED, period=asked)
    assert found.now.cohort == Span(asked.start, DAY + timedelta(days=71))
    assert (found.now.rate.k, found.now.rate.n) == (22, 110)
    assert found.last_week.rate.n == 40
    assert found.before.cohort.end == asked.start


def test_a_period_in_the_future_has_nobody() -> None:
    later = Span(DAY + timedelta(days=390), DAY + timedelta(days=399))
    found = repeat(counts_of(daily(10, 2)), DAY + timedelta(days=100), TRUSTED, period=later)
    assert found.now.rate == Estimate(None, 0, None, 0)


def test_by_label_is_each_label_alone() -> None:
    as_of = DAY + timedelta(days=300)
    web, tv = daily(10, 2, label="web"), daily(3, 1, gap=20, label="tv")
    both = counts_of([*web, *tv])
    for label, alone in (("web", web), ("tv", tv)):
        found = repeat_by_label(both, as_of, TRUSTED)[both.labels.index(label)]
        assert found == repeat(counts_of(alone), as_of, TRUSTED)


def test_the_rate_of_a_cohort_is_asked_by_name() -> None:
    counts = counts_of([("tv", DAY, 31, 3), ("web", DAY, 30, 1), ("web", DAY, None, 3)])
    tv, web = first_repeat_rate(counts, Span(DAY, DAY + timedelta(days=1)))
    assert (tv.k, tv.n, web.k, web.n) == (0, 3, 1, 4)


def test_daily_rates_end_at_as_of() -> None:
    rates = daily_rates(counts_of(daily(10, 2)), DAY + timedelta(days=300), TRUSTED, 5)
    assert rates.as_ofs == tuple(DAY + timedelta(days=day) for day in range(296, 301))
    assert (rates.n == 280).all()
    assert rates.n.min() >= ENOUGH


def test_counts_that_forget_gaps_too_early_are_refused() -> None:
    with pytest.raises(HorizonTooShort, match="horizon_too_short"):
        repeat(counts_of(daily(1, 1), horizon_days=20), DAY, TRUSTED)
