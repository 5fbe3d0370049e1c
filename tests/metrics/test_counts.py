"""Do counts answer what a loop over customers answers, and do parts add up?"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from metrics.cells import Cells, Idle
from metrics.counts import Counts
from metrics.day import Span, number, of_number

HORIZON = 180
START = number(date(2025, 1, 1))

customers = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 300), st.none() | st.integers(0, 250)), max_size=40
)
spans = st.tuples(st.integers(-10, 310), st.integers(0, 320)).map(
    lambda pair: Span(of_number(START + pair[0]), of_number(START + pair[0] + pair[1]))
)
Customer = tuple[str, int, int | None]


def cells_of(people: list[Customer], sign: int = 1) -> Cells:
    labels = tuple(sorted({label for label, _, _ in people}))
    cohort = [(labels.index(label), START + first, sign) for label, first, _ in people]
    gap = [(labels.index(label), START + first, g, sign) for label, first, g in people if g is not None]
    idle = [(labels.index(label), START + first, int(Idle.SEEN), sign) for label, first, _ in people]
    return Cells(labels, _rows(cohort, 3), _rows(gap, 4), _rows(idle, 4))


def _rows(rows: list[tuple[int, ...]], width: int) -> np.ndarray:
    return np.array(rows, np.int64).reshape(-1, width)


@given(customers, spans, st.integers(0, HORIZON))
def test_counts_agree_with_a_loop_over_customers(people: list[Customer], span: Span, within: int) -> None:
    counts = Counts("x", cells_of(people), HORIZON)
    inside = [p for p in people if of_number(START + p[1]) in span]
    for i, label in enumerate(counts.labels):
        mine = [p for p in inside if p[0] == label]
        assert counts.firsts(span)[i] == len(mine)
        assert counts.seconds(span, within)[i] == sum(1 for p in mine if p[2] is not None and p[2] <= within)
        expected = Counter(p[2] for p in mine if p[2] is not None and p[2] <= HORIZON)
        assert dict(enumerate(counts.gap_histogram(span)[i])) == {g: expected[g] for g in range(HORIZON + 1)}
        assert list(counts.firsts_by_day(span)[i]) == [
            sum(1 for p in mine if of_number(START + p[1]) == day) for day in span
        ]
        by_day = counts.gaps_by_day(span, within)[i]
        for j, day in enumerate(span):
            back = Counter(p[2] for p in mine if of_number(START + p[1]) == day)
            assert list(by_day[j]) == [back[g] for g in range(within + 1)]


@given(customers, customers, customers)
def test_adding_and_taking_away_equals_counting_anew(
    one: list[Customer], two: list[Customer], gone: list[Customer]
) -> None:
    counts = Counts("x", cells_of(one + gone), HORIZON)
    counts.seconds(Span(of_number(START), of_number(START + 100)), 30)
    folded = counts.plus(cells_of(two)).plus(cells_of(gone, -1))
    fresh = Counts("x", cells_of(one + two), HORIZON)
    span = Span(of_number(START), of_number(START + 400))
    for i, label in enumerate(folded.labels):
        if label in fresh.labels:
            j = fresh.labels.index(label)
            assert folded.seconds(span, 30)[i] == fresh.seconds(span, 30)[j]
            assert (folded.gap_histogram(span)[i] == fresh.gap_histogram(span)[j]).all()
        else:
            assert folded.firsts(span)[i] == 0
            assert folded.gap_histogram(span)[i].sum() == 0


@given(customers, st.randoms())
def test_the_order_of_cells_changes_nothing(people: list[Customer], random: object) -> None:
    shuffled = list(people)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    one, other = Counts("x", cells_of(people), HORIZON).cells(), Counts("x", cells_of(shuffled), HORIZON).cells()
    assert one.labels == other.labels
    for mine, theirs in ((one.cohort, other.cohort), (one.gap, other.gap), (one.idle, other.idle)):
        assert (mine == theirs).all()


def test_idle_state_follows_the_events() -> None:
    day = START
    rows = [(0, day, Idle.SEEN, 3), (0, day + 60, Idle.PRE_DORMANT, 2), (0, day + 90, Idle.DORMANT, 1),
            (0, day + 70, Idle.BACK_PRE_DORMANT, 1)]  # fmt: skip
    cells = Cells(("",), np.zeros((0, 3), np.int64), np.zeros((0, 4), np.int64), _rows(rows, 4))
    counts = Counts("all", cells, HORIZON)
    seen = [counts.idle(of_number(day + d)) for d in (-1, 0, 59, 60, 70, 89, 90, 5000)]
    assert [(int(s.active[0]), int(s.pre_dormant[0]), int(s.dormant[0])) for s in seen] == [
        (0, 0, 0), (3, 0, 0), (3, 0, 0), (1, 2, 0), (2, 1, 0), (2, 1, 0), (2, 0, 1), (2, 0, 1),
    ]  # fmt: skip
    assert counts.start == of_number(day)
    assert counts.moved(Span.ending(of_number(day + 60), 1))[Idle.PRE_DORMANT, 0] == 2


def test_counts_of_nothing_answer_with_nothing() -> None:
    empty = Counts("all", Cells((), *(np.zeros((0, w), np.int64) for w in (3, 4, 4))), HORIZON)
    span = Span.ending(date(2026, 1, 1), 28)
    assert empty.start is None
    assert empty.firsts(span).shape == (0,)
    assert empty.gaps_by_day(span, 30).shape == (0, 28, 31)
    assert timedelta(days=span.days) == span.end - span.start
