"""Are idle customers, their movement and their chance of return read as defined?"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from metrics.burn_in import BurnIn
from metrics.day import Span
from metrics.dormancy import (
    IdleCounts,
    Movement,
    about_to_go_dormant,
    dormancy,
    idle_by_label,
    movement_by_label,
    ranked,
    return_chance,
)  # fmt: skip
from metrics.estimate import Estimate
from metrics.exposure import HorizonTooShort
from metrics.rules import Rules
from tests.metrics import counting, slow
from tests.metrics.counting import DAY, TRUSTED, counts_of

ENOUGH = 40


def bought(*days: int, customer: str = "a") -> list[slow.Order]:
    """One customer's orders on these days."""
    return [
        slow.Order(f"{customer}{day}", customer, datetime.combine(DAY + timedelta(days=day), time(12))) for day in days
    ]


def after(days: int) -> date:
    return DAY + timedelta(days=days)


@pytest.mark.parametrize(
    ("day", "idle"),
    [
        (0, IdleCounts(1, 0, 0)),
        (59, IdleCounts(1, 0, 0)),
        (60, IdleCounts(0, 1, 0)),
        (89, IdleCounts(0, 1, 0)),
        (90, IdleCounts(0, 0, 1)),
        (100, IdleCounts(1, 0, 0)),
    ],
)
def test_idle_days_are_counted_from_the_last_purchase(day: int, idle: IdleCounts) -> None:
    counts = counting.plain(bought(0, 100), Rules()).counts("all")
    assert idle_by_label(counts, after(day)) == (idle,)


@pytest.mark.parametrize(
    ("day", "moved"),
    [
        (60, Movement(1, 0, 0, 0)),
        (90, Movement(0, 1, 0, 0)),
        (100, Movement(0, 0, 0, 1)),
        (160, Movement(1, 0, 0, 0)),
        (175, Movement(0, 0, 1, 0)),
        (61, Movement(0, 0, 0, 0)),
    ],
)
def test_movement_is_told_on_the_day_it_happens(day: int, moved: Movement) -> None:
    counts = counting.plain(bought(0, 100, 175), Rules()).counts("all")
    assert movement_by_label(counts, Span.ending(after(day), 1)) == (moved,)


def test_a_purchase_on_the_60th_day_keeps_a_customer_active() -> None:
    counts = counting.plain(bought(0, 60), Rules()).counts("all")
    assert movement_by_label(counts, Span(DAY, after(70))) == (Movement(0, 0, 0, 0),)


def test_the_chance_is_read_from_those_idle_as_long() -> None:
    quick, late, never = ("1", DAY, 20, 100), ("1", DAY, 130, 10), ("1", DAY, None, 30)
    chances = return_chance(counts_of([quick, late, never]), after(400), TRUSTED)
    assert chances["1", 60].value == pytest.approx(10 / 40)
    assert chances["1", 60].n == ENOUGH
    assert len(chances) == 5 * 30


@pytest.mark.parametrize(("gap", "share"), [(150, 0.25), (151, 0.0)])
def test_back_within_90_days_is_meant(gap: int, share: float) -> None:
    chances = return_chance(counts_of([("1", DAY, gap, 10), ("1", DAY, None, 30)]), after(400), TRUSTED)
    assert chances["1", 60].value == pytest.approx(share)
    assert chances["1", 61].value == pytest.approx(0.25)


def test_too_few_at_risk_have_no_chance_rather_than_none() -> None:
    chances = return_chance(counts_of([("1", DAY, None, 29), ("2", DAY, None, 30)]), after(400), TRUSTED)
    assert chances["1", 60] == Estimate(None, 29)
    assert chances["2", 60].value == 0.0
    assert chances["10+", 60] == Estimate(None, 0)


def test_a_history_too_short_to_see_the_90_days_has_no_chance() -> None:
    chances = return_chance(counts_of([("1", DAY, None, 50)]), after(140), TRUSTED)
    assert chances["1", 60] == Estimate(None, 50)


def test_counts_that_forget_gaps_too_early_are_refused() -> None:
    with pytest.raises(HorizonTooShort):
        return_chance(counts_of([("1", DAY, None, 50)], horizon_days=178), after(400), TRUSTED)


def test_the_morning_holds_today_the_week_and_last_week() -> None:
    orders = [order for i in range(7) for order in bought(i, customer=f"c{i}")]
    reader = counting.plain(orders, Rules())
    as_of = after(66)
    chances = return_chance(reader.counts("purchase_count"), as_of, BurnIn(DAY, 0))
    found = dormancy(reader.counts("all"), chances, as_of)
    assert found.now == IdleCounts(0, 7, 0)
    assert found.last_week == IdleCounts(7, 0, 0)
    assert (found.today.entering, found.week.entering) == (1, 7)
    assert [label for label, _ in found.return_chance] == ["1", "2", "3-4", "5-9", "10+"]


def test_the_list_is_ranked_by_chance_times_mean_purchase() -> None:
    chances = {("1", 70): Estimate(0.1, 50), ("2", 70): Estimate(0.3, 50)}
    rows = [
        about_to_go_dormant("unknown", 70, 7, 70_000, chances),
        about_to_go_dormant("often", 70, 2, 8_000, chances),
        about_to_go_dormant("once", 70, 1, 9_000, chances),
    ]
    assert [(who.customer_id, who.expected_value) for who in ranked(rows)] == [
        ("often", pytest.approx(1_200)),
        ("once", pytest.approx(900)),
        ("unknown", 0.0),
    ]
