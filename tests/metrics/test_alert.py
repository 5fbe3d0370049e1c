"""Is a rate judged against its target by what its customers can show?"""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from metrics.alert import Status, below_since, judge, missing, needed_to_judge
from metrics.estimate import rate

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("k", "n", "status"),
    [
        (40, 200, Status.REACHED),
        (39, 200, Status.WATCH),
        (28, 200, Status.MISSED),
        (29, 200, Status.WATCH),
        (0, 29, Status.TOO_FEW),
        (29, 29, Status.TOO_FEW),
        (0, 30, Status.MISSED),
        (0, 0, Status.TOO_FEW),
    ],
)
def test_the_interval_decides(k: int, n: int, status: Status) -> None:
    assert judge(rate(k, n), 0.2, None).status is status


def test_the_interval_at_its_edge() -> None:
    edge = [judge(rate(k, 400), 0.2, None).status for k in (64, 65, 66)]
    assert edge == [Status.MISSED, Status.WATCH, Status.WATCH]


@pytest.mark.parametrize(("k", "n", "more"), [(40, 200, 0), (39, 200, 1), (28, 200, 12), (46, 235, 1), (0, 1, 1)])
def test_it_says_how_many_repeat_buyers_were_missing(k: int, n: int, more: int) -> None:
    assert missing(rate(k, n), 0.2) == more
    assert (k + more) / n >= 0.2
    assert not more or (k + more - 1) / n < 0.2


def test_too_few_says_how_many_are_needed() -> None:
    found = judge(rate(3, 20), 0.2, TODAY)
    assert found.needs_n == needed_to_judge(0.2) == 246
    assert found.since is None
    assert (rate(round(0.15 * 246), 246).interval or (0, 1))[1] == pytest.approx(0.2, abs=2e-3)
    assert needed_to_judge(0.2, minimum=500) == 500
    assert needed_to_judge(0.0) == 30


def test_the_minimum_is_a_setting() -> None:
    assert judge(rate(0, 30), 0.2, None, minimum=50).status is Status.TOO_FEW


@pytest.mark.parametrize(
    ("week", "ago"),
    [
        ([50, 50, 50, 50], None),
        ([50, 30, 30, 30], 2),
        ([30, 50, 30, 30], 1),
        ([30, 30, 30, 50], None),
        ([30, 30, 30, 30], 3),
        ([30, 30, 30, 40], None),
    ],
)
def test_since_is_the_first_morning_of_the_run(week: list[int], ago: int | None) -> None:
    mornings = [TODAY - timedelta(days=back) for back in (3, 2, 1, 0)]
    expected = None if ago is None else TODAY - timedelta(days=ago)
    assert below_since(mornings, week, [200] * 4, 0.2) == expected


def test_a_morning_with_too_few_ends_the_run() -> None:
    mornings = [TODAY - timedelta(days=back) for back in (2, 1, 0)]
    assert below_since(mornings, [1, 1, 1], [100, 29, 100], 0.2) == TODAY
    assert below_since(mornings, [1, 1, 0], [100, 100, 0], 0.2, minimum=0) is None
    assert below_since([], [], [], 0.2) is None
