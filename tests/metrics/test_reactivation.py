"""Is a return counted from dormancy, against those who were dormant, and with what they brought in?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from metrics.cells import Idle
from metrics.day import Span
from metrics.reactivation import Back, Reactivation, reactivation, spans
from metrics.rules import Rules
from metrics.segment import OTHER
from metrics.sources import files
from metrics.warehouse.further import Further
from metrics.warehouse.store import Store

NOW = datetime(2026, 12, 31, tzinfo=UTC)
AS_OF = date(2026, 11, 20)
START = AS_OF - timedelta(days=29)
Row = tuple[str, date, int, str, str]
"""Customer, day, amount, channel, number of the delivery."""


def shop(folder: Path, rows: Sequence[Row]) -> Further:
    store = Store(folder / "store.duckdb", Rules())
    lines = (
        f"{at},{who},{day},{amount},{channel},{cycle}" for at, (who, day, amount, channel, cycle) in enumerate(rows)
    )
    head = "order_id,customer_id,ordered_at,amount,channel,cycle_no"
    (folder / "orders.csv").write_text("\n".join((head, *lines)), encoding="utf-8")
    with store.writing() as connection:
        files.stage(connection, folder / "orders.csv", store.rules)
        store.take(connection, NOW)
    return Further(store)


def asked(
    further: Further,
    as_of: date = AS_OF,
    period: Span | None = None,
    dimension: str = "all",
    filters: dict[str, str] | None = None,
) -> Reactivation:
    since = spans(as_of, period)[0].start
    found = further.histories(since, as_of, dimension, filters or {})
    return reactivation(found, further.store.counts(dimension, filters or {}), as_of, period)


def bought(who: str, *days: date, amount: int = 100, channel: str = "LINE", cycle: str = "") -> list[Row]:
    return [(who, day, amount, channel, cycle) for day in days]


def before(day: date, days: int) -> date:
    return day - timedelta(days=days)


@pytest.mark.parametrize(("idle", "came", "asleep"), [(90, 0, 0), (91, 1, 0), (119, 1, 0), (120, 1, 1)])
def test_a_return_is_of_who_was_dormant_the_day_before_and_dormant_is_who_was_so_before_the_period(
    tmp_path: Path, idle: int, came: int, asleep: int
) -> None:
    """Back on the last day of 30: who was idle 120 days then had been so for 90 on the day before the period."""
    found = asked(shop(tmp_path, bought("a", before(AS_OF, idle), AS_OF))).whole
    assert (found.customers, found.rate.k, found.rate.n, found.span) == (came, asleep, asleep, Span.ending(AS_OF, 30))


def test_what_they_bring_in_is_all_they_buy_from_the_return_to_the_end_of_the_period(tmp_path: Path) -> None:
    rows = [
        *bought("a", date(2026, 1, 1), START), *bought("a", before(AS_OF, 5), amount=70),
        *bought("b", date(2026, 1, 1), before(START, 1)), *bought("b", AS_OF, amount=9),  # back the day before
        *bought("c", date(2026, 1, 1)), *bought("c", AS_OF + timedelta(days=1), amount=5),  # not yet
    ]  # fmt: skip
    found = asked(shop(tmp_path, rows)).whole
    assert (found.customers, found.rate.k, found.rate.n, found.revenue) == (1, 1, 2, 170)


def test_a_renewal_is_no_return(tmp_path: Path) -> None:
    rows = [*bought("a", date(2026, 7, 1), cycle="1"), *bought("a", AS_OF, cycle="2"),
            *bought("b", date(2026, 7, 1), cycle="1"), *bought("b", AS_OF)]  # fmt: skip
    found = asked(shop(tmp_path, rows)).whole
    assert (found.customers, found.rate.k, found.rate.n) == (1, 1, 2)


def test_by_purchase_count_it_is_that_before_the_return_and_labels_are_those_of_the_first_purchase(
    tmp_path: Path,
) -> None:
    rows: list[Row] = []
    for at in range(20):
        rows += bought(f"a{at}", date(2026, 1, 1), *([AS_OF] if at < 6 else []), channel="Meta")
        rows += bought(f"b{at}", date(2026, 1, 1), date(2026, 2, 1), *([AS_OF] if at < 5 else []))
    further = shop(tmp_path, rows)
    by_count, by_channel = asked(further, dimension="purchase_count").rows, asked(further, dimension="channel").rows
    assert [(row.label, row.customers, row.rate.n) for row in by_count] == [("1", 6, 20), ("2", 5, 20)]
    assert [(row.label, row.customers, row.rate.n) for row in by_channel] == [("Meta", 6, 20), ("LINE", 5, 20)]
    only = asked(further, filters={"channel": "Meta"}).whole
    assert (only.customers, only.rate.n, only.revenue) == (6, 20, 600)


def test_small_groups_go_together_so_that_none_follows_from_the_others(tmp_path: Path) -> None:
    rows = [
        row for at in range(31)
        for row in bought(f"a{at}", date(2026, 1, 1), channel="LINE" if at < 20 else "Meta" if at < 28 else "TV")
    ]  # fmt: skip
    found = asked(shop(tmp_path, rows), dimension="channel")
    assert [(row.label, row.rate.n) for row in found.rows] == [("LINE", 20), (OTHER, 11)]


def test_the_periods_before_are_as_long_and_those_with_nobody_dormant_are_left_out(tmp_path: Path) -> None:
    further = shop(
        tmp_path, [*bought("a", date(2026, 4, 1), date(2026, 9, 15)), *bought("b", date(2026, 4, 1), date(2026, 9, 22))]
    )
    trend = asked(further).trend
    assert [(one.span.last, one.customers, one.rate.n) for one in trend] == [
        (date(2026, 8, 22), 0, 2), (date(2026, 9, 21), 1, 2), (date(2026, 10, 21), 1, 1),
    ]  # fmt: skip
    october = Span(date(2026, 9, 1), date(2026, 10, 1))
    assert asked(further, period=october).whole.span == october
    late = Span(date(2026, 11, 1), date(2026, 12, 1))
    assert asked(further, period=late).whole.span == Span(date(2026, 11, 1), date(2026, 11, 21))


def a_shop(seed: int, until: date) -> list[Row]:
    chance = Random(seed)
    rows: list[Row] = []
    for who in range(300):
        day, channel = before(AS_OF, chance.randint(0, 500)), chance.choice(["LINE", "Meta", "TV"])
        while day <= until:
            rows.append((f"c{who}", day, chance.randint(1, 9) * 100, channel, ""))
            day += timedelta(days=chance.randint(1, 200))
    return rows


def summary(back: Back) -> tuple[str, int, int | None, int, int]:
    return back.label, back.customers, back.rate.k, back.rate.n, back.revenue


def loop(rows: Sequence[Row], span: Span) -> tuple[int, int, int, int]:
    """Customers back, those of them who were dormant at the start, the dormant, and what was brought in."""
    came = asleep = dormant = revenue = 0
    for who in {row[0] for row in rows}:
        days = sorted((row[1], row[2]) for row in rows if row[0] == who and row[1] < span.end)
        earlier = [day for day, _ in days if day < span.start]
        was = bool(earlier) and (span.start - earlier[-1]).days - 1 >= 90
        dormant += was
        for (last, _), (day, _) in pairwise(days):
            if day in span and (day - last).days > 90:
                came, asleep = came + 1, asleep + was
                revenue += sum(amount for at, amount in days if at >= day)
                break
    return came, asleep, dormant, revenue


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("days", [1, 30, 70])
def test_it_is_what_a_loop_over_customers_says_and_what_the_kept_counts_say(
    tmp_path: Path, seed: int, days: int
) -> None:
    rows, span = a_shop(seed, AS_OF), Span.ending(AS_OF, days)
    further = shop(tmp_path, rows)
    found = asked(further, period=span)
    assert summary(found.whole) == ("", *((k := loop(rows, span))[0], k[1], k[2], k[3]))
    assert found.whole.customers == further.store.counts("all").moved(span)[Idle.BACK_DORMANT].sum()
    parts = asked(further, period=span, dimension="channel").rows
    for column in range(1, 5):
        assert sum(summary(part)[column] or 0 for part in parts) == summary(found.whole)[column]


def test_row_order_names_and_what_comes_after_as_of_change_nothing(tmp_path: Path) -> None:
    later = AS_OF + timedelta(days=40)
    rows = a_shop(3, later)
    other = Random(4).sample(
        [(f"x{row[0]}", *row[1:]) for row in rows if row[1] <= AS_OF], k=sum(r[1] <= AS_OF for r in rows)
    )
    (tmp_path / "other").mkdir()
    one, two = shop(tmp_path, rows), shop(tmp_path / "other", other)
    assert asked(one, dimension="channel") == asked(two, dimension="channel")
    assert replace(asked(one), dimension="") == replace(asked(two), dimension="")
