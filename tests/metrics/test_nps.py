"""Is the NPS right: its interval, one answer per customer, who bought afterwards?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.day import Span
from metrics.nps import Scores, nps, score
from metrics.rules import Rules
from metrics.segment import OTHER
from metrics.sources import files
from metrics.sources.beside.reading import stage_file
from metrics.sources.people import People
from metrics.warehouse import beside
from metrics.warehouse.answers import NotAFilter, UnknownLabel
from metrics.warehouse.further import Further, NoAnswers
from metrics.warehouse.store import Store

NOW = datetime(2026, 11, 21, tzinfo=UTC)
AS_OF = date(2026, 11, 20)


def test_the_score_and_its_interval_are_those_of_bonett_and_price() -> None:
    """By hand: 41/102 - 31/102 = .0980, and 1.96 times the root of (72/102 - .0980^2)/102 = .1619."""
    found = score(Scores(40, 30, 30))
    assert found.value == pytest.approx(0.1)
    assert found.interval == pytest.approx((-0.06390, 0.25997), abs=1e-4)
    assert score(Scores(30, 0, 0)).interval == pytest.approx((0.8169, 1.0), abs=1e-4)
    assert score(Scores(10, 10, 9)).value is None


@given(st.integers(0, 400), st.integers(0, 400), st.integers(0, 400))
def test_the_score_lies_between_minus_100_and_100_and_swaps_its_sign_with_the_sides(
    up: int, mid: int, down: int
) -> None:
    one, other = score(Scores(up, mid, down)), score(Scores(down, mid, up))
    if one.value is None:
        assert up + mid + down < 30
        return
    assert one.value == pytest.approx(-(other.value or 0))
    assert one.interval is not None
    assert -1 <= one.interval[0] < one.interval[1] <= 1


def shop(folder: Path, orders: str, answers: str, rules: Rules | None = None) -> Further:
    """A store of orders (id, customer, day, channel and more) and answers (customer, score, day)."""
    store = Store(folder / "store.duckdb", rules or Rules())
    (folder / "orders.csv").write_text(f"order_id,customer_id,ordered_at,amount,channel,status,cycle_no\n{orders}")
    (folder / "nps.csv").write_text(f"customer_id,score,answered_at\n{answers}")
    with store.writing() as connection:
        files.stage(connection, folder / "orders.csv", store.rules)
        store.take(connection, NOW)
    with store.writing() as connection:
        assert stage_file(connection, folder / "nps.csv", store.rules, lambda _: People(), accept_bad=True)
        beside.take(connection, "nps", "file")
    return Further(store)


ORDERS = """
1,A,2026-09-01,100,Meta,,
2,A,2026-09-01,100,Meta,,
3,A,2026-10-01,100,LINE,,
4,A,2026-10-31,100,LINE,,
5,B,2026-09-10,100,LINE,,
6,B,2026-10-11,100,LINE,,
7,C,2026-09-10,100,LINE,,1
8,C,2026-10-05,100,LINE,,2
9,D,2026-09-10,100,LINE,cancelled,
"""
ANSWERS = """
A,3,2026-09-20 10:00
A,9,2026-10-01 23:00
B,10,2026-09-10 12:00
C,6,2026-09-10 12:00
D,7,2026-09-11 12:00
Z,0,2026-09-11 12:00
"""


def test_an_answer_knows_how_often_its_customer_had_bought_and_when_they_came_back(tmp_path: Path) -> None:
    found = shop(tmp_path, ORDERS, ANSWERS).answers(AS_OF, "channel", {})
    labels = [found.labels[at] if at >= 0 else "nobody" for at in found.label]
    rows = sorted(zip(found.score, found.bought, found.back, labels, strict=True))
    assert rows == [
        (0, 0, 0, "nobody"),  # no order at all
        (3, 1, 11, "Meta"),  # two orders of one day are one purchase; the label is that of the first
        (6, 1, 0, "LINE"),  # a renewal is no return
        (7, 0, 0, "nobody"),  # only a cancelled order
        (9, 2, 30, "Meta"),  # the day of the answer itself is no return, day 30 is
        (10, 1, 31, "LINE"),
    ]


def test_the_last_answer_of_each_customer_in_the_span_counts(tmp_path: Path) -> None:
    further = shop(tmp_path, ORDERS, ANSWERS)
    answers = further.answers(AS_OF, "purchase_count", {})
    assert nps(answers, AS_OF).scores == Scores(2, 1, 2)
    september = Span(date(2026, 9, 1), date(2026, 10, 1))
    found = nps(answers, AS_OF, september)
    assert (found.scores, found.strangers) == (Scores(1, 1, 3), 2)
    assert found.after.span.last == date(2026, 10, 21)
    assert (found.after.promoters.k, found.after.promoters.n) == (1, 2)
    assert (found.after.others.k, found.after.others.n) == (0, 1)


def test_nothing_after_as_of_changes_it(tmp_path: Path) -> None:
    day = date(2026, 9, 30)
    (tmp_path / "short").mkdir()
    short = shop(
        tmp_path / "short", "".join(line + "\n" for line in ORDERS.splitlines() if "2026-1" not in line and line),
        "".join(line + "\n" for line in ANSWERS.splitlines() if "2026-1" not in line and line),
    )  # fmt: skip
    whole = shop(tmp_path, ORDERS, ANSWERS)
    assert nps(whole.answers(day, "all", {}), day) == nps(short.answers(day, "all", {}), day)


def test_filters_choose_customers_by_their_labels(tmp_path: Path) -> None:
    further = shop(tmp_path, ORDERS, ANSWERS)
    assert sorted(further.answers(AS_OF, "all", {"channel": "LINE"}).score) == [6, 10]
    assert sorted(further.answers(AS_OF, "all", {"channel": "LINE", "entry": "one_off"}).score) == [10]
    assert further.answers(AS_OF, "cohort_month", {}).labels == ("2026-09",)
    with pytest.raises(UnknownLabel):
        further.answers(AS_OF, "all", {"channel": "TV"})
    with pytest.raises(NotAFilter):
        further.answers(AS_OF, "all", {"purchase_count": "1"})


def test_without_the_table_it_says_so(tmp_path: Path) -> None:
    further = shop(tmp_path, ORDERS, ANSWERS)
    with further.store.writing() as connection:
        connection.execute("DELETE FROM beside_nps")
    with pytest.raises(NoAnswers):
        further.answers(AS_OF, "all", {})


def test_small_groups_go_together_so_that_none_follows_from_the_others(tmp_path: Path) -> None:
    orders = "".join(
        f"{n},{n},2026-09-01,100,{'Meta' if n < 40 else 'LINE' if n < 60 else 'TV'},,\n" for n in range(1, 63)
    )
    answers = "".join(f"{n},{n % 11},2026-10-01\n" for n in range(1, 63))
    found = nps(shop(tmp_path, orders, answers).answers(AS_OF, "channel", {}), AS_OF, dimension="channel")
    assert [(label, scores.n) for label, scores, _ in found.rows] == [("Meta", 39), (OTHER, 23)]


def test_the_window_widens_until_enough_have_answered_and_the_trend_keeps_its_length(tmp_path: Path) -> None:
    days = [AS_OF - timedelta(days=n % 170) for n in range(300)]
    further = shop(
        tmp_path, "1,A,2026-09-01,100,Meta,,\n", "".join(f"{n + 10},9,{day}\n" for n, day in enumerate(days))
    )
    found = nps(further.answers(AS_OF, "all", {}), AS_OF)
    assert (found.span.days, found.scores.n, found.strangers) == (180, 300, 300)
    assert [last for last, _ in found.trend][-2:] == [date(2026, 10, 21), AS_OF]
    assert replace(found, trend=()).rows == ()
