"""Is a measure judged against its hold-out, customer by customer, and never praised without one?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.day import Span, number
from metrics.measure import NOT_SAID, Sends, Verdict, measured, needed
from metrics.rules import Rules
from metrics.segment import OTHER
from metrics.sources import files
from metrics.sources.beside.reading import stage_file
from metrics.sources.people import People
from metrics.warehouse import beside
from metrics.warehouse.answers import NotAFilter, UnknownLabel
from metrics.warehouse.further import Further, NoMeasures
from metrics.warehouse.store import Store

NOW = datetime(2026, 11, 21, tzinfo=UTC)
AS_OF = date(2026, 11, 20)
TODAY = number(AS_OF)


@dataclass(frozen=True, slots=True)
class Sent:
    """One customer who was addressed; `ago`: days before as_of."""

    who: int
    ago: int = 40
    held: bool = False
    back: int = 0
    name: str = "クーポン"
    cost: int = NOT_SAID
    bought: int = 1
    idle: int = 10
    label: str = "LINE"


def sends(rows: Sequence[Sent]) -> Sends:
    names, labels = sorted({row.name for row in rows}), sorted({row.label for row in rows})

    def column(read) -> np.ndarray:
        return np.array([read(row) for row in rows], np.int64)

    return Sends(
        column(lambda row: names.index(row.name)), column(lambda row: row.who), column(lambda row: TODAY - row.ago),
        column(lambda row: row.held).astype(bool), column(lambda row: row.cost), column(lambda row: row.bought),
        column(lambda row: row.idle), column(lambda row: row.back), column(lambda row: labels.index(row.label)),
        tuple(names), tuple(labels),
    )  # fmt: skip


def sides(got: tuple[int, int], held: tuple[int, int], start: int = 0, **more) -> list[Sent]:
    """k of n who got it bought, k of n who were held out."""
    rows = [Sent(start + who, back=15 * (who < got[0]), **more) for who in range(got[1])]
    return rows + [
        Sent(start + got[1] + who, held=True, back=15 * (who < held[0]), **{**more, "cost": NOT_SAID})
        for who in range(held[1])
    ]  # fmt: skip


def test_the_difference_is_that_of_the_two_shares_with_newcombes_interval() -> None:
    """Newcombe (1998), table II: 56 of 70 against 48 of 80 differ by .2 (.0524 to .3339)."""
    [found] = measured(sends(sides((56, 70), (48, 80))), AS_OF).waves
    assert (found.got.k, found.got.n, found.held.k, found.held.n) == (56, 70, 48, 80)
    assert found.difference.value == pytest.approx(0.2)
    assert found.difference.interval == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert (found.verdict, found.needs_n, found.span) == (Verdict.MORE, None, Span.ending(date(2026, 10, 11), 1))


@pytest.mark.parametrize(
    ("got", "held", "verdict"),
    [
        ((56, 70), (48, 80), Verdict.MORE),
        ((48, 80), (56, 70), Verdict.FEWER),
        ((20, 100), (15, 100), Verdict.OPEN),
        ((56, 70), (0, 29), Verdict.TOO_FEW),
        ((29, 29), (10, 80), Verdict.TOO_FEW),
        ((56, 70), (0, 0), Verdict.NO_HOLD_OUT),
    ],
)
def test_a_measure_is_only_praised_where_the_whole_interval_says_so(got, held, verdict) -> None:
    [found] = measured(sends(sides(got, held, cost=100)), AS_OF).waves
    assert found.verdict is verdict
    assert (found.per_extra.value is not None) == (verdict is Verdict.MORE)
    assert (found.needs_n is not None) == (verdict in {Verdict.OPEN, Verdict.TOO_FEW})


def test_one_more_purchase_costs_the_whole_divided_by_the_purchases_that_would_not_have_come() -> None:
    """70 x 100 yen for .2 x 70 = 14 more: 500 yen each, at most 7000 / (.0524 x 70)."""
    [found] = measured(sends(sides((56, 70), (48, 80), cost=100)), AS_OF).waves
    assert (found.cost, found.per_extra.value) == (7_000, pytest.approx(500))
    assert found.per_extra.interval == pytest.approx((100 / 0.33387, 100 / 0.052431), rel=1e-4)
    rows = sides((56, 70), (48, 80), cost=100)
    [unknown] = measured(sends([replace(rows[0], cost=NOT_SAID), *rows[1:]]), AS_OF).waves
    assert (unknown.cost, unknown.per_extra.value) == (None, None)


def test_five_points_need_as_many_as_the_book_says() -> None:
    """As samplesize_proportions_2indep_onetail of statsmodels 0.14 has it (two-sided, power .8)."""
    assert [needed(share) for share in (0.05, 0.12, 0.2, 0.5)] == [435, 778, 1094, 1565]
    [found] = measured(sends(sides((20, 100), (20, 100))), AS_OF).waves
    assert (found.verdict, found.needs_n) == (Verdict.OPEN, 1094)
    [enough] = measured(sends(sides((220, 1100), (220, 1100))), AS_OF).waves
    assert (enough.verdict, enough.needs_n) == (Verdict.OPEN, None)


@pytest.mark.parametrize(("back", "k"), [(0, 0), (1, 1), (30, 1), (31, 0)])
def test_day_1_and_day_30_count_and_day_31_does_not(back: int, k: int) -> None:
    [found] = measured(sends([Sent(1, back=back)]), AS_OF).waves
    assert (found.got.k, found.got.n) == (k, 1)


def test_a_customer_counts_when_30_days_are_over() -> None:
    [found] = measured(sends([Sent(1, ago=30), Sent(2, ago=29, back=3)]), AS_OF).waves
    assert (found.got.k, found.got.n, found.waiting) == (0, 1, 1)
    [young] = measured(sends([Sent(1, ago=29, back=3)]), AS_OF).waves
    assert (young.verdict, young.got.n) == (Verdict.WAITING, 0)


def test_sends_at_most_three_days_apart_are_one_wave_and_each_customer_counts_once_in_it() -> None:
    rows = [Sent(1, ago=60, back=31), Sent(1, ago=57, back=28), Sent(2, ago=54), Sent(2, ago=50, back=9)]
    later, earlier = measured(sends(rows), AS_OF).waves
    assert (earlier.got.k, earlier.got.n, earlier.span) == (0, 2, Span(date(2026, 9, 21), date(2026, 9, 28)))
    assert (later.got.k, later.got.n, later.span.days) == (1, 1, 1)
    two = measured(sends([Sent(1), Sent(1, name="DM")]), AS_OF).waves
    assert [wave.name for wave in two] == ["DM", "クーポン"]


def test_the_first_day_decides_on_which_side_a_customer_stands() -> None:
    rows = [Sent(1, ago=42, held=True), Sent(1, ago=40), Sent(2, ago=42, cost=5), Sent(2, ago=41, cost=7)]
    found = measured(sends([*rows, Sent(3), Sent(3, held=True)]), AS_OF)
    [wave] = found.waves
    assert (wave.got.n, wave.held.n, wave.cost, found.torn) == (1, 1, 12, 1)


def test_who_had_bought_nothing_yet_is_counted_beside() -> None:
    found = measured(sends([Sent(1), Sent(2, bought=0, back=2)]), AS_OF)
    assert (found.waves[0].got.k, found.waves[0].got.n, found.strangers) == (0, 1, 1)


def test_a_period_takes_the_sends_in_it_and_the_usual_one_is_a_year() -> None:
    rows = [Sent(1, ago=364), Sent(2, ago=365), Sent(3, ago=40)]
    assert [wave.got.n for wave in measured(sends(rows), AS_OF).waves] == [1, 1]
    october = Span(date(2026, 10, 1), date(2026, 11, 1))
    assert [wave.span.last for wave in measured(sends(rows), AS_OF, october).waves] == [date(2026, 10, 11)]
    assert measured(sends(rows), AS_OF, Span(date(2026, 1, 1), date(2026, 2, 1))).waves == ()
    [until_now] = measured(sends([Sent(3), Sent(4, ago=-2)]), AS_OF, Span(date(2026, 10, 1), date(2027, 1, 1))).waves
    assert (until_now.got.n, until_now.waiting) == (1, 0), "what is sent after as_of is unseen"


def test_by_purchase_count_it_is_that_when_they_were_addressed() -> None:
    rows = [
        row for step, count in enumerate((1, 2, 3, 4, 5, 12))
        for row in sides((10, 40), (5, 40), start=100 * step, bought=count)
    ]  # fmt: skip
    found = measured(sends(rows), AS_OF, dimension="purchase_count")
    assert [(row.label, row.got.n) for row in found.rows] == [
        ("1", 40),
        ("2", 40),
        ("3-4", 80),
        ("5-9", 40),
        ("10+", 40),
    ]
    assert sum(row.got.k or 0 for row in found.rows) == found.waves[0].got.k == 60


def test_small_groups_go_together_so_that_none_follows_from_the_others() -> None:
    rows = [
        *sides((10, 40), (5, 40)), *sides((5, 30), (3, 20), start=100, label="Meta"),
        *sides((1, 30), (1, 2), start=200, label="TV"), *sides((1, 3), (2, 20), start=300, label="紹介"),
    ]  # fmt: skip
    found = measured(sends(rows), AS_OF, dimension="channel")
    assert [(row.label, row.got.n, row.held.n) for row in found.rows] == [("LINE", 40, 40), (OTHER, 63, 42)]
    alone = measured(sends(sides((5, 30), (0, 0)) + sides((5, 30), (0, 0), start=100, label="TV")), AS_OF,
                     dimension="channel")  # fmt: skip
    assert [row.label for row in alone.rows] == ["LINE", "TV"], "nobody held out is nobody to recognise"


def test_of_many_waves_and_labels_the_newest_rows_are_told() -> None:
    rows = [
        Sent(who, ago=40 + 4 * wave, label=f"{who // 5}") for wave in range(60) for who in range(50)
    ]  # fmt: skip
    found = measured(sends(rows), AS_OF, dimension="channel")
    assert (len(found.rows), found.cut, found.rows[0].span.last) == (500, True, date(2026, 10, 11))
    assert not measured(sends(rows[:2500]), AS_OF, dimension="channel").cut


def test_only_dormant_customers_may_be_asked_for() -> None:
    rows = [Sent(1, idle=89, back=3), Sent(2, idle=90, back=3), Sent(3, idle=200)]
    [found] = measured(sends(rows), AS_OF, dormant=True).waves
    assert (found.got.k, found.got.n) == (1, 2)


row = st.builds(
    Sent, who=st.integers(0, 9), ago=st.integers(-5, 60), held=st.booleans(), back=st.integers(0, 40),
    name=st.sampled_from(["a", "b"]), cost=st.sampled_from([NOT_SAID, 0, 7]), bought=st.integers(0, 3),
    label=st.sampled_from(["LINE", "TV"]),
)  # fmt: skip


@given(st.lists(row, max_size=25), st.randoms(use_true_random=False))
def test_it_is_what_a_loop_over_customers_says_in_whatever_order_the_rows_come(
    rows: list[Sent], random: Random
) -> None:
    facts = {(each.name, each.who, each.ago): each for each in rows}
    rows = [replace(each, bought=facts[each.name, each.who, each.ago].bought,
                    back=facts[each.name, each.who, each.ago].back) for each in rows]  # fmt: skip
    found = measured(sends(rows), AS_OF) if rows else None
    expected = loop(rows)
    assert [summary(wave) for wave in found.waves] == expected if found else expected == []
    if found:
        renamed = [replace(each, who=97 - each.who) for each in random.sample(rows, len(rows))]
        assert measured(sends(renamed), AS_OF) == found
        past = [each for each in rows if each.ago >= 0]
        assert not past or measured(sends(past), AS_OF) == found


def summary(wave) -> tuple[object, ...]:
    return wave.name, wave.span, wave.got.k, wave.got.n, wave.held.k, wave.held.n, wave.cost, wave.waiting


def loop(rows: list[Sent]) -> list[tuple[object, ...]]:
    waves: list[tuple[str, list[Sent]]] = []
    for each in sorted((one for one in rows if one.ago >= 0), key=lambda one: (one.name, -one.ago)):
        if not waves or waves[-1][0] != each.name or waves[-1][1][-1].ago - each.ago > 3:
            waves.append((each.name, []))
        waves[-1][1].append(each)
    found = []
    for name, wave in waves:
        counts = {side: [0, 0] for side in (True, False)}
        cost, waiting = [], 0
        for who in sorted({each.who for each in wave}):
            mine = [each for each in wave if each.who == who]
            first = [each for each in mine if each.ago == mine[0].ago]
            if len({each.held for each in first}) > 1 or not first[0].bought:
                continue
            if first[0].ago < 30:
                waiting += 1
                continue
            counts[first[0].held][1] += 1
            counts[first[0].held][0] += 1 <= first[0].back <= 30
            if not first[0].held:
                cost += [each.cost for each in mine if not each.held]
        (held_k, held_n), (got_k, got_n) = counts[True], counts[False]
        span = Span(AS_OF - timedelta(days=wave[0].ago), AS_OF - timedelta(days=wave[-1].ago - 1))
        known = sum(cost) if got_n and NOT_SAID not in cost else None
        if got_n or held_n or waiting:
            found.append((name, span, got_k, got_n, held_k, held_n, known, waiting))
    return sorted(found, key=lambda one: (-one[1].last.toordinal(), one[0]))


ORDERS = """
1,A,2026-06-01,100,Meta,,
2,A,2026-09-20,100,LINE,,
3,A,2026-10-20,100,LINE,,
4,B,2026-09-10,100,LINE,,
5,B,2026-10-21,100,LINE,,
6,C,2026-09-10,100,LINE,,1
7,C,2026-10-05,100,LINE,,2
8,D,2026-09-10,100,LINE,cancelled,
9,E,2026-12-01,100,LINE,,
"""
ROWS = """
秋,A,2026-09-20 10:00,30,no
秋,B,2026-09-20 10:00,30,
秋,C,2026-09-20 10:00,,yes
秋,D,2026-09-20 10:00,30,0
秋,Z,2026-09-20 10:00,30,1
冬,A,2026-12-01 10:00,30,
"""


def shop(folder: Path, orders: str = ORDERS, rows: str = ROWS) -> Further:
    store = Store(folder / "store.duckdb", Rules())
    head = "order_id,customer_id,ordered_at,amount,channel,status,cycle_no"
    (folder / "orders.csv").write_text(f"{head}\n{orders}", encoding="utf-8")
    (folder / "measures.csv").write_text(f"施策,customer_id,送信日時,費用,hold_out\n{rows}", encoding="utf-8")
    with store.writing() as connection:
        files.stage(connection, folder / "orders.csv", store.rules)
        store.take(connection, NOW)
    if rows:
        with store.writing() as connection:
            assert stage_file(connection, folder / "measures.csv", store.rules, lambda _: People())
            beside.take(connection, "measures", "file")
    return Further(store)


def test_a_send_knows_what_its_customer_had_bought_and_when_they_bought_again(tmp_path: Path) -> None:
    found = shop(tmp_path).sends(AS_OF, "channel", {})
    rows = sorted(
        zip(found.bought.tolist(), found.idle.tolist(), found.back.tolist(), found.held.tolist(),
            found.cost.tolist(), [found.labels[at] if at >= 0 else "" for at in found.label], strict=True)
    )  # fmt: skip
    assert rows == [
        (0, 0, 0, False, 30, ""),  # only a cancelled order
        (0, 0, 0, True, 30, ""),  # no order at all
        (1, 10, 0, True, NOT_SAID, "LINE"),  # a renewal is no purchase of one's own accord
        (1, 10, 31, False, 30, "LINE"),
        (2, 0, 30, False, 30, "Meta"),  # bought on that day before; the label is that of the first purchase
    ]
    assert found.names == ("秋",), "what is sent after as_of is unseen"


def test_filters_choose_customers_by_their_labels(tmp_path: Path) -> None:
    further = shop(tmp_path)
    assert sorted(further.sends(AS_OF, "all", {"channel": "LINE"}).back) == [0, 31]
    assert sorted(further.sends(AS_OF, "all", {"channel": "LINE", "entry": "one_off"}).back) == [31]
    with pytest.raises(UnknownLabel):
        further.sends(AS_OF, "all", {"channel": "TV"})
    with pytest.raises(NotAFilter):
        further.sends(AS_OF, "all", {"purchase_count": "1"})


def test_nothing_after_as_of_changes_it(tmp_path: Path) -> None:
    day = date(2026, 10, 20)
    (tmp_path / "short").mkdir()
    orders = "".join(f"{line}\n" for line in ORDERS.split() if line[4:14] <= "2026-10-20")
    short, whole = shop(tmp_path / "short", orders, ROWS.replace("冬,A,2026-12-01 10:00,30,\n", "")), shop(tmp_path)
    assert measured(whole.sends(day, "all", {}), day) == measured(short.sends(day, "all", {}), day)


def test_without_the_table_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(NoMeasures):
        shop(tmp_path, rows="").sends(AS_OF, "all", {})
