"""Is the morning whole, and does it keep small groups to itself?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.alert import Status
from metrics.burn_in import BurnIn
from metrics.cells import no_cells
from metrics.counts import Counts
from metrics.day import Span
from metrics.dormancy import IdleCounts, idle_by_label
from metrics.estimate import NOTHING, Estimate
from metrics.gap import gap, gap_by_label
from metrics.problem import Problem
from metrics.repeat import RatePoint, adaptive_rates, first_repeat_rate, repeat
from metrics.report import Asked, Basis, BeforeFirstPurchase, NoPurchases, Quality, TooFewToShow, build
from metrics.rules import Rules
from metrics.segment import UnknownDimension
from metrics.table import SegmentTable, month_table, segment_table
from tests.metrics import counting
from tests.metrics.counting import DAY, TRUSTED, counts_of, daily
from tests.metrics.test_laws import shop

AS_OF = DAY + timedelta(days=300)
CLEAN = Quality(0, 0, 0, (), 0, 0, 0, 0, burn_in_shortened=False, newest_at=None)


def basis(as_of: date, start: date | None, filters: tuple[tuple[str, str], ...] = ()) -> Basis:
    return Basis("shop", "Asia/Tokyo", "JPY", as_of, None, start, filters, (), CLEAN)


class Sample:
    """A shop whose counts a test may read, too."""

    def __init__(self) -> None:
        self.reader = counting.plain(shop(7), Rules())
        self.start = self.reader.counts("all").start or DAY
        self.as_of = self.start + timedelta(days=320)
        self.burn_in = BurnIn(self.start)


@pytest.fixture(scope="module")
def sample() -> Sample:
    return Sample()


def labels(table: SegmentTable) -> list[str]:
    return [row.label for row in table.rows]


def test_the_report_says_what_its_figures_say(sample: Sample) -> None:
    found = build(sample.reader, basis(sample.as_of, sample.start), sample.burn_in, ("channel", "cohort_month"))
    everyone = sample.reader.counts("all")
    assert found.repeat == repeat(everyone, sample.as_of, sample.burn_in)
    assert found.gap == gap(everyone, sample.as_of, sample.burn_in)
    assert found.dormancy.now == idle_by_label(everyone, sample.as_of)[0]
    assert found.judgement.estimate == found.repeat.now.rate
    assert [table.dimension for table in found.segments] == ["channel", "cohort_month"]


def test_a_row_says_what_the_figures_say_of_its_label(sample: Sample) -> None:
    counts = sample.reader.counts("channel")
    whole = repeat(sample.reader.counts("all"), sample.as_of, sample.burn_in)
    rates = first_repeat_rate(counts, whole.now.cohort)
    gaps = gap_by_label(counts, sample.as_of, sample.burn_in)
    rows = segment_table(counts, sample.as_of, sample.burn_in, Asked(minimum=1)).rows
    assert len(rows) > 1
    for row in rows:
        label = counts.labels.index(row.label)
        assert row.repeat == RatePoint(sample.as_of, whole.now.cohort, rates[label])
        assert row.last_week.cohort == whole.last_week.cohort
        assert row.gap_median_days == gaps[label].median_days
        assert row.gap_days_to_20 == gaps[label].days_to_20


def test_the_rows_add_up_to_the_whole() -> None:
    counts = counts_of([*daily(4, 1, label="a"), *daily(3, 1, label="b"), *daily(2, 0, label="c")])
    whole = repeat(counts_of([*daily(4, 1), *daily(3, 1), *daily(2, 0)]), AS_OF, TRUSTED)
    rows = segment_table(counts, AS_OF, TRUSTED).rows
    assert [sum(row.repeat.rate.n for row in rows), sum(row.repeat.rate.k or 0 for row in rows)] == [
        whole.now.rate.n, whole.now.rate.k,
    ]  # fmt: skip


def test_too_few_customers_have_no_rate_but_their_number() -> None:
    window = DAY + timedelta(days=250)
    counts = counts_of([*daily(10, 3, label="many"), *[("few", window + timedelta(days=i), 9, 1) for i in range(12)]])
    few = next(row for row in segment_table(counts, AS_OF, TRUSTED).rows if row.label == "few")
    assert few.repeat.rate == Estimate(None, 12, None, 12)


def test_rates_of_fewer_than_five_cannot_be_told_by_subtraction() -> None:
    window = DAY + timedelta(days=250)
    old = [("thin", DAY + timedelta(days=i), None, 1) for i in range(30)]
    new = [("thin", window + timedelta(days=i), None, 1) for i in range(3)]
    counts = counts_of([*daily(10, 3, label="many"), *daily(2, 1, label="some"), *old, *new])
    rows = {row.label: row.repeat.rate for row in segment_table(counts, AS_OF, TRUSTED).rows}
    assert rows["thin"] == NOTHING
    assert rows["some"] == NOTHING, "the whole minus the rest would give it away"
    assert rows["many"].n == 280


def test_filters_leave_other_customers_out(sample: Sample) -> None:
    found = build(sample.reader, basis(sample.as_of, sample.start, (("channel", "tv"),)), sample.burn_in)
    counts = sample.reader.counts("channel")
    rates = adaptive_rates(counts, (sample.as_of,), sample.burn_in)
    assert found.repeat.now == rates.point(counts.labels.index("tv"), 0)


def test_a_rate_below_the_target_says_since_when() -> None:
    good, bad = daily(10, 3, days=200), [row for row in daily(10, 1) if row[1] >= DAY + timedelta(days=200)]
    everyone = counts_of([*good, *bad])
    found = build(Only(everyone), basis(AS_OF, DAY), TRUSTED)
    assert found.judgement.status is Status.MISSED
    assert found.judgement.missing == 28
    since = found.judgement.since or DAY
    (before, after) = adaptive_rates(everyone, (since - timedelta(days=1), since), TRUSTED).k[0]
    assert before >= 56 > after


class Only:
    """A reader of one shop without segments."""

    def __init__(self, everyone: Counts) -> None:
        self.everyone = everyone

    def counts(self, dimension: str, filters: Mapping[str, str] | None = None) -> Counts:
        del filters
        return self.everyone if dimension == "all" else Counts(dimension, no_cells(), 180)


def test_an_empty_shop_says_so() -> None:
    with pytest.raises(NoPurchases):
        build(Only(Counts("all", no_cells(), 180)), basis(AS_OF, None), BurnIn(None))


def test_a_morning_before_the_first_purchase_is_refused() -> None:
    with pytest.raises(BeforeFirstPurchase) as raised:
        build(Only(counts_of(daily(1, 1))), basis(DAY - timedelta(days=1), DAY), TRUSTED)
    assert raised.value.values == {"as_of": DAY - timedelta(days=1), "start": DAY}


def test_the_first_day_of_a_shop_has_a_report() -> None:
    found = build(Only(counts_of(daily(1, 1))), basis(DAY, DAY), TRUSTED)
    assert found.judgement.status is Status.TOO_FEW
    assert found.dormancy.now == IdleCounts(1, 0, 0)


def test_an_unknown_dimension_is_refused(sample: Sample) -> None:
    with pytest.raises(UnknownDimension):
        build(sample.reader, basis(sample.as_of, sample.start), sample.burn_in, ("weather",))


@pytest.mark.parametrize(("customers", "refused"), [(0, True), (4, True), (5, False)])
def test_filters_that_leave_under_five_customers_are_refused(customers: int, *, refused: bool) -> None:
    everyone = counts_of([("", DAY, None, customers)]) if customers else Counts("all", no_cells(), 180)
    asked = basis(AS_OF, DAY, (("channel", "tv"),))
    if refused:
        with pytest.raises(TooFewToShow):
            build(Only(everyone), asked, TRUSTED)
    else:
        assert build(Only(everyone), asked, TRUSTED).dormancy.now.customers == 5


def test_the_segment_that_lost_most_repeat_buyers_comes_first() -> None:
    counts = counts_of([
        *daily(10, 1, label="big and weak"), *daily(10, 4, label="big and strong"),
        *daily(2, 0, label="small and weak"),
    ])  # fmt: skip
    assert labels(segment_table(counts, AS_OF, TRUSTED)) == ["big and weak", "small and weak", "big and strong"]


def test_labels_beyond_the_limit_are_counted_only() -> None:
    counts = counts_of([row for i in range(9) for row in daily(3, 1, label=f"p{i}")])
    table = segment_table(counts, AS_OF, TRUSTED, Asked(limit=4))
    assert (len(table.rows), table.folded) == (4, 5)


def test_purchase_counts_stay_in_their_order() -> None:
    rows = [("10+", DAY, 5, 9), ("1", DAY, 5, 9), ("3-4", DAY, 5, 9), ("2", DAY, 5, 9)]
    counts = Counts("purchase_count", counts_of(rows).cells(), 180)
    assert labels(segment_table(counts, AS_OF, TRUSTED)) == ["1", "2", "3-4", "10+"]


def first_buyers(**customers: int) -> Counts:
    return counts_of([(label, DAY, None, n) for label, n in customers.items()])


def test_a_label_under_five_customers_shows_nothing_but_its_name() -> None:
    table = segment_table(first_buyers(a=100, b=4, c=1), AS_OF, TRUSTED)
    assert labels(table) == ["a", "b", "c"]
    for row in table.rows[1:]:
        assert row.hidden
        assert (row.customers, row.idle, row.gap_median_days, row.repeat.rate) == (0, None, NOTHING, NOTHING)


def test_one_hidden_label_takes_the_smallest_shown_one_with_it() -> None:
    table = segment_table(first_buyers(a=100, b=50, c=4), AS_OF, TRUSTED)
    assert labels(table) == ["a", "c"]
    assert table.folded == 1


def test_a_hidden_label_alone_takes_its_only_neighbour_with_it() -> None:
    table = segment_table(first_buyers(a=100, b=4), AS_OF, TRUSTED)
    assert labels(table) == ["b"]
    assert table.folded == 1


def test_a_label_of_exactly_five_is_shown() -> None:
    assert not segment_table(first_buyers(a=5), AS_OF, TRUSTED).rows[0].hidden


def test_a_label_that_begins_after_as_of_is_not_there() -> None:
    counts = counts_of([("old", DAY, None, 9), ("new", AS_OF + timedelta(days=1), None, 9)])
    assert labels(segment_table(counts, AS_OF, TRUSTED)) == ["old"]


sizes = st.lists(st.integers(0, 12), max_size=8)


@settings(deadline=None)
@given(sizes, st.integers(0, 9))
def test_no_small_group_follows_from_the_whole_minus_what_is_shown(customers: list[int], limit: int) -> None:
    counts = first_buyers(**{f"l{i}": n for i, n in enumerate(customers) if n})
    table = segment_table(counts, AS_OF, TRUSTED, Asked(limit=limit))
    shown = {row.label: row.customers for row in table.rows if not row.hidden}
    rest = [n for i, n in enumerate(customers) if n and f"l{i}" not in shown]
    assert all(n >= 5 for n in shown.values())
    if any(n < 5 for n in rest) and shown:
        assert len(rest) >= 2
        assert sum(rest) >= 5
    assert len(table.rows) + table.folded == sum(1 for n in customers if n)
    assert len(table.rows) <= limit


def test_months_run_from_the_newest_back(sample: Sample) -> None:
    table = month_table(sample.reader.counts("all"), date(2024, 11, 16), BurnIn(sample.start, 40))
    assert labels(table) == [f"2024-{month:02}" for month in range(11, 1, -1)]
    january_left_out = table.rows[-1].repeat
    assert january_left_out.cohort == Span(date(2024, 2, 10), date(2024, 3, 1))


def test_a_month_counts_as_far_as_it_has_matured(sample: Sample) -> None:
    everyone = sample.reader.counts("all")
    newest, previous, *_ = month_table(everyone, date(2024, 11, 16), BurnIn(sample.start, 40)).rows
    assert newest.repeat.rate.n == 0
    assert previous.repeat.cohort == Span(date(2024, 10, 1), date(2024, 10, 18))
    assert previous.last_week.cohort == Span(date(2024, 10, 1), date(2024, 10, 11))
    assert previous.customers == int(everyone.firsts(Span(date(2024, 10, 1), date(2024, 11, 1)))[0])
    assert previous.idle is None


def test_at_most_13_months_or_those_of_the_period(sample: Sample) -> None:
    everyone = counts_of(daily(6, 1, days=900))
    as_of = DAY + timedelta(days=899)
    assert len(month_table(everyone, as_of, TRUSTED).rows) == 13
    asked = Asked(period=Span(date(2026, 12, 20), date(2027, 2, 2)))
    assert labels(month_table(everyone, as_of, TRUSTED, asked)) == ["2027-02", "2027-01", "2026-12"]


def test_every_problem_has_a_key_of_its_own() -> None:
    problems: list[type[Problem]] = [NoPurchases, BeforeFirstPurchase, TooFewToShow]
    assert len({problem.key for problem in problems}) == len(problems)
