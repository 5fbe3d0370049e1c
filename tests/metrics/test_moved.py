"""Do the parts of a change add up to it, and does nobody show who must stay unsaid?"""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.cells import Cells
from metrics.change import OTHER, rounded
from metrics.counts import Counts
from metrics.day import Span, number
from metrics.estimate import difference, rate
from metrics.moved import Moved, moved

FIRST = date(2026, 6, 1)
BEFORE, AFTER = Span(FIRST, FIRST + timedelta(days=1)), Span(FIRST + timedelta(days=1), FIRST + timedelta(days=2))
TENTH = Fraction(1, 1000)


def counts(dimension: str, groups: dict[str, tuple[tuple[int, int], tuple[int, int]]]) -> Counts:
    """For each label: k of n first-time buyers on the first day, and on the second."""
    import numpy as np  # noqa: PLC0415

    labels = tuple(sorted(groups))
    cohort, gap = [], []
    for i, label in enumerate(labels):
        for day, (k, n) in zip((BEFORE.start, AFTER.start), groups[label], strict=True):
            cohort.append((i, number(day), n))
            gap.append((i, number(day), 10, k))
    idle = np.array([(i, number(FIRST), 0, 1) for i in range(len(labels))], np.int64).reshape(-1, 4)
    return Counts(dimension, Cells(labels, np.array(cohort, np.int64), np.array(gap, np.int64), idle), 180)


def change(groups: dict[str, tuple[tuple[int, int], tuple[int, int]]], limit: int = 20) -> Moved:
    sums = [tuple(sum(side[i][j] for side in groups.values()) for j in (0, 1)) for i in (0, 1)]
    everyone, parts = counts("all", {"": (sums[0], sums[1])}), counts("channel", groups)
    return moved((everyone, parts, BEFORE), (everyone, parts, AFTER), limit)


def test_a_change_is_split_into_mix_and_rate() -> None:
    """Half of them come by A, then three of four; A's rate is 40 %, B's 10 % and stays so."""
    found = change({"A": ((40, 100), (60, 150)), "B": ((10, 100), (5, 50))})
    assert (found.before.value, found.after.value) == (0.25, 0.325)
    assert (found.mix, found.rate) == (Fraction(3, 40), 0)
    assert [(row.label, row.mix + row.rate) for row in found.rows] == [
        ("B", Fraction(-1, 40)),
        ("A", Fraction(1, 10)),
    ], "what took most away comes first"


SIDE = st.integers(0, 30).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
GROUPS = st.dictionaries(st.sampled_from("ABCDEFGH"), st.tuples(SIDE, SIDE), min_size=1)


@given(GROUPS, st.integers(1, 8))
def test_the_parts_add_up_and_no_label_under_five_is_told(groups, limit) -> None:
    found = change(groups, limit)
    if not found.rows:
        return
    assert sum((row.mix + row.rate for row in found.rows), Fraction(0)) == found.mix + found.rate
    whole = [Fraction(one.k or 0, one.n) for one in (found.before, found.after)]
    assert found.mix + found.rate == whole[1] - whole[0]
    told = [row for row in found.rows if row.label != OTHER]
    assert len(told) <= limit
    assert all(min(row.before.n, row.after.n) >= 5 for row in told)


@given(GROUPS)
def test_what_is_unsaid_does_not_follow_from_the_whole(groups) -> None:
    found = change(groups)
    told = {row.label for row in found.rows} - {OTHER}
    for side in (0, 1):
        unsaid = [ends[side][1] for label, ends in groups.items() if label not in told and ends[side][1]]
        small = [n for n in unsaid if n < 5]
        assert not (told and small) or (len(unsaid) > 1 and sum(unsaid) >= 5)


def test_labels_that_do_not_make_up_the_whole_are_not_split() -> None:
    everyone = counts("all", {"": ((10, 100), (20, 100))})
    parts = counts("entry", {"one_off": ((10, 100), (20, 100)), "subscription": ((5, 10), (5, 10))})
    found = moved((everyone, parts, BEFORE), (everyone, parts, AFTER))
    assert (found.rows, found.before.value, found.after.value) == ((), 0.1, 0.2)


@given(st.lists(st.fractions(-1, 1, max_denominator=9999), min_size=1, max_size=12), st.integers(-3, 3))
def test_rounded_parts_add_up_to_what_is_shown(parts, off) -> None:
    total = round(sum(parts) / TENTH) + off
    shown = rounded(parts, total, TENTH)
    assert sum(shown) == total
    if off == 0:
        assert all(abs(one - part / TENTH) <= 1 for one, part in zip(shown, parts, strict=True))


@pytest.mark.parametrize(
    ("after", "before", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((5, 56), (0, 29), -0.0381, 0.1926),
    ],
)
def test_the_interval_of_a_difference_is_newcombes(after, before, low, high) -> None:
    """Newcombe 1998, table II, method 10."""
    found = difference(rate(*before), rate(*after))
    assert found.interval == pytest.approx((low, high), abs=5e-5)


def test_of_nobody_there_is_no_difference() -> None:
    assert difference(rate(0, 0), rate(3, 10)).value is None
