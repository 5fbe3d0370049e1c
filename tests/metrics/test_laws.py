"""Does every figure keep the laws that make a number trustworthy?

Each law runs over the whole catalogue and over every way from orders to
counts (tests/metrics/paths.py).
"""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from metrics.burn_in import BurnIn
from metrics.catalog import CATALOG, Needs
from metrics.change import Group, kitagawa
from metrics.counts import CountsReader
from metrics.day import Span
from metrics.estimate import Estimate
from metrics.exposure import cohort_curve
from metrics.gap import observed_gap
from metrics.repeat import first_repeat_rate
from metrics.rules import Rules
from metrics.segment import PURCHASE_COUNT
from metrics.survival import one, share_back
from metrics.warehouse.money import customer_groups, revenue_by_age
from metrics.warehouse.store import Store
from tests.metrics import counting, slow
from tests.metrics.paths import PATHS, as_shop_order, push_down, taken
from tests.metrics.shop_orders import LEARNED, import_orders
from tests.metrics.slow import Order

START = date(2024, 1, 1)
DIMENSIONS = ("all", "channel", PURCHASE_COUNT)
ON_COUNTS = tuple(figure for figure in CATALOG if figure.by_label)
ADDITIVE = tuple(figure for figure in ON_COUNTS if figure.name in {*slow.IDLE, *slow.BACK})
F2 = tuple(figure for figure in ON_COUNTS if figure.name.startswith(("repeat", "gap")))
Figures = dict[tuple[str, str, str], Estimate]

at = st.builds(
    lambda day, minute: datetime.combine(START, datetime.min.time()) + timedelta(days=day, minutes=minute),
    st.integers(0, 260),
    st.integers(0, 1439),
)
basket = st.lists(
    st.builds(
        Order,
        order_id=st.just(""),
        customer=st.sampled_from("abcdefgh"),
        at=at,
        amount=st.integers(0, 3).map(lambda thousand: thousand * 1000),
        status=st.sampled_from(["completed", "completed", "completed", "cancelled", "returned"]),
        channel=st.sampled_from(["web", "line", ""]),
    ),
    max_size=40,
).map(lambda orders: [replace(order, order_id=f"{i:04}") for i, order in enumerate(orders)])
mornings = st.integers(0, 420).map(lambda days: START + timedelta(days=days))
burn_ins = st.sampled_from([0, 30, 365])
law = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(params=PATHS, scope="module")
def path(request: pytest.FixtureRequest) -> Iterator[counting.Path]:
    with PATHS[request.param]() as opened:
        yield opened


def shop(seed: int, people: int = 900, days: int = 330) -> list[Order]:
    """A shop big enough for every figure to have a value."""
    random = Random(seed)
    orders = []
    for who in range(people):
        moment = datetime.combine(START, datetime.min.time()) + timedelta(days=random.random() * days)
        channel = random.choice(["web", "line", "tv"])
        while moment.date() < START + timedelta(days=days):
            orders.append(
                Order(f"{len(orders):05}", f"c{who}", moment, random.randint(1, 9) * 1000, "completed", channel)
            )
            moment += timedelta(days=random.expovariate(1 / 45))
            if random.random() < 0.4:
                break
    return orders


def figures(reader: CountsReader, as_of: date, burn_in_days: int, which: Sequence[object] = ON_COUNTS) -> Figures:
    """Every figure of every label that has anyone."""
    burn_in = BurnIn(reader.counts("all").start, burn_in_days)
    found: Figures = {}
    for figure in ON_COUNTS:
        for dimension in DIMENSIONS:
            if figure in which and figure.by_label and dimension in (figure.dimensions or DIMENSIONS):
                counts = reader.counts(dimension)
                for label, estimate in zip(counts.labels, figure.by_label(counts, as_of, burn_in), strict=True):
                    if estimate.n or estimate.value:
                        found[figure.name, dimension, label] = estimate
    return found


def answers(orders: Sequence[Order], as_of: date, burn_in_days: int) -> dict[tuple[str, str, str], slow.Answer]:
    people = slow.customers(orders)
    return {
        (figure.name, dimension, label): answer
        for figure in ON_COUNTS
        for dimension in figure.dimensions or DIMENSIONS
        for label, answer in slow.by_label(figure.name, people, dimension, as_of, burn_in_days).items()
        if answer.n or answer.value
    }


def assert_equal_to_slow(path: counting.Path, orders: Sequence[Order], as_of: date, burn_in_days: int) -> None:
    found, expected = figures(path(orders, Rules()), as_of, burn_in_days), answers(orders, as_of, burn_in_days)
    assert found.keys() == expected.keys()
    for key, estimate in found.items():
        assert estimate.value == pytest.approx(expected[key].value, abs=1e-9), key
        assert estimate.n == expected[key].n, key
        if expected[key].k is not None:
            assert estimate.k == expected[key].k, key


def test_the_slow_reference_knows_every_figure_on_counts() -> None:
    assert {figure.name for figure in ON_COUNTS} == set(slow.FIGURES)
    assert {figure.name for figure in CATALOG if figure.needs is not Needs.COUNTS} == {
        "lifetime_value",
        "cpm",
        "nps",
        "cpo",
        "continuation",
        "ladder",
        "measure",
        "reactivation",
    }


@law
@given(basket, mornings, burn_ins)
def test_every_figure_is_what_a_loop_over_customers_says(
    path: counting.Path, orders: list[Order], as_of: date, burn_in_days: int
) -> None:
    assert_equal_to_slow(path, orders, as_of, burn_in_days)


@pytest.mark.parametrize("burn_in_days", [0, 365])
@pytest.mark.parametrize("day", [150, 320, 400])
def test_every_figure_of_a_shop_is_what_a_loop_over_customers_says(
    path: counting.Path, day: int, burn_in_days: int
) -> None:
    assert_equal_to_slow(path, shop(day), START + timedelta(days=day), burn_in_days)


def test_a_shop_gives_every_figure_a_value(path: counting.Path) -> None:
    reader = path(shop(1), Rules())
    week = [figures(reader, START + timedelta(days=day), 30) for day in range(314, 321)]
    valued = {key[0] for found in week for key, estimate in found.items() if estimate.value is not None}
    assert valued == set(slow.FIGURES)


@law
@given(basket, mornings, burn_ins)
def test_nothing_after_as_of_changes_a_figure(
    path: counting.Path, orders: list[Order], as_of: date, burn_in_days: int
) -> None:
    until = [order for order in orders if order.at.date() <= as_of]
    if not slow.customers(until):
        return
    assert figures(path(orders, Rules()), as_of, burn_in_days) == figures(path(until, Rules()), as_of, burn_in_days)


@law
@given(basket, mornings)
def test_the_same_orders_give_the_same_bytes(path: counting.Path, orders: list[Order], as_of: date) -> None:
    one_run, other_run = (pickle.dumps(figures(path(orders, Rules()), as_of, 30)) for _ in range(2))
    assert one_run == other_run


Rewrite = Callable[[list[Order], Random], list[Order]]


def in_another_order(orders: list[Order], random: Random) -> list[Order]:
    return random.sample(orders, len(orders))


def delivered_twice(orders: list[Order], random: Random) -> list[Order]:
    return [*orders, *random.sample(orders, len(orders) // 2)]


def in_another_chunking(orders: list[Order], random: Random) -> list[Order]:
    cut = random.randint(0, len(orders))
    return [*orders[cut:], *orders[:cut]]


def customers_renamed(orders: list[Order], random: Random) -> list[Order]:
    names = {name: f"{random.random()}" for name in "abcdefgh"}
    return [replace(order, customer=names[order.customer]) for order in orders]


def split_minutes_apart(orders: list[Order], random: Random) -> list[Order]:
    if not orders:
        return orders
    place = random.randrange(len(orders))
    order = orders[place]
    if order.amount < 2:
        return orders
    late = order.at + timedelta(minutes=2)
    if any(order.at < other.at <= late + timedelta(hours=1) for other in orders if other.customer == order.customer):
        return orders  # the later half would belong to the next sitting as well
    half = replace(order, order_id=f"{order.order_id}b", at=late, amount=order.amount // 2)
    whole = [*orders[:place], replace(order, amount=order.amount - half.amount), *orders[place + 1 :]]
    return [*whole, half]


@pytest.mark.parametrize(
    "rewrite", [in_another_order, delivered_twice, in_another_chunking, customers_renamed, split_minutes_apart]
)
@law
@given(orders=basket, as_of=mornings, burn_in_days=burn_ins, random=st.randoms(use_true_random=False))
def test_what_is_no_new_purchase_changes_nothing(
    path: counting.Path, rewrite: Rewrite, orders: list[Order], as_of: date, burn_in_days: int, random: Random
) -> None:
    found = figures(path(rewrite(orders, random), Rules()), as_of, burn_in_days)
    assert found == figures(path(orders, Rules()), as_of, burn_in_days)


@law
@given(basket, mornings)
def test_parts_add_up_to_the_whole(path: counting.Path, orders: list[Order], as_of: date) -> None:
    reader = path(orders, Rules())
    found = figures(reader, as_of, 0, ADDITIVE)
    for figure in ADDITIVE:
        # A customer who comes back is counted in the bucket left, and in "all": each once.
        for dimension in DIMENSIONS:
            parts = sum(e.n for (name, by, _), e in found.items() if (name, by) == (figure.name, dimension))
            whole = found.get((figure.name, "all", ""), Estimate(0.0, 0)).n
            assert parts == whole, (figure.name, dimension)
    cohort = Span(START, max(START, as_of - timedelta(days=29)))
    for part in ("k", "n"):
        whole_rate = first_repeat_rate(reader.counts("all"), cohort)
        rates = first_repeat_rate(reader.counts("channel"), cohort)
        assert sum(getattr(rate, part) for rate in rates) == sum(getattr(rate, part) for rate in whole_rate)


@law
@given(basket, mornings, burn_ins)
def test_a_third_purchase_leaves_the_second_unchanged(
    path: counting.Path, orders: list[Order], as_of: date, burn_in_days: int
) -> None:
    third = {
        (name, day)
        for name in "abcdefgh"
        for who in slow.customers([order for order in orders if order.customer == name])
        for day in who.days[2:]
    }
    kept = [
        order for order in orders
        if not any(order.customer == name and order.at.date() >= day for name, day in third)
    ]  # fmt: skip
    # The counts by purchase_count are about later purchases: not asked here.
    everything, without = (
        {key: e for key, e in figures(path(some, Rules()), as_of, burn_in_days, F2).items() if key[1] != PURCHASE_COUNT}
        for some in (orders, kept)
    )
    assert everything == without


@settings(law, max_examples=8)
@given(st.lists(basket, min_size=2, max_size=4), mornings, st.data())
def test_what_was_learned_later_changes_no_figure_known_before(
    batches: list[list[Order]], as_of: date, data: st.DataObject
) -> None:
    """Batches bring new orders and other versions of earlier ones; each past knowledge is still there."""
    until = data.draw(st.integers(1, len(batches)))
    with TemporaryDirectory() as folder, push_down() as path:
        store = Store(Path(folder) / "store.duckdb", Rules())
        for day, batch in enumerate(batches):
            import_orders(store, [as_shop_order(order) for order in batch], LEARNED + timedelta(days=day))
        past = store.known(LEARNED + timedelta(days=until - 1))
        known = path([order for batch in batches[:until] for order in batch], Rules())
        assert figures(past, as_of, 30) == figures(known, as_of, 30)


@law
@given(basket, mornings)
def test_money_and_groups_are_what_a_loop_over_customers_says(orders: list[Order], as_of: date) -> None:
    """What lifetime_value and cpm are made of: asked of the store, not of counts."""
    people = slow.customers(order for order in orders if order.at.date() <= as_of)
    earned = [
        sum(
            amount for who in people for day, amount in zip(who.days, who.amounts, strict=True)
            if (day - who.days[0]).days == age
        ) for age in range(91)
    ]  # fmt: skip
    watched = [sum(1 for who in people if (as_of - who.days[0]).days >= age) for age in range(91)]
    expected = Counter((who.days[0], who.days[-1], len(who.days), sum(who.amounts)) for who in people)
    with taken(orders, Rules()) as connection:
        by_age = revenue_by_age(connection, Rules(), as_of, None, 90)
        groups = customer_groups(connection, Rules(), as_of)
    assert (by_age.revenue.tolist(), by_age.observed.tolist()) == (earned, watched)
    assert Counter({(g.first_on, g.last_on, g.purchase_count, g.amount): g.customers for g in groups}) == expected


def two(days_apart: int, minutes: int = 0) -> list[Order]:
    first = datetime(2024, 3, 1, 12, 0)
    return [Order("1", "a", first), Order("2", "a", first + timedelta(days=days_apart, minutes=minutes))]


@pytest.mark.parametrize(("days_apart", "k"), [(0, 0), (1, 1), (29, 1), (30, 1), (31, 0)])
def test_day_30_counts_day_31_does_not_and_the_same_day_does_not(path: counting.Path, days_apart: int, k: int) -> None:
    found = figures(path(two(days_apart, minutes=90), Rules()), date(2024, 5, 1), 0)
    assert found["repeat", "all", ""].k == k
    assert found["repeat", "all", ""].n == 1


@pytest.mark.parametrize(("as_of", "n"), [(date(2024, 3, 30), 0), (date(2024, 3, 31), 1)])
def test_a_customer_counts_when_30_days_are_over(path: counting.Path, as_of: date, n: int) -> None:
    reader = path(two(10), Rules())
    assert figures(reader, as_of, 0).get(("repeat", "all", ""), Estimate(None, 0)).n == n


@law
@given(basket)
@example([])
def test_kaplan_meier_at_30_is_the_matured_rate_where_nothing_is_censored(
    path: counting.Path, orders: list[Order]
) -> None:
    as_of = START + timedelta(days=260 + slow.HORIZON_DAYS + 1)
    cohort = Span(START, START + timedelta(days=261))
    counts = path(orders, Rules()).counts("channel")
    curves = cohort_curve(counts, cohort, as_of)
    for label, matured in enumerate(first_repeat_rate(counts, cohort)):
        found = share_back(one(curves, label), 30, matured.n)
        assert found.value == pytest.approx(matured.value, abs=1e-12)
        if matured.k:
            assert found.interval == pytest.approx(matured.interval, abs=1e-9)


@law
@given(basket, mornings)
def test_mix_and_rate_are_the_change_exactly(path: counting.Path, orders: list[Order], as_of: date) -> None:
    counts = path(orders, Rules()).counts("channel")
    matured = Span(START, max(START, as_of - timedelta(days=29)))
    middle = START + timedelta(days=matured.days // 2)
    before, after = (
        {
            label: Group(rate.n, rate.k or 0)
            for label, rate in zip(counts.labels, first_repeat_rate(counts, span), strict=True)
        }
        for span in (Span(START, middle), Span(middle, matured.end))
    )
    split = kitagawa(before, after)
    assert split is None or split.mix + split.rate == split.change


@law
@given(basket, mornings)
def test_the_observed_gap_is_that_of_everyone_back_by_then(
    path: counting.Path, orders: list[Order], as_of: date
) -> None:
    counts = path(orders, Rules(horizon_days=500)).counts("all")
    spells = slow.spells(slow.customers(orders), "all", "")
    gaps = sorted(spell.gap() or 0 for spell in spells if spell.next and spell.next <= as_of)
    for found in observed_gap(counts, as_of):
        assert (found.mean_days.value, found.mean_days.n) == (slow.mean(gaps).value, len(gaps))
        assert found.median_days.value == slow.median(gaps).value
