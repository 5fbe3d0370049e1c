"""Does a rule see the figure that the reader sees, of its segment, and tell a fall from chance?"""

from __future__ import annotations

from datetime import date, timedelta
from math import log

import numpy as np
import pytest

from metrics.alert import News, Rule, Side, Watching
from metrics.backtest import WARM_UP_DAYS, backtest
from metrics.burn_in import BurnIn
from metrics.catalog import figure
from metrics.change import evidence, evidence_limit
from metrics.day import Span
from metrics.watch import WATCHED, NotWatched, Shop, able_dimensions, sight, sights
from tests.bot.shelf import FakeShelf, steady_shop
from tests.simulation_alerts import CHANGE, DEFAULT, NAIVE, START, WARM_UP, Reader, delays, false_per_year, shops

AS_OF = date(2026, 11, 20)
SHELF = FakeShelf(steady_shop())
SHOP = Shop(BurnIn(date(2024, 11, 21)), lambda day: min(day, AS_OF))


@pytest.mark.parametrize("name", [name for name in WATCHED if name != "return_chance"])
def test_a_rule_sees_what_the_catalogue_says(name: str) -> None:
    for dimension in ("all", "channel"):
        counts = SHELF.counts(dimension)
        by_label = figure(name).by_label
        assert by_label is not None
        said = by_label(counts, AS_OF, SHOP.burn_in)
        seen = sight(SHELF, Rule("x", name, dimension=dimension), AS_OF, SHOP).seen
        assert [one.estimate for one in seen if one.estimate.n >= 5] == [one for one in said if one.n >= 5]


def test_many_mornings_at_once_are_the_same_as_one_by_one() -> None:
    days = [AS_OF - timedelta(days=back) for back in range(20, -1, -1)]
    for rule in (Rule("x"), Rule("x", "gap_median", dimension="channel"), CHANGE):
        assert list(sights(SHELF, rule, days, SHOP)) == [sight(SHELF, rule, day, SHOP) for day in days]


def test_one_label_of_a_dimension() -> None:
    [seen] = sight(SHELF, Rule("x", dimension="channel", label="LINE"), AS_OF, SHOP).seen
    assert seen.label == "LINE"
    assert sight(SHELF, Rule("x", dimension="channel", label="nobody"), AS_OF, SHOP).seen == ()


def test_old_orders_cannot_be_judged_and_a_rule_of_freshness_counts_their_days() -> None:
    old = Shop(SHOP.burn_in, lambda _: AS_OF - timedelta(days=3))
    assert sight(SHELF, Rule("x"), AS_OF, old).stale_since == AS_OF - timedelta(days=3)
    fresh = Rule("x", watching=Watching.FRESHNESS, side=Side.ABOVE, threshold=2, minimum=0, stale_days=0)
    [seen] = sight(SHELF, fresh, AS_OF, old).seen
    assert seen.estimate.value == 3


def test_fewer_than_five_customers_are_never_shown() -> None:
    few = FakeShelf(steady_shop()[-12:])
    seen = sight(few, Rule("x", "customers", dimension="channel", minimum=0), AS_OF, SHOP).seen
    assert {one.estimate.value for one in seen} == {None}


def test_what_cannot_be_watched_is_named() -> None:
    assert "channel" in able_dimensions("x", "threshold", "repeat", ("channel", "cohort_month"))
    assert "cohort_month" not in able_dimensions("x", "threshold", "repeat", ("channel", "cohort_month"))
    assert able_dimensions("x", "threshold", "return_chance", ("channel", "purchase_count")) == ("purchase_count",)
    with pytest.raises(NotWatched):
        able_dimensions("x", "threshold", "lifetime_value", ())
    with pytest.raises(NotWatched):
        able_dimensions("x", "change", "gap_median", ())


# --- a fall against the usual rate ----------------------------------------------------------


def test_evidence_is_a_log_likelihood_ratio_of_three_quarters_of_the_usual_rate() -> None:
    assert evidence(1, 1, 0.2) == pytest.approx(log(0.15 / 0.2))
    assert evidence(0, 1, 0.2) == pytest.approx(log(0.85 / 0.8))
    assert evidence(3, 10, 0.2) == pytest.approx(3 * evidence(1, 1, 0.2) + 7 * evidence(0, 1, 0.2))
    assert evidence(3, 10, 0.0) == 0.0


@pytest.mark.parametrize(("size", "limit"), [(0.5, 3.8), (1, 3.8), (3, 4.7), (10, 5.7), (50, 6.6), (900, 6.6)])
def test_the_limit_grows_with_the_shop(size: float, limit: float) -> None:
    assert evidence_limit(size) == pytest.approx(limit)


def test_between_the_known_sizes_the_limit_grows_steadily() -> None:
    limits = [evidence_limit(size) for size in np.geomspace(1, 50, 30)]
    assert limits == sorted(limits)


# --- back-tests and rare false alarms -------------------------------------------------------


def test_a_back_test_finds_a_planted_fall_with_its_dates_and_values() -> None:
    rates = [0.25] * WARM_UP + [0.10] * 120 + [0.30] * 150
    of = shops(np.random.Generator(np.random.PCG64(5)), 20, rates, 1)
    first = START + timedelta(days=WARM_UP)
    days = [first - timedelta(days=WARM_UP_DAYS) + timedelta(days=i) for i in range(WARM_UP_DAYS + 270)]
    seen = sights(Reader(of.counts), Rule("x", dimension="shop"), days, Shop(BurnIn(START, 0), lambda _: None))
    found = backtest(Rule("x"), Span(first, days[-1] + timedelta(days=1)), seen)
    [firing] = found.firings
    assert timedelta(days=30) < firing.began_on - first < timedelta(days=70)
    assert firing.ended_on is not None
    assert timedelta(days=150) < firing.ended_on - first < timedelta(days=200)
    assert firing.worst.estimate.value < 0.13 < firing.first.estimate.value
    assert [news for _, news in found.said if news is not News.STILL] == [News.FIRED, News.RECOVERED]
    assert found.mornings == 270


def test_the_default_rule_is_rarely_wrong_and_the_bare_comparison_often() -> None:
    wrong = {size: false_per_year(size, DEFAULT, many=12, years=1, seed=11) for size in (1, 3, 10, 50)}
    assert all(each <= 0.25 for each in wrong.values()), wrong
    assert false_per_year(3, NAIVE, many=10, years=1, seed=11) > 5


def test_a_real_fall_is_told_soon() -> None:
    told = delays(10, DEFAULT, many=15, seed=3, follow=150)
    assert len(told) == 15
    assert np.median(told) < 75
